"""What the gateway tells by itself: believed only when it is the gateway's, and of just now."""

from __future__ import annotations

from app.payments.conformance.bench import Forgery
from app.payments.conformance.kit import Case, NotAsked, check, expect, new_op, refuses
from app.payments.errors import BadSignature, GatewayError, Stale, Unsupported
from app.payments.port import Ref, Role


def _about(case: Case) -> Ref:
    """An object about which events are told."""
    if not case.gateway.caps.pushes_events:
        raise NotAsked("tells nothing by itself")
    if Role.COLLECTOR in case.gateway.caps.roles:
        return case.paid().ref
    case.bench.fund(case.account, case.amount())
    return case.gateway.move(new_op(), case.amount(), account=case.account, to=case.bench.accounts[1]).ref


@check
def an_event_names_its_object(case: Case) -> None:
    """A signed event is believed, and says what to ask about."""
    about = _about(case)
    event = case.bench.event(about)
    envelope = case.gateway.verify(event.raw, event.headers, case.bench.now())
    expect(bool(envelope.event_id) and bool(envelope.type), "it has no id, or no type")
    expect(about in [hint.ref for hint in case.gateway.parse(envelope)], "it does not name its object")


@check
def the_same_event_has_the_same_id(case: Case) -> None:
    """Delivered twice, it is known again; another one is not taken for it."""
    one, other = _about(case), _about(case)
    ids = []
    for about in (one, one, other):
        event = case.bench.event(about)
        ids.append(case.gateway.verify(event.raw, event.headers, case.bench.now()).event_id)
    expect(ids[0] == ids[1], "delivered twice, it has two ids")
    expect(ids[0] != ids[2], "two events have the same id")


def _refused(case: Case, forgery: Forgery, *kinds: type[GatewayError]) -> None:
    event = case.bench.event(_about(case), forgery)
    refuses(lambda: case.gateway.verify(event.raw, event.headers, case.bench.now()), *kinds)


@check
def a_changed_event_is_refused(case: Case) -> None:
    """One byte changed on the way, and it is no longer the gateway's."""
    _refused(case, Forgery.BODY, BadSignature)


@check
def an_event_signed_by_somebody_else_is_refused(case: Case) -> None:
    """Whoever does not know the secret is not the gateway."""
    _refused(case, Forgery.SIGNER, BadSignature)


@check
def an_old_event_is_refused(case: Case) -> None:
    """Signed long ago, it may have been recorded and sent again."""
    _refused(case, Forgery.OLD, Stale)


@check
def an_event_from_the_future_is_refused(case: Case) -> None:
    """Signed ahead, it could be kept and used later; several libraries let it pass."""
    _refused(case, Forgery.FUTURE, Stale)


@check
def an_event_of_another_environment_is_refused(case: Case) -> None:
    """A test never meets the real thing, nor the other way round."""
    _refused(case, Forgery.ENVIRONMENT, BadSignature, Stale)


@check
def what_is_no_event_is_refused(case: Case) -> None:
    """Anybody can send anything to the address of events: nothing of it is believed, and nothing breaks."""
    kinds = (BadSignature, Stale) if case.gateway.caps.pushes_events else (BadSignature, Unsupported)
    for raw in (b"", b"{}", b"[]", b"\xff\xfe", b'{"id": 1}'):
        refuses(lambda raw=raw: case.gateway.verify(raw, {}, case.bench.now()), *kinds)  # type: ignore[misc]
