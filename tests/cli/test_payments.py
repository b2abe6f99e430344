"""flask payments conform: a line a check, and an exit code that a build can stand on."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.payments.conformance import kit
from tests.cli.conftest import Terminal


@pytest.mark.parametrize("gateway", ["sandbox", "sandbox_cards"])
def test_a_sandbox_conforms_and_leaves_nothing_behind(terminal: Terminal, gateway: str) -> None:
    before = terminal.world.contents()
    result = terminal("payments", "conform", gateway)
    assert (result.exit_code, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    assert [line.split()[0] for line in lines[:-1]] == [check.name for check in kit.checks()]
    assert "0 broken" in lines[-1]
    assert terminal.world.contents() == before
    assert terminal.world.sql("SELECT nspname FROM pg_namespace WHERE nspname LIKE '%bench%'") == []


def test_a_fault_in_the_adapter_of_a_package_is_named_and_the_exit_code_is_1(
    terminal: Terminal, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    offered = tmp_path / "believer-1.0.dist-info"
    offered.mkdir()
    (offered / "METADATA").write_text("Metadata-Version: 2.1\nName: believer\nVersion: 1.0\n")
    (offered / "entry_points.txt").write_text(
        "[openraise.conformance]\nbeliever = tests.payments.conformance.planted:from_a_package\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("DATABASE_URL", database_url)
    result = terminal("payments", "conform", "believer")
    assert result.exit_code == 1
    assert result.stderr == "broken: an_event_from_the_future_is_refused\n"
    assert "BROKEN" in result.stdout and "1 broken" in result.stdout.splitlines()[-1]


def test_a_gateway_without_a_bench_is_told_apart(terminal: Terminal) -> None:
    said = terminal.refused("payments", "conform", "nobody", code=2)
    assert "'nobody' has no bench" in said and "sandbox" in said


def test_nothing_is_proved_on_a_database_of_another_version(terminal: Terminal) -> None:
    terminal.world.sql("UPDATE alembic_version SET version_num = '0001'")
    assert "see `db upgrade`" in terminal.refused("payments", "conform", "sandbox", code=2)
