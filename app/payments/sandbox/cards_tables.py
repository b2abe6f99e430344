"""What the cards persona keeps besides the sandbox's tables, in the same schema of its own."""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import BigInteger, Column, DateTime, MetaData, String, Table

from app.payments.sandbox.tables import metadata as plain


class Step(StrEnum):
    """What can come after something succeeded."""

    #: The payer's bank takes a payment back.
    RETURN = "return"
    #: The payer's bank asks about a payment; no money moves.
    INQUIRY = "inquiry"
    #: It takes the money while it looks into a complaint; and decides, for us or for the payer.
    OPEN = "open"
    WON = "won"
    LOST = "lost"
    REFUND_FAILED = "refund_failed"
    PAYOUT_FAILED = "payout_failed"


#: Named as the sandbox's own, and carried with it into the persona's schema.
metadata = MetaData(schema=plain.schema)

#: What a payment or a setup is made with.
payments = Table(
    "payments", metadata,
    Column("object_id", String, primary_key=True),
    Column("method", String, nullable=False),
    #: Of a setup: what may be charged later. Of a payment: what it was charged to.
    Column("instrument", String, index=True),
    Column("dispute", String),
)  # fmt: skip

#: What a line of the account cost, and from when it may be paid out.
prices = Table(
    "prices", metadata,
    Column("line_id", String, primary_key=True),
    Column("fee_minor", BigInteger, nullable=False),
    Column("available_at", DateTime(timezone=True)),
)  # fmt: skip

#: What will happen to an object, and when.
steps = Table(
    "steps", metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=True),
    Column("object_id", String, nullable=False),
    Column("step", String, nullable=False),
    Column("due_at", DateTime(timezone=True), nullable=False, index=True),
)  # fmt: skip
