"""Pledges under the laws besides Regulation Crowdfunding: allowed, refused or sent on, and paid out after the last right to leave."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.errors import Refused
from app.investors import actions as investors
from app.investors.models import ClaimKind, Investor
from app.money import Money
from app.offerings.models import Offering
from app.regimes.registry import BUILT, assess_case
from tests.builders import World
from tests.servers import Server
from tests.worlds import shared, stop_clock


@pytest.fixture(scope="module")
def market(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with shared(server, Path(tmp_path_factory.mktemp("market"))) as world:
        yield world


@pytest.fixture
def world(market: World) -> World:
    stop_clock(market)
    return market


def live(world: World, regime_id: str, **terms: str) -> Offering:
    """An offering of shares at 10 in the currency of the law."""
    return world.live(**{"regime_id": regime_id, "price": "10", "minimum_pledge": "10", **terms})  # type: ignore[arg-type]


def answer(world: World, investor: Investor, offering: Offering, shares: int) -> tuple[str, str]:
    """Place a pledge: it is there if the law allows it, and otherwise nothing but the decision is kept."""
    before = world.contents("decisions", "editions", "audit_events")
    placement = world.place(investor, offering, shares)
    decision = placement.decision
    assert (placement.pledge is not None) == decision.allows
    assert decision.allows or world.contents("decisions", "editions", "audit_events") == before
    told = assess_case(decision.facts)
    assert (told["decision"], told["reason_rule"]) == (decision.outcome, decision.rule)
    return str(decision.outcome), decision.rule


def resident(world: World, regime_id: str) -> Investor:
    return world.investor(country=BUILT[regime_id].pack.country)


@pytest.mark.parametrize(
    ("regime_id", "most", "rule"),
    [
        ("US-REGA", 9_000, "US-A-251d2iC"),  # a tenth of 900,000
        ("CA-45110", 250, "CA-45110-INV"),
        ("AU-CSF", 1_000, "AU-738ZC"),
        ("MY-ECF", 500, "MY-ECF-ISSUER"),
        ("JP-ECF", 50_000, "JP-INV-500K"),
        ("KR-ECF", 500_000, "KR-PER-ISSUER"),
    ],
)
def test_an_investor_may_take_the_whole_limit_and_not_a_share_more(
    world: World, regime_id: str, most: int, rule: str
) -> None:
    maximum = "40000000" if regime_id == "KR-ECF" else "1000000"
    offering, investor = live(world, regime_id, maximum=maximum), resident(world, regime_id)
    assert answer(world, investor, offering, most + 1) == ("deny", rule)
    assert answer(world, investor, offering, most - 1) == ("allow", rule)
    assert answer(world, investor, offering, 2) == ("deny", rule)
    assert answer(world, investor, offering, 1) == ("allow", rule)


@pytest.mark.parametrize(("regime_id", "rule"), [("NZ-CF", "NZ-NOCAP"), ("SG-SCF", "SG-272A")])
def test_where_no_law_limits_the_investor_everything_may_be_bought(world: World, regime_id: str, rule: str) -> None:
    offering = live(world, regime_id, maximum="2000000")
    assert answer(world, resident(world, regime_id), offering, 200_000) == ("allow", rule)


def test_a_private_offering_on_a_public_site_is_for_verified_investors(world: World) -> None:
    offering, investor = live(world, "US-REGD"), resident(world, "US-REGD")
    assert answer(world, investor, offering, 10) == ("deny", "US-D-506c")
    world.certify(investor, ClaimKind.ACCREDITED_US)
    assert answer(world, investor, offering, 10) == ("allow", "US-D-506c")


def test_in_india_nothing_can_be_offered_on_a_public_site(world: World) -> None:
    assert answer(world, resident(world, "IN"), live(world, "IN"), 10) == ("deny", "IN-42-7")


@pytest.mark.parametrize(
    ("regime_id", "shares", "assets", "rule"),
    [
        ("CN-SAC2014", 1, "3000000", "CN-SAC2014-14"),
        ("CN-SAC2015R", 1, "1000000", "CN-SAC2015R-QI"),
        ("CN-PF", 100_000, "3000000", "CN-PF-12"),
    ],
)
def test_in_china_assets_need_an_officers_look_before_they_count(
    world: World, regime_id: str, shares: int, assets: str, rule: str
) -> None:
    offering, investor = live(world, regime_id, maximum="9000000"), resident(world, regime_id)
    with world.acting() as tx:
        investors.declare_figures(tx, investor, "CNY", financial_assets=Money.of(assets, "CNY"))
    assert answer(world, investor, offering, shares) == ("needs_ack", "CN-EVIDENCE")
    world.certify(investor, ClaimKind.CERTIFIED_CN)
    assert answer(world, investor, offering, shares) == ("allow", rule)
    if regime_id == "CN-PF":
        assert answer(world, investor, offering, shares - 1) == ("deny", rule)


@pytest.mark.parametrize(("regime_id", "cap"), [("CA-45110", "1500000"), ("JP-ECF", "99999999")])
def test_a_company_may_ask_for_what_its_law_lets_it_raise_and_no_more(world: World, regime_id: str, cap: str) -> None:
    with pytest.raises(Refused) as caught:
        world.submitted(regime_id=regime_id, price="1", maximum=str(int(cap) + 1))
    assert caught.value.code == "over_offering_cap"
    world.submitted(regime_id=regime_id, price="1", maximum=cap)


# Nobody is paid before the last right to leave is over


def paid_on_the_last_day(world: World) -> tuple[Offering, int]:
    """Two Australian pledges: one of the first day, one of the last hour; the first alone reaches the target."""
    offering = live(world, "AU-CSF", target="5000")
    world.held(offering, 600, resident(world, "AU-CSF"))
    assert offering.deadline_at is not None
    world.move_clock(seconds=(offering.deadline_at - world.now()).total_seconds() - 3600)
    late = world.held(offering, 300, resident(world, "AU-CSF"))
    world.pass_deadline(offering)
    world.run_jobs()
    return offering, late.id


def status(world: World, offering: Offering) -> list[tuple[str, ...]]:
    return world.sql("SELECT status FROM closings WHERE offering_id = :id", id=offering.id)


def test_a_closing_waits_until_nobody_may_leave_any_more(world: World) -> None:
    offering, late = paid_on_the_last_day(world)
    assert (world.offering(offering.id).status, status(world, offering)) == ("closing", [("gathering",)])
    until = world.pledge(late).cancel_until
    assert until is not None and offering.deadline_at is not None and until > offering.deadline_at
    world.move_clock(seconds=(until - world.now()).total_seconds())
    world.run_jobs()
    assert status(world, offering) == [("gathering",)]
    world.move_clock(seconds=1)
    world.run_jobs()
    assert status(world, offering) == [("proposed",)]
    with pytest.raises(Refused, match="not_cancellable"):
        world.cancel(world.pledge(late))


def test_who_leaves_after_the_deadline_gets_the_money_back_and_the_others_are_sold_to(world: World) -> None:
    offering, late = paid_on_the_last_day(world)
    world.cancel(world.pledge(late))
    world.run_jobs()
    assert world.pledge(late).status == "refunded"
    assert status(world, offering) == [("proposed",)], "the other one's days are long over"
    with pytest.raises(Refused, match="not_cancellable"):
        world.cancel(world.pledges_of(offering)[0])
    assert world.broken_promises() == []
