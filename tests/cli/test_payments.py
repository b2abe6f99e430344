"""flask payments conform: a line a check, and an exit code that a build can stand on."""

from __future__ import annotations

from pathlib import Path

import pytest

from app import schema
from app.payments.conformance import kit
from tests.cli.conftest import Terminal

#: Of so many checks each must hold; the others are about what it does not claim to do, or nobody can stage.
HOLD = {"sandbox": 45, "sandbox_cards": 44, "escrow_files": 32, "manual_bank": 32, "stripe": 43}
BENCHES = {"stripe": ("--bench", "tests.payments.stripe.bench:bench")}


@pytest.mark.parametrize("gateway", HOLD)
def test_every_gateway_of_ours_conforms_and_leaves_nothing_behind(
    terminal: Terminal, gateway: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLASK_RUN_FROM_CLI", "true")  # as the command sets it for what it starts
    before = terminal.world.contents()
    result = terminal("payments", "conform", gateway, *BENCHES.get(gateway, ()))
    assert (result.exit_code, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    assert [line.split()[0] for line in lines[:-1]] == [check.name for check in kit.checks()]
    assert "0 broken" in lines[-1] and int(lines[-1].split()[1]) >= HOLD[gateway]
    assert terminal.world.contents() == before
    assert terminal.world.sql("SELECT nspname FROM pg_namespace WHERE nspname LIKE '%bench%'") == []
    assert terminal.world.sql("SELECT datname FROM pg_database WHERE datname LIKE '%spare%'") == []


def test_where_no_database_can_be_made_a_custodian_by_files_is_not_proved(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = schema.spare
    monkeypatch.setattr(schema, "spare", lambda url: real(url.update_query_dict({"options": "-c role=pg_monitor"})))
    said = terminal.refused("payments", "conform", "manual_bank", code=2)
    assert said == "manual_bank is proved on a database of its own, and this one's user may not create any.\n"


@pytest.mark.parametrize("named", ["no.such.module:bench", "tests.payments.stripe.bench:nobody"])
def test_a_bench_that_is_not_where_it_is_said_to_be_is_told(terminal: Terminal, named: str) -> None:
    assert f"{named} makes no bench" in terminal.refused("payments", "conform", "stripe", "--bench", named, code=2)


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
