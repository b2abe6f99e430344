"""Every promise of the books can be broken, and is then found: one planted fault each, past every guard, undone again."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from app import invariants
from app.fees.terms import FeeTerms
from app.jobs import check_books, keep_cash
from app.jobs.check_books import BooksBroken
from app.payments.sandbox.tables import Token
from tests import worlds
from tests.builders import World
from tests.cash.keeping import ask_withdrawal, topped_up, with_bank
from tests.changes.story import Story
from tests.distributions.conftest import Payer
from tests.servers import Server


@pytest.fixture(scope="module")
def history(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Books in which everything has happened: sold, proposed, held, refunded, and sent back."""
    with worlds.shared(server, tmp_path_factory.mktemp("world")) as world:
        sold, proposed = world.live(target="250", fees=FeeTerms(500, carry_bps=1_000)), world.live(target="250")
        for offering in (sold, sold, proposed):
            world.held(offering)
        world.pass_deadline(sold)
        world.run_jobs()
        world.approve_closing(sold)
        world.run_jobs()
        Payer(world).distribute(sold, 70_000)
        live = world.live()
        world.held(live)
        world.pledged(live)
        world.pledged(live, 10_000)
        world.pay(world.pledged(live), Token.PARTIAL_AMOUNT)
        world.pay(world.pledged(live), Token.DECLINE)
        world.cancel(world.held(live))
        world.run_jobs()
        saver = with_bank(world, topped_up(world))
        world.cancel(world.held(live))
        ask_withdrawal(world, saver, "400")
        keep_cash.run(world.platform)
        Story.of(world, live).publish()
        statuses = {status for (status,) in world.sql("SELECT DISTINCT status FROM pledges")}
        assert statuses == {"settled", "held", "reserved", "in_review", "failed", "refunded", "refund_due"}
        yield world


def one(table: str, where: str, change: str) -> str:
    """Change one row, the first for which this holds."""
    return f"UPDATE {table} SET {change} WHERE id = (SELECT min(id) FROM {table} WHERE {where})"


