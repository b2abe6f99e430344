"""A promise ends with its pledge: nothing is charged, what was kept is forgotten, and the book of promises says so."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from app import four_eyes
from app.approvals.models import ProposalKind
from app.closings import actions as closings
from app.errors import Refused
from app.jobs import charge_saved, close_offerings, send_payments
from app.payments.sandbox.tables import Token
from app.pledges.models import Pledge
from tests.payments.saved.story import BEFORE, Saved

MINOR = 25_000


def cancelled(saved: Saved, pledge: Pledge) -> None:
    saved.world.cancel(pledge)


def withdrawn(saved: Saved, pledge: Pledge) -> None:
    with saved.world.acting() as tx:
        closings.withdraw_offering(tx, saved.offering.id)


def ended_by_the_platform(saved: Saved, pledge: Pledge) -> None:
    with saved.world.acting(saved.world.officer()) as tx:
        four_eyes.propose_refund(tx, saved.offering.id, "Its papers are not what they seem.")
    saved.world.agree(ProposalKind.REFUND_ALL)


def not_charged_in_time(saved: Saved, pledge: Pledge) -> None:
    """The job was away until the deadline."""
    saved.at(saved.deadline)
    close_offerings.run(saved.world.platform)


ENDS: dict[str, Callable[[Saved, Pledge], None]] = {
    "platform_ended": ended_by_the_platform,
    "investor": cancelled, "offering_withdrawn": withdrawn, "offering_ended": not_charged_in_time,
}  # fmt: skip


@pytest.mark.parametrize("why", ENDS)
def test_it_ends_without_any_charge(saved: Saved, why: str) -> None:
    pledge = saved.promised()
    ENDS[why](saved, pledge)
    pledge = saved.after_jobs(pledge)
    assert (pledge.status, pledge.stop_reason) == ("cancelled", why)
    assert (pledge.instrument, pledge.charge_at) == (None, None)
    assert saved.payments() == [] and saved.counters() == (0, 0, 0)
    assert saved.in_the_book(pledge) == 0
    assert saved.told(pledge) == ["pledge_promised", "pledge_cancelled"]
    saved.at(saved.deadline + timedelta(days=1))
    assert charge_saved.run(saved.world.platform) == 0
    assert saved.world.sql("SELECT count(*) FROM instructions WHERE kind <> 'setup'") == [(0,)]
    assert saved.world.broken_promises() == []


def test_who_cancels_before_the_charge_is_sent_is_not_charged(saved: Saved) -> None:
    pledge = saved.promised()
    saved.at(saved.deadline - BEFORE)
    charge_saved.run(saved.world.platform)
    saved.world.cancel(pledge)  # it was not sent yet
    pledge = saved.after_jobs(pledge)
    assert (pledge.status, saved.payments()) == ("cancelled", [])
    assert saved.world.broken_promises() == []


def test_who_cancels_while_their_bank_asks_for_them_is_not_charged(saved: Saved) -> None:
    pledge = saved.when_due(saved.promised(Token.OFF_SESSION_NEEDS_ACTION))
    saved.world.cancel(pledge)
    assert saved.world.pledge(pledge.id).status == "cancelling"
    assert saved.counters() == (0, 0, MINOR) and saved.in_the_book(pledge) == 0
    assert saved.world.broken_promises() == []
    assert saved.after_jobs(pledge).status == "cancelled"
    assert saved.payments() == [("cancelled", MINOR)]
    assert saved.world.broken_promises() == []


def test_who_confirms_in_the_moment_of_cancelling_gets_it_back(saved: Saved) -> None:
    pledge = saved.when_due(saved.promised(Token.OFF_SESSION_NEEDS_ACTION))
    saved.cards.pays(saved.cards.payment_of(pledge))
    saved.world.cancel(pledge)
    send_payments.run(saved.world.platform)
    assert saved.after_jobs(pledge).status == "refunded"
    assert saved.counters() == (0, 0, 0)
    assert saved.world.broken_promises() == []


def test_the_time_to_cancel_ends_for_a_promise_as_for_money(saved: Saved) -> None:
    pledge = saved.promised()
    saved.world.force("UPDATE pledges SET cancel_until = placed_at + interval '1 hour'")
    saved.world.move_clock(hours=2)
    before = saved.world.contents()
    with pytest.raises(Refused, match="too_late_to_cancel"):
        saved.world.cancel(pledge)
    assert saved.world.contents() == before
