"""What a custodian sends to Stripe: a top-up without our mark, which exactly one of those who await its amount gets."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from app.payments.errors import Rejected, Unknown, Unsupported
from app.payments.port import Op, Outcome, Payee, Ref, TxnKind
from app.payments.stripe import top_ups
from app.payments.stripe.adapter import StripeGateway
from tests.payments.stripe import far as far_side
from tests.payments.stripe.far import FUNDS, Far, op, usd


def awaited(stripe: StripeGateway, this: Op, minor: int = 50_00) -> Outcome:
    """Said, and asked about at once."""
    return stripe.fetch(stripe.expect(this, usd(minor), account="offering-7", reference="O-1-F1").ref)


def test_it_says_where_money_is_sent_to(stripe: StripeGateway) -> None:
    there = stripe.deposit_details("offering-7", "O-1-F1")
    assert (there.payee, there.reference) == (Payee("Stripe, for OpenRaise", FUNDS), "O-1-F1")


def test_without_an_account_nothing_comes_back(far: Far) -> None:
    nowhere = {"STRIPE_CUSTODIAN_ACCOUNTS": "", "STRIPE_FUNDS_PAYEE": "", "STRIPE_FUNDS_ACCOUNT": ""}
    stripe = far_side.gateway(far, **nowhere)
    with pytest.raises(Unsupported):
        stripe.deposit_details("offering-7", "O-1-F1")
    with pytest.raises(Unsupported):
        awaited(stripe, op())
    assert stripe.find(op()) is None and not [path for path in far.calls("GET") if "topups" in path]


def test_it_is_waited_for_until_it_is_there(far: Far, stripe: StripeGateway) -> None:
    this = op()
    waiting = stripe.expect(this, usd(50_00), account="offering-7", reference="O-1-F1")
    assert far.calls() == far.calls("GET") == []
    assert (waiting.state, waiting.amount, waiting.evidence) == ("pending", usd(50_00), ())
    assert awaited(stripe, this).ref == waiting.ref and stripe.find(this) is None
    far.act("top_up", amount=49_99, currency="usd")
    far.act("top_up", amount=50_00, currency="eur")
    assert stripe.fetch(waiting.ref).state == "pending"
    far.act("top_up", amount=50_00, currency="usd")
    there = stripe.fetch(waiting.ref)
    assert (there.state, there.ref, there.amount) == ("succeeded", waiting.ref, usd(50_00))
    assert [(line.kind, line.net) for line in there.evidence] == [(TxnKind.TOP_UP, usd(50_00))]
    assert stripe.find(this) == stripe.fetch(waiting.ref) == there
    now = datetime.now(UTC)
    listed = list(stripe.transactions(now - timedelta(hours=1), now + timedelta(hours=1)))
    assert [(line.source.kind, line.op_key) for line in listed] == [("other", ""), ("other", ""), ("awaited", this.key)]
    assert listed[-1] == there.evidence[0]


def test_of_two_that_are_equal_each_gets_one(far: Far, stripe: StripeGateway) -> None:
    first, second = awaited(stripe, op()), awaited(stripe, op())
    far.act("top_up", amount=50_00, currency="usd")
    assert [stripe.fetch(one.ref).state for one in (second, first, second)] == ["succeeded", "pending", "succeeded"]
    far.act("top_up", amount=50_00, currency="usd")
    lines = [stripe.fetch(one.ref).evidence[0].id for one in (first, second)]
    assert len(set(lines)) == 2


def test_who_looked_at_the_same_moment_does_not_get_the_same(
    far: Far, stripe: StripeGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stripe lets only the first write with the key of a top-up have it, though both saw it free."""
    far.act("top_up", amount=50_00, currency="usd")
    waiting = [op() for _ in range(6)]
    monkeypatch.setattr(top_ups.TopUps, "_oldest_first", _as_it_was(stripe))
    with ThreadPoolExecutor(6) as together:
        found = list(together.map(lambda one: awaited(stripe, one), waiting))
    assert sorted(one.state for one in found) == ["pending"] * 5 + ["succeeded"]


def _as_it_was(stripe: StripeGateway):  # type: ignore[no-untyped-def]
    seen = stripe._top_ups._oldest_first(0)
    return lambda self, since: seen


@pytest.mark.parametrize("fault", ["drop after", "500 after"])
def test_an_answer_that_was_lost_changes_nothing(far: Far, stripe: StripeGateway, fault: str) -> None:
    this = op()
    made = far.act("top_up", amount=50_00, currency="usd")
    far.fault(fault, made["id"])
    with pytest.raises(Unknown):
        awaited(stripe, this)
    assert stripe.find(this) == awaited(stripe, this)
    later = replace(this, generation=2)
    assert awaited(stripe, later).evidence == awaited(stripe, this).evidence != ()


def test_what_came_long_before_is_somebody_elses(far: Far, stripe: StripeGateway) -> None:
    far.act("top_up", amount=50_00, currency="usd")
    now = datetime.now(UTC)
    late = replace(op(), sent_at=now + top_ups.EARLIER + timedelta(minutes=1))
    soon = replace(op(), sent_at=now + top_ups.EARLIER - timedelta(minutes=1))
    assert [awaited(stripe, one).state for one in (late, soon)] == ["pending", "succeeded"]


def test_a_name_that_is_none_of_ours_is_refused(stripe: StripeGateway) -> None:
    for name in ("", "USD-1", "USD-x-0-test:1:1", "USD-1-0-test:no:1"):
        with pytest.raises(Rejected):
            stripe.fetch(Ref("awaited", name))
