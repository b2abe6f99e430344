"""The site and its workers as real processes, on a database of their own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

from tests.servers import ROOT

#: A machine that is busy may take long; a site that never answers fails the test here.
PATIENCE_S = 90


@dataclass
class Site:
    """What runs. `web` is the process that forks the workers of gunicorn."""

    url: str
    web: subprocess.Popen[bytes]
    workers: list[subprocess.Popen[bytes]]
    log: Path

    def until(self, what: str, holds: Callable[[], bool]) -> None:
        """Wait for something that happens by itself."""
        end = time.monotonic() + PATIENCE_S
        while not holds():
            if time.monotonic() > end:
                raise AssertionError(f"it never happened: {what}\n{self.tail()}")
            time.sleep(0.2)

    def tail(self) -> str:
        return "".join(self.log.read_text().splitlines(keepends=True)[-40:])


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=5).status_code == 200
    except httpx.HTTPError:
        return False


#: As `flask site run` has it.
AS_RUN = {"MALLOC_ARENA_MAX": "1"}


@contextmanager
def running(env: dict[str, str], port: int, data_dir: Path, *, workers: int = 2) -> Iterator[Site]:
    """gunicorn with one process of eight threads, and so many job workers; stopped at the end, by their ids.

    Without any worker it is never ready, and answers all the same.
    """
    log = data_dir / "site.log"
    gunicorn = [
        sys.executable, "-m", "gunicorn", "wsgi:app", "--bind", f"127.0.0.1:{port}", "--worker-class", "gthread",
        "--workers", "1", "--threads", "8", "--log-level", "warning", "--no-control-socket",
    ]  # fmt: skip
    worker = [sys.executable, "-m", "flask", "--app", "wsgi", "jobs", "work"]
    with log.open("wb") as sink:

        def start(command: list[str]) -> subprocess.Popen[bytes]:
            return subprocess.Popen(command, cwd=ROOT, env={**os.environ, **env, **AS_RUN}, stdout=sink, stderr=sink)

        processes = [start(gunicorn), *(start(worker) for _ in range(workers))]
        site = Site(f"http://127.0.0.1:{port}", processes[0], processes[1:], log)
        try:
            site.until("the site is ready", lambda: answers(f"{site.url}/{'readyz' if workers else 'healthz'}"))
            yield site
        finally:
            stop(*processes)


def stop(*processes: subprocess.Popen[bytes], by: signal.Signals = signal.SIGTERM) -> None:
    for process in processes:
        process.send_signal(by)
    for process in processes:
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def resident_megabytes(pid: int) -> int:
    return int(psutil.Process(pid).memory_info().rss) // 1024 // 1024


def children(pid: int) -> list[int]:
    return [child.pid for child in psutil.Process(pid).children()]
