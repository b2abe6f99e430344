"""What somebody had typed when their session ended: kept for a day, given back once, to the same person only."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.database import Transaction
from app.identity.models import FormDraft

KEPT_FOR = timedelta(days=1)


def keep(tx: Transaction, user_id: int, path: str, fields: dict[str, list[str]]) -> None:
    """Remember the fields of a form; the latest wins. Writes: draft."""
    values = {"fields": fields, "saved_at": tx.wall_now}
    tx.session.execute(
        insert(FormDraft)
        .values(user_id=user_id, path=path, **values)
        .on_conflict_do_update(index_elements=["user_id", "path"], set_=values)
    )


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
