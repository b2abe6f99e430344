"""What may be asked about messages."""

from __future__ import annotations

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from app.notifications.models import QueuedMessage


def queued_in_this_transaction(session: Session) -> list[tuple[QueuedMessage, int]]:
    """What the transaction that asks has queued so far: of each kind the first message, and to how many people."""
    rows = session.execute(
        select(func.min(QueuedMessage.id), func.count(QueuedMessage.user_id.distinct()))
        .where(text("messages.xmin = pg_current_xact_id()::xid"))
        .group_by(QueuedMessage.kind)
        .order_by(func.min(QueuedMessage.id))
    )
    return [(session.get_one(QueuedMessage, first), people) for first, people in rows.all()]
