"""How long an investor has to answer to a change, and how soon an offering may end early, under every regime."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from app.regimes import facts, platform_policy
from app.regimes.regime import Regime
from app.regimes.registry import BUILT

LAST = {"hour": 23, "minute": 59, "second": 59, "microsecond": 999_999}


@pytest.mark.parametrize("law", BUILT.values(), ids=lambda law: law.pack.id)
def test_every_regime_gives_days_and_cites_a_rule(law: Regime) -> None:
    received = datetime(2026, 3, 3, 15, 0, tzinfo=UTC)
    until = law.reconfirm_by(received)
    assert until > received + timedelta(days=5)
    assert law.early_close_from(date(2026, 1, 1), received) > received + timedelta(days=5)
    known = {rule for pack in (law.pack, platform_policy.PACK) for rule in pack.rules}
    assert {law.change_rule, law.early_close_rule} <= known


def test_without_a_rule_of_its_own_a_regime_counts_by_the_platforms_policy_in_its_own_calendar() -> None:
    """Over the national holidays of October in China."""
    law, shanghai = BUILT["CN-MICHOU"], ZoneInfo("Asia/Shanghai")
    received = datetime(2026, 9, 29, 23, 0, tzinfo=UTC)  # the 30th in Shanghai
    assert law.reconfirm_by(received) == datetime(2026, 10, 14, **LAST, tzinfo=shanghai)  # type: ignore[arg-type]


def test_the_page_and_the_rule_of_the_pack_agree_on_every_day_of_a_year() -> None:
    law = BUILT["US-CF"]
    for number in range(365):
        received = datetime(2026, 1, 1, 12, tzinfo=ZoneInfo("America/New_York")) + timedelta(days=number)
        last = law.reconfirm_by(received).date()
        for day, decision in ((last, "allow"), (last + timedelta(days=1), "deny")):
            case = {
                "regime": "US-CF", "category": "cancellation", "as_of": received.date().isoformat(),
                "pledge": {"amount": "0.00", "currency": "USD", "issuer": "-"},
                "event": {
                    "type": "reconfirm", "notice_received_on": received.date().isoformat(),
                    "reconfirmed_on": day.isoformat(),
                },
            }  # fmt: skip
            assert law.assess(facts.read(case)).decision == decision


def test_what_is_always_material_is_a_field_that_may_change() -> None:
    assert platform_policy.always_material(date(2026, 1, 1)) == {
        "target", "maximum", "oversubscription_rule", "use_of_funds", "deadline",
    }  # fmt: skip
