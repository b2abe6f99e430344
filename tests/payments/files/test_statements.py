"""Whole files of statements: each line is taken once, in order, or nothing of a file is."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from app.errors import Refused
from tests.payments.files.conftest import Agent, new_op
from tests.payments.files.statements import camt, csv, entry, row

REF = "P-23456789"


def test_the_same_file_twice_changes_nothing(agent: Agent) -> None:
    content = csv(row("100.00", REF, id_="B1"), row("7.00", "x"))
    assert agent.gateway.import_statement(content).new == 2
    assert agent.gateway.import_statement(content).new == 0
    assert agent.counts() == (1, 2)


@pytest.mark.parametrize("named", [True, False])
def test_of_two_files_that_overlap_every_line_is_taken_once(agent: Agent, named: bool) -> None:
    first, second, third = (
        row("10.00", f"x{number}", day=f"2026-03-0{number}", id_=f"B{number}" if named else "") for number in (2, 3, 4)
    )
    assert agent.gateway.import_statement(csv(first, second)).new == 2
    assert agent.gateway.import_statement(csv(second, third, opening="10.00")).new == 1
    assert agent.gateway.import_statement(csv(first)).new == 0
    assert agent.counts() == (2, 3)
    assert agent.gateway.balances()[0].amount.minor == 3_000


def test_csv_and_camt_of_one_account_are_one_history(agent: Agent) -> None:
    agent.tell(row("10.00", "x", id_="B1"))
    taken = agent.gateway.import_statement(
        camt(entry("10.00", ref="B1", text="x"), entry("5.00", ref="B2"), closing="15.00")
    )
    assert (taken.new, agent.counts()) == (1, (2, 2))


def test_a_statement_that_does_not_follow_the_last_one_is_refused(agent: Agent) -> None:
    agent.tell(row("10.00", "x"))
    for content in (csv(row("5.00", "y"), opening="11.00"), csv(opening="9.00")):
        with pytest.raises(Refused, match="bank_file_gap"):
            agent.gateway.import_statement(content)
    assert agent.counts() == (1, 1)
    assert agent.gateway.import_statement(csv(opening="10.00")).new == 0
    assert agent.counts() == (2, 1)


def test_a_file_with_one_bad_line_leaves_nothing(agent: Agent) -> None:
    agent.collect(new_op())
    for bad in (row("1e3"), row("=1"), row("1.00", currency="EUR"), row("1.00", day="never")):
        with pytest.raises(Refused):
            agent.gateway.import_statement(csv(row("100.00", REF), bad, closing="101.00"))
    with pytest.raises(Refused, match="bank_file_account"):
        agent.gateway.import_statement(camt(entry("100.00", text=REF), closing="100.00", account="7654321"))
    assert agent.counts() == (0, 0)


def test_a_doubled_line_is_parked_until_a_person_counts_it(agent: Agent) -> None:
    ref = agent.collect(new_op(), "200.00").ref
    agent.tell(row("100.00", REF), row("100.00", REF))
    (parked,) = agent.gateway.desk.waiting()
    assert parked.doubled and agent.gateway.fetch(ref).state == "pending"
    assert sum(one.amount.minor for one in agent.gateway.balances()) == 10_000
    agent.gateway.desk.match(parked.line_id, REF, "officer")
    assert agent.gateway.fetch(ref).state == "succeeded"


def test_what_lies_in_the_incoming_folder_is_taken_and_what_is_bad_is_put_aside(agent: Agent, folder: Path) -> None:
    ref = agent.collect(new_op()).ref
    incoming = folder / "incoming"
    incoming.mkdir()
    (incoming / "a.csv").write_bytes(b"nonsense")
    (incoming / "b.csv").write_bytes(csv(row("100.00", REF)))
    (incoming / "c.csv.part").write_bytes(b"half")
    assert agent.gateway.fetch(ref).state == "succeeded"
    assert os.listdir(incoming) == ["c.csv.part"]
    assert [name[12:] for name in os.listdir(folder / "taken")] == ["-b.csv"]
    bad, reason = sorted((folder / "refused").iterdir())
    assert (bad.name[12:], reason.name[12:]) == ("-a.csv", "-a.csv.reason.txt")
    assert "bank_file_columns" in reason.read_text()
