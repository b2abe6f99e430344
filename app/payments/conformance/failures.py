"""Whatever goes wrong on the way comes out as one of the port's errors, and what was done is found again."""

from __future__ import annotations

from contextlib import suppress

from app.payments.conformance.bench import Trouble
from app.payments.conformance.kit import Broken, Case, NotAsked, check, expect, new_op, refuses
from app.payments.errors import (
    GatewayError,
    InFlight,
    Misconfigured,
    NotSent,
    RateLimited,
    Rejected,
    Unknown,
)
from app.payments.port import PLATFORM_ACCOUNT, Op, Outcome, Ref, Role

#: What each trouble must come out as.
ERRORS: dict[Trouble, type[GatewayError]] = {
    Trouble.ANSWER_LOST: Unknown,
    Trouble.NEVER_ARRIVED: Unknown,
    Trouble.REFUSED_CONNECTION: NotSent,
    Trouble.SERVER_ERROR: Unknown,
    Trouble.TOO_MANY_CALLS: RateLimited,
    Trouble.IN_FLIGHT: InFlight,
    Trouble.WRONG_CREDENTIALS: Misconfigured,
}


def send(case: Case, op: Op) -> Outcome:
    """One call that writes: a payment, or at a custodian that takes none, a move."""
    if Role.COLLECTOR in case.gateway.caps.roles:
        return case.ask(op, case.amount())
    return case.gateway.move(op, case.amount(), account=case.account, to=PLATFORM_ACCOUNT)


def _prepared(case: Case) -> None:
    if Role.COLLECTOR not in case.gateway.caps.roles:
        case.bench.fund(case.account, case.amount())


def _errors(case: Case) -> list[tuple[Trouble, GatewayError]]:
    """Every trouble that can be staged, and what came out of the adapter."""
    seen = []
    for trouble in Trouble:
        _prepared(case)
        if case.bench.upset(trouble):
            try:
                send(case, new_op())
            except GatewayError as error:
                seen.append((trouble, error))
            except Exception as error:
                raise Broken(f"{trouble} leaks {type(error).__name__}") from None
            else:
                raise Broken(f"{trouble} is not noticed")
    return seen


@check
def the_map_of_errors_is_closed(case: Case) -> None:
    """Each trouble comes out as its own error; above all, what may have been done is Unknown, never failed."""
    for trouble, error in _errors(case):
        expected = ERRORS[trouble]
        expect(isinstance(error, expected), f"{trouble} is {type(error).__name__}, not {expected.__name__}")


@check
def a_secret_is_never_in_the_text_of_an_error(case: Case) -> None:
    """Neither an error nor what it was raised from holds a key or a password."""
    errors: list[tuple[str, GatewayError]] = [*_errors(case)]
    with suppress(Broken), case.bench.down():
        errors.append(("an outage", refuses(lambda: case.gateway.find(new_op()), GatewayError)))
    with suppress(Broken):
        errors.append(("an event", refuses(lambda: case.gateway.verify(b"{}", {}, case.bench.now()), GatewayError)))
    for what, error in errors:
        for text in _texts(error):
            expect(not any(secret in text for secret in case.bench.secrets), f"{what}: a secret is in the error")


def _texts(error: BaseException | None) -> list[str]:
    """What a log would print, with every error behind this one."""
    texts = []
    while error is not None:
        texts += [str(error), repr(error), str(getattr(error, "code", ""))]
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return texts


@check
def what_is_not_there_is_rejected(case: Case) -> None:
    """Asking about an object that does not exist raises Rejected."""
    refuses(lambda: case.gateway.fetch(Ref("payment", "no_such_thing")), Rejected)


@check
def a_lost_answer_is_found_by_our_own_id(case: Case) -> None:
    """Executed and not heard of: `find` names it, and sending it again makes no second one."""
    _prepared(case)
    op = new_op()
    expect(case.bench.upset(Trouble.ANSWER_LOST), "the bench cannot lose an answer, and must")
    refuses(lambda: send(case, op), Unknown)
    found = case.gateway.find(op)
    if found is None:
        raise Broken("it was done, and find does not know it")
    expect(found.amount == case.amount(), f"what is found is of {found.amount}, not {case.amount()}")
    expect(send(case, op).ref == found.ref, "sent again, it made a second one")


@check
def what_never_arrived_is_absent_and_can_be_sent(case: Case) -> None:
    """Not executed: `find` says None, and the same key still works."""
    _prepared(case)
    op = new_op()
    if not case.bench.upset(Trouble.NEVER_ARRIVED):
        raise NotAsked("the bench cannot stage it")
    refuses(lambda: send(case, op), Unknown)
    expect(case.gateway.find(op) is None, "nothing was done, and find names something")
    made, found = send(case, op), case.gateway.find(op)
    expect(found is not None and found.ref == made.ref, "find does not name what was made")


@check
def what_was_never_sent_is_not_found(case: Case) -> None:
    """None for an operation that the gateway never heard of."""
    expect(case.gateway.find(new_op()) is None, "find names something for an operation that was never sent")


@check
def an_outage_is_not_an_absence(case: Case) -> None:
    """While the gateway cannot say, `find` raises Unknown; None would be taken for a proof, and sent again."""
    _prepared(case)
    op = new_op()
    made = send(case, op)
    with case.bench.down():
        refuses(lambda: case.gateway.find(op), Unknown)
    found = case.gateway.find(op)
    expect(found is not None and found.ref == made.ref, "after the outage it is not found")
