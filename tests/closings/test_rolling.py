"""A part is closed while the offering goes on: with notice, two officers and a payout each; at the end all of it is one sum."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from app import four_eyes
from app.approvals.models import ProposalKind
from app.changes import deadlines
from app.closings import actions as closings
from app.closings import rolling
from app.errors import NotFound, Refused
from app.fees.terms import FeeTerms
from app.investors import actions as investors
from app.money import Money
from app.offerings.models import OversubscriptionRule
from app.payments.sandbox.tables import REFUSING_ACCOUNT_SUFFIX
from app.switches import actions as switches
from app.switches.models import Direction
from app.waitlist import actions as waitlist
from tests.builders import World, usd
from tests.changes.story import Story
from tests.closings.part import Part

REFUSING, SOUND = f"US00{REFUSING_ACCOUNT_SUFFIX}", "US00 3333 4444"


@pytest.fixture
def part(world: World) -> Part:
    return Part(world)


@pytest.fixture(autouse=True)
def clean_at_the_end(world: World) -> object:
    yield
    assert world.broken_promises() == []


def test_a_part_is_closed_with_notice_and_the_offering_goes_on(part: Part) -> None:
    world = part.world
    first = world.held(part.offering, 100)
    closes_at = part.announce()
    told = world.pledge(first.id)
    assert (told.closes_at, told.cancel_until) == (closes_at, closes_at - timedelta(hours=48))
    assert part.told("rolling_announced") == [first.ref]
    later = world.held(part.offering, 40)  # after the notice
    assert world.pledge(later.id).closes_at is None
    part.comes(closes_at)
    closing = part.newest()
    assert (closing.status, closing.is_rolling, closing.total_minor, closing.seq) == ("proposed", True, 25_000, 1)
    world.approve_closing(part.offering)
    world.run_jobs()
    assert part.statuses(first, later) == ["settled", "held"]
    assert world.offering(part.offering.id).status == "live"
    assert part.progress() == (35_000, 10_000, 25_000)
    assert world.broken_promises() == []
    third = world.held(part.offering, 20)  # it is open for more
    world.settled(part.offering)
    assert part.statuses(first, later, third) == ["settled"] * 3
    assert [(one.seq, one.total_minor, one.is_rolling) for one in part.closings()] == [
        (2, 15_000, False), (1, 25_000, True),
    ]  # fmt: skip
    assert world.offering(part.offering.id).status == "settled"
    assert part.progress() == (40_000, 0, 40_000)


def test_three_closings_cost_what_one_costs(world: World) -> None:
    fees = FeeTerms(success_bps=333, success_least_minor=2_000, success_most_minor=4_000)
    part = Part(world, fees=fees)
    for shares in (101, 203, 997):
        world.held(part.offering, shares)
        if shares < 900:
            part.closed()
    world.settled(part.offering)
    closings = part.closings()
    total = Money(sum(one.total_minor for one in closings), "USD")
    assert [one.total_minor for one in reversed(closings)] == [25_250, 50_750, 249_250]
    assert sum(one.fee_minor for one in closings) == fees.success_fee(total, Money.zero("USD")).minor == 4_000
    payouts = [-minor for kind, _, minor in world.at_the_gateway(part.offering) if kind == "payout"]
    assert sum(map(abs, payouts)) == total.minor - 4_000


def test_the_law_says_when_the_first_part_may_be_closed(part: Part) -> None:
    """Opened on 3 March: open for 21 days, and five business days after the notice."""
    part.world.held(part.offering, 100)
    earliest = part.earliest()
    assert earliest.date().isoformat() == "2026-03-24"
    assert part.refused("rolling_too_soon", earliest - timedelta(days=1)).facts["until"] == earliest
    assert part.offering.deadline_at is not None
    part.refused("rolling_too_late", part.offering.deadline_at)
    part.world.move_clock(days=24)  # Friday, 27 March; the exchange is closed on 3 April
    assert part.earliest().date().isoformat() == "2026-04-06"


def test_only_money_that_is_held_counts_and_the_target_must_be_met(part: Part) -> None:
    part.refused("rolling_nothing", part.earliest())
    part.world.held(part.offering, 99)
    part.world.pledged(part.offering, 100)
    part.refused("rolling_target", part.earliest())
    part.world.held(part.offering, 10)
    part.announce()
    part.refused("rolling_already", part.earliest())


@pytest.mark.parametrize(
    ("regime_id", "rule", "code"),
    [
        ("US-REGA", OversubscriptionRule.FIRST_COME, "rolling_not_allowed"),
        ("US-CF", OversubscriptionRule.PRO_RATA, "rolling_scaled"),
        ("US-CF", OversubscriptionRule.ISSUERS_CHOICE, "rolling_scaled"),
    ],
)
def test_where_no_row_allows_it_or_the_rule_scales_back_it_is_refused(
    world: World, regime_id: str, rule: OversubscriptionRule, code: str
) -> None:
    part = Part(world, regime_id=regime_id, rule=rule, days=30)
    world.held(part.offering, 100)
    part.refused(code, world.now() + timedelta(days=22))


def test_until_48_hours_before_everybody_may_leave_and_then_nobody(part: Part) -> None:
    world = part.world
    stays, leaves = world.held(part.offering, 100), world.held(part.offering, 100)
    closes_at = part.announce()
    world.move_clock(seconds=(closes_at - timedelta(hours=49) - world.now()).total_seconds())
    world.cancel(leaves)
    world.move_clock(hours=2)
    with pytest.raises(Refused, match="too_late_to_cancel"):
        world.cancel(stays)
    part.comes(closes_at)
    assert part.newest().total_minor == 25_000
    assert part.statuses(stays, leaves) == ["held", "refunded"]


def test_a_target_that_is_lost_calls_it_off_and_everybody_waits_for_the_deadline(part: Part) -> None:
    world = part.world
    stays, leaves = world.held(part.offering, 60), world.held(part.offering, 60)
    until = stays.cancel_until
    closes_at = part.announce()
    world.cancel(leaves)
    part.comes(closes_at)
    assert (part.newest().status, world.offering(part.offering.id).status) == ("aborted", "live")
    waits = world.pledge(stays.id)
    assert (waits.status, waits.closes_at, waits.cancel_until) == ("held", None, until)
    assert part.told("rolling_called_off") == [stays.ref]
    world.cancel(stays)  # the right is back
    world.held(part.offering, 100)
    part.closed()


@pytest.mark.parametrize("is_proposed", [False, True])
def test_it_can_be_called_off_until_it_is_released(part: Part, is_proposed: bool) -> None:
    world = part.world
    pledge = world.held(part.offering, 100)
    closes_at = part.announce()
    if is_proposed:
        part.comes(closes_at)
    with world.acting(part.company) as tx:
        rolling.give_up(tx, part.offering.id, world.platform.law)
    assert (part.newest().status, world.pledge(pledge.id).closes_at) == ("aborted", None)
    assert world.sql("SELECT count(*) FROM closing_lines") == [(0,)]
    with pytest.raises(NotFound), world.acting(part.company) as tx:
        rolling.give_up(tx, part.offering.id, world.platform.law)
    part.closed()
    assert part.statuses(pledge) == ["settled"]


def test_who_was_asked_about_a_change_is_not_taken_before_they_answer(part: Part) -> None:
    """Also when the change is published while the officers have the closing already."""
    world, story = part.world, Story.of(part.world, part.offering)
    first = world.held(part.offering, 100)
    closes_at = part.announce()
    part.comes(closes_at)
    story.publish()
    with world.acting(world.officer()) as tx:
        closing = part.newest()
        assert closings.approve(tx, closing.ref, closing.snapshot_hash or "") is closings.Approval.CHANGED
    world.run_jobs()
    assert part.newest().status == "aborted"
    asked = world.pledge(first.id)
    assert (asked.status, asked.closes_at, asked.cancel_until) == ("held", None, None)  # at any time, until they answer


def test_who_may_cancel_anew_by_another_law_while_officers_look_is_not_taken(part: Part) -> None:
    """As after a change that was published and confirmed before the closing was looked at again."""
    world = part.world
    first = world.held(part.offering, 100)
    part.comes(part.announce())
    world.force("UPDATE pledges SET cancel_until = :until", until=world.now() + timedelta(days=4))
    closing, officers = part.newest(), (world.officer(), world.officer())
    for officer in officers:
        with world.acting(officer) as tx:
            assert closings.approve(tx, closing.ref, closing.snapshot_hash or "") is closings.Approval.CHANGED
    world.run_jobs()
    assert (part.newest().status, part.statuses(first)) == ("aborted", ["held"])


def test_an_announced_closing_that_the_deadline_overtakes_is_part_of_the_last_one(part: Part) -> None:
    world = part.world
    first = world.held(part.offering, 100)
    part.comes(part.announce())
    second = world.held(part.offering, 10)
    world.settled(part.offering)  # nobody has approved it before
    assert (part.newest().status, part.newest().is_rolling, part.newest().total_minor) == ("done", False, 27_500)
    assert part.newest().seq == 2 and part.closings()[1].status == "aborted"
    assert part.statuses(first, second) == ["settled", "settled"]


def test_after_a_first_closing_nothing_fails_however_little_comes(part: Part) -> None:
    world = part.world
    world.held(part.offering, 100)
    part.closed()
    little = world.held(part.offering, 10)
    world.settled(part.offering)
    assert part.statuses(little) == ["settled"]
    assert world.offering(part.offering.id).status == "settled"


def test_where_nothing_is_left_the_offering_is_settled_at_its_deadline(part: Part) -> None:
    world = part.world
    world.held(part.offering, 100)
    part.closed()
    late = world.pledged(part.offering, 10)  # never paid
    world.pass_deadline(part.offering)
    world.run_jobs()
    world.move_clock(days=10)
    world.run_jobs()
    assert world.offering(part.offering.id).status == "settled"
    assert part.statuses(late) == ["cancelled"]
    assert [one.status for one in part.closings()] == ["aborted", "done"]


@pytest.mark.parametrize("who", ["company", "platform"])
def test_ending_it_after_a_first_closing_gives_the_rest_back_and_keeps_what_is_sold(part: Part, who: str) -> None:
    world = part.world
    sold = world.held(part.offering, 100)
    part.closed()
    rest = world.held(part.offering, 40)
    if who == "company":
        with world.acting(part.company) as tx:
            closings.withdraw_offering(tx, part.offering.id)
    else:
        with world.acting(world.officer()) as tx:
            four_eyes.propose_refund(tx, part.offering.id, "The company has stopped its work.")
        world.agree(ProposalKind.REFUND_ALL)
    world.run_jobs()
    assert part.statuses(sold, rest) == ["settled", "refunded"]
    assert world.offering(part.offering.id).status == "settled"
    assert part.progress() == (25_000, 0, 25_000)


def test_a_payout_that_failed_does_not_hold_up_the_last_closing(part: Part) -> None:
    world = part.world
    first = world.held(part.offering, 100)
    part.comes(part.announce())
    world.change_payee(part.offering.issuer_id, holder="A", account=REFUSING)
    world.approve_closing(part.offering, world.officer())  # it has changed since: nothing is counted
    world.approve_closing(part.offering)
    world.run_jobs()
    assert part.newest().status == "payout_failed"
    second = world.held(part.offering, 40)
    world.change_payee(part.offering.issuer_id, holder="A", account=SOUND)
    world.settled(part.offering)
    assert (part.statuses(first, second), world.offering(part.offering.id).status) == (
        ["allotted", "settled"],
        "closing",
    )
    with world.acting(world.officer()) as tx:
        closings.propose_payout(tx, part.closings()[1].ref)
    for _ in range(2):
        with world.acting(world.officer()) as tx:
            closing = part.closings()[1]
            closings.approve(tx, closing.ref, closing.snapshot_hash or "")
    world.run_jobs()
    assert part.statuses(first, second) == ["settled", "settled"]
    assert world.offering(part.offering.id).status == "settled"


def test_what_is_closed_takes_its_place_and_frees_none(world: World) -> None:
    """Forty shares at 25; who waits in line is not concerned by a closing."""
    part = Part(world, price="25", maximum="1000", minimum_pledge="50")
    first = world.held(part.offering, 20)
    rest = world.held(part.offering, 20)
    waiting = world.investor()
    with world.acting() as tx:
        waitlist.join(tx, investor_id=waiting.id, offering_id=part.offering.id, shares=5)
    part.closed()
    assert part.statuses(first, rest) == ["settled", "settled"]
    with pytest.raises(Refused, match="others_wait"):
        world.pledged(part.offering, 2)
    assert world.sql("SELECT status FROM waitlist_entries") == [("waiting",)]


def test_nothing_is_approved_while_payouts_are_switched_off(part: Part) -> None:
    world = part.world
    world.held(part.offering, 100)
    part.comes(part.announce())
    with world.acting() as tx:
        switches.set_off(tx, "The books differ.", direction=Direction.OUT, offering_id=part.offering.id)
    before, officer, closing = world.contents(), world.officer(), part.newest()
    before = world.contents()
    with pytest.raises(Refused, match="switched_off"), world.acting(officer) as tx:
        closings.approve(tx, closing.ref, closing.snapshot_hash or "")
    assert world.contents() == before


def test_the_target_and_the_rule_stay_from_the_notice_of_a_first_closing_on(part: Part) -> None:
    """A rule that scales back would give everybody's money back who is not in the part."""
    world, story = part.world, Story.of(part.world, part.offering)
    first = world.held(part.offering, 100)
    closes_at = part.announce()
    story.terms(oversubscription_rule=OversubscriptionRule.PRO_RATA)
    with pytest.raises(Refused, match="closed_in_part"):
        story.propose()
    part.comes(closes_at)
    world.approve_closing(part.offering)
    for status in ("allotted", "settled"):  # before its payout is made, and after
        assert part.statuses(first) == [status]
        with pytest.raises(Refused, match="closed_in_part"):
            story.propose()
        world.run_jobs()
    story.terms(oversubscription_rule=OversubscriptionRule.FIRST_COME, target="300")
    with pytest.raises(Refused, match="closed_in_part"):
        story.propose()