UNGUARDED = "ALTER TABLE ledger_accounts DROP CONSTRAINT ck_ledger_accounts_no_credit_balance; "
DONE = "closing_id IN (SELECT id FROM closings WHERE status = 'done')"
EVENT = (
    "INSERT INTO gateway_events (gateway, event_id, type, body, received_at, status, attempts, next_attempt_at)"
    " VALUES ('sandbox', 'evt_x', 't', '', now(), '{}', {}, clock_timestamp() - interval '{}')"
)
SAME_EVENT = (
    "audit_events (at, actor, event, subject_type, subject_id, from_status, to_status, facts, request_id)"
    " SELECT at, actor, event, subject_type, subject_id, from_status, to_status, facts, request_id FROM audit_events"
)
#: The letter and number of a promise, and what breaks it.
FAULTS: list[tuple[str, str]] = [
    ("I1", one("postings", "side = 'D'", "amount_minor = amount_minor + 1")),
    ("I2", "DELETE FROM postings WHERE entry_id = (SELECT min(id) FROM journal_entries)"),
    ("I3", one("ledger_accounts", "code = '3000'", "debits = debits + 1")),
    ("I3", one("ledger_accounts", "code = '3000'", "credits = credits + 1")),
    ("I4", one("ledger_accounts", "code = '1100'", "debits = debits + 1")),
    ("I5", UNGUARDED + one("ledger_accounts", "code = '1100'", "credits = debits + 1")),
    ("I6", one("ledger_accounts", "code = '3100'", "credits = credits + 5")),
    ("I7", one("ledger_accounts", "code = '3210'", "debits = debits + 1")),
    ("I8", one("instructions", "business_key LIKE 'refund:pledge:%'", "amount_minor = amount_minor + 1")),
    ("I9", one("journal_entries", "kind = 'refund_paid'", "instruction_id = NULL")),
    ("I10", one("journal_entries", "kind = 'funds_collected'", "evidence = NULL")),
    (
        "I11",
        "INSERT INTO gateway_transactions SELECT gateway, transaction_id || 'x', kind, source, amount_minor, fee_minor,"
        " net_minor, currency, created_at FROM gateway_transactions LIMIT 1",
    ),
    ("I12", "DELETE FROM gateway_transactions WHERE transaction_id = (SELECT min(transaction_id) FROM gateway_transactions)"),
    ("I13", one("instructions", "kind = 'refund'",
             "status = 'unknown', first_sent_at = clock_timestamp() - interval '23 hours 1 second'")),
    ("I14", one("closings", "status = 'proposed'", "fee_minor = fee_minor + 1")),
    ("I14", one("closings", "status = 'done'", "total_minor = total_minor + 1")),
    ("I14", f"UPDATE closing_lines SET fee_share_minor = fee_share_minor + 1 WHERE {DONE}"),
    ("I15", f"DELETE FROM closing_approvals WHERE {DONE} AND user_id = (SELECT min(user_id) FROM closing_approvals)"),
    ("I15", f"UPDATE closing_approvals SET snapshot_hash = repeat('0', 64) WHERE {DONE}"),
    ("I15", "UPDATE closings SET begun_by = (SELECT min(user_id) FROM closing_approvals) WHERE status = 'done'"),
    ("I15", one("closings", "status = 'proposed'", "status = 'releasing'")),
    ("I15", one("closings", "status = 'proposed'", "status = 'done'")),
    ("I16", one("offerings", "status = 'settled'", "target_minor = 50001")),
    ("I17", one("offerings", "status = 'settled'", "target_minor = 1, maximum_minor = 49999")),
    ("I17", one("offerings", "status = 'live'", "target_minor = 1, maximum_minor = 2")),
    ("I18", one("pledges", "status = 'held'", "status = 'reserved'")),
    ("I18", one("pledges", "status = 'refunded'", "status = 'refund_due'")),
    ("I18", one("pledges", "status = 'refund_due'", "status = 'refunded'")),
    ("I18", one("pledges", "status = 'held'", "amount_minor = amount_minor + 1")),
    ("I19", one("pledges", "status = 'settled'", "status = 'allotted'")),
    ("I19", one("pledges", "status = 'refunded'", "status = 'settled'")),
    ("I20", EVENT.format("poison", 13, "1 second")),
    ("I20", EVENT.format("new", 1, "16 minutes")),
    ("I20", EVENT.format("new", 0, "16 minutes")),  # nobody has looked at it at all
    ("I21", one("instructions", "kind = 'refund'", "status = 'review'")),
    ("I21", one("instructions", "kind = 'refund'", "status = 'failed'")),
    ("I21", one("instructions", "kind = 'release'", "status = 'review'")),
    ("I21", one("instructions", "kind = 'fee'", "status = 'failed'")),
    ("I22", one("pledges", "status = 'held'", "fee_minor = 1")),
    ("I22", one("pledges", "status = 'settled'", "status = 'held', fee_minor = 1")),
    ("I23", UNGUARDED + one("ledger_accounts", "code = '1100'", "guard = 'none', credits = debits + 1")),
    ("I24", one("pledges", "status = 'held' AND offering_id IN (SELECT id FROM offerings WHERE status = 'live')",
             "refundable_until = platform_now()")),
    ("I25", one("pledges", "status = 'reserved'", "status = 'authorised', instrument = 'instrument/x'")),
    ("I26", one("closings", "status = 'done'", "holdback_minor = 1")),
    ("I27", one("closings", "status = 'done'", "is_rolling = true")),
    ("I28", one("instructions", "kind = 'fee'", "amount_minor = amount_minor + 1")),
    ("I29", "UPDATE distribution_lines SET carry_minor = carry_minor + 1"),
    ("I29", one("ledger_accounts", "code = '2140'", "credits = credits + 1, debits = debits + 1")),
    ("I29", one("ledger_accounts", "code = '2300'", "credits = credits + 1, debits = debits + 1")),
    ("I29", "UPDATE distributions SET status = 'approved'"),
    ("I29", one("journal_entries", "kind = 'carry_charged'", "kind = 'platform_fee_charged'")),
    ("P1", "UPDATE offering_progress SET held_minor = held_minor - 1 WHERE held_minor > 0"),
    ("P2", "UPDATE offering_progress SET settled_minor = settled_minor - 1 WHERE settled_minor > 0"),
    ("P3", "UPDATE offering_progress SET taken_shares = taken_shares - 1 WHERE taken_shares > 0"),
    ("P3", "UPDATE offering_progress SET taken_minor = taken_minor + 1"),
    ("P4", "UPDATE offering_progress SET seats = 1"),
    (
        "P5",
        "UPDATE offering_progress SET promised_minor = 1 WHERE taken_minor > held_minor + settled_minor",
    ),
    ("P6", "UPDATE offering_progress SET waiting = waiting + 1"),
    ("P6", "UPDATE offering_progress SET kept_shares = kept_shares + 1"),
    ("P6", "UPDATE offering_progress SET kept_seats = kept_seats + 1"),
    (
        "P7",
        "INSERT INTO waitlist_entries (offering_id, investor_id, status, shares, joined_at)"
        " SELECT offering_id, investor_id, 'waiting', 1, now() FROM pledges WHERE status = 'settled'",
    ),
    ("R1", one("register_entries", "true", "shares = shares + 1")),
    ("R1", one("register_entries", "true", "amount_minor = amount_minor - 1")),
    ("R1", one("register_entries", "true", "kind = 'transfer'")),
    ("R1", one("register_entries", "true", "holder_name = 'Somebody Else'")),
    ("R1", "DELETE FROM register_entries"),
    ("R1", f"DELETE FROM closing_lines WHERE {DONE}"),
    (
        "T1",
        f"INSERT INTO {SAME_EVENT} WHERE subject_type = 'pledges' AND to_status = 'refunded'",
    ),
    ("T2", one("pledges", "status = 'refunded'", "status = 'held'")),
    ("T2", one("pledges", "status = 'settled'", "status = 'held'")),
    ("T2", one("pledges", "status = 'reserved'", "status = 'processing'")),
    ("T2", "DELETE FROM audit_events WHERE subject_type = 'pledges'"),
    ("K1", one("ledger_accounts", "code = '1110'", "debits = debits + 1")),
    ("K1", one("ledger_accounts", "code = '2030'", "credits = credits + 1")),
    ("K2", "UPDATE cash_days SET custodian_minor = custodian_minor - 1, difference_minor = difference_minor - 1"),
    ("K3", one("ledger_accounts", "code = '2035'", "credits = credits + 1")),
    ("K3", one("instructions", "kind = 'pay_back'", "amount_minor = amount_minor - 1")),
    ("K3", one("instructions", "kind = 'pay_back'", "status = 'failed'")),
    ("I9", one("instructions", "kind = 'pay_back'", "status = 'succeeded', provider_ref = 'payout/pay_x'")),
    ("I21", one("instructions", "kind = 'pay_back'", "status = 'review'")),
    ("A1", f"INSERT INTO {SAME_EVENT}"),
    ("A1", "DELETE FROM audit_seals WHERE position = (SELECT max(position) FROM audit_seals)"),
    ("A1", f"INSERT INTO {SAME_EVENT}; INSERT INTO audit_unsealed SELECT max(id), now() - interval '16 minutes' FROM audit_events"),
    ("A2", "DELETE FROM audit_seals WHERE position = 7"),
    ("A2", "DELETE FROM audit_seals WHERE position = 1"),
    ("A2", "DELETE FROM audit_events WHERE id = (SELECT event_id FROM audit_seals WHERE position = 7)"),
    ("A2", "UPDATE audit_seals SET event_hash = repeat('0', 64) WHERE position = 7"),
    ("A2", "UPDATE audit_seals SET sealed_at = sealed_at + interval '1 microsecond' WHERE position = 7"),
    ("C1", "UPDATE pledges SET status = 'settled' WHERE id = (SELECT min(pledge_id) FROM change_answers WHERE status = 'awaited')"),
    ("C2", "DELETE FROM change_answers WHERE pledge_id = (SELECT min(pledge_id) FROM change_answers)"),
    ("C3", "UPDATE offering_progress SET accepts_until = accepts_until + interval '1 second'"),
    ("D1", one("decisions", "outcome = 'allow'", "outcome = 'deny'")),
    ("D1", one("decisions", "outcome = 'allow'", "requested_minor = requested_minor + 1")),
    ("D1", one("decisions", "outcome = 'allow'", "investor_id = investor_id + 1")),
    ("D1", one("decisions", "outcome = 'allow'", "offering_id = offering_id + 1")),
]  # fmt: skip


