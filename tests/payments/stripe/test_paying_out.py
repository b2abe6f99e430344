"""Money out: to an issuer's connected account and its bank, or to a bank account of ours; paid may turn to failed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from app.payments.errors import InFlight, Rejected, Unknown, Unsupported
from app.payments.port import PLATFORM_ACCOUNT, Payee, Ref, TxnKind
from app.payments.stripe.adapter import StripeGateway
from tests.payments.stripe.far import Far, op, paid, release, usd


def test_a_release_is_carried_to_the_issuer_and_paid_to_its_bank(far: Far, stripe: StripeGateway) -> None:
    paid(far, stripe, usd(100_00))
    asked = release(stripe, op(), usd(90_00))
    account, _, payout = asked.ref.id.partition("/")
    assert (asked.state, asked.ref.kind, account, asked.amount) == ("pending", "payout", "acct_issuer", usd(90_00))
    far.act("settle_payout", payout=payout, status="paid", account=account)
    found = stripe.fetch(Ref.read(str(asked.ref)))
    assert (found.state, found.code) == ("succeeded", None)
    assert [(line.kind, line.amount) for line in found.evidence] == [(TxnKind.PAYOUT, usd(-90_00))]


def test_a_payout_that_was_paid_and_then_fails_has_both_lines(far: Far, stripe: StripeGateway) -> None:
    paid(far, stripe, usd(100_00))
    ref = release(stripe, op(), usd(90_00)).ref
    account, _, payout = ref.id.partition("/")
    far.act("settle_payout", payout=payout, status="paid", account=account)
    far.act("settle_payout", payout=payout, status="failed", account=account)
    found = stripe.fetch(ref)
    assert (found.state, found.code) == ("failed", "account_closed")
    assert [(line.kind, line.amount) for line in found.evidence] == [
        (TxnKind.PAYOUT, usd(-90_00)), (TxnKind.PAYOUT_FAILED, usd(90_00)),
    ]  # fmt: skip


def test_after_a_failed_payout_the_next_try_uses_the_money_that_lies_there(far: Far, stripe: StripeGateway) -> None:
    """Another transfer would take it from other investors' money."""
    paid(far, stripe, usd(100_00))
    this = op()
    account, _, payout = release(stripe, this, usd(40_00)).ref.id.partition("/")
    far.act("settle_payout", payout=payout, status="failed", account=account)
    later = op(this.id, generation=2)
    assert stripe.find(later) is None
    again = release(stripe, later, usd(40_00))
    assert (again.state, again.ref) != ("failed", Ref("payout", f"{account}/{payout}"))
    assert stripe.find(later) == again
    assert [minor for kind, minor in _lines(stripe) if kind is TxnKind.MOVE] == [-40_00]


def test_a_bank_account_of_ours_is_paid_directly(far: Far, stripe: StripeGateway) -> None:
    paid(far, stripe, usd(100_00))
    this = op()
    asked = release(stripe, this, usd(90_00), "ba_ours")
    assert (asked.state, asked.ref.kind) == ("pending", "payout") and "/" not in asked.ref.id
    assert stripe.find(this) == asked
    assert [path for path in far.calls() if "transfers" in path] == []
    assert far.act("look", id_=asked.ref.id)["statement_descriptor"] == "R-1"


def test_what_its_statement_shows_is_as_long_as_stripe_lets_it_be(far: Far, stripe: StripeGateway) -> None:
    paid(far, stripe, usd(100_00))
    asked = stripe.pay_out(op(), usd(1_00), account="clients", payee=Payee("", "ba_ours"), reference="R-" + 30 * "9")
    assert far.act("look", id_=asked.ref.id)["statement_descriptor"] == "R-" + 20 * "9"


def test_what_is_on_its_way_to_a_bank_is_no_evidence_yet(far: Far, stripe: StripeGateway) -> None:
    """It may be days: a line that is told as evidence would stand in no book for so long."""
    paid(far, stripe, usd(100_00))
    asked = release(stripe, op(), usd(90_00), "ba_ours")
    assert (asked.state, asked.evidence, stripe.fetch(asked.ref).evidence) == ("pending", (), ())
    far.act("settle_payout", payout=asked.ref.id, status="paid")
    assert [line.amount for line in stripe.fetch(asked.ref).evidence] == [usd(-90_00)]


def test_a_payee_that_stripe_does_not_know_is_rejected(far: Far, stripe: StripeGateway) -> None:
    with pytest.raises(Rejected, match="payee_unknown_to_stripe"):
        release(stripe, op(), usd(1_00), "DE89370400440532013000")
    assert far.calls() == []


def _lines(stripe: StripeGateway) -> list[tuple[str, int]]:
    now = datetime.now(UTC)
    lines = stripe.transactions(now - timedelta(hours=1), now + timedelta(hours=1))
    return [(line.kind, line.amount.minor) for line in lines]


def test_a_refused_payout_takes_its_transfer_back(far: Far, stripe: StripeGateway) -> None:
    paid(far, stripe, usd(100_00))
    this = op()
    with pytest.raises(Rejected, match="no_account"):
        release(stripe, this, usd(90_00), "acct_nobank")
    assert _lines(stripe) == [(TxnKind.PAYMENT, 100_00), (TxnKind.MOVE, -90_00), (TxnKind.MOVE, 90_00)]
    assert stripe.find(this) is None


def test_a_transfer_that_could_not_be_taken_back_is_not_over(far: Far, stripe: StripeGateway) -> None:
    paid(far, stripe, usd(100_00))
    this = op()
    far.fault("drop before", "/reversals")
    with pytest.raises(Unknown):
        release(stripe, this, usd(90_00), "acct_nobank")
    assert stripe.find(this) is None
    with pytest.raises(Rejected):
        release(stripe, this, usd(90_00), "acct_nobank")
    assert sum(minor for _, minor in _lines(stripe)) == 100_00


@pytest.mark.parametrize("fault", ["429", "409"])
def test_after_its_transfer_a_release_is_never_called_not_sent(far: Far, stripe: StripeGateway, fault: str) -> None:
    paid(far, stripe, usd(100_00))
    this = op()
    far.fault(fault, "/payouts")
    with pytest.raises(Unknown):
        release(stripe, this, usd(90_00))
    assert release(stripe, this, usd(90_00)).state == "pending"
    assert [minor for kind, minor in _lines(stripe) if kind is TxnKind.MOVE] == [-90_00]


def test_before_its_transfer_it_keeps_its_word(far: Far, stripe: StripeGateway) -> None:
    paid(far, stripe, usd(100_00))
    far.fault("409", "/transfers")
    with pytest.raises(InFlight):
        release(stripe, op(), usd(90_00))


def test_stripe_holds_nothing_in_escrow(stripe: StripeGateway) -> None:
    assert not stripe.caps.qualified_third_party
    with pytest.raises(Unsupported):
        stripe.move(op(), usd(1), account="offering-7", to=PLATFORM_ACCOUNT)
