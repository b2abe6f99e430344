"""The papers of the rules: whole documents that a person opens before ticking that they have read them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.database import Transaction
from app.errors import Refused
from app.pledges.models import PaperOpening
from app.regimes.parameters import Statement


def text_hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def version(statement: Statement, locale: str) -> str:
    """SHA-256 of everything that one tick acknowledges, as one reads it in this language."""
    return text_hash(statement.whole(locale))


def opened_by(session: Session, user_id: int) -> set[str]:
    """The versions that somebody has opened."""
    return set(session.scalars(select(PaperOpening.text_sha256).where(PaperOpening.user_id == user_id)))


def require_opened(session: Session, user_id: int, asked: Iterable[Statement], locale: str) -> None:
    """Every paper was opened by this person in this very text. Raises Refused("document_not_opened")."""
    read = [one for one in asked if one.paper is not None]
    opened = opened_by(session, user_id) if read else set()
    for one in read:
        assert one.paper is not None
        if version(one, locale) not in opened:
            raise Refused("document_not_opened", field=one.id, title=one.paper.title(locale))


def record_opening(tx: Transaction, user_id: int, statement: Statement, locale: str) -> None:
    """Write down, once, that somebody opened this text. Writes: opening."""
    tx.session.execute(
        insert(PaperOpening)
        .values(
            user_id=user_id, text_sha256=version(statement, locale), statement=statement.id, locale=locale,
            opened_at=tx.now,
        )
        .on_conflict_do_nothing()
    )  # fmt: skip
