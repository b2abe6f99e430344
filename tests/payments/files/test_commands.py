"""An operator hands in a statement and says what its lines were for; the settings of such a custodian are checked at the start."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskCliRunner

from app import create_app
from app.payments.escrow_files.adapter import FileGateway
from app.wiring import build
from config import ConfigurationError
from tests.conftest import settings
from tests.payments.files.conftest import ENV, new_op
from tests.payments.files.conftest import Agent as Files
from tests.payments.files.statements import csv, row

MANUAL = {"MANUAL_BANK_PAYEE": "OpenRaise client money", "MANUAL_BANK_ACCOUNT": "555"}


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name, value in {**ENV, **MANUAL}.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


@pytest.fixture
def runner(database_url: str, tmp_path: Path, environment: pytest.MonkeyPatch) -> Iterator[FlaskCliRunner]:
    app = create_app(settings(database_url, tmp_path, GATEWAYS="sandbox,escrow_files,manual_bank"))
    yield app.test_cli_runner()
    app.extensions["platform"].close()


def bank_of(runner: FlaskCliRunner) -> FileGateway:
    found = runner.app.extensions["platform"].gateway_named("manual_bank")
    assert isinstance(found, FileGateway)
    return found


def test_a_person_hands_in_a_statement_and_says_what_a_line_was_for(runner: FlaskCliRunner, tmp_path: Path) -> None:
    bank = bank_of(runner)
    ref = Files(bank, tmp_path / "manual_bank").collect(new_op()).ref
    file = tmp_path / "march.csv"
    file.write_bytes(csv(row("100.00", "for Acme", id_="B1")))
    done = runner.invoke(args=["payments", "import-statement", "manual_bank", str(file)])
    assert (done.exit_code, done.output) == (0, "march.csv: 1 new lines, 1 for a person to look at.\n")
    listed = runner.invoke(args=["payments", "lines", "manual_bank"])
    assert listed.output == "bank:B1  2026-03-02  100.00 USD  for Acme\n"
    said = ["payments", "match", "manual_bank", "bank:B1", "P-23456789", "--by", "officer"]
    assert runner.invoke(args=said).exit_code == 0
    assert bank.fetch(ref).state == "succeeded"
    again = runner.invoke(args=said)
    assert again.exit_code == 2 and "known already" in again.stderr
    assert runner.invoke(args=["payments", "lines", "manual_bank"]).output == ""


def test_a_bad_statement_is_named_and_nothing_is_kept(runner: FlaskCliRunner, tmp_path: Path) -> None:
    file = tmp_path / "march.csv"
    file.write_bytes(csv(row("1.00"), row("1e3"), closing="1001.00"))
    done = runner.invoke(args=["payments", "import-statement", "manual_bank", str(file)])
    assert done.exit_code == 2 and "Line 4 has an amount that cannot be read" in done.stderr
    assert runner.invoke(args=["payments", "lines", "manual_bank"]).output == ""
    other = runner.invoke(args=["payments", "import-statement", "sandbox", str(file)])
    assert other.exit_code == 2 and "sandbox takes no statements by file" in other.stderr


def test_one_balance_alone_is_no_statement(runner: FlaskCliRunner, tmp_path: Path) -> None:
    file = tmp_path / "march.csv"
    file.write_bytes(csv(row("1.00")))
    done = runner.invoke(args=["payments", "import-statement", "manual_bank", str(file), "--opening", "0.00"])
    assert done.exit_code == 2 and "given together" in done.stderr
    assert runner.invoke(args=["payments", "lines", "manual_bank"]).output == ""


def test_two_custodians_by_files_keep_apart_what_they_were_told(runner: FlaskCliRunner, tmp_path: Path) -> None:
    file = tmp_path / "march.csv"
    file.write_bytes(csv(row("1.00", "x", id_="B1")))
    for name in ("manual_bank", "escrow_files"):
        done = runner.invoke(args=["payments", "import-statement", name, str(file)])
        assert done.output == "march.csv: 1 new lines, 1 for a person to look at.\n"


@pytest.mark.parametrize("qualified", [True, False])
def test_a_manual_bank_is_qualified_only_where_its_operator_says_so(
    database_url: str, tmp_path: Path, environment: pytest.MonkeyPatch, qualified: bool
) -> None:
    if qualified:
        environment.setenv("MANUAL_BANK_QUALIFIED", "yes")
    platform = build(settings(database_url, tmp_path, GATEWAYS="manual_bank"))
    (way,) = platform.ways_to_pay("USD")
    assert platform.custodian.name == "manual_bank" and platform.custodian.caps.qualified_third_party == qualified
    assert way.method == "bank_transfer" and (way.caps.funds_held_by == "qualified_escrow") == qualified
    platform.close()


@pytest.mark.parametrize(
    ("name", "value", "fault"),
    [
        ("ESCROW_FILES_PAYEE", "", "ESCROW_FILES_PAYEE is missing"),
        ("ESCROW_FILES_ACCOUNT", " ", "ESCROW_FILES_ACCOUNT is missing"),
        ("ESCROW_FILES_CURRENCY", "XXX", "no currency 'XXX'"),
        ("ESCROW_FILES_PROFILE", "nowhere.toml", "ESCROW_FILES_PROFILE: "),
    ],
)
def test_a_setting_that_is_missing_or_wrong_stops_the_start(
    database_url: str, tmp_path: Path, environment: pytest.MonkeyPatch, name: str, value: str, fault: str
) -> None:
    environment.setenv(name, value)
    with pytest.raises(ConfigurationError, match=fault):
        build(settings(database_url, tmp_path, GATEWAYS="escrow_files"))
