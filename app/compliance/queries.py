"""What may be asked of compliance: the queue, a case."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, Select, func, or_, select, tuple_
from sqlalchemy.orm import Session

from app.actor import Role
from app.compliance.lifecycle import CLAIMED, OPEN, RESOLVED, UNDECIDED, WAITING
from app.compliance.models import CaseKind, CaseOpinion, CaseQuestion, ReviewCase, SavedFilter
from app.errors import NotFound
from app.identity import queries as identity


def case(session: Session, ref: str) -> ReviewCase:
    """Raises NotFound."""
    found = session.scalars(select(ReviewCase).where(ReviewCase.ref == ref)).one_or_none()
    if found is None:
        raise NotFound
    return found


@dataclass(frozen=True, slots=True)
class Filters:
    """What an officer wants to see of the queue; everything is optional.

    `owner` is a user id, 0 for nobody; `matching` restricts kinds to some of their subjects; `after` is the key of the
    last case seen.
    """

    kind: str = ""
    why: str = ""
    owner: int | None = None
    overdue_at: datetime | None = None
    ref: str = ""
    matching: Mapping[str, Select[int]] = field(default_factory=dict)
    after: tuple[datetime, int] | None = None


def waiting(session: Session, filters: Filters, limit: int) -> list[ReviewCase]:
    """Cases that are not decided, the one that is due first at the top."""
    query = select(ReviewCase).where(*_conditions(filters)).order_by(ReviewCase.due_at, ReviewCase.id)
    return list(session.scalars(query.limit(limit)))


def _conditions(filters: Filters) -> Iterator[ColumnElement[bool]]:
    yield ReviewCase.status.in_(UNDECIDED)
    if filters.kind:
        yield ReviewCase.kind == filters.kind
    if filters.why:
        yield ReviewCase.why == filters.why
    if filters.owner is not None:
        yield ReviewCase.claimed_by == filters.owner if filters.owner else ReviewCase.claimed_by.is_(None)
    if filters.overdue_at is not None:
        yield (ReviewCase.due_at < filters.overdue_at) & (ReviewCase.status != WAITING)
    if filters.ref:
        of_kinds = (
            (ReviewCase.kind == kind) & ReviewCase.subject_id.in_(subjects)
            for kind, subjects in filters.matching.items()
        )
        yield or_(ReviewCase.ref == filters.ref.upper(), *of_kinds)
    if filters.after is not None:
        yield tuple_(ReviewCase.due_at, ReviewCase.id) > filters.after


def offered(session: Session, user_id: int, limit: int) -> list[ReviewCase]:
    """Cases that nobody has and that do not name this person, the one that is due first at the top."""
    query = (
        select(ReviewCase)
        .where(ReviewCase.status == OPEN, ~ReviewCase.involves.contains([user_id]))
        .order_by(ReviewCase.due_at, ReviewCase.id)
    )
    return list(session.scalars(query.limit(limit)))


def decided(session: Session, kind: str, limit: int) -> list[ReviewCase]:
    """What was decided, the latest first."""
    query = select(ReviewCase).where(ReviewCase.status == RESOLVED).order_by(ReviewCase.resolved_at.desc())
    return list(session.scalars((query.where(ReviewCase.kind == kind) if kind else query).limit(limit)))


@dataclass(frozen=True, slots=True)
class Counts:
    """`oldest` is when the longest waiting case came."""

    open: int
    overdue: int
    oldest: datetime | None


def counts(session: Session, now: datetime) -> Counts:
    """How the queue stands; a case that waits for the person's answer is not overdue."""
    row = session.execute(
        select(
            func.count(),
            func.count().filter(ReviewCase.due_at < now, ReviewCase.status != WAITING),
            func.min(ReviewCase.opened_at),
        ).where(ReviewCase.status.in_(UNDECIDED))
    ).one()
    return Counts(*row)


def opinions(session: Session, case_id: int) -> list[CaseOpinion]:
    """What officers said about a case that two decide, oldest first."""
    return list(session.scalars(select(CaseOpinion).where(CaseOpinion.case_id == case_id).order_by(CaseOpinion.id)))


def is_agreed(session: Session, case: ReviewCase, outcome: str) -> bool:
    """Whether as many officers as needed said the same about the same facts: those of the latest opinion."""
    given = opinions(session, case.id)
    same = {one.user_id for one in given if (one.facts_sha256, one.outcome) == (given[-1].facts_sha256, outcome)}
    officers = {person.id for person in identity.with_role(session, Role.COMPLIANCE_OFFICER)}
    return len(same & officers) >= case.officers_needed


def has_opinion(session: Session, case: ReviewCase, user_id: int | None) -> bool:
    """Whether this officer has said what they think about the facts as they were last seen."""
    given = opinions(session, case.id) if case.officers_needed > 1 else []
    return any(one.user_id == user_id and one.facts_sha256 == given[-1].facts_sha256 for one in given)


def questions(session: Session, case_id: int) -> list[CaseQuestion]:
    """What the person was asked for, oldest first."""
    return list(session.scalars(select(CaseQuestion).where(CaseQuestion.case_id == case_id).order_by(CaseQuestion.id)))


def asked_of(session: Session, user_id: int) -> list[tuple[CaseQuestion, ReviewCase]]:
    """What this person is asked for and has not answered, with the cases that wait for it."""
    rows = session.execute(
        select(CaseQuestion, ReviewCase)
        .join(ReviewCase, ReviewCase.id == CaseQuestion.case_id)
        .where(CaseQuestion.asked_of == user_id, CaseQuestion.answer.is_(None), ReviewCase.status == WAITING)
        .order_by(CaseQuestion.id)
    )
    return [(question, case) for question, case in rows]


def saved_filters(session: Session, user_id: int) -> list[SavedFilter]:
    return list(session.scalars(select(SavedFilter).where(SavedFilter.user_id == user_id).order_by(SavedFilter.name)))


def left_alone(session: Session, wall_now: datetime) -> list[str]:
    """References of claimed cases whose officer did nothing for too long."""
    return list(
        session.scalars(select(ReviewCase.ref).where(ReviewCase.status == CLAIMED, ReviewCase.claimed_until < wall_now))
    )


def other_cases_of(session: Session, case: ReviewCase, limit: int) -> list[ReviewCase]:
    """Other cases that involve one of the same people, newest first."""
    if not case.involves:
        return []
    same_people = ReviewCase.involves.overlap(case.involves)
    query = select(ReviewCase).where(same_people, ReviewCase.id != case.id).order_by(ReviewCase.id.desc())
    return list(session.scalars(query.limit(limit)))


def cases_about(session: Session, kind: CaseKind, subject_id: int) -> list[ReviewCase]:
    """Every case there ever was about one subject, newest first."""
    return list(
        session.scalars(
            select(ReviewCase)
            .where(ReviewCase.kind == kind, ReviewCase.subject_id == subject_id)
            .order_by(ReviewCase.id.desc())
        )
    )
