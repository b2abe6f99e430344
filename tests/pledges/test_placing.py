"""Placing a pledge: once per form, only with everything that the law and the offering ask, and nothing left behind by a no."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from app import clock
from app.closings import actions as closings
from app.errors import Refused
from app.issuers import actions as issuers
from app.issuers import queries as issuer_queries
from app.money import Money
from app.offerings.models import Offering
from app.pledges import actions as pledges
from app.pledges.consents import text_hash
from tests.builders import World


def rows(world: World, table: str) -> int:
    return int(world.sql(f"SELECT count(*) FROM {table}")[0][0])


def test_a_pledge_takes_its_place_and_nothing_counts_as_raised(world: World) -> None:
    offering = world.live()
    pledge = world.pledged(offering, 100)
    assert (pledge.status, pledge.shares, pledge.amount_minor, pledge.currency) == ("reserved", 100, 25_000, "USD")
    assert offering.deadline_at is not None
    assert pledge.cancel_until == offering.deadline_at - timedelta(hours=48)
    assert pledge.pay_until == world.now() + world.platform.payment_window
    progress = world.offering(offering.id).progress
    assert (progress.taken_shares, progress.taken_minor, progress.held_minor) == (100, 25_000, 0)
    statements = world.ticks()
    assert rows(world, "pledge_consents") == len(statements) + 1 > 1  # and the one document
    assert world.broken_promises() == []


# The same form


def test_the_same_form_twice_is_one_pledge(world: World) -> None:
    offering, investor, key = world.live(), world.investor(), uuid.uuid4()
    first = world.place(investor, offering, 100, form_key=key)
    before = world.contents()
    again = world.place(investor, offering, 100, form_key=key)
    assert first.pledge is not None and again.pledge is not None
    assert (again.pledge.id, again.decision.id) == (first.pledge.id, first.decision.id)
    assert world.contents() == before


def test_a_form_sent_again_after_the_offering_ended_still_shows_its_pledge(world: World) -> None:
    offering, investor, key = world.live(), world.investor(), uuid.uuid4()
    first = world.place(investor, offering, 100, form_key=key)
    world.pass_deadline(offering)
    world.run_jobs()
    again = world.place(investor, offering, 100, form_key=key)
    assert first.pledge is not None and again.pledge is not None
    assert (again.pledge.id, again.pledge.status) == (first.pledge.id, "cancelled")


@pytest.mark.parametrize("other", ["shares", "offering", "investor"])
def test_a_form_used_for_something_else_is_refused(world: World, other: str) -> None:
    offering, investor, key = world.live(), world.investor(), uuid.uuid4()
    world.place(investor, offering, 100, form_key=key)
    wanted: dict[str, Any] = {"investor": investor, "offering": offering, "shares": 100}
    wanted[other] = {"shares": lambda: 101, "offering": world.live, "investor": world.investor}[other]()
    before = world.contents()
    with pytest.raises(Refused, match="form_reused"):
        world.place(**wanted, form_key=key)
    assert world.contents() == before


# What is refused, and that nothing changes


def _unticked(world: World, statement: str) -> dict[str, str]:
    return {name: sha for name, sha in world.ticks().items() if name != statement}


def not_open_yet(world: World, offering: Offering) -> None:
    world.force("UPDATE offerings SET status = 'approved' WHERE id = :id", id=offering.id)


def at(world: World, offering: Offering, after_deadline: timedelta = timedelta(0)) -> None:
    assert offering.deadline_at is not None
    with world.acting() as tx:
        clock.freeze(tx.session, offering.deadline_at + after_deadline)


def closing(world: World, offering: Offering) -> None:
    at(world, offering)
    world.run_jobs()


def withdrawn(world: World, offering: Offering) -> None:
    with world.acting() as tx:
        closings.withdraw_offering(tx, offering.id)


def nothing(world: World, offering: Offering) -> None:
    pass


#: why -> the code, what happened before, how many shares
REFUSED: dict[str, tuple[str, Callable[[World, Offering], None], int]] = {
    "below the minimum pledge": ("below_minimum", nothing, 9),
    "no share": ("shares_not_positive", nothing, 0),
    "fewer than none": ("shares_not_positive", nothing, -10),
    "more than there are": ("offering_full", nothing, 4_001),
    "not open yet": ("not_open", not_open_yet, 100),
    "at the very deadline": ("offering_ended", at, 100),
    "a closing has begun": ("not_open", closing, 100),
    "the company gave up": ("not_open", withdrawn, 100),
}


@pytest.mark.parametrize("why", REFUSED)
def test_a_refusal_changes_nothing(world: World, why: str) -> None:
    code, happened, shares = REFUSED[why]
    offering, investor = world.live(target="5000", maximum="10000"), world.investor()
    happened(world, offering)
    before = world.contents()
    with pytest.raises(Refused) as refused:
        world.place(investor, offering, shares)
    assert refused.value.code == code
    assert world.contents() == before


def test_the_last_microsecond_before_the_deadline_is_in_time(world: World) -> None:
    offering = world.live()
    at(world, offering, -timedelta(microseconds=1))
    assert world.pledged(offering).status == "reserved"


def test_a_full_offering_says_how_many_shares_are_left(world: World) -> None:
    offering = world.live(target="5000", maximum="10000")
    world.pledged(offering, 3_990)
    with pytest.raises(Refused) as refused:
        world.place(world.investor(), offering, 11)
    assert refused.value.facts == {"left_shares": 10}
    assert world.pledged(offering, 10).status == "reserved"
    assert world.broken_promises() == []


def test_what_is_left_below_the_smallest_pledge_is_sold_in_one_piece(world: World) -> None:
    offering = world.live(target="250", maximum="250", minimum_pledge="100")  # 100 shares, at least 40 at a time
    world.pledged(offering, 70)
    for shares in (29, 1):
        with pytest.raises(Refused, match="below_minimum") as caught:
            world.place(world.investor(), offering, shares)
        assert caught.value.facts == {"minimum": Money.of("75", "USD")}
    assert world.pledged(offering, 30).amount == Money.of("75", "USD")
    progress = world.offering(offering.id).progress
    assert (progress.taken_shares, progress.taken_minor) == (100, 25_000)
    assert world.broken_promises() == []


def test_parts_of_a_cent_never_carry_an_offering_above_its_maximum(world: World) -> None:
    offering = world.live(price="0.335", target="100", maximum="150", minimum_pledge="5")
    for _ in range(29):  # 15 shares are 5.025 dollars
        world.pledged(offering, 15)
    world.pledged(offering, 447 - 29 * 15)
    with pytest.raises(Refused, match="offering_full"):
        world.place(world.investor(), offering, 1)
    progress = world.offering(offering.id).progress
    assert (progress.maximum_shares, progress.taken_shares) == (447, 447)
    assert progress.taken_minor == 29 * 502 + 402 <= progress.maximum_minor == 15_000
    assert world.broken_promises() == []


def test_nobody_buys_into_their_own_company(world: World) -> None:
    offering, investor = world.live(), world.investor()
    with world.acting() as tx:
        issuers.add_member(tx, issuer_queries.issuer(tx.session, offering.issuer_id), investor.user_id)
    before = world.contents()
    with pytest.raises(Refused, match="own_offering"):
        world.place(investor, offering, 100)
    assert world.contents() == before


def test_every_statement_is_asked_for_in_the_very_words_in_force(world: World) -> None:
    offering, investor = world.live(), world.investor()
    statements = world.ticks()
    before = world.contents()
    for statement in statements:
        for ticked in (_unticked(world, statement), {**statements, statement: text_hash("I agree to everything.")}):
            with pytest.raises(Refused, match="statement_missing") as refused:
                world.place(investor, offering, 100, ticked=ticked)
            assert refused.value.field == statement
    assert world.contents() == before


# What the law says


def test_a_denial_is_stored_with_its_reason_and_is_no_pledge(world: World) -> None:
    """A cap of 2,500: 1,001 shares cost 2,502.50."""
    offering, investor = world.live(), world.investor(income="40000", net_worth="40000")
    before = world.contents("decisions")
    placement = world.place(investor, offering, 1_001)
    assert placement.pledge is None
    decision = placement.decision
    assert (decision.outcome, decision.cap_minor, decision.used_minor, decision.remaining_minor) == (
        "deny", 250_000, 0, 250_000,
    )  # fmt: skip
    assert world.contents("decisions") == before
    assert rows(world, "decisions") == 1

    assert world.pledged(offering, 1_000, investor).status == "reserved"
    assert world.place(investor, offering, 10).pledge is None
    assert world.broken_promises() == []


def test_a_cancelled_pledge_gives_its_part_of_the_cap_back(world: World) -> None:
    offering, investor = world.live(), world.investor(income="40000", net_worth="40000")
    pledge = world.pledged(offering, 1_000, investor)
    assert world.place(investor, offering, 10).pledge is None
    world.cancel(pledge)
    assert world.pledged(offering, 1_000, investor).status == "reserved"


def test_figures_that_were_never_given_allow_nothing(world: World) -> None:
    offering, investor = world.live(), world.investor()
    world.sql("DELETE FROM figures WHERE investor_id = :id", id=investor.id)
    placement = world.place(investor, offering, 100)
    assert (placement.pledge, placement.decision.outcome) == (None, "needs_ack")


def test_a_pledge_placed_a_moment_later_but_decided_first_uses_the_cap(world: World) -> None:
    """Two pledges around midnight: the one that began yesterday waited for the one that began today."""
    offering, investor = world.live(), world.investor(income="40000", net_worth="40000")
    with world.acting() as began_yesterday:
        world.move_clock(days=1)
        world.pledged(offering, 1_000, investor)
        ticked = world.ticks() | world.open_documents(investor, offering)
        late = pledges.place(
            began_yesterday, investor_id=investor.id, offering_id=offering.id, shares=1_000, form_key=uuid.uuid4(),
            said=world.said(offering, ticked), law=world.platform.law, payment_window=timedelta(hours=1),
        )  # fmt: skip
    assert late.pledge is None
    assert (late.decision.outcome, late.decision.used_minor) == ("deny", 250_000)
