"""What may be asked about changes of offerings."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import String, cast, func, select
from sqlalchemy.orm import Session

from app.changes import texts
from app.changes.lifecycle import ANNOUNCED, AWAITED, OPEN, PROPOSED, PUBLISHED
from app.changes.models import Answer, Change, ChangeDocument, DeadlineMove, EarlyClose
from app.changes.redline import FieldChange, redline
from app.database import Snapshot
from app.errors import NotFound
from app.investors.models import Investor
from app.money import Money
from app.notifications.catalog import Message
from app.notifications.models import QueuedMessage
from app.offerings import queries as offerings
from app.offerings.deadlines import same_hour_from
from app.offerings.lifecycle import LIVE as OPEN_TO_PLEDGES
from app.offerings.models import Offering
from app.pledges import queries as pledges
from app.pledges.lifecycle import LIVE
from app.pledges.models import Pledge
from app.regimes.regime import Regime


def change(session: Session, change_id: int) -> Change:
    return session.get_one(Change, change_id)


def changes(session: Session, change_ids: Collection[int]) -> list[Change]:
    return list(session.scalars(select(Change).where(Change.id.in_(change_ids))))


def by_ref(session: Session, ref: str) -> Change:
    """Raises NotFound."""
    found = session.scalars(select(Change).where(Change.ref == ref)).one_or_none()
    if found is None:
        raise NotFound
    return found


def open_of(session: Session, offering_id: int) -> Change | None:
    """The change that the issuer is still writing, or that an officer has."""
    return session.scalars(
        select(Change).where(Change.offering_id == offering_id, Change.status.in_(OPEN))
    ).one_or_none()


def is_proposed(session: Session, offering_id: int) -> bool:
    """Whether an officer has a change of this offering: who pledges now is told so."""
    found = open_of(session, offering_id)
    return found is not None and found.status == PROPOSED


def published(session: Session, offering_id: int) -> list[Change]:
    """What changed since it opened, the newest first."""
    return list(
        session.scalars(
            select(Change)
            .where(Change.offering_id == offering_id, Change.status == PUBLISHED)
            .order_by(Change.version.desc())
        )
    )


def decided(session: Session, offering_id: int) -> list[Change]:
    """What the issuer proposed and what became of it, the newest first; not what is still open."""
    return list(
        session.scalars(
            select(Change)
            .where(Change.offering_id == offering_id, Change.status.not_in(OPEN))
            .order_by(Change.id.desc())
        )
    )


def documents(session: Session, change_id: int) -> list[ChangeDocument]:
    return list(
        session.scalars(select(ChangeDocument).where(ChangeDocument.change_id == change_id).order_by(ChangeDocument.id))
    )


def document(session: Session, change_id: int, document_id: int) -> ChangeDocument:
    """Raises NotFound, also for a file of another change."""
    found = session.get(ChangeDocument, document_id)
    if found is None or found.change_id != change_id:
        raise NotFound
    return found


def text_now(session: Session, offering: Offering) -> dict[str, Any]:
    """The whole text of the offering, as it stands."""
    return texts.text_of(offering, offerings.documents(session, offering.id))


def before(session: Session, found: Change) -> dict[str, Any]:
    """What the offering says where this change would say something else; fixed once it is decided."""
    if found.status not in OPEN:
        return found.old
    now = text_now(session, offerings.offering(session, found.offering_id))
    old = {field: now[field] for field in found.new}
    if "documents" in old:
        old["documents"] = {title: one for title, one in old["documents"].items() if title in found.new["documents"]}
    return old


def redline_of(session: Session, found: Change) -> list[FieldChange]:
    return redline(before(session, found), found.new)


def seen_hash(session: Session, found: Change) -> str:
    """What an officer must have seen: the change in its latest revision, and what stood there before."""
    return texts.sha256([found.ref, found.revision, found.reason, before(session, found), found.new])


@dataclass(frozen=True, slots=True)
class Consequences:
    """What a change would do, or an early close: whom it touches, how long they have, and where the deadline goes."""

    pledges: int
    investors: int
    amount: Money
    #: If they are told now.
    confirm_by: datetime
    deadline_at: datetime
    new_deadline_at: datetime

    @property
    def extends(self) -> bool:
        return self.new_deadline_at > self.deadline_at


def consequences(view: Snapshot, offering: Offering, found: Change, regime: Regime) -> Consequences:
    """What publishing this change as material would do now."""
    changed = texts.as_changed(offering, found.new)
    assert offering.deadline_at is not None and changed.deadline_at is not None
    confirm_by = regime.reconfirm_by(view.now)
    live = select(Pledge.id, Pledge.investor_id, Pledge.amount_minor).where(
        Pledge.id == func.any(pledges.live(view.session, offering.id))
    )
    rows = view.session.execute(live).all()
    return Consequences(
        pledges=len(rows),
        investors=len({row.investor_id for row in rows}),
        amount=Money(sum(row.amount_minor for row in rows), offering.currency),
        confirm_by=confirm_by,
        deadline_at=offering.deadline_at,
        new_deadline_at=leaving_time(changed, confirm_by),
    )


def leaving_time(offering: Offering, confirm_by: datetime) -> datetime:
    """The deadline, or the first one after it that leaves the investors their time, at the same hour in its zone."""
    assert offering.deadline_at is not None
    if offering.deadline_at > confirm_by:
        return offering.deadline_at
    return same_hour_from(offering.deadline_at, offering.deadline_zone, confirm_by)


# Answers


def answer(session: Session, change_id: int, pledge_id: int) -> Answer | None:
    return session.scalars(
        select(Answer).where(Answer.change_id == change_id, Answer.pledge_id == pledge_id)
    ).one_or_none()


def awaited_from(session: Session, pledge_ids: Sequence[int]) -> dict[int, tuple[Answer, Change]]:
    """pledge -> the answer that is awaited, for those of these pledges that may still become shares."""
    rows = session.execute(
        select(Answer, Change)
        .join(Change, Change.id == Answer.change_id)
        .join(Pledge, Pledge.id == Answer.pledge_id)
        .where(Answer.pledge_id == func.any(list(pledge_ids)), Answer.status == AWAITED, Pledge.status.in_(LIVE))
    )
    return {found.pledge_id: (found, asked) for found, asked in rows}


def awaited_in(session: Session, offering_id: int) -> list[int]:
    """Ids of the live pledges of an offering whose investors are asked and have not answered."""
    return list(awaited_from(session, pledges.live(session, offering_id)))


def answers_to(session: Session, change_id: int) -> dict[str, int]:
    """status -> how many."""
    query = select(Answer.status, func.count()).where(Answer.change_id == change_id).group_by(Answer.status)
    return {row[0]: row[1] for row in session.execute(query)}


def about(change_id: int, pledge_id: int) -> str:
    """What the notice of a change to an investor is about, for the outbox."""
    return f"change:{change_id}:pledge:{pledge_id}"


def handed_over(session: Session, change_id: int) -> list[int]:
    """Ids of the answers whose clock has not begun, and whose notice was handed over."""
    key = func.concat(
        f"{Message.CHANGE_TO_CONFIRM.value}:",
        Investor.user_id,
        ":change:",
        Answer.change_id,
        ":pledge:",
        Answer.pledge_id,
    )
    return list(
        session.scalars(
            select(Answer.id)
            .join(Pledge, Pledge.id == Answer.pledge_id)
            .join(Investor, Investor.id == Pledge.investor_id)
            .join(QueuedMessage, QueuedMessage.dedupe_key == cast(key, String))
            .where(
                Answer.change_id == change_id,
                Answer.status == AWAITED,
                Answer.received_at.is_(None),
                QueuedMessage.sent_at.is_not(None),
            )
            .order_by(Answer.id)
        )
    )


def not_begun(session: Session, change_id: int) -> list[int]:
    """Ids of the awaited answers whose clock has not begun."""
    query = select(Answer.id).where(
        Answer.change_id == change_id, Answer.status == AWAITED, Answer.received_at.is_(None)
    )
    return list(session.scalars(query.order_by(Answer.id)))


def with_clocks_to_begin(session: Session) -> list[Change]:
    """Changes about which the clock of somebody, whose pledge may still become shares, has not begun."""
    waiting = (
        select(Answer.change_id)
        .join(Pledge, Pledge.id == Answer.pledge_id)
        .where(Answer.status == AWAITED, Answer.received_at.is_(None), Pledge.status.in_(LIVE))
    )
    return list(session.scalars(select(Change).where(Change.id.in_(waiting)).order_by(Change.id)))


def silent(session: Session, now: datetime, limit: int) -> list[int]:
    """Ids of answers whose time is over, of pledges that may still become shares."""
    return list(
        session.scalars(
            select(Answer.id)
            .join(Pledge, Pledge.id == Answer.pledge_id)
            .where(Answer.status == AWAITED, Answer.confirm_by < now, Pledge.status.in_(LIVE))
            .order_by(Answer.id)
            .limit(limit)
        )
    )


# Deadlines


def early_close(session: Session, offering_id: int) -> EarlyClose | None:
    """The early close that was announced and is still ahead."""
    return session.scalars(
        select(EarlyClose).where(EarlyClose.offering_id == offering_id, EarlyClose.status == ANNOUNCED)
    ).one_or_none()


def early_deadlines_passed(session: Session, now: datetime) -> list[int]:
    """Ids of offerings whose early deadline has come."""
    return list(
        session.scalars(
            select(Offering.id)
            .join(EarlyClose, EarlyClose.offering_id == Offering.id)
            .where(EarlyClose.status == ANNOUNCED, Offering.status == OPEN_TO_PLEDGES, Offering.deadline_at <= now)
        )
    )


def deadline_moves(session: Session, offering_id: int) -> list[DeadlineMove]:
    """Every move of its deadline since it opened, the newest first."""
    return list(
        session.scalars(
            select(DeadlineMove).where(DeadlineMove.offering_id == offering_id).order_by(DeadlineMove.id.desc())
        )
    )