def test_an_early_deadline_counts_what_was_closed_before(part: Part) -> None:
    world = part.world
    world.held(part.offering, 100)
    part.closed()
    world.held(part.offering, 10)
    with world.acting(part.company) as tx:
        found = world.offering(part.offering.id)
        law = world.platform.regime(found.regime)
        deadlines.close_early(tx, found.id, deadlines.early_deadline(found, law, world.now()), world.platform.law)
    world.settled(world.offering(part.offering.id))
    assert world.offering(part.offering.id).status == "settled"


def test_a_pledge_is_in_one_closing_and_only_one_is_open_at_a_time(part: Part) -> None:
    world = part.world
    world.held(part.offering, 100)
    part.closed()
    world.held(part.offering, 10)
    part.announce()
    with pytest.raises(IntegrityError, match="uq_closings_one_open"):
        world.sql(
            "INSERT INTO closings (ref, offering_id, seq, status, begun_at, gather_until, currency, total_minor, fee_minor,"
            " payout_attempts) SELECT 'S-X', offering_id, 9, 'gathering', begun_at, gather_until, currency, 0, 0, 0"
            " FROM closings LIMIT 1"
        )
    with pytest.raises(IntegrityError, match="uq_closing_lines_pledge_id"):
        world.sql(
            "INSERT INTO closing_lines (closing_id, pledge_id, holder_name, shares, amount_minor, fee_share_minor)"
            " SELECT (SELECT max(id) FROM closings), pledge_id, holder_name, shares, amount_minor, 0 FROM closing_lines"
        )


