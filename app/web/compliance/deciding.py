"""An officer's word in two steps: first what would follow from it, then the word itself, on exactly what was seen."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

from sqlalchemy.orm import Session

from app import effects
from app.compliance import actions, desk
from app.compliance.models import CaseKind, CaseOutcome, ReviewCase
from app.database import Transaction
from app.errors import Refused
from app.web.compliance.kinds import KINDS, Draft
from app.web.compliance.previews import Preview, preview
from app.web.session import acting, rehearsing


@dataclass(frozen=True, slots=True)
class Check:
    """What a decision would do; `token` stands for the facts and the consequences that the officer saw."""

    preview: Preview
    token: str


def facts_sha256(session: Session, case: ReviewCase) -> str:
    """Stands for what the decision goes by, as it is now."""
    kind = KINDS[CaseKind(case.kind)]
    seen = [case.ref, *kind.seen(session, case.subject_id)]
    return hashlib.sha256(json.dumps(seen, default=str).encode()).hexdigest()


def check(case: ReviewCase, draft: Draft, facts_seen: str) -> Check:
    """Rehearse the decision. Raises Refused: "look_again" (the facts are no longer those), and what the act refuses."""
    with rehearsing() as tx:
        facts = _hold(tx, case)
        if facts_seen and facts != facts_seen:
            raise Refused("look_again")
        _act(tx, case, draft)
        found = preview(tx)
    return Check(found, f"{facts}.{found.sha256}")


def record(case: ReviewCase, draft: Draft, token: str) -> bool:
    """Decide as it was checked; False when another officer must come to the same decision first.

    Raises Refused: "look_again" (the facts or the consequences are no longer those; nothing is done), and what the act
    refuses.
    """
    facts_seen, _, effects_seen = token.partition(".")
    with acting() as tx:
        facts = _hold(tx, case)
        if facts != facts_seen:
            raise Refused("look_again")
        asks = _asks(case, draft)
        if not asks and not desk.give_opinion(tx, case.ref, facts, draft.outcome, draft.reasons, draft.note):
            return False
        _act(tx, case, draft)
        if effects.of(tx).sha256 != effects_seen:
            raise Refused("look_again")
    return True


def _hold(tx: Transaction, case: ReviewCase) -> str:
    KINDS[CaseKind(case.kind)].lock(tx, case.subject_id)
    return facts_sha256(tx.session, actions.hold(tx, case.ref))


def _asks(case: ReviewCase, draft: Draft) -> bool:
    """Whether the person is asked for more and the case waits, rather than ends."""
    return KINDS[CaseKind(case.kind)].person is not None and draft.outcome is CaseOutcome.REQUEST_CHANGES


def _act(tx: Transaction, case: ReviewCase, draft: Draft) -> None:
    kind = KINDS[CaseKind(case.kind)]
    if _asks(case, draft):
        assert kind.person is not None
        desk.ask(tx, case.ref, kind.person(tx.session, case.subject_id), draft.reasons, draft.note)
    else:
        kind.resolve(tx, case, draft)
