"""What an investor is told about their cash."""

from __future__ import annotations

from app.database import Transaction
from app.investors.models import Investor, Kind
from app.money import Money
from app.notifications import actions as notifications
from app.notifications.catalog import Message
from app.payments.models import Instruction


def whom(investor: Investor) -> int | None:
    """Whose pages the message leads to, where it is not the person's own: those of an entity."""
    return investor.id if investor.kind == Kind.ENTITY else None


def tell(tx: Transaction, investor: Investor, row: Instruction, kind: Message, *, amount: Money | None = None) -> None:
    """Queue a message about a top-up or a withdrawal, and its amount unless another is meant. Writes: message."""
    amount = amount or row.amount
    notifications.enqueue(
        tx, investor.user_id, kind, about=f"instruction:{row.id}", ref=row.reference, minor=amount.minor,
        currency=amount.currency, whom=whom(investor),
    )  # fmt: skip