def code(name: str) -> str:
    return name.split(" ", 1)[0]


def broken(world: World, fault: str) -> set[str]:
    """Plant a fault where no trigger looks, check, and undo it."""
    with world.platform.database.engine.connect() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        for statement in fault.split("; "):
            changed = connection.execute(text(statement))
            assert changed.rowcount != 0, statement
        with Session(connection) as session:
            found = {code(finding.name) for finding in invariants.check(session) if not finding.holds}
        connection.rollback()
    return found


def test_books_in_which_everything_happened_keep_every_promise(history: World) -> None:
    assert history.broken_promises() == []
    assert check_books.run(history.platform) == len(invariants.INVARIANTS)


def test_empty_books_keep_every_promise(world: World) -> None:
    assert world.broken_promises() == []


@pytest.mark.parametrize(("promise", "fault"), FAULTS, ids=[f"{name}-{n}" for n, (name, _) in enumerate(FAULTS)])
def test_a_planted_fault_is_found(history: World, promise: str, fault: str) -> None:
    assert promise in broken(history, fault)


def test_every_promise_has_a_fault_that_breaks_it() -> None:
    assert {code(name) for name in invariants.INVARIANTS} == {promise for promise, _ in FAULTS}


def test_a_finding_counts_the_rows_and_names_the_first(world: World) -> None:
    pledges = [world.pledged(offering) for offering in [world.live()] * 7]
    world.sql("UPDATE pledges SET status = 'processing'")
    with world.looking() as view:
        (finding,) = [one for one in invariants.check(view.session) if not one.holds]
    assert (code(finding.name), finding.rows) == ("T2", 7)
    assert finding.examples == tuple(str(pledge.id) for pledge in pledges[:5])


def test_the_job_raises_what_is_broken_and_mends_nothing(world: World) -> None:
    pledge = world.pledged(world.live())
    world.sql("UPDATE pledges SET status = 'processing'")
    before = world.contents()
    with pytest.raises(BooksBroken, match=rf"T2 .*: 1 \({pledge.id}\)"):
        check_books.run(world.platform)
    assert world.contents() == before
