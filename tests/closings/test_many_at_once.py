"""Thousands of rows by one statement are the very rows that one pledge after the other would make, and all or none of them."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from sqlalchemy.exc import DBAPIError

from app import database
from app.audit import actions as audit
from app.changes import queries as changes
from app.closings import actions as closings
from app.closings import gathering, outcomes
from app.closings import queries as closing_queries
from app.closings.models import Closing
from app.database import Transaction
from app.errors import Refused
from app.fees.terms import FeeTerms
from app.jobs import close_offerings
from app.ledger import actions as ledger
from app.ledger import entries
from app.ledger.draft import Evidence
from app.money import Money
from app.notifications.catalog import Message
from app.offerings.models import Offering
from app.pledges import actions as pledges
from app.pledges import queries as pledge_queries
from app.pledges.giving_back import give_back_held
from app.pledges.messages import tell
from app.pledges.models import Pledge, StopReason
from app.regimes.regime import Regime
from app.share_register import actions as share_register
from app.share_register.actions import Holder
from tests.builders import World, usd
from tests.closings.conftest import Desk

FEES = FeeTerms(success_bps=333, investor_bps=275, investor_most_minor=2_000)
SHARES = (101, 17, 100, 40, 1_000, 23, 29)


@pytest.fixture(params=[1, 3, 5_000])
def at_once(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """One by one, in threes, all together."""
    for module in (database, pledge_queries, closing_queries):
        monkeypatch.setattr(module, "AT_ONCE", request.param)


def rows(world: World, offering: Offering) -> dict[str, list[str]]:
    """Everything that is written about the pledges of an offering, its ids and names as their places in it, sorted."""
    place = "SELECT id, ref, investor_id, row_number() OVER (ORDER BY id) AS n FROM pledges WHERE offering_id = :id"
    queries = {
        "pledges": "SELECT n, status, stop_reason, amount_minor, fee_minor, shares FROM pledges JOIN p USING (id)",
        "trail": """SELECT n, event, from_status, to_status, actor, facts - 'closing' - 'certificate' - 'decision'
            - 'evidence' FROM audit_events JOIN p ON p.id = subject_id AND subject_type = 'pledges'""",
        "trail of instructions": """SELECT n, event, from_status, to_status, a.actor, facts - 'ref'
            FROM audit_events a JOIN instructions i ON i.id = subject_id AND subject_type = 'instructions'
            JOIN p ON p.id = i.pledge_id""",
        "instructions": """SELECT n, i.kind, i.gateway, i.generation, i.status, i.about_id IS NOT NULL, i.amount_minor,
            i.currency, i.reference = p.ref, i.method, i.refused_funding, i.business_key, i.closing_id, i.attempts
            FROM instructions i JOIN p ON p.id = i.pledge_id""",
        "messages": """SELECT n, m.kind, m.facts - 'ref' - 'offering' - 'receipt' - 'pay_until' - 'cancel_until',
            m.user_id = v.user_id, m.attempts FROM messages m JOIN p ON p.ref = m.facts->>'ref'
            JOIN investors v ON v.id = p.investor_id""",
        "entries": """SELECT e.kind, e.key, e.evidence IS NULL, e.actor, a.code, a.book, x.side, x.amount_minor, p.n
            FROM postings x JOIN journal_entries e ON e.id = x.entry_id JOIN ledger_accounts a ON a.id = x.account_id
            LEFT JOIN p ON p.id = a.pledge_id WHERE a.offering_id = :id""",
        "totals": """SELECT n, code, book, class, guard, currency, debits, credits FROM ledger_accounts a
            LEFT JOIN p ON p.id = a.pledge_id WHERE a.offering_id = :id""",
        "register": """SELECT n, kind, r.investor_id = p.investor_id, security_type, shares, share_price, amount_minor,
            currency, substr(certificate, 13), resale_restricted_until FROM register_entries r
            JOIN p ON p.id = r.pledge_id""",
        "progress": "SELECT taken_shares, taken_minor, held_minor, settled_minor FROM offering_progress WHERE offering_id = :id",
    }  # fmt: skip
    found = {name: world.sql(f"WITH p AS ({place}) {query}", id=offering.id) for name, query in queries.items()}
    return {name: sorted(_plain(row) for row in some) for name, some in found.items()}


def _plain(row: tuple[Any, ...]) -> str:
    """Without the numbers in keys ("close:3:41"), which are ids."""
    keyless = [re.sub(r":\w*\d\w*", ":*", one) if isinstance(one, str) else one for one in row]
    return json.dumps(keyless, default=str, sort_keys=True)


def with_money(world: World, target: str) -> Offering:
    offering = world.live(target=target, fees=FEES)
    for shares in SHARES:
        world.pay(world.pledged(offering, shares))
    world.run_jobs()
    return offering


@pytest.mark.usefixtures("at_once")
def test_giving_everything_back_is_owing_each_refund(world: World) -> None:
    together, apart = with_money(world, "50000"), with_money(world, "50000")
    with world.acting() as tx:
        give_back_held(tx, _locked(tx, together), StopReason.OFFERING_FAILED)
    with world.acting() as tx:
        _locked(tx, apart)
        for pledge in pledge_queries.held(tx.session, apart.id):
            pledges.stop(tx, pledges.lock(tx, pledge.id), StopReason.OFFERING_FAILED)
    one, other = rows(world, together), rows(world, apart)
    assert one == other
    assert len(one["pledges"]) == len(SHARES) and all("refund_due" in row for row in one["pledges"])
    assert world.broken_promises() == []


def _locked(tx: Transaction, offering: Offering) -> Offering:
    return closings.offerings.lock(tx, offering.id)


def allot_one_by_one(tx: Transaction, offering: Offering, closing: Closing) -> None:
    for line in closing_queries.lines(tx.session, closing.id):
        pledge = pledges.lock(tx, line.pledge_id)
        audit.transition(tx, pledge, "allot", shares=line.shares, closing=closing.ref)
        amount, fee = (Money(minor, closing.currency) for minor in (line.amount_minor, line.investor_fee_minor))
        ledger.post(tx, entries.pledge_closed(offering.id, pledge.id, amount, f"close:{closing.id}:{pledge.id}"))
        ledger.post(tx, entries.investor_fee_earned(offering.id, pledge.id, fee, f"fee:pledge:{pledge.id}"))
    ledger.post(tx, entries.platform_fee_charged(offering.id, closing.fee, f"fee:closing:{closing.id}"))


def enter_one_by_one(tx: Transaction, offering: Offering, closing: Closing, regime: Regime) -> None:
    assert offering.share_price is not None and offering.security_type is not None
    for number, line in enumerate(closing_queries.lines(tx.session, closing.id), start=1):
        pledge = pledges.lock(tx, line.pledge_id)
        certificate = f"{offering.ref}-{closing.seq}-{number:05d}"
        share_register.issue(
            tx,
            [Holder(pledge.id, pledge.investor_id, line.holder_name, line.shares, line.amount_minor, certificate)],
            issuer_id=offering.issuer_id, offering_id=offering.id, closing_id=closing.id,
            security_type=offering.security_type, share_price=offering.share_price, currency=closing.currency,
            resale_restricted_until=regime.resale_restricted_until(regime.pack.day_of(tx.now)),
        )  # fmt: skip
        audit.transition(tx, pledge, "settle", shares=line.shares, closing=closing.ref)
        tell(tx, pledge, offering, Message.SHARES_ISSUED)


@pytest.mark.usefixtures("at_once")
def test_closing_together_is_closing_each(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    together, apart = with_money(world, "250"), with_money(world, "250")
    world.settled(together)
    with monkeypatch.context() as patched:
        patched.setattr(closings, "allot", allot_one_by_one)
        patched.setattr(outcomes, "enter", enter_one_by_one)
        world.settled(apart)
    Desk(world).until_quiet()
    one, other = rows(world, together), rows(world, apart)
    assert {name: one[name] for name in one if name != "trail"} == {
        name: other[name] for name in other if name != "trail"
    }
    assert one["trail"] == other["trail"]
    assert len(one["register"]) == len(SHARES) and all("settled" in row for row in one["pledges"])
    assert world.broken_promises() == []


def test_a_closing_that_breaks_off_leaves_nothing_and_is_done_whole_the_next_time(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    offering = with_money(world, "250")
    desk = Desk(world)
    world.pass_deadline(offering)
    world.run_jobs()
    for module in (database, pledge_queries, closing_queries):
        monkeypatch.setattr(module, "AT_ONCE", 2)
    first, second = world.officer(), world.officer()
    world.approve_closing(offering, first)
    before, writes = world.contents(), iter(range(3))

    def breaks_off(tx: Transaction, drafts: Any) -> int:
        if next(writes, None) is None:
            raise RuntimeError("the power is gone")
        return posted(tx, drafts)

    posted = ledger._post
    with monkeypatch.context() as patched:
        patched.setattr(ledger, "_post", breaks_off)
        with pytest.raises(RuntimeError):
            world.approve_closing(offering, second)
    assert world.contents() == before
    world.approve_closing(offering, second)
    desk.until_quiet()
    assert world.offering(offering.id).status == "settled"
    assert world.broken_promises() == []


def test_the_law_is_asked_about_many_pledges_in_several_transactions_and_once_about_each(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    offering = with_money(world, "250")
    monkeypatch.setattr(gathering, "ASKED_AT_ONCE", 3)
    world.pass_deadline(offering)
    assert close_offerings.run(world.platform) == 2  # begun, and the first three asked about
    asked = "SELECT count(*), count(DISTINCT pledges.sale_decision_id) FROM pledges WHERE sale_decision_id IS NOT NULL"
    assert world.sql(asked) == [(3, 3)]
    assert Desk(world).closing(offering).status == "gathering"
    world.run_jobs()
    assert world.sql(asked) == [(7, 7)]
    assert world.sql("SELECT count(*) FROM decisions WHERE purpose = 'sale'") == [(7,)]
    world.approve_closing(offering)
    Desk(world).until_quiet()
    assert world.offering(offering.id).status == "settled"
    assert world.broken_promises() == []


# The acts for many, by themselves


def test_the_same_entries_again_are_no_second_entries(world: World) -> None:
    def drafts() -> list[Any]:
        return [entries.funds_collected(1, n, usd("100"), Evidence(f"sandbox:{n}", n)) for n in (7, 8, 9)]

    with world.acting() as tx:
        assert ledger.post_many(tx, drafts()[:2]) == 2
    with world.acting() as tx:
        assert ledger.post_many(tx, drafts()) == 1
        assert ledger.post_many(tx, []) == 0
    assert world.sql("SELECT count(*) FROM postings") == [(6,)]


def test_one_entry_with_another_body_among_many_is_a_mistake_and_nothing_is_written(world: World) -> None:
    with world.acting() as tx:
        ledger.post(tx, entries.funds_collected(1, 8, usd("100"), Evidence("sandbox:8", 8)))
    before = world.contents()
    others = [entries.funds_collected(1, n, usd("99"), Evidence(f"sandbox:{n}", n)) for n in (7, 8, 9)]
    with pytest.raises(Exception, match="with another body"), world.acting() as tx:
        ledger.post_many(tx, others)
    assert world.contents() == before


def test_one_overdraft_among_many_is_refused(world: World) -> None:
    with world.acting() as tx:
        ledger.post(tx, entries.funds_collected(1, 7, usd("100"), Evidence("sandbox:7", 7)))
    before = world.contents()
    with pytest.raises(DBAPIError, match="no_debit_balance"), world.acting() as tx:
        ledger.post_many(tx, [entries.refund_owed(1, n, usd("100"), f"refund:{n}") for n in (7, 8)])
    assert world.contents() == before


def test_if_one_may_not_move_none_does(world: World) -> None:
    offering = world.live()
    held, unpaid = world.held(offering), world.pledged(offering)
    before = world.contents()
    with pytest.raises(Refused, match="illegal_move"), world.acting() as tx:
        audit.transition_many(tx, Pledge, "allot", {held.id: {}, unpaid.id: {}})
    assert world.contents() == before


def test_more_pledges_can_be_asked_about_than_a_statement_has_parameters(world: World) -> None:
    pledge, many = world.held(world.live()), range(1, 70_000)
    with world.looking() as view:
        assert changes.awaited_from(view.session, many) == {}
        assert pledge_queries.decided_by(view.session, many)[pledge.id] == ["US-CF"]
