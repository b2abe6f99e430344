"""One operation, one effect: however often, and from however many workers, it is sent."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from app.money import Money
from app.payments.conformance.kit import Case, check, expect, new_op, refuses
from app.payments.errors import InFlight, KeyConflict
from app.payments.port import Op, Outcome, Role

AT_ONCE = 4
ROUNDS = 3


@check
def the_same_key_is_the_same_result(case: Case) -> None:
    """An operation that is sent again, also after the payer acted, names the same object."""
    case.needs(Role.COLLECTOR)
    op = new_op()
    first, again = case.ask(op, case.amount()), case.ask(op, case.amount())
    expect(again.ref == first.ref, "sent twice, it made two payments")
    case.let_pay(first)
    case.settled(first.ref)
    expect(case.ask(op, case.amount()).ref == first.ref, "sent again after it was paid, it made another payment")


@check
def another_body_under_a_key_is_a_conflict(case: Case) -> None:
    """The same operation with another amount is our mistake: KeyConflict, and nothing is made of it."""
    case.needs(Role.COLLECTOR)
    op, amount = new_op(), case.amount()
    first = case.ask(op, amount)
    refuses(lambda: case.ask(op, Money(amount.minor + 1, amount.currency)), KeyConflict)
    expect(case.gateway.fetch(first.ref).amount == amount, "the first one was changed")


@check
def a_key_is_kept_by_two_workers_at_once(case: Case) -> None:
    """Sent by several workers in the same instant, it is made once; the others hear the same, or InFlight."""
    case.needs(Role.COLLECTOR)
    for _ in range(ROUNDS):
        made = {outcome.ref for outcome in _at_once(case, new_op()) if outcome is not None}
        expect(len(made) == 1, f"sent {AT_ONCE} times at once, it made {len(made)} payments")


def _at_once(case: Case, op: Op) -> list[Outcome | None]:
    start = Barrier(AT_ONCE)

    def send(_: int) -> Outcome | None:
        start.wait()
        try:
            return case.ask(op, case.amount())
        except InFlight:
            return None

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(send, range(AT_ONCE)))
