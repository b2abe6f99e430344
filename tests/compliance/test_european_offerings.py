"""Offerings under the EU's and the UK's rules on the platform itself: a pledge is allowed, refused, or needs a step."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from app import clock
from app.compliance import actions
from app.decisions import queries
from app.errors import Refused
from app.money import Money
from app.offerings.models import Offering
from app.pledges.actions import Placement
from app.regimes.registry import assess_case
from app.wiring import build
from tests.builders import World
from tests.conftest import NOW, settings

Standing = Callable[..., None]
EU_READY = {
    "class": "non_sophisticated", "entry_test": "passed", "entry_test_on": "2026-01-10", "simulation_on": "2026-01-10",
    "nw_inputs": {"net_annual_income": "60000.00", "liquid_assets": "50000.00", "annual_commitments": "30000.00"},
}  # fmt: skip
UK_READY = {
    "category_statement": {"kind": "restricted", "signed_on": "2026-02-01", "net_assets": "50000.00"},
    "appropriateness": "passed", "first_time": False,
}  # fmt: skip


@pytest.fixture
def world(database_url: str, tmp_path: Path) -> Iterator[World]:
    """A platform whose operator has switched both on."""
    platform = build(settings(database_url, tmp_path, REGIMES="EU-ECSPR,UK-COBS"))
    made = World(platform)
    with made.acting() as tx:
        clock.freeze(tx.session, NOW)
    yield made
    platform.close()


@pytest.fixture
def standing(monkeypatch: pytest.MonkeyPatch) -> Standing:
    """What is known of every investor beside their figures: tests, statements, classes."""
    known: dict[str, Any] = {}
    found = queries.profile
    monkeypatch.setattr(queries, "profile", lambda *asked: replace(found(*asked), standing=known))

    def become(**facts: Any) -> None:
        known.clear()
        known.update(facts)

    return become


def decided(world: World, placement: Placement) -> tuple[str, str]:
    """The stored decision, which says the same when it is asked again."""
    decision = placement.decision
    again = assess_case(decision.facts)
    assert (again["decision"], again["reason_rule"]) == (decision.outcome, decision.rule)
    assert (placement.pledge is not None) == decision.allows
    assert world.sql("SELECT count(*) FROM pledges") == [(int(decision.allows),)]
    return str(decision.outcome), decision.rule


def test_the_operator_has_to_switch_them_on(world: World) -> None:
    for regime_id in ("EU-ECSPR", "UK-COBS"):
        assert world.platform.regime_in_use(regime_id).pack.id == regime_id
    with pytest.raises(Refused, match="regime_off"):
        world.platform.regime_in_use("US-CF")


@pytest.mark.parametrize(
    ("regime_id", "rule", "country"), [("EU-ECSPR", "EU-21-1", "DE"), ("UK-COBS", "UK-COBS-CAT", "GB")]
)
def test_who_has_made_no_step_is_told_the_first_one_and_nothing_is_pledged(
    world: World, regime_id: str, rule: str, country: str
) -> None:
    offering, investor = world.live(regime_id=regime_id), world.investor(country=country)
    before = world.contents("decisions")
    assert decided(world, world.place(investor, offering, 100)) == ("needs_ack", rule)
    assert world.contents("decisions") == before


def test_in_the_eu_the_threshold_of_an_offer_asks_for_consent_and_gives_four_days(
    world: World, standing: Standing
) -> None:
    offering, investor = world.live(regime_id="EU-ECSPR"), world.investor(country="DE")
    assert offering.currency == "EUR"
    standing(**EU_READY)
    first = world.held(offering, shares=1_200, investor=investor)  # 3,000 euros on a Tuesday
    assert (first.status, first.currency, first.amount_minor) == ("held", "EUR", 300_000)
    assert first.cancel_until is not None  # the fourth day is a Saturday: until the end of Monday
    until = first.cancel_until.astimezone(ZoneInfo("Europe/Berlin"))
    assert (until.date(), until.hour, until.minute) == (date(2026, 3, 9), 23, 59)

    before = world.contents()
    with pytest.raises(Refused, match="statement_missing") as refused:
        world.place(investor, offering, 401)  # 1,002.50 more
    assert refused.value.field == "ack_21_7_warning"
    assert world.contents() == before
    placement = world.place(investor, offering, 401, ticked=world.ticks("EU-ECSPR", "EU-21-7"))
    assert (placement.decision.outcome, placement.decision.rule) == ("allow", "EU-21-7")
    assert (placement.decision.cap_minor, placement.decision.remaining_minor) == (400_000, 100_000)

    world.cancel(first)
    world.run_jobs()
    assert world.pledge(first.id).status == "refunded"
    assert world.broken_promises() == []


ACKNOWLEDGED = ("ack_21_7_warning", "ack_21_7_consent", "ack_21_7_understands")


def test_each_of_the_three_is_ticked_by_itself_and_kept_by_its_hash(world: World, standing: Standing) -> None:
    offering, investor = world.live(regime_id="EU-ECSPR"), world.investor(country="DE")
    standing(**EU_READY)
    ticked = world.ticks("EU-ECSPR", "EU-21-7")
    before = world.contents()
    for missing in ACKNOWLEDGED:
        for instead in (None, "0" * 64):
            others = {name: sha for name, sha in ticked.items() if name != missing}
            with pytest.raises(Refused, match="statement_missing") as refused:
                world.place(
                    investor, offering, 1_601, ticked=others if instead is None else {**others, missing: instead}
                )
            assert refused.value.field == missing
    assert world.contents() == before
    placement = world.place(investor, offering, 1_601, ticked=ticked)  # 4,002.50: a twentieth of 80,000 is 4,000
    assert placement.decision.facts["investor"]["ack_21_7_consent"] is True
    assert decided(world, placement) == ("allow", "EU-21-7")
    kept = dict(world.sql("SELECT statement, text_sha256 FROM pledge_consents"))
    assert {name: kept[name] for name in ACKNOWLEDGED} == {name: ticked[name] for name in ACKNOWLEDGED}


def test_at_the_threshold_nothing_more_is_asked(world: World, standing: Standing) -> None:
    offering, investor = world.live(regime_id="EU-ECSPR"), world.investor(country="DE")
    standing(**EU_READY)
    assert decided(world, world.place(investor, offering, 1_600)) == ("allow", "EU-21-7")  # exactly 4,000
    kept = dict(world.sql("SELECT statement, text_sha256 FROM pledge_consents"))
    assert not {*ACKNOWLEDGED} & {*kept}


def test_what_was_acknowledged_with_one_pledge_is_asked_anew_with_the_next(world: World, standing: Standing) -> None:
    offering, investor = world.live(regime_id="EU-ECSPR"), world.investor(country="DE")
    standing(**EU_READY)
    assert world.place(investor, offering, 1_601, ticked=world.ticks("EU-ECSPR", "EU-21-7")).decision.allows
    with pytest.raises(Refused, match="statement_missing"):
        world.place(investor, offering, 10)


def test_in_the_uk_a_restricted_investor_stays_below_a_tenth(world: World, standing: Standing) -> None:
    offering, investor = world.live(regime_id="UK-COBS"), world.investor(country="GB")
    standing(**UK_READY)
    exactly = world.place(investor, offering, 2_000)  # 5,000 pounds
    assert decided(world, exactly) == ("deny", "UK-COBS-RESTRICTED")
    assert (exactly.decision.remaining_minor, exactly.decision.largest_minor) == (500_000, 499_999)
    standing(**{**UK_READY, "appropriateness": "failed"})
    assert decided(world, world.place(investor, offering, 100)) == ("deny", "UK-COBS-10")
    standing(**{**UK_READY, "first_time": True})
    assert decided(world, world.place(investor, offering, 100)) == ("needs_wait", "UK-COBS-412A18")
    standing(**UK_READY)
    assert decided(world, world.place(investor, offering, 1_999)) == ("allow", "UK-COBS-RESTRICTED")
    assert world.place(investor, offering, 10).decision.remaining_minor == 250  # what was pledged counts


def test_a_day_later_by_the_clock_somebody_new_is_shown_the_offer(world: World, standing: Standing) -> None:
    offering, investor = world.live(regime_id="UK-COBS"), world.investor(country="GB")
    asked_at = world.now()

    def wait(**hours: float) -> datetime:
        world.move_clock(**hours)
        waited = {"dofp_requested_at": asked_at.isoformat(), "at": world.now().isoformat()}
        standing(**{**UK_READY, "first_time": True}, **waited)
        return world.now()

    wait(hours=24, seconds=-1)
    assert decided(world, world.place(investor, offering, 100)) == ("needs_wait", "UK-COBS-412A18")
    wait(seconds=1)
    assert decided(world, world.place(investor, offering, 100)) == ("allow", "UK-COBS-RESTRICTED")


@pytest.mark.parametrize(("regime_id", "rule"), [("EU-ECSPR", "EU-1-2-c"), ("UK-COBS", "UK-POATR-5M")])
def test_an_offering_above_the_limit_is_not_taken_in(world: World, regime_id: str, rule: str) -> None:
    def submit(offering: Offering) -> None:
        with world.acting() as tx:
            actions.submit_offering(tx, offering.id, world.platform.regime(regime_id))

    over, _ = world.draft(regime_id=regime_id, maximum="5000002.50")
    before = world.contents()
    with pytest.raises(Refused, match="over_offering_cap") as refused:
        submit(over)
    five = Money.of("5000000", world.platform.regime(regime_id).pack.currency)
    assert refused.value.facts == {"rule": rule, "cap": five, "remaining": five}
    assert world.contents() == before
    submit(world.draft(regime_id=regime_id, maximum="5000000")[0])
