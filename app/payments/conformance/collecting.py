"""Taking money: what was paid is told with its evidence, and to the last minor unit."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

from app.money import EXPONENTS
from app.payments.conformance.kit import Case, NotAsked, check, expect, new_op
from app.payments.port import Outcome, Role, TxnKind


@check
def a_payer_is_told_where_to_pay(case: Case) -> None:
    """An outcome that needs its payer names the page, and nothing has moved."""
    case.needs(Role.COLLECTOR)
    asked = case.ask(new_op(), case.amount())
    if asked.state != "action_required":
        raise NotAsked("needs no page")
    expect(bool(asked.url), "there is no page to go to")
    expect(not asked.evidence, "money moved before the payer did anything")


@check
def every_method_takes_money(case: Case) -> None:
    """A payment that was made succeeds, with every method and within the time that it names."""
    case.needs(Role.COLLECTOR)
    for method in case.gateway.methods(case.currency):
        case.paid(method=method)


@check
def success_rests_on_evidence(case: Case) -> None:
    """Nothing is called succeeded before there is a line in the account that shows it."""
    case.needs(Role.COLLECTOR)
    asked = case.ask(new_op(), case.amount())
    expect(asked.state != "succeeded" or bool(asked.evidence), "succeeded without evidence")
    case.let_pay(asked)
    outcome = case.settled(asked.ref)
    expect(outcome.state != "succeeded" or bool(outcome.evidence), "succeeded without evidence")
    expect(outcome.state == "succeeded", f"a payment that was made is {outcome.state}")


@check
def evidence_sums_to_the_amount(case: Case) -> None:
    """The lines of a payment, before the gateway's fee, are together what it says was paid."""
    case.needs(Role.COLLECTOR)
    outcome = case.paid()
    _lines_are_the_amount(outcome)
    expect(all(line.fee.minor >= 0 for line in outcome.evidence), "a fee below zero")
    expect(all(line.source == outcome.ref for line in outcome.evidence), "a line names something else as its source")


@check
def amount_and_currency_are_what_was_asked(case: Case) -> None:
    """The payer is asked for exactly our amount, and the outcome says the same."""
    case.needs(Role.COLLECTOR)
    _asks_exactly(case, case.currency, 20_001)


@check
def currencies_without_minor_digits_keep_their_amount(case: Case) -> None:
    """500 yen are 500 yen at the gateway, not 50,000."""
    _asks_exactly(case, _currency_with(case, 0), 4_321)


@check
def currencies_with_three_minor_digits_keep_their_amount(case: Case) -> None:
    """20.010 dinars are 20,010 fils at the gateway."""
    _asks_exactly(case, _currency_with(case, 3), 20_010)


def _currency_with(case: Case, digits: int) -> str:
    case.needs(Role.COLLECTOR)
    found = sorted(one for one in case.gateway.caps.currencies if EXPONENTS[one] == digits)
    if not found:
        raise NotAsked(f"takes no currency of {digits} minor digits")
    return found[0]


def _asks_exactly(case: Case, currency: str, minor: int) -> None:
    amount = case.amount(currency, minor)
    asked = case.ask(new_op(), amount)
    at_the_gateway = case.bench.asked(asked.ref)
    expect(at_the_gateway == amount, f"the payer is asked for {at_the_gateway}, not {amount}")
    expect(asked.amount == amount, f"the outcome says {asked.amount}, not {amount}")
    case.let_pay(asked)
    outcome = case.settled(asked.ref)
    expect(outcome.amount == amount, f"paid, the outcome says {outcome.amount}, not {amount}")
    _lines_are_the_amount(outcome)


def _lines_are_the_amount(outcome: Outcome) -> None:
    lines = [line.amount for line in outcome.evidence if line.kind == TxnKind.PAYMENT]
    expect({line.currency for line in lines} <= {outcome.amount.currency}, "a line in another currency")
    total = sum(line.minor for line in lines)
    expect(
        not lines or total == outcome.amount.minor, f"the lines come to {total}, the amount is {outcome.amount.minor}"
    )


@check
def a_declined_payment_moves_nothing(case: Case) -> None:
    """When the payer's bank says no, the payment failed, with a code and without a line."""
    case.needs(Role.COLLECTOR)
    asked = case.ask(new_op(), case.amount())
    case.bench.decline(asked.ref)
    outcome = case.settled(asked.ref)
    expect(outcome.state == "failed", f"a declined payment is {outcome.state}")
    expect(bool(outcome.code), "it does not say why")
    expect(not outcome.evidence, "it has a line in the account")


@check
def a_payment_can_be_stopped_before_it_is_made(case: Case) -> None:
    """Stopped in time, it is cancelled, and cannot be paid any more."""
    case.needs(Role.COLLECTOR)
    asked = case.ask(new_op(), case.amount())
    if asked.state != "action_required":
        raise NotAsked("a payment is on its way at once")
    stopped = case.gateway.cancel(new_op(), asked.ref)
    expect(stopped.state == "cancelled", f"a payment that was stopped is {stopped.state}")
    with suppress(Exception):  # a bench may refuse a payer who comes too late, in words of its own
        case.bench.pay(asked.ref)
    later = case.gateway.fetch(asked.ref)
    expect(later.state == "cancelled" and not later.evidence, f"paid all the same, it is {later.state}")


@check
def a_payment_that_was_made_is_not_stopped(case: Case) -> None:
    """Too late: the answer is "succeeded", and the money stays."""
    case.needs(Role.COLLECTOR)
    paid = case.paid()
    answer = case.gateway.cancel(new_op(), paid.ref)
    expect(answer.state == "succeeded", f"stopping a payment that was made answers {answer.state}")
    expect(case.gateway.fetch(paid.ref).evidence == paid.evidence, "its lines are others now")


@check
def success_stays(case: Case) -> None:
    """Asked again and again, and days later, what succeeded has succeeded, with the same lines."""
    case.needs(Role.COLLECTOR)
    paid = case.paid()
    window = case.gateway.caps.key_window
    case.bench.advance(timedelta(days=2) if window is None else window)
    for _ in range(2):
        again = case.gateway.fetch(paid.ref)
        expect(again.state == "succeeded", f"what had succeeded is {again.state} now")
        expect(again.evidence == paid.evidence, "its lines are others now")
