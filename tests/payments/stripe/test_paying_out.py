"""Money out: to an issuer's connected account and its bank, or to a bank account of ours; paid may turn to failed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from app.payments.errors import GatewayError, InFlight, Rejected, Unknown, Unsupported
from app.payments.port import CASH_ACCOUNTS, PLATFORM_ACCOUNT, Payee, Ref, Role, Txn, TxnKind
from app.payments.stripe.adapter import StripeGateway
from tests.payments.stripe.far import Far, gateway, op, paid, release, usd


def _payout(far: Far, account: str = "acct_issuer") -> str:
    """The newest payout of a connected account."""
    return str(far.act("known", object_="payout", account=account)["data"][0]["id"])


def test_a_release_is_carried_to_the_issuer_and_paid_to_its_bank(far: Far, stripe: StripeGateway) -> None:
    """What left is the transfer's line: that of the payout is in the connected account's balance, not in ours."""
    paid(far, stripe, usd(100_00))
    asked = release(stripe, op(), usd(90_00))
    assert (asked.state, asked.ref.kind, asked.amount, asked.evidence) == ("pending", "transfer", usd(90_00), ())
    far.act("settle_payout", payout=_payout(far), status="paid", account="acct_issuer")
    found = stripe.fetch(Ref.read(str(asked.ref)))
    assert (found.state, found.code) == ("succeeded", None)
    assert [(line.kind, line.amount, line.account) for line in found.evidence] == [
        (TxnKind.PAYOUT, usd(-90_00), "offering-7"),
    ]  # fmt: skip
    assert found.evidence[0] in _listed(stripe)


@pytest.mark.parametrize("first", ["paid", "in_transit"])
def test_a_payout_that_fails_in_the_end_takes_its_transfer_back(far: Far, stripe: StripeGateway, first: str) -> None:
    """Whether it was called paid before or not: else the money would lie in the issuer's account at Stripe, and a payout
    that is approved anew would take other investors'.
    """
    paid(far, stripe, usd(100_00))
    ref = release(stripe, op(), usd(90_00)).ref
    far.act("settle_payout", payout=_payout(far), status=first, account="acct_issuer")
    assert stripe.fetch(ref).state == ("succeeded" if first == "paid" else "pending")
    far.act("settle_payout", payout=_payout(far), status="failed", account="acct_issuer")
    found = stripe.fetch(ref)
    assert (found.state, found.code) == ("failed", "account_closed")
    assert [(line.kind, line.amount) for line in found.evidence] == [
        (TxnKind.PAYOUT, usd(-90_00)), (TxnKind.PAYOUT_FAILED, usd(90_00)),
    ]  # fmt: skip
    assert set(found.evidence) <= set(_listed(stripe))
    assert (stripe.fetch(ref), _lines(stripe)[-1]) == (found, (TxnKind.PAYOUT_FAILED, 90_00))


def test_what_cannot_be_taken_back_is_not_over(far: Far, stripe: StripeGateway) -> None:
    paid(far, stripe, usd(100_00))
    this = op()
    ref = release(stripe, this, usd(90_00)).ref
    far.act("settle_payout", payout=_payout(far), status="failed", account="acct_issuer")
    far.fault("drop before", "/reversals", times=2)
    with pytest.raises(GatewayError):
        stripe.fetch(ref)
    with pytest.raises(Unknown):
        stripe.find(this)
    assert stripe.find(this) == stripe.fetch(ref)
    assert sum(minor for _, minor in _lines(stripe)) == 100_00


def test_a_later_sending_uses_the_money_that_lies_there(far: Far, stripe: StripeGateway) -> None:
    """Another transfer would take it from other investors' money."""
    paid(far, stripe, usd(100_00))
    this = op()
    first = release(stripe, this, usd(40_00))
    far.act("settle_payout", payout=_payout(far), status="failed", account="acct_issuer")
    later = op(this.id, generation=2)
    assert stripe.find(later) is None
    again = release(stripe, later, usd(40_00))
    assert (again.state, again.ref) == ("pending", first.ref)
    assert stripe.find(later) == again
    assert [minor for kind, minor in _lines(stripe) if kind is TxnKind.PAYOUT] == [-40_00]


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
    return [(line.kind, line.amount.minor) for line in _listed(stripe)]


def _listed(stripe: StripeGateway) -> list[Txn]:
    now = datetime.now(UTC)
    return list(stripe.transactions(now - timedelta(hours=1), now + timedelta(hours=1)))


