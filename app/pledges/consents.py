"""What an investor makes their own at a pledge: each sentence of the law by itself, in the very text that is in force."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from app.errors import Refused
from app.offerings import queries as offerings
from app.offerings.models import OfferingDocument
from app.regimes.parameters import Statement
from app.regimes.regime import Regime


def text_hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def statements(laws: Sequence[Regime], now: datetime) -> tuple[Statement, ...]:
    """Everything that an investor must make their own under these laws today."""
    return tuple(one for law in laws for one in law.pack.statements_on(law.pack.day_of(now)))


def document_name(document: OfferingDocument) -> str:
    """What the acknowledgement of this version of a document is called."""
    return f"document_{document.id}"


def require_read(session: Session, user_id: int, offering_id: int, ticked: Mapping[str, str]) -> None:
    """Every document was opened by this person in this very version, and acknowledged by itself.

    Raises Refused("document_not_opened", "document_not_acknowledged").
    """
    opened = offerings.opened_by(session, user_id, offering_id)
    for document in offerings.documents(session, offering_id):
        name = document_name(document)
        if document.id not in opened:
            raise Refused("document_not_opened", field=name, title=document.title)
        if ticked.get(name) != document.sha256:
            raise Refused("document_not_acknowledged", field=name, title=document.title)


def require_ticked(laws: Sequence[Regime], ticked: Mapping[str, str], locale: str, now: datetime) -> None:
    """Every statement of the day, each by itself, in the very text that is in force. Raises Refused("statement_missing")."""
    for statement in statements(laws, now):
        if ticked.get(statement.id) != text_hash(statement.text(locale)):
            raise Refused("statement_missing", field=statement.id)
