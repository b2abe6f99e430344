"""An officer's desk: keep a case or lose it to the queue, ask the person for more, say what one thinks beside others."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from app.audit import actions as audit
from app.compliance import queries
from app.compliance.actions import hold, require_decidable
from app.compliance.lifecycle import CLAIMED, WAITING
from app.compliance.models import CaseOpinion, CaseOutcome, CaseQuestion, ReviewCase, SavedFilter
from app.database import Transaction
from app.errors import NotFound, Refused
from app.notifications import actions as notifications
from app.notifications.catalog import Message
from app.regimes import platform_policy

#: `claimed_until` is written at most this often.
WRITTEN_EVERY = timedelta(minutes=1)


def keep(tx: Transaction, ref: str) -> None:
    """Note that the officer who has the case is at work on it; anybody else's look changes nothing.

    Locks: offering, case. Writes: case.
    """
    case = hold(tx, ref)
    if case.claimed_by == tx.actor.user_id and fades(case, tx.now, tx.wall_now):
        case.claimed_until = tx.wall_now + platform_policy.idle(tx.now)


def fades(case: ReviewCase, now: datetime, wall_now: datetime) -> bool:
    """Whether a claim that goes on should be written down anew."""
    until = wall_now + platform_policy.idle(now)
    return case.status == CLAIMED and case.claimed_until is not None and case.claimed_until + WRITTEN_EVERY < until


def release_left_alone(tx: Transaction, ref: str) -> bool:
    """Put a case back whose officer did nothing for too long. Locks: offering, case. Writes: case, audit."""
    case = hold(tx, ref)
    if case.status != CLAIMED or case.claimed_until is None or case.claimed_until >= tx.wall_now:
        return False
    audit.transition(tx, case, "release", why="left_alone", officer=case.claimed_by)
    case.claimed_by = case.claimed_at = case.claimed_until = None
    return True


# Asking the person for more


def ask(tx: Transaction, ref: str, person_id: int, reasons: Sequence[str], note: str) -> None:
    """Ask the person whom a case is about for more; until they answer, the case waits and its clock stands.

    Raises Refused: see `actions.require_decidable`. Locks: offering, case. Writes: case, question, message, audit.
    """
    case = hold(tx, ref)
    require_decidable(tx, case, CaseOutcome.REQUEST_CHANGES, reasons, note)
    assert tx.actor.user_id is not None  # an officer has claimed it
    question = CaseQuestion(
        case_id=case.id, asked_by=tx.actor.user_id, asked_of=person_id, asked_at=tx.now, reasons=list(reasons),
        question=note.strip(),
    )  # fmt: skip
    tx.session.add(question)
    tx.session.flush()  # the message is about it
    left = platform_policy.office(tx.now).open_between(tx.now, case.due_at)
    case.left_s, case.claimed_until = int(left.total_seconds()), None
    audit.transition(tx, case, "ask", reasons=list(reasons))
    notifications.enqueue(
        tx, person_id, Message.CASE_QUESTION, about=f"question:{question.id}", ref=case.ref, note=question.question,
        reasons=list(reasons),
    )  # fmt: skip


def answer(tx: Transaction, ref: str, text: str) -> None:
    """Give an officer what they asked for; the case is theirs again, and its clock goes on.

    Raises NotFound when this person is asked nothing in this case, Refused("field_missing").
    Locks: offering, case. Writes: question, case, message, audit.
    """
    case = hold(tx, ref)
    mine = [one for one in queries.questions(tx.session, case.id) if one.asked_of == tx.actor.user_id]
    if case.status != WAITING or not mine or mine[-1].answer is not None:
        raise NotFound
    if not text.strip():
        raise Refused("field_missing", field="answer")
    mine[-1].answer, mine[-1].answered_at = text.strip(), tx.now
    case.due_at = platform_policy.office(tx.now).after(tx.now, timedelta(seconds=case.left_s or 0))
    case.left_s, case.claimed_until = None, tx.wall_now + platform_policy.kept_for_answer(tx.now)
    audit.transition(tx, case, "answer")
    notifications.enqueue(
        tx, mine[-1].asked_by, Message.CASE_ANSWERED, about=f"question:{mine[-1].id}", ref=case.ref,
        note=mine[-1].answer,
    )  # fmt: skip


# Where two officers decide, each for themselves


def give_opinion(
    tx: Transaction, ref: str, facts_sha256: str, outcome: CaseOutcome, reasons: Sequence[str], note: str
) -> bool:
    """Say what one decides on these facts; True when as many officers as needed said the same, so that it can be done.

    Otherwise the case goes back to the queue, for another officer who is not told what this one said.
    Raises Refused: see `actions.require_decidable`. Locks: offering, case. Writes: opinion, case, audit.
    """
    case = hold(tx, ref)
    if case.officers_needed == 1:
        return True
    require_decidable(tx, case, outcome, reasons, note)
    assert tx.actor.user_id is not None  # an officer has claimed it
    tx.session.add(
        CaseOpinion(
            case_id=case.id,
            user_id=tx.actor.user_id,
            facts_sha256=facts_sha256,
            outcome=outcome,
            reasons=list(reasons),
            note=note.strip(),
            given_at=tx.now,
        )
    )
    tx.session.flush()  # it counts already
    if queries.is_agreed(tx.session, case, outcome):
        return True
    audit.transition(tx, case, "release", why="opinion_given")
    case.claimed_by = case.claimed_at = case.claimed_until = None
    return False


# Saved views of the queue


def save_filter(tx: Transaction, name: str, query: str) -> None:
    """Keep a view of the queue by a name; the same name again replaces it. Writes: filter."""
    assert tx.actor.user_id is not None  # only officers have a queue
    tx.session.merge(SavedFilter(user_id=tx.actor.user_id, name=name, query=query))


def drop_filter(tx: Transaction, name: str) -> None:
    """Forget a saved view; an unknown name changes nothing. Writes: filter."""
    for saved in queries.saved_filters(tx.session, tx.actor.user_id or 0):
        if saved.name == name:
            tx.session.delete(saved)
