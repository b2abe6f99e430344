"""What `make run` starts: the whole site on a machine of its own, stopped by Ctrl-C, with its data kept."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from tests import processes
from tests.processes import Site
from tests.servers import ROOT


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """Inside the project, so that the database's own system user can reach it."""
    (ROOT / "var").mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="run-", dir=ROOT / "var"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def launch(data_dir: Path, port: int) -> Site:
    """As the Makefile does, in a process group of its own, as a terminal would make one."""
    env = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "TEST_DATABASE_URL")}
    with (data_dir / "site.log").open("ab") as sink:
        command = [sys.executable, "-m", "flask", "--app", "wsgi", "site", "run"]
        run = subprocess.Popen(
            command, cwd=ROOT, env={**env, "PORT": str(port), "DATA_DIR": str(data_dir)}, stdout=sink, stderr=sink,
            start_new_session=True,
        )  # fmt: skip
    return Site(f"http://127.0.0.1:{port}", run, [], data_dir / "site.log")


def start(data_dir: Path, port: int) -> Site:
    site = launch(data_dir, port)
    try:
        site.until("the site and its worker are ready", lambda: processes.answers(f"{site.url}/readyz"))
    except AssertionError:
        processes.stop(site.web)
        raise
    return site


def test_stopped_while_it_starts_it_leaves_no_process_behind(data_dir: Path) -> None:
    port = processes.free_port()
    site = launch(data_dir, port)
    site.until("the database runs", lambda: bool(left_behind(data_dir, port)))
    site.web.terminate()
    assert site.web.wait(timeout=processes.PATIENCE_S) != 0
    assert left_behind(data_dir, port) == []


def press_ctrl_c(site: Site) -> None:
    """A terminal tells everybody in the group."""
    os.killpg(site.web.pid, signal.SIGINT)
    assert site.web.wait(timeout=processes.PATIENCE_S) == 0, site.tail()


def left_behind(data_dir: Path, port: int) -> list[str]:
    """Processes that still belong to it."""
    commands = [" ".join(process.info["cmdline"] or []) for process in psutil.process_iter(["cmdline"])]
    return [command for command in commands if str(data_dir) in command or f"127.0.0.1:{port}" in command]


def test_the_site_starts_with_its_market_stops_cleanly_and_keeps_its_data(data_dir: Path) -> None:
    port = processes.free_port()
    site = start(data_dir, port)
    try:
        market = httpx.get(f"{site.url}/offerings").text
        assert "¥" in market and "$" in market
        assert left_behind(data_dir, port)  # what the search below looks for can be found
    finally:
        press_ctrl_c(site)
    assert left_behind(data_dir, port) == []

    site = start(data_dir, port)
    try:
        assert httpx.get(f"{site.url}/offerings").text.count("offer-card-head") == market.count("offer-card-head")
    finally:
        press_ctrl_c(site)
    assert left_behind(data_dir, port) == []
    assert (data_dir / "site.log").read_text().count("is starting at") == 2