def test_money_that_came_after_the_notice_in_a_closing_is_a_broken_promise(part: Part) -> None:
    world = part.world
    world.held(part.offering, 100)
    part.closed()
    world.force("UPDATE pledges SET closes_at = NULL")
    assert [one[:3] for one in world.broken_promises()] == ["I27"]
    world.force("UPDATE pledges SET closes_at = (SELECT max(gather_until) FROM closings)")


def test_who_may_still_cancel_by_another_law_waits_for_the_deadline(part: Part) -> None:
    world = part.world
    sold, waits = world.held(part.offering, 100), world.held(part.offering, 10)
    closes_at = part.announce()
    world.force(
        "UPDATE pledges SET cancel_until = :until WHERE id = :id", id=waits.id, until=closes_at + timedelta(days=1)
    )
    part.comes(closes_at)
    assert part.newest().total_minor == 25_000
    assert (world.pledge(sold.id).closes_at, world.pledge(waits.id).closes_at) == (closes_at, None)
    assert part.told("rolling_called_off") == [waits.ref]


def test_the_law_is_asked_at_the_closing_that_takes_a_pledge(part: Part) -> None:
    """Between notice and closing an investor's figures fell: what they may buy is less than this."""
    world, investor = part.world, part.world.investor()
    sold, poor = world.held(part.offering, 100), world.held(part.offering, 1_100, investor)
    closes_at = part.announce()
    with world.acting() as tx:
        investors.declare_figures(
            tx, investor, "USD", annual_income=usd("1000"), net_worth=usd("1000"), other_platform_12m=usd("0")
        )
    part.comes(closes_at)
    assert part.statuses(sold, poor) == ["held", "refunded"]
    assert part.newest().total_minor == 25_000
    with world.acting(part.company) as tx:
        rolling.give_up(tx, part.offering.id, world.platform.law)
    assert world.pledge(sold.id).sale_decision_id is None  # it is asked anew when it is sold
