"""The database that comes with us: its own log tells how the server does, and nothing of what is in it."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers import ROOT

#: In a process of its own, which starts the server and, by leaving, stops it. Each error is told to who asked.
ERRORS = """
import sys
from pathlib import Path
import psycopg
from app import embedded_postgres

with psycopg.connect(embedded_postgres.start(Path(sys.argv[1])), autocommit=True) as connection:
    connection.execute("CREATE TABLE people (email text UNIQUE CHECK (email <> 'ada@example.test'), age int)")
    connection.execute("INSERT INTO people VALUES ('ida@example.test', 1)")
    for row in ("'ida@example.test', 2", "'ada@example.test', 3", "'x', 'eva@example.test'"):
        try:
            connection.execute(f"INSERT INTO people VALUES ({row})")
        except psycopg.Error as error:
            print(error)
"""


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """Inside the project, so that the database's own system user can reach it."""
    (ROOT / "var").mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="own-", dir=ROOT / "var"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def test_its_log_holds_nothing_of_a_row(data_dir: Path) -> None:
    command = [sys.executable, "-c", ERRORS, str(data_dir)]
    told = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for detail in ("(ida@example.test) already exists", "Failing row contains (ada@example.test", '"eva@example.test"'):
        assert detail in told
    log = (data_dir / "postgres" / "log").read_text()
    assert "ready to accept connections" in log
    assert "@example.test" not in log and "ERROR" not in log