def test_a_refused_payout_takes_its_transfer_back(far: Far, stripe: StripeGateway) -> None:
    paid(far, stripe, usd(100_00))
    this = op()
    refused = release(stripe, this, usd(90_00), "acct_nobank")
    assert (refused.state, refused.code) == ("failed", "no_account")
    assert [(line.kind, line.amount) for line in refused.evidence] == [
        (TxnKind.PAYOUT, usd(-90_00)), (TxnKind.PAYOUT_FAILED, usd(90_00)),
    ]  # fmt: skip
    assert _listed(stripe)[1:] == list(refused.evidence)
    assert stripe.find(this) == replace(refused, code=None)


def test_a_transfer_that_could_not_be_taken_back_is_not_over(far: Far, stripe: StripeGateway) -> None:
    paid(far, stripe, usd(100_00))
    this = op()
    far.fault("drop before", "/reversals")
    with pytest.raises(Unknown):
        release(stripe, this, usd(90_00), "acct_nobank")
    assert stripe.find(this) is None
    assert release(stripe, this, usd(90_00), "acct_nobank").state == "failed"
    assert sum(minor for _, minor in _lines(stripe)) == 100_00


@pytest.mark.parametrize("fault", ["429", "409"])
def test_after_its_transfer_a_release_is_never_called_not_sent(far: Far, stripe: StripeGateway, fault: str) -> None:
    paid(far, stripe, usd(100_00))
    this = op()
    far.fault(fault, "/payouts")
    with pytest.raises(Unknown):
        release(stripe, this, usd(90_00))
    assert release(stripe, this, usd(90_00)).state == "pending"
    assert [minor for kind, minor in _lines(stripe) if kind is TxnKind.PAYOUT] == [-90_00]


def test_before_its_transfer_it_keeps_its_word(far: Far, stripe: StripeGateway) -> None:
    paid(far, stripe, usd(100_00))
    far.fault("409", "/transfers")
    with pytest.raises(InFlight):
        release(stripe, op(), usd(90_00))


def test_without_an_account_of_the_platform_it_is_no_custodian(stripe: StripeGateway) -> None:
    assert stripe.caps.roles == {Role.COLLECTOR}
    for account, to in (("offering-7", PLATFORM_ACCOUNT), (PLATFORM_ACCOUNT, "offering-7")):
        with pytest.raises(Unsupported):
            stripe.move(op(), usd(1), account=account, to=to)


@pytest.fixture
def custodian(far: Far) -> StripeGateway:
    return gateway(far, STRIPE_PLATFORM_ACCOUNT="ba_platform", STRIPE_CUSTODIAN_ACCOUNTS="")


def test_it_holds_money_where_the_law_needs_no_qualified_third_party(custodian: StripeGateway) -> None:
    caps = custodian.caps
    assert (caps.roles, caps.qualified_third_party, caps.moves_between, caps.payees) == (
        set(Role),
        False,
        False,
        "acct_",
    )
    assert {one.funds_held_by for one in custodian.methods("USD").values()} == {"provider_balance"}
    with pytest.raises(Unsupported):
        custodian.move(op(), usd(1), account=CASH_ACCOUNTS, to="offering-7")


def test_the_platform_s_fee_goes_to_its_own_bank_account(far: Far, custodian: StripeGateway) -> None:
    paid(far, custodian, usd(100_00))
    this = op()
    asked = custodian.move(this, usd(6_00), account="offering-7", to=PLATFORM_ACCOUNT)
    made = far.act("look", id_=asked.ref.id)
    assert (made["destination"], made["metadata"]["account"]) == ("ba_platform", "offering-7")
    far.act("settle_payout", payout=asked.ref.id, status="paid")
    found = custodian.find(this)
    assert found is not None
    assert [(line.kind, line.amount, line.account) for line in found.evidence] == [
        (TxnKind.PAYOUT, usd(-6_00), "offering-7"),
    ]  # fmt: skip
    assert found.evidence[0] in _listed(custodian)


def test_what_the_platform_pays_in_is_an_offering_s_from_then_on(far: Far, custodian: StripeGateway) -> None:
    """Its line is nobody's as long as nobody has said whose it is."""
    far.act("top_up", amount=3_20, currency="usd")
    assert [line.account for line in _listed(custodian)] == [""]
    asked = custodian.move(op(), usd(3_20), account=PLATFORM_ACCOUNT, to="offering-7")
    found = custodian.fetch(asked.ref)
    assert (asked.state, found.state) == ("pending", "succeeded")
    assert [(line.kind, line.account) for line in found.evidence] == [(TxnKind.TOP_UP, "offering-7")]
    assert _listed(custodian) == list(found.evidence)


def test_a_refund_made_by_hand_is_its_payment_s_offering_s(far: Far, stripe: StripeGateway) -> None:
    _, intent = paid(far, stripe, usd(100_00))
    far.act("refund_by_hand", intent=intent, amount=4_00)
    assert [(line.kind, line.account) for line in _listed(stripe)][1] == (TxnKind.REFUND, "offering-7")
