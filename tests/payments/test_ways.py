"""Which method when: hold now, keep and charge near the deadline, or refuse, and why."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.payments.port import Method, MethodCaps
from app.payments.ways import Needs, Pattern, Plan, Why, plan
from tests.builders import usd

NOW = datetime(2026, 3, 3, 15, 0, tzinfo=UTC)
DAY = timedelta(days=1)

#: A method without any limit, paid at once into escrow.
ANY = MethodCaps(
    method=Method.CARD, funds_held_by="qualified_escrow", reusable_off_session=False, confirmation="instant",
    confirm_within=timedelta(0), clearing_hold=timedelta(0), refund_window=None, refund_not_before=timedelta(0),
    partial_refund=True, max_hold=None, reversible_for=None, smallest_minor=1, largest_minor=10**9, step_minor=1,
)  # fmt: skip


def asked(days: int, *, qualified: bool = False, part: bool = False) -> Needs:
    """An offering that ends in so many days: gathers for five more, and settles for ten."""
    deadline = NOW + days * DAY
    return Needs(
        now=NOW, until=deadline + 5 * DAY, charge_from=deadline - 10 * DAY, last_refund=deadline + 15 * DAY,
        qualified_holder=qualified, part_may_return=part,
    )  # fmt: skip


#: Stripe's documents: Alipay refunds for 90 days, WeChat Pay for 180; a balance is held for 90 days in most countries.
CARD: dict[str, Any] = {"reusable_off_session": True, "refund_window": 180 * DAY, "max_hold": 90 * DAY}
ALIPAY: dict[str, Any] = {"refund_window": 90 * DAY, "max_hold": 90 * DAY}
WECHAT: dict[str, Any] = {"refund_window": 180 * DAY, "max_hold": None}
ACH: dict[str, Any] = {**CARD, "confirmation": "delayed", "confirm_within": 6 * DAY}


@pytest.mark.parametrize(
    ("caps", "days", "expected"),
    [
        ({}, 500, Plan(Pattern.HOLD)),
        (CARD, 75, Plan(Pattern.HOLD)),  # 75 + 15 = 90 days: it just fits
        (CARD, 76, Plan(Pattern.SAVE, charge_at=NOW + 66 * DAY)),
        (ALIPAY, 75, Plan(Pattern.HOLD)),
        (ALIPAY, 76, Plan(Pattern.REFUSE, why=Why.REFUND_OUT_OF_TIME)),
        (WECHAT, 165, Plan(Pattern.HOLD)),
        (WECHAT, 166, Plan(Pattern.REFUSE, why=Why.REFUND_OUT_OF_TIME)),
        ({**CARD, "reusable_off_session": False}, 76, Plan(Pattern.REFUSE, why=Why.HELD_TOO_LONG)),
        # Kept, it would be charged ten days before the deadline and could lie for twenty days only: 25 are needed.
        ({**CARD, "max_hold": 20 * DAY}, 76, Plan(Pattern.REFUSE, why=Why.HELD_TOO_LONG)),
        ({**CARD, "max_hold": 25 * DAY}, 76, Plan(Pattern.SAVE, charge_at=NOW + 66 * DAY)),
        (ACH, 1, Plan(Pattern.HOLD)),  # heard of on the sixth day, the last that is waited for
        (ACH, 0, Plan(Pattern.REFUSE, why=Why.TOO_LATE_TO_HEAR)),
        (ACH, 76, Plan(Pattern.SAVE, charge_at=NOW + 66 * DAY)),
        # Charged ten days before the deadline, its answer would come a day after the days of gathering.
        ({**ACH, "confirm_within": 16 * DAY}, 76, Plan(Pattern.REFUSE, why=Why.HELD_TOO_LONG)),
        ({"smallest_minor": 10_001}, 30, Plan(Pattern.REFUSE, why=Why.AMOUNT_TOO_SMALL)),
        ({"largest_minor": 9_999}, 30, Plan(Pattern.REFUSE, why=Why.AMOUNT_TOO_LARGE)),
        ({"smallest_minor": 10_000, "largest_minor": 10_000}, 30, Plan(Pattern.HOLD)),
        ({"step_minor": 10_000}, 30, Plan(Pattern.HOLD)),
        ({"step_minor": 3}, 30, Plan(Pattern.REFUSE, why=Why.AMOUNT_TOO_FINE)),
    ],
)  # fmt: skip
def test_a_method_is_good_for(caps: dict[str, Any], days: int, expected: Plan) -> None:
    assert plan(replace(ANY, **caps), usd("100"), asked(days)) == expected


def test_a_deadline_that_moves_can_turn_the_answer() -> None:
    alipay = replace(ANY, **ALIPAY)
    assert plan(alipay, usd("100"), asked(60)).pattern is Pattern.HOLD
    assert plan(alipay, usd("100"), asked(90)) == Plan(Pattern.REFUSE, why=Why.REFUND_OUT_OF_TIME)


@pytest.mark.parametrize("held_by", ["provider_balance", "segregated"])
def test_where_the_law_wants_a_qualified_third_party_no_other_may_hold(held_by: Any) -> None:
    caps = replace(ANY, funds_held_by=held_by)
    assert plan(caps, usd("100"), asked(30)).pattern is Pattern.HOLD
    assert plan(caps, usd("100"), asked(30, qualified=True)) == Plan(Pattern.REFUSE, why=Why.HOLDER_NOT_QUALIFIED)
    assert plan(ANY, usd("100"), asked(30, qualified=True)).pattern is Pattern.HOLD


def test_where_a_part_may_have_to_go_back_what_returns_all_or_nothing_is_refused() -> None:
    whole = replace(ANY, partial_refund=False, reusable_off_session=True)
    assert plan(whole, usd("100"), asked(30)).pattern is Pattern.HOLD
    assert plan(whole, usd("100"), asked(30, part=True)) == Plan(Pattern.REFUSE, why=Why.NO_PART_BACK)
    assert plan(ANY, usd("100"), asked(30, part=True)).pattern is Pattern.HOLD
    tens = replace(ANY, step_minor=10)  # what is left of a payment need not end in zero
    assert plan(tens, usd("100"), asked(30)).pattern is Pattern.HOLD
    assert plan(tens, usd("100"), asked(30, part=True)) == Plan(Pattern.REFUSE, why=Why.NO_PART_BACK)


def test_who_pays_in_a_way_that_gives_back_late_is_told_the_latest_day_before() -> None:
    late = {**ACH, "refund_not_before": 60 * DAY, "refund_window": None}
    assert plan(replace(ANY, **late), usd("100"), asked(1)).refunded_from == NOW + 66 * DAY  # heard of on the sixth
    kept = plan(replace(ANY, **late), usd("100"), asked(100))
    assert (kept.pattern, kept.refunded_from) == (Pattern.SAVE, NOW + (90 + 6 + 60) * DAY)
    assert plan(ANY, usd("100"), asked(1)).refunded_from is None


def test_every_reason_is_met_here() -> None:
    cases = test_a_method_is_good_for.pytestmark[0].args[1]  # type: ignore[attr-defined]
    met = {expected.why for _, _, expected in cases} | {Why.HOLDER_NOT_QUALIFIED, Why.NO_PART_BACK}
    assert met - {None} == set(Why)
