"""What somebody had typed when their session ended: kept for a day, given back once, to the same person only."""

from __future__ import annotations

import json
from datetime import timedelta

from sqlalchemy import Text, cast, delete, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.database import Transaction
from app.identity.models import FormDraft

KEPT_FOR = timedelta(days=1)
#: Of one person, all forms together: the longest form that we have fits in, an old cookie cannot fill the database.
MOST_FORMS = 20
MOST_BYTES = 300_000


def keep(tx: Transaction, user_id: int, path: str, fields: dict[str, list[str]]) -> bool:
    """Remember the fields of a form; the latest wins, and the oldest go when there are too many.

    False: this one alone is too large to keep. Writes: drafts.
    """
    if len(json.dumps(fields, ensure_ascii=False).encode()) > MOST_BYTES:
        return False
    values = {"fields": fields, "saved_at": tx.wall_now}
    tx.session.execute(
        insert(FormDraft)
        .values(user_id=user_id, path=path, **values)
        .on_conflict_do_update(index_elements=["user_id", "path"], set_=values)
    )
    newest_first = (FormDraft.saved_at.desc(), FormDraft.id.desc())
    size = func.octet_length(cast(FormDraft.fields, Text))
    ranked = (
        select(
            FormDraft.id,
            func.row_number().over(order_by=newest_first).label("place"),
            func.sum(size).over(order_by=newest_first).label("bytes"),
        )
        .where(FormDraft.user_id == user_id)
        .subquery()
    )
    too_much = select(ranked.c.id).where(or_(ranked.c.place > MOST_FORMS, ranked.c.bytes > MOST_BYTES))
    tx.session.execute(delete(FormDraft).where(FormDraft.id.in_(too_much)))
    return True


def exists(session: Session, user_id: int, path: str) -> bool:
    """Whether there is something to give back."""
    return (
        session.scalars(select(FormDraft.id).where(FormDraft.user_id == user_id, FormDraft.path == path)).first()
        is not None
    )


def take(tx: Transaction, user_id: int, path: str) -> dict[str, list[str]] | None:
    """Give the fields back and forget them. Writes: draft."""
    tx.session.execute(delete(FormDraft).where(FormDraft.saved_at < tx.wall_now - KEPT_FOR))
    draft = tx.session.scalars(
        delete(FormDraft).where(FormDraft.user_id == user_id, FormDraft.path == path).returning(FormDraft)
    ).one_or_none()
    return None if draft is None else draft.as_lists()
