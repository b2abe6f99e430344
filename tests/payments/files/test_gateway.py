"""A custodian that is reached by files: what goes out is signed and written once, what comes in is counted once."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.audit.verifier import canonical
from app.errors import NotFound, Refused
from app.money import Money
from app.payments.errors import InsufficientProviderFunds, KeyConflict, NotSent, Rejected, Unsupported
from app.payments.escrow_files import documents
from app.payments.port import PLATFORM_ACCOUNT, Funding, Method, Op, Outcome, Payee, Ref, TxnKind
from app.vault import is_signed
from tests.payments.files.conftest import Agent, new_op
from tests.payments.files.statements import csv, row

REF = "P-23456789"
USD100 = Money(10_000, "USD")


def kinds(outcome: Outcome) -> list[tuple[str, int]]:
    return [(line.kind, line.amount.minor) for line in outcome.evidence]


def pay_out(agent: Agent, op: Op, minor: int = 9_000, account: str = "021-555") -> Outcome:
    return agent.gateway.pay_out(
        op, Money(minor, "USD"), account="offering-7", payee=Payee("Acme, Inc.", account), reference="C-22222222",
        document_sha256="ab" * 32,
    )  # fmt: skip


# Out


def test_a_deposit_is_expected_and_waits_for_the_payer(agent: Agent) -> None:
    op = new_op()
    outcome = agent.collect(op)
    assert (outcome.state, outcome.amount, outcome.url, outcome.evidence) == ("pending", USD100, None, ())
    details = agent.gateway.deposit_details("offering-7", REF)
    assert (details.payee.account, details.reference) == ("1234567", REF)
    assert details.lines == (("Bank", "First Trust"), ("Routing number", "021000021"))
    (file,) = agent.files()
    assert file["instructions"]["document"] == "deposit_list"
    (line,) = file["instructions"]["lines"]
    assert (line["key"], line["amount_minor"], line["currency"], line["payer_reference"]) == (
        op.key,
        10_000,
        "USD",
        REF,
    )


def test_a_file_is_signed_and_for_our_eyes_only(agent: Agent, folder: Path) -> None:
    agent.fund()
    pay_out(agent, new_op())
    (file,) = agent.files()
    body, signature = file["instructions"], bytes.fromhex(file["signature"])
    assert is_signed(body["key"], canonical(body), signature)
    assert body["lines"][0]["payee"] == {"account": "021-555", "holder": "Acme, Inc."}
    assert body["lines"][0]["document_sha256"] == "ab" * 32
    body["lines"][0]["payee"]["account"] = "021-666"
    assert not is_signed(body["key"], canonical(body), signature)
    (path,) = (folder / "outgoing").iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_same_op_is_one_line_and_other_parameters_are_a_conflict(agent: Agent) -> None:
    agent.fund()
    op = new_op()
    assert pay_out(agent, op) == pay_out(agent, op)
    for other in ({"minor": 9_001}, {"account": "021-666"}):
        with pytest.raises(KeyConflict):
            pay_out(agent, op, **other)  # type: ignore[arg-type]
    with pytest.raises(KeyConflict):
        agent.collect(op)
    assert len(agent.files()) == 1
    assert pay_out(agent, Op(op.id, 2, op.environment)).ref != pay_out(agent, op).ref


def test_no_account_number_is_kept_in_the_database(agent: Agent) -> None:
    agent.fund()
    pay_out(agent, new_op())
    agent.collect(new_op())
    agent.tell(row("100.00", REF, account="DE89370400440532013000"), opening="500.00")
    with agent.gateway.desk._sessions() as session:
        for table in ("file_instructions", "bank_lines"):
            kept = session.scalars(text(f"SELECT {table}::text FROM {table}")).all()
            assert kept and not [one for one in kept if "021-555" in one or "DE8937" in one]


@pytest.mark.parametrize("killed_at", ["before the file", "after the file"])
def test_killed_between_file_and_record_the_same_op_is_still_one_line(
    agent: Agent, monkeypatch: pytest.MonkeyPatch, killed_at: str
) -> None:
    agent.fund()

    class Killed(BaseException):
        pass

    def die(*_: object) -> None:
        raise Killed

    op = new_op()
    with monkeypatch.context() as patch:
        if killed_at == "before the file":
            patch.setattr(documents, "put", die)
        else:
            patch.setattr(agent.gateway.desk, "wrote", die)
        with pytest.raises(Killed):
            pay_out(agent, op)
    before = agent.files()
    found = agent.gateway.find(op)
    assert (found is None) == (killed_at == "before the file")
    again = pay_out(agent, op)
    assert again.state == "pending" and agent.gateway.find(op) == again
    assert len(agent.files()) == 1 and before in ([], agent.files())


def test_a_folder_that_cannot_be_written_is_proven_not_sent(agent: Agent, folder: Path) -> None:
    agent.fund()
    op = new_op()
    (folder / "outgoing").write_text("a file where a folder should be")
    with pytest.raises(NotSent, match=r"^outgoing_folder$"):
        pay_out(agent, op)
    assert agent.gateway.find(op) is None
    (folder / "outgoing").unlink()
    assert pay_out(agent, op).state == "pending"
    assert [path.name[0] for path in (folder / "outgoing").iterdir()] == ["r"]  # and no part of a file


def test_what_it_is_not_it_says(agent: Agent) -> None:
    assert agent.gateway.caps.qualified_third_party and not agent.gateway.caps.pushes_events
    methods = agent.gateway.methods("USD")
    assert set(methods) == {Method.BANK_TRANSFER, Method.ACH_DEBIT} and agent.gateway.methods("EUR") == {}
    assert methods[Method.ACH_DEBIT].refund_not_before == timedelta(days=60)
    assert methods[Method.BANK_TRANSFER].refund_not_before == timedelta(0)
    with pytest.raises(Unsupported):
        agent.collect(new_op(), method=Method.CARD)
    with pytest.raises(Unsupported):
        agent.gateway.verify(b"", {}, datetime.now(UTC))
    with pytest.raises(Rejected):
        agent.gateway.move(new_op(), Money(100, "EUR"), account="offering-7", to=PLATFORM_ACCOUNT)
    with pytest.raises(Rejected):
        agent.gateway.fetch(Ref("payment", "OR0000000000000000"))
    assert agent.gateway.find(new_op()) is None
    assert not agent.folder.exists()


# In


@pytest.mark.parametrize("written", [REF, "p 2345 6789 thanks", "INV-1/P23456789/ADA"])
def test_a_wire_with_its_reference_is_the_payment(agent: Agent, written: str) -> None:
    op = new_op()
    ref = agent.collect(op).ref
    agent.tell(row("100.00", written, id_="B1", name="Ada Lovelace", account="DE1"))
    found = agent.gateway.find(op)
    assert found is not None and found == agent.gateway.fetch(ref)
    assert (found.state, found.amount, found.payer, found.funding) == (
        "succeeded",
        USD100,
        "Ada Lovelace",
        Funding.BANK,
    )
    assert kinds(found) == [("payment", 10_000)] and found.evidence[0].account == "offering-7"
    assert found.account is not None and "DE1" not in found.account


def test_a_payment_in_parts_is_done_when_the_last_part_is_here(agent: Agent) -> None:
    ref = agent.collect(new_op()).ref
    agent.tell(row("60.00", REF, id_="B1"))
    part = agent.gateway.fetch(ref)
    assert (part.state, part.amount, kinds(part)) == ("pending", USD100, [("payment", 6000)])
    agent.tell(row("40.00", REF, id_="B2"), opening="60.00")
    whole = agent.gateway.fetch(ref)
    assert (whole.state, whole.amount, len(whole.evidence)) == ("succeeded", USD100, 2)


def test_an_overpaid_wire_is_told_as_it_is(agent: Agent) -> None:
    ref = agent.collect(new_op()).ref
    agent.tell(row("130.00", REF))
    found = agent.gateway.fetch(ref)
    assert (found.state, found.amount) == ("succeeded", Money(13_000, "USD"))


def test_money_without_a_valid_reference_is_a_line_that_nobody_waits_for(agent: Agent) -> None:
    ref = agent.collect(new_op()).ref
    agent.collect(new_op(), reference="P-98765432")
    agent.tell(row("100.00", "for my shares", id_="B1"), row("5.00", f"{REF} P-98765432", id_="B2"))
    assert agent.gateway.fetch(ref).evidence == ()
    day = datetime(2026, 3, 2, tzinfo=UTC)
    lines = list(agent.gateway.transactions(day, day + timedelta(days=1)))
    assert [(one.kind, one.source, one.account) for one in lines] == [
        (TxnKind.OTHER, Ref("line", "bank:B1"), ""), (TxnKind.OTHER, Ref("line", "bank:B2"), ""),
    ]  # fmt: skip
    assert list(agent.gateway.transactions(day + timedelta(days=1), day + timedelta(days=2))) == []
    before = agent.counts()
    with pytest.raises(Rejected, match="no_such_instruction"):
        agent.gateway.refund(new_op(), lines[0].source, lines[0].amount)  # only its bank knows where it came from
    assert agent.counts() == before
    assert {one.account: one.amount.minor for one in agent.gateway.balances()} == {"": 10_500}


def test_a_person_says_what_a_line_was_for_once(agent: Agent) -> None:
    ref = agent.collect(new_op()).ref
    agent.tell(row("100.00", "for my shares", id_="B1"))
    with pytest.raises(NotFound):
        agent.gateway.desk.match("bank:B1", "P-00000000", "officer")
    with pytest.raises(NotFound):
        agent.gateway.desk.match("bank:B9", REF, "officer")
    agent.gateway.desk.match("bank:B1", REF, "officer")
    assert agent.gateway.fetch(ref).state == "succeeded" and agent.gateway.desk.waiting() == []
    with pytest.raises(Refused, match="bank_line_matched") as refused:
        agent.gateway.desk.match("bank:B1", None, "officer")
    assert refused.value.field == "line"


def test_a_cancelled_deposit_is_not_expected_and_late_money_waits_for_a_person(agent: Agent) -> None:
    ref = agent.collect(new_op()).ref
    assert agent.gateway.cancel(new_op(), ref).state == "cancelled"
    assert agent.gateway.cancel(new_op(), ref).state == "cancelled"
    assert [file["instructions"]["document"] for file in agent.files()] == ["deposit_cancellation", "deposit_list"]
    agent.tell(row("100.00", REF))
    assert agent.gateway.fetch(ref).state == "cancelled" and len(agent.gateway.desk.waiting()) == 1


@pytest.mark.parametrize("amount", ["100.00", "60.00"])
def test_a_cancellation_comes_too_late_for_money_that_is_there(agent: Agent, amount: str) -> None:
    ref = agent.collect(new_op()).ref
    agent.tell(row(amount, REF))
    found = agent.gateway.cancel(new_op(), ref)
    assert (found.state, found.amount) == ("succeeded", Money.of(amount, "USD"))


def test_a_refund_is_paid_fails_and_never_exceeds_what_came(agent: Agent) -> None:
    paid = agent.collect(new_op()).ref
    with pytest.raises(Rejected, match="more_than_received"):
        agent.gateway.refund(new_op(), paid, USD100)
    agent.tell(row("100.00", REF, id_="B1"))
    op = new_op()
    refund = agent.gateway.refund(op, paid, USD100)
    assert refund.state == "pending" and agent.gateway.refund(op, paid, USD100) == refund
    with pytest.raises(Rejected, match="more_than_received"):
        agent.gateway.refund(new_op(), paid, Money(1, "USD"))
    agent.tell(row("-100.00", f"return {refund.ref.id} {REF}", id_="B2"), opening="100.00")
    done = agent.gateway.fetch(refund.ref)
    assert (done.state, kinds(done)) == ("succeeded", [("refund", -10_000)])
    agent.tell(row("100.00", f"account closed {refund.ref.id}", id_="B3"), opening="0.00")
    back = agent.gateway.fetch(refund.ref)
    assert (back.state, kinds(back)) == ("failed", [("refund", -10_000), ("refund_failed", 10_000)])
    assert agent.gateway.refund(new_op(), paid, USD100).state == "pending"
    assert agent.gateway.fetch(paid).state == "succeeded"


def test_a_payout_and_our_fee_leave_the_offerings_account(agent: Agent) -> None:
    agent.collect(new_op())
    agent.tell(row("100.00", REF))
    paid = pay_out(agent, new_op())
    with pytest.raises(InsufficientProviderFunds):
        agent.gateway.move(new_op(), Money(1_001, "USD"), account="offering-7", to=PLATFORM_ACCOUNT)
    fee = agent.gateway.move(new_op(), Money(1_000, "USD"), account="offering-7", to=PLATFORM_ACCOUNT)
    agent.tell(row("-90.00", paid.ref.id), row("-10.00", fee.ref.id), opening="100.00")
    assert kinds(agent.gateway.fetch(paid.ref)) == [("payout", -9_000)]
    assert kinds(agent.gateway.fetch(fee.ref)) == [("move", -1_000)]
    assert {one.account: one.amount.minor for one in agent.gateway.balances()} == {"": 0, "offering-7": 0}
    agent.tell(row("90.00", f"returned {paid.ref.id}"), opening="0.00")
    assert agent.gateway.fetch(paid.ref).state == "failed"
    assert pay_out(agent, new_op()).state == "pending"  # what came back can be sent again


def test_another_sending_of_an_operation_spends_nothing_more(agent: Agent) -> None:
    paid = agent.collect(new_op()).ref
    agent.tell(row("100.00", REF))
    payout, refund = new_op(), new_op()
    for generation in (1, 2):
        back = agent.gateway.refund(replace(refund, generation=generation), paid, Money(4_000, "USD"))
        out = pay_out(agent, replace(payout, generation=generation), 6_000)
        assert (back.state, out.state) == ("pending", "pending")
    with pytest.raises(InsufficientProviderFunds):
        pay_out(agent, new_op(), 1)


def test_what_the_platform_pays_in_is_one_line_that_arrives(agent: Agent) -> None:
    ref = agent.gateway.move(new_op(), USD100, account=PLATFORM_ACCOUNT, to="offering-7").ref
    assert agent.gateway.fetch(ref).state == "pending"
    agent.tell(row("100.00", ref.id))
    found = agent.gateway.fetch(ref)
    assert (found.state, found.amount, kinds(found)) == ("succeeded", USD100, [("move", 10_000)])
    assert found.evidence[0].account == "offering-7"
    assert {one.account: one.amount.minor for one in agent.gateway.balances()} == {"": 0, "offering-7": 10_000}


def test_a_transfer_between_two_accounts_is_known_by_the_line_that_leaves(agent: Agent) -> None:
    agent.fund()
    ref = agent.gateway.move(new_op(), USD100, account="offering-7", to="offering-8").ref
    agent.tell(row("-100.00", ref.id), row("100.00", ref.id), opening="500.00")
    found = agent.gateway.fetch(ref)
    assert (found.state, kinds(found)) == ("succeeded", [("move", -10_000)])
    listed = agent.gateway.transactions(datetime(2026, 3, 2, tzinfo=UTC), datetime(2026, 3, 3, tzinfo=UTC))
    assert [(one.account, one.amount.minor) for one in listed if one.kind == "move"] == [
        ("offering-7", -10_000), ("offering-8", 10_000),
    ]  # fmt: skip
    assert {one.account: one.amount.minor for one in agent.gateway.balances()} == {
        "": 0, "offering-7": 40_000, "offering-8": 10_000,
    }  # fmt: skip


def test_a_debit_may_be_returned_and_a_wire_may_not(agent: Agent) -> None:
    debit = agent.collect(new_op(), method=Method.ACH_DEBIT).ref
    wire = agent.collect(new_op(), reference="P-98765432").ref
    agent.tell(row("100.00", REF), row("100.00", "P-98765432"))
    agent.tell(row("-100.00", f"R01 {REF}"), row("-100.00", "P-98765432"), opening="200.00")
    assert kinds(agent.gateway.fetch(debit)) == [("payment", 10_000), ("return", -10_000)]
    assert kinds(agent.gateway.fetch(wire)) == [("payment", 10_000)]
    assert len(agent.gateway.desk.waiting()) == 1


def test_many_at_once_write_one_line_and_take_a_file_once(agent: Agent) -> None:
    agent.fund()
    op, content = new_op(), csv(row("100.00", REF), row("7.00", "x"), opening="500.00")
    agent.collect(new_op())
    with ThreadPoolExecutor(6) as pool:
        paid = [pool.submit(pay_out, agent, op) for _ in range(6)]
        taken = [pool.submit(agent.gateway.import_statement, content) for _ in range(6)]
        assert len({one.result().ref for one in paid}) == 1
        assert sum(one.result().new for one in taken) == 2
    assert len(agent.files()) == 2 and agent.counts() == (2, 3)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE bank_lines SET amount_minor = 1", "DELETE FROM bank_lines", "TRUNCATE bank_matches",
        "UPDATE bank_files SET closing_minor = 1", "UPDATE file_instructions SET amount_minor = 1",
        "UPDATE file_instructions SET written_at = NULL", "DELETE FROM file_instructions",
    ],
)  # fmt: skip
def test_the_database_refuses_to_change_what_was_told(agent: Agent, statement: str) -> None:
    agent.collect(new_op())
    agent.tell(row("100.00", REF))
    with pytest.raises(DBAPIError), agent.gateway.desk._sessions.begin() as session:
        session.execute(text(statement))
