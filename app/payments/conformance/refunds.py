"""Giving money back: never more than was paid, and each refund by itself."""

from __future__ import annotations

from app.money import Money
from app.payments.conformance.kit import Case, NotAsked, check, expect, new_op, refuses
from app.payments.errors import Rejected
from app.payments.port import MethodCaps, Outcome, Role, TxnKind


def _refundable(case: Case) -> MethodCaps:
    case.needs(Role.COLLECTOR)
    return case.method(case.currency)


def _ready(case: Case) -> Outcome:
    """A payment that may be refunded by now."""
    caps = _refundable(case)
    paid = case.paid(method=caps.method)
    case.bench.advance(caps.refund_not_before)
    # Refunds leave from what can be paid out: earlier money has come free meanwhile, or another payer's is there.
    case.bench.fund(case.account, case.amount())
    return paid


def _half(paid: Outcome) -> Money:
    return Money(paid.amount.minor // 2, paid.amount.currency)


def _given_back(outcome: Outcome) -> int:
    return -sum(line.amount.minor for line in outcome.evidence if line.kind == TxnKind.REFUND)


@check
def a_refund_is_shown_by_its_line(case: Case) -> None:
    """A refund succeeds with a line of exactly its amount, out of the account."""
    paid = _ready(case)
    refund = case.settled(case.gateway.refund(new_op(), paid.ref, paid.amount).ref)
    expect(refund.state == "succeeded", f"a refund is {refund.state}")
    expect(refund.amount == paid.amount, f"the refund is of {refund.amount}, not {paid.amount}")
    expect(_given_back(refund) == paid.amount.minor, f"its lines give back {_given_back(refund)}")


@check
def a_refund_beyond_what_was_paid_is_refused(case: Case) -> None:
    """One unit too much is rejected, in one refund or in several; and nothing moves."""
    paid = _ready(case)
    more = Money(paid.amount.minor + 1, paid.amount.currency)
    refuses(lambda: case.gateway.refund(new_op(), paid.ref, more), Rejected)
    case.settled(case.gateway.refund(new_op(), paid.ref, paid.amount).ref)
    refuses(lambda: case.gateway.refund(new_op(), paid.ref, Money(1, paid.amount.currency)), Rejected)


@check
def a_refund_of_what_nobody_paid_is_refused(case: Case) -> None:
    """There is nothing to give back of a payment that waits for its payer."""
    case.needs(Role.COLLECTOR)
    asked = case.ask(new_op(), case.amount())
    if asked.state != "action_required":
        raise NotAsked("a payment is on its way at once")
    refuses(lambda: case.gateway.refund(new_op(), asked.ref, asked.amount), Rejected)


@check
def two_equal_partial_refunds_are_two_refunds(case: Case) -> None:
    """Two operations of the same amount are two refunds: what is the same is told by the key alone."""
    if not _refundable(case).partial_refund:
        raise NotAsked("gives back only the whole")
    paid = _ready(case)
    refunds = [case.settled(case.gateway.refund(new_op(), paid.ref, _half(paid)).ref) for _ in range(2)]
    expect(refunds[0].ref != refunds[1].ref, "the second refund is the first one again")
    expect(all(_given_back(one) == _half(paid).minor for one in refunds), "not both have their line")


@check
def a_refund_that_is_sent_twice_is_one(case: Case) -> None:
    """The same operation again gives back nothing more."""
    paid = _ready(case)
    op = new_op()
    amount = _half(paid) if _refundable(case).partial_refund else paid.amount
    first, again = (case.gateway.refund(op, paid.ref, amount) for _ in range(2))
    expect(first.ref == again.ref, "sent twice, it made two refunds")
    expect(_given_back(case.settled(first.ref)) == amount.minor, "its lines give back another amount")
