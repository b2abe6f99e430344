"""CSRC order 105 and AMAC's rules: the ticket and the assets, and a day to think after paying."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.regimes.registry import BUILT
from tests.regimes.asking import Case, decided, limit
from tests.regimes.asking_elsewhere import ask

YES, NO = ("allow", "CN-PF-12"), ("deny", "CN-PF-12")


def buy(amount: str = "1000000.00", *, on: str | None = None, **investor: Any) -> Case:
    return ask("CN-PF", "eligibility", amount, on=on, **{"type": "natural", **investor})


@pytest.mark.parametrize(
    ("amount", "investor", "answer"),
    [
        ("1000000.00", {"financial_assets": "3000000.00"}, YES),
        ("999999.99", {"financial_assets": "3000000.00"}, NO),  # both, not one of them
        ("1000000.00", {"financial_assets": "2999999.99"}, NO),
        ("1000000.00", {"income_3y": ["500000.00", "500000.00", "500000.00"]}, YES),
        ("1000000.00", {"income_3y": ["0.00", "0.00", "1500000.00"]}, YES),
        ("1000000.00", {"income_3y": ["499999.99", "500000.00", "500000.00"]}, NO),
        ("1000000.00", {}, NO),
        ("1000000.00", {"type": "entity", "net_assets": "10000000.00"}, YES),
        ("1000000.00", {"type": "legal", "net_assets": "10000000.00"}, YES),
        ("1000000.00", {"type": "entity", "net_assets": "9999999.99"}, NO),
        ("999999.99", {"type": "entity", "net_assets": "10000000.00"}, NO),
        ("1000000.00", {"type": "entity", "financial_assets": "90000000.00"}, NO),
        ("1000000.00", {"type": "natural", "net_assets": "90000000.00"}, NO),
    ],
)
def test_both_the_ticket_and_the_means_are_needed(
    amount: str, investor: dict[str, Any], answer: tuple[str, str]
) -> None:
    assert (decided(buy(amount, **investor)), limit(buy(amount, **investor))) == (answer, (None, None))


def test_ticks_of_others_are_no_consent_and_means_need_proof() -> None:
    rich = {"financial_assets": "3000000.00"}
    assert decided(buy(consents_preticked=True, **rich)) == ("needs_ack", "CN-CONSENT")
    assert decided(buy(evidence=False, **rich)) == ("needs_ack", "CN-EVIDENCE")


def test_there_was_no_such_bar_before_the_order() -> None:
    for on, answer in (("2014-08-20", NO), ("2014-08-21", YES)):
        assert decided(buy(on=on, financial_assets="3000000.00")) == answer


def confirm(at: str, *, kind: str = "securities", on: str | None = None, **others: Any) -> str | None:
    event = {
        "type": "confirm", "fund_kind": kind, "contract_signed_at": "2016-10-09T15:00:00+08:00",
        "paid_at": "2016-10-09T17:00:00+08:00", "at": at, **others,
    }  # fmt: skip
    case = ask("CN-PF", "cooling_off", on=on, event=event)
    decision, rule = decided(case)
    assert (rule, limit(case)) == ("CN-AMAC-29", (None, None))
    return decision


@pytest.mark.parametrize(
    ("at", "decision"),
    [
        ("2016-10-10T15:00:00+08:00", "needs_wait"),  # a day after signing, but not after paying
        ("2016-10-10T16:59:59.999999+08:00", "needs_wait"),
        ("2016-10-10T17:00:00+08:00", "allow"),
        ("2016-10-10T09:00:00+00:00", "allow"),  # the same instant elsewhere
    ],
)
def test_a_whole_day_passes_after_signing_and_paying(at: str, decision: str) -> None:
    assert confirm(at) == decision
    assert confirm(at, kind="private_equity", contract_adopts_24h=True) == decision
    late_signature = {"contract_signed_at": "2016-10-09T17:00:00+08:00", "paid_at": "2016-10-09T15:00:00+08:00"}
    assert confirm(at, **late_signature) == decision


@pytest.mark.parametrize("adopts", [False, None])
def test_private_equity_funds_may_agree_on_their_own(adopts: bool | None) -> None:
    assert confirm("2016-10-09T17:00:01+08:00", kind="private_equity", contract_adopts_24h=adopts) == "allow"


@pytest.mark.parametrize("missing", ["contract_signed_at", "paid_at"])
def test_the_day_has_not_begun_before_both_are_done(missing: str) -> None:
    assert confirm("2026-10-10T17:00:00+08:00", **{missing: None}) == "needs_wait"


def test_there_was_no_such_day_before_the_rules() -> None:
    assert confirm("2016-10-09T17:00:01+08:00", on="2016-07-14") == "allow"
    assert confirm("2016-10-09T17:00:01+08:00", on="2016-07-15") == "needs_wait"


def test_who_pledges_in_the_last_hours_can_still_think() -> None:
    deadline = datetime(2026, 5, 1, 15, tzinfo=UTC)
    fund = BUILT["CN-PF"]
    assert fund.cancel_until(deadline, deadline - timedelta(days=9)) == deadline
    assert fund.cancel_until(deadline, deadline - timedelta(hours=1)) == deadline + timedelta(hours=23)
