"""The gateway's own account: every line is in it, and its balances are the sums of its lines."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from app.payments.conformance.kit import Case, check, expect
from app.payments.port import Role, Txn

A_MOMENT = timedelta(seconds=1)
#: What a gateway's balance is called that tells no account's: it is all that is there, whosever it is.
ONE_BALANCE = ""


def _lines(case: Case) -> list[Txn]:
    return list(case.gateway.transactions(case.began_at, case.bench.now() + A_MOMENT))


def _work(case: Case) -> None:
    """Something must have happened for there to be lines."""
    if Role.COLLECTOR in case.gateway.caps.roles:
        case.paid()
    else:
        case.bench.fund(case.account, case.amount())


@check
def transactions_hold_every_line_of_evidence(case: Case) -> None:
    """What an outcome shows is in the account too, as the very same line: so nothing can be hidden from a comparison."""
    _work(case)
    listed = {line.id: line for line in _lines(case)}
    for outcome in case.outcomes:
        for line in outcome.evidence:
            expect(line.id in listed, f"a line of kind {line.kind} is not in transactions()")
            expect(listed[line.id] == line, f"a line of kind {line.kind} is another in transactions()")


@check
def transactions_come_once_and_in_order(case: Case) -> None:
    """Oldest first, none twice, and none from outside the time that was asked for."""
    _work(case)
    lines = _lines(case)
    times = [line.created_at for line in lines]
    expect(times == sorted(times), "they are not in order")
    expect(all(count == 1 for count in Counter(line.id for line in lines).values()), "a line comes twice")
    last = times[-1]
    earlier = list(case.gateway.transactions(case.began_at, last))
    expect(all(line.created_at < last for line in earlier), "a line from after the end of the time that was asked for")
    later = list(case.gateway.transactions(last, last + A_MOMENT))
    expect({line.id for line in earlier}.isdisjoint(line.id for line in later), "a line is in two neighbouring times")


@check
def balances_are_the_sums_of_lines(case: Case) -> None:
    """What is said to be there changes, per account and currency, by exactly the lines; one balance for all by all of them."""
    held, began_at = _held(case), case.bench.now()
    case.bench.advance(A_MOMENT)
    _work(case)
    change: Counter[tuple[str, str]] = Counter()
    total: Counter[str] = Counter()
    for line in case.gateway.transactions(began_at + A_MOMENT, case.bench.now() + A_MOMENT):
        change[line.account, line.net.currency] += line.net.minor
        total[line.net.currency] += line.net.minor
    told = _held(case)
    is_all = all(account == ONE_BALANCE for account, _ in told)
    for where, minor in told.items():
        moved = minor - held[where]
        by_lines = total[where[1]] if is_all else change[where]
        expect(moved == by_lines, f"{where[0] or 'the balance'} changed by {moved}, its lines by {by_lines}")


def _held(case: Case) -> Counter[tuple[str, str]]:
    held: Counter[tuple[str, str]] = Counter()
    for one in case.gateway.balances():
        held[one.account, one.amount.currency] += one.amount.minor
    return held
