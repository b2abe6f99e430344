"""What an adapter says about itself is whole, and true."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from app.money import EXPONENTS, MOST_MINOR
from app.payments.conformance.kit import PAYER, Broken, Case, NotAsked, check, expect, new_op, refuses
from app.payments.errors import GatewayError, Unsupported
from app.payments.port import PLATFORM_ACCOUNT, Method, MethodCaps, Outcome, Ref, Role

NOTHING = Ref("payment", "nothing")
NEVER = timedelta(0)


@check
def the_gateway_says_what_it_is(case: Case) -> None:
    """It has a name, a role, currencies that we know, and a time for which it remembers keys."""
    caps = case.gateway.caps
    expect(bool(case.gateway.name) and case.gateway.name == case.gateway.name.strip(), "it has no name")
    expect(bool(caps.roles) and caps.roles <= set(Role), f"its roles are {sorted(caps.roles)}")
    expect(bool(caps.currencies) and caps.currencies <= set(EXPONENTS), "its currencies are none, or not ours")
    expect(caps.key_window is None or caps.key_window > NEVER, "it remembers no key")


@check
def every_currency_has_an_answer(case: Case) -> None:
    """`methods` answers for every currency of ours, and names a way exactly where `caps.currencies` has it."""
    collects = Role.COLLECTOR in case.gateway.caps.roles
    for currency in EXPONENTS:
        taken = collects and currency in case.gateway.caps.currencies
        found = _methods(case, currency)
        expect(bool(found) == taken, f"{currency}: {len(found)} methods, and caps say {'yes' if taken else 'no'}")
        for method, caps in found.items():
            expect(method is caps.method, f"{method} is described as {caps.method}")
            _is_whole(caps, currency)


def _methods(case: Case, currency: str) -> dict[Method, MethodCaps]:
    try:
        return dict(case.gateway.methods(currency))
    except Unsupported:
        if Role.COLLECTOR in case.gateway.caps.roles:
            raise Broken(f"{currency}: a collector that does not tell its methods") from None
        return {}


def _is_whole(caps: MethodCaps, currency: str) -> None:
    where = f"{caps.method} in {currency}"
    expect(1 <= caps.smallest_minor <= caps.largest_minor <= MOST_MINOR, f"{where}: no amount is possible")
    steps = caps.step_minor >= 1 and caps.largest_minor // caps.step_minor * caps.step_minor >= caps.smallest_minor
    expect(steps, f"{where}: no amount is a multiple of its step")
    times = (caps.confirm_within, caps.clearing_hold, caps.refund_not_before)
    limits = (caps.refund_window, caps.max_hold, caps.reversible_for)
    expect(all(time >= NEVER for time in times), f"{where}: a time below zero")
    expect(all(limit is None or limit > NEVER for limit in limits), f"{where}: a limit that allows nothing")
    expect(caps.confirmation == "delayed" or caps.confirm_within == NEVER, f"{where}: instant, and yet it takes time")
    expect(caps.refund_window is None or caps.refund_not_before < caps.refund_window, f"{where}: never refundable")


@check
def what_the_gateway_is_not_it_refuses_as_unsupported(case: Case) -> None:
    """A call that belongs to a role outside `caps.roles` raises Unsupported, and so does only that.

    A collector may say how its own balance is filled (`deposit_details`, `expect`); a custodian must.
    """
    roles = case.gateway.caps.roles
    for name, call in _calls(case, Role.COLLECTOR).items():
        _unsupported_unless(Role.COLLECTOR in roles, name, call)
    is_custodian = Role.CUSTODIAN in roles
    for name, call in _calls(case, Role.CUSTODIAN).items():
        if is_custodian or name == "move":
            _unsupported_unless(is_custodian, name, call)


def _calls(case: Case, role: Role) -> dict[str, Callable[[], object]]:
    """A call of every method of a role, about things that do not exist."""
    gateway, amount, account = case.gateway, case.amount(), case.account
    if role is Role.CUSTODIAN:
        return {
            "move": lambda: gateway.move(new_op(), amount, account=account, to=PLATFORM_ACCOUNT),
            "deposit_details": lambda: gateway.deposit_details(account, "P-1"),
            "expect": lambda: gateway.expect(new_op(), amount, account=account, reference="P-1"),
        }
    return {
        "collect": lambda: case.ask(new_op(), amount, None if Role.COLLECTOR in gateway.caps.roles else Method.CARD),
        "cancel": lambda: gateway.cancel(new_op(), NOTHING),
        "refund": lambda: gateway.refund(new_op(), NOTHING, amount),
    }


def _unsupported_unless(can: bool, name: str, call: Callable[[], object]) -> None:
    if not can:
        refuses(call, Unsupported)
        return
    try:
        call()
    except Unsupported:
        raise Broken(f"{name} is unsupported, and caps.roles says that it can") from None
    except GatewayError:
        return


@check
def a_way_to_pay_is_kept_exactly_where_a_method_says_so(case: Case) -> None:
    """`setup` works for a method with `reusable_off_session`, and raises Unsupported for every other."""
    case.needs(Role.COLLECTOR)
    for method, caps in case.gateway.methods(case.currency).items():
        if not caps.reusable_off_session:
            refuses(lambda method=method: _set_up(case, method), Unsupported)  # type: ignore[misc]
            continue
        asked = _set_up(case, method)
        case.let_pay(asked)
        kept = case.settled(asked.ref)
        expect(kept.state == "succeeded" and kept.instrument is not None, f"{method}: nothing to charge later is kept")
        expect(not kept.evidence, f"{method}: money moved while a way to pay was kept")


def _set_up(case: Case, method: Method) -> Outcome:
    return case.gateway.setup(
        new_op(), method=method, payer=PAYER, reference="P-1", return_url="https://platform.example/returned"
    )


@check
def what_was_kept_is_charged_without_its_holder(case: Case) -> None:
    """An `instrument` from `setup` is charged at once, and nobody has to come."""
    case.needs(Role.COLLECTOR)
    able = [one for one in case.gateway.methods(case.currency).values() if one.reusable_off_session]
    if not able:
        raise NotAsked("keeps no way to pay")
    for caps in able:
        asked = _set_up(case, caps.method)
        case.let_pay(asked)
        charged = case.gateway.collect(
            new_op(), case.amount(), method=caps.method, account=case.account, payer=PAYER, reference="P-1",
            return_url="https://platform.example/returned", instrument=case.settled(asked.ref).instrument,
        )  # fmt: skip
        outcome = case.settled(charged.ref)
        expect(outcome.state == "succeeded", f"{caps.method}: charged without its holder, it is {outcome.state}")
