"""More is pledged than is sold: by the declared rule some get fewer shares, and every cent of the rest goes back."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from app.actor import Actor
from app.closings import choosing
from app.closings import queries as closing_queries
from app.closings.models import Closing
from app.errors import Refused
from app.fees.terms import FeeTerms
from app.jobs import close_offerings
from app.offerings.models import Offering, OversubscriptionRule
from app.pledges.models import Pledge
from tests.builders import World
from tests.cash.keeping import has
from tests.cash.test_refunds import choose_refunds, paid
from tests.changes.story import Story

#: Forty shares at 25 are sold, sixty are taken into the book.
TERMS = {"price": "25", "target": "250", "maximum": "1000", "minimum_pledge": "50"}


def book(world: World, rule: OversubscriptionRule, *sizes: int) -> tuple[Offering, list[Pledge]]:
    """An open offering with held pledges of these sizes."""
    offering = world.live(rule=rule, **TERMS)
    return offering, [world.held(offering, size) for size in sizes]


def closing_of(world: World, offering: Offering) -> Closing:
    with world.looking() as view:
        return closing_queries.of_offering(view.session, offering.id)[0]


def lines(world: World, offering: Offering) -> list[tuple[int, int]]:
    rows = world.sql(
        "SELECT l.shares, l.amount_minor FROM closing_lines l JOIN closings c ON c.id = l.closing_id"
        " WHERE c.offering_id = :id ORDER BY l.pledge_id",
        id=offering.id,
    )
    return [(shares, minor) for shares, minor in rows]


def end(world: World, offering: Offering) -> None:
    world.pass_deadline(offering)
    world.run_jobs()


def choose(world: World, offering: Offering, chosen: dict[int, int]) -> None:
    with world.acting(Actor("user:1", None)) as tx:
        choosing.choose(tx, closing_of(world, offering).id, chosen)


def test_everybody_gets_the_same_part_and_the_rest_goes_back(world: World) -> None:
    offering, pledges = book(world, OversubscriptionRule.PRO_RATA, 30, 20, 10)
    progress = world.offering(offering.id).progress
    assert progress is not None
    assert (progress.held_minor, progress.above_minor) == (150_000, 50_000)  # the public counter is the ledger
    assert world.broken_promises() == []
    with pytest.raises(Refused, match="offering_full"):
        world.pledged(offering, 2)
    end(world, offering)
    assert lines(world, offering) == [(20, 50_000), (13, 32_500), (7, 17_500)]
    assert world.broken_promises() == []
    world.approve_closing(offering)
    assert world.broken_promises() == []  # the refunds are owed now
    world.run_jobs()
    after = [world.pledge(one.id) for one in pledges]
    assert [(one.status, one.shares, one.wished_shares) for one in after] == [
        ("settled", 20, 30), ("settled", 13, 20), ("settled", 7, 10),
    ]  # fmt: skip
    refunds = [minor for kind, status, minor in world.at_the_gateway(offering) if kind == "refund"]
    assert sorted(refunds) == [7_500, 17_500, 25_000]
    assert world.sql("SELECT sum(shares), sum(amount_minor) FROM register_entries") == [(40, 100_000)]
    progress = world.offering(offering.id).progress
    assert progress is not None
    assert (progress.taken_minor, progress.held_minor, progress.settled_minor) == (100_000, 0, 100_000)
    assert world.sql("SELECT count(*) FROM messages WHERE kind = 'pledge_scaled'") == [(3,)]
    assert world.broken_promises() == []


def test_the_fee_is_scaled_with_the_shares_and_the_rest_of_it_goes_back_too(world: World) -> None:
    offering = world.live(rule=OversubscriptionRule.PRO_RATA, fees=FeeTerms(success_bps=500, investor_bps=275), **TERMS)
    pledges = [world.held(offering, size) for size in (30, 20, 10)]  # with 20.63, 13.75 and 6.88 on top
    world.settled(offering)
    assert world.broken_promises() == []
    after = [world.pledge(one.id) for one in pledges]
    assert [(one.fee_minor, one.wished_fee_minor) for one in after] == [(1_375, 2_063), (894, 1_375), (481, 688)]
    refunds = [minor for kind, _, minor in world.at_the_gateway(offering) if kind == "refund"]
    assert sorted(refunds) == [7_707, 17_981, 25_688]


def test_the_rest_goes_into_the_cash_account_of_who_wants_it_there_and_the_letter_says_so(world: World) -> None:
    offering, wants_it = world.live(rule=OversubscriptionRule.PRO_RATA, **TERMS), world.investor()
    choose_refunds(world, wants_it)
    for investor in (wants_it, world.investor()):
        paid(world, offering, investor, shares=30)
    world.settled(offering)
    assert has(world, wants_it, "250")
    letters = world.sql("SELECT facts->'into_cash' FROM messages WHERE kind = 'pledge_scaled' ORDER BY id")
    assert letters == [(True,), (False,)]
    assert world.broken_promises() == []


def test_where_everybody_fits_nothing_is_scaled(world: World) -> None:
    offering, _ = book(world, OversubscriptionRule.PRO_RATA, 20, 20)
    world.settled(offering)
    assert lines(world, offering) == [(20, 50_000), (20, 50_000)]
    assert world.sql("SELECT count(*) FROM pledges WHERE wished_shares IS NOT NULL") == [(0,)]
    assert world.broken_promises() == []


def test_first_come_takes_nothing_above_the_maximum(world: World) -> None:
    offering, _ = book(world, OversubscriptionRule.FIRST_COME, 40)
    with pytest.raises(Refused, match="offering_full"):
        world.pledged(offering, 2)


def test_the_issuer_chooses_and_who_gets_nothing_is_refunded_whole(world: World) -> None:
    offering, (first, second, third) = book(world, OversubscriptionRule.ISSUERS_CHOICE, 30, 20, 10)
    end(world, offering)
    assert closing_of(world, offering).status == "gathering"
    assert world.sql("SELECT count(*) FROM messages WHERE kind = 'allotment_to_choose'") == [(1,)]
    choose(world, offering, {first.id: 0, second.id: 20, third.id: 10})
    choose(world, offering, {first.id: 10, second.id: 20, third.id: 0})  # thought better of
    world.run_jobs()
    assert closing_of(world, offering).status == "proposed"
    assert lines(world, offering) == [(10, 25_000), (20, 50_000)]
    with pytest.raises(Refused, match="not_to_choose"):
        choose(world, offering, {first.id: 30})
    world.approve_closing(offering)
    world.run_jobs()
    after = [world.pledge(one.id) for one in (first, second, third)]
    assert [(one.status, one.shares, one.stop_reason) for one in after] == [
        ("settled", 10, None), ("settled", 20, None), ("refunded", 10, "not_allotted"),
    ]  # fmt: skip
    ((facts,), _) = world.sql("SELECT facts FROM audit_events WHERE event = 'choose_allotments' ORDER BY id")
    assert facts["shares"] == {str(first.id): 0, str(second.id): 20, str(third.id): 10}
    assert world.broken_promises() == []


def test_who_does_not_choose_in_time_leaves_it_to_the_same_part(world: World) -> None:
    offering, _ = book(world, OversubscriptionRule.ISSUERS_CHOICE, 30, 30)
    end(world, offering)
    assert close_offerings.run(world.platform) == 0
    gathered = closing_of(world, offering).gather_until
    world.move_clock(seconds=(gathered + timedelta(days=5) - world.now()).total_seconds())
    world.run_jobs()
    assert lines(world, offering) == [(20, 50_000), (20, 50_000)]


@pytest.mark.parametrize(
    ("numbers", "code"),
    [
        ((30, 20, 0), "choice_above_maximum"), ((31, 0, 0), "choice_above_wish"), ((-1, 20, 10), "choice_above_wish"),
        ((9, 0, 0), "choice_below_target"), ((0, 0, 0), "choice_below_target"),
    ],
)  # fmt: skip
def test_a_choice_that_cannot_be_changes_nothing(world: World, numbers: tuple[int, int, int], code: str) -> None:
    offering, pledges = book(world, OversubscriptionRule.ISSUERS_CHOICE, 30, 20, 10)
    end(world, offering)
    before = world.contents()
    with pytest.raises(Refused, match=code):
        choose(world, offering, {one.id: shares for one, shares in zip(pledges, numbers, strict=True)})
    with pytest.raises(Refused, match="choice_above_wish"):
        choose(world, offering, {0: 20})
    assert world.contents() == before


def release(world: World, change: str) -> None:
    """Change the first line and release its closing, past the guard of the two officers."""
    with world.platform.database.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE closings DISABLE TRIGGER release")
        connection.exec_driver_sql(f"UPDATE closing_lines SET {change} WHERE pledge_id = (SELECT min(id) FROM pledges)")
        connection.exec_driver_sql("UPDATE closings SET status = 'releasing'")


def test_the_database_allots_nothing_above_the_maximum_whoever_asks(world: World) -> None:
    offering, _ = book(world, OversubscriptionRule.PRO_RATA, 30, 20, 10)
    end(world, offering)
    for fault in ("shares = shares + 1", "shares = 31"):
        with pytest.raises(IntegrityError, match="allots more than there is"):
            release(world, fault)
    assert closing_of(world, offering).status == "proposed"


def test_the_database_returns_nothing_above_what_was_paid(world: World) -> None:
    _, (pledge,) = book(world, OversubscriptionRule.PRO_RATA, 30)
    world.cancel(pledge)
    with pytest.raises(IntegrityError, match="refunded more than it paid"):
        world.sql("UPDATE instructions SET amount_minor = amount_minor + 1 WHERE kind = 'refund'")


def test_a_missed_target_gives_all_of_the_book_back(world: World) -> None:
    offering, pledges = book(world, OversubscriptionRule.PRO_RATA, 4)
    end(world, offering)
    world.run_jobs()
    assert world.pledge(pledges[0].id).status == "refunded"
    assert world.broken_promises() == []


def test_a_change_of_rule_leaves_nobody_without_the_place_that_was_taken(world: World) -> None:
    offering, _ = book(world, OversubscriptionRule.PRO_RATA, 30, 20)
    story = Story.of(world, world.offering(offering.id))
    before = world.contents()
    with pytest.raises(Refused, match="maximum_below_taken"):
        story.terms(oversubscription_rule=OversubscriptionRule.FIRST_COME)
    assert world.contents() == before


def test_the_same_form_twice_is_one_pledge_above_the_maximum_too(world: World) -> None:
    offering, _ = book(world, OversubscriptionRule.PRO_RATA, 40)
    key, investor = uuid.uuid4(), world.investor()
    one, two = (world.place(investor, offering, 10, form_key=key) for _ in range(2))
    assert one.pledge is not None and two.pledge is not None and one.pledge.id == two.pledge.id
