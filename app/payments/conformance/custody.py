"""Holding money and letting it go: out of the right account, and never more than is there."""

from __future__ import annotations

from app.money import Money
from app.payments.conformance.kit import Case, NotAsked, check, expect, new_op, refuses
from app.payments.errors import InsufficientProviderFunds
from app.payments.port import Op, Outcome, Role, TxnKind


def _pay_out(case: Case, op: Op, amount: Money) -> Outcome:
    return case.gateway.pay_out(
        op, amount, account=case.account, payee=case.bench.payee, reference="R-1", document_sha256="0" * 64
    )


def _held(case: Case, account: str, currency: str) -> int:
    return sum(
        one.amount.minor
        for one in case.gateway.balances()
        if one.account == account and one.amount.currency == currency
    )


@check
def a_payout_is_shown_by_its_line(case: Case) -> None:
    """A payout succeeds with a line of exactly its amount; sent twice, it is one."""
    amount, op = case.amount(), new_op()
    case.bench.fund(case.account, amount)
    first = _pay_out(case, op, amount)
    expect(_pay_out(case, op, amount).ref == first.ref, "sent twice, it made two payouts")
    paid = case.settled(first.ref)
    expect(paid.state == "succeeded", f"a payout is {paid.state}")
    expect(paid.amount == amount, f"the payout is of {paid.amount}, not {amount}")
    out = -sum(line.amount.minor for line in paid.evidence if line.kind == TxnKind.PAYOUT)
    expect(out == amount.minor, f"its lines pay {out}, not {amount.minor}")


@check
def no_more_is_paid_out_than_is_there(case: Case) -> None:
    """Beyond the balance, a payout raises InsufficientProviderFunds and moves nothing."""
    case.bench.fund(case.account, case.amount())
    before = {one.account: one.amount for one in case.gateway.balances() if one.amount.currency == case.currency}
    everything = sum(amount.minor for amount in before.values() if amount.minor > 0)
    more = Money(everything + 1, case.currency)
    refuses(lambda: _pay_out(case, new_op(), more), InsufficientProviderFunds)
    after = {one.account: one.amount for one in case.gateway.balances() if one.amount.currency == case.currency}
    expect(after == before, "money moved all the same")


@check
def a_move_takes_here_what_it_gives_there(case: Case) -> None:
    """Between two accounts of a custodian, the one has less and the other more, by the same amount."""
    case.needs(Role.CUSTODIAN)
    if not case.gateway.caps.moves_between:
        raise NotAsked("carries nothing between two of its accounts")
    amount, (account, to) = case.amount(), case.bench.accounts
    case.bench.fund(account, amount)
    before = [_held(case, one, amount.currency) for one in (account, to)]
    moved = case.settled(case.gateway.move(new_op(), amount, account=account, to=to).ref)
    expect(moved.state == "succeeded" and bool(moved.evidence), f"a move is {moved.state}, or shows no line")
    after = [_held(case, one, amount.currency) for one in (account, to)]
    expect(before[0] - after[0] == amount.minor, f"{account} has {before[0] - after[0]} less, not {amount.minor}")
    expect(after[1] - before[1] == amount.minor, f"{to} has {after[1] - before[1]} more, not {amount.minor}")


@check
def a_deposit_is_named_so_that_it_is_known_again(case: Case) -> None:
    """A payer from outside is told an account and a reference; two pledges have two references."""
    case.needs(Role.CUSTODIAN)
    one, other = (case.gateway.deposit_details(case.account, reference) for reference in ("P-1", "P-2"))
    expect(bool(one.payee.account) and bool(one.payee.holder), "nobody is named to pay to")
    expect(bool(one.reference) and one.reference != other.reference, "two pledges have the same reference")
