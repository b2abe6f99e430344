"""What the pretend provider keeps, in a schema of its own. It is not ours: our migrations do not know it."""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import BigInteger, Column, DateTime, Integer, MetaData, String, Table, func
from sqlalchemy.dialects.postgresql import JSONB, UUID

metadata = MetaData(schema="sandbox")


class Token(StrEnum):
    """What a payer can make happen on the provider's page."""

    OK = "ok"
    DECLINE = "decline"
    DELAYED_OK = "delayed_ok"
    DELAYED_FAIL = "delayed_fail"
    PARTIAL_AMOUNT = "partial_amount"
    WRONG_CURRENCY = "wrong_currency"
    #: The payment succeeds at once; its refund will take days.
    REFUND_DELAYED = "refund_delayed"
    CREDIT_CARD = "credit_card"
    PREPAID_CARD = "prepaid_card"
    #: A credit card of which the provider learns what it was only after the charge.
    LATE_CREDIT_CARD = "late_credit_card"
    #: The account belongs to somebody else.
    OTHER_PAYER = "other_payer"
    #: One card, whoever pays with it.
    SHARED_CARD = "shared_card"
    # Of the cards persona only: what comes days after the payment.
    #: The payer's bank takes a debit back.
    RETURN_D5 = "return_d5"
    RETURN_D45 = "return_d45"
    #: The payer complains; the bank holds the money back meanwhile.
    DISPUTE_LOST_D30 = "dispute_lost_d30"
    DISPUTE_WON = "dispute_won"
    #: The payer's bank asks; no money moves.
    INQUIRY_ONLY = "inquiry_only"
    #: A refund waits for our balance, and fails for want of it.
    REFUND_PENDING_NSF = "refund_pending_nsf"
    #: A refund is made, and comes back three days later.
    REFUND_FAIL_D3 = "refund_fail_d3"
    #: A refund is refused as long as what may be paid out does not cover it.
    REFUND_NEEDS_BALANCE = "refund_needs_balance"
    #: The provider holds one unit less than its lines say.
    CUSTODY_MISSING = "custody_missing"
    #: The payer leaves the page on which their bank asks who they are.
    ABANDON_3DS = "3ds_abandon"
    SETUP_OK = "setup_ok"
    #: What is kept can be charged only with its holder there.
    OFF_SESSION_NEEDS_ACTION = "off_session_needs_action"
    #: What is kept is declined when it is charged.
    OFF_SESSION_DECLINE = "off_session_decline"


class Fault(StrEnum):
    """What can go wrong between us and the provider, once or several times."""

    TIMEOUT_BEFORE = "timeout_before"
    #: Executed, and then the line drops.
    TIMEOUT_AFTER = "timeout_after"
    REFUSED_CONNECTION = "refused_connection"
    E500 = "e500"
    E429 = "e429"
    E409 = "e409"
    #: Our credentials are not accepted.
    E401 = "e401"


#: What is paid with, and by whom, as the provider tells; what is not here it does not tell.
FUNDING = {Token.CREDIT_CARD: "credit", Token.LATE_CREDIT_CARD: "credit", Token.PREPAID_CARD: "prepaid"}
PAYERS = {Token.OTHER_PAYER: "Quentin Otherman"}
ACCOUNTS = {Token.SHARED_CARD: "card_everybodys"}

#: A bank account that refuses every payout, for trying that out.
REFUSING_ACCOUNT_SUFFIX = "0096"
#: At the cards persona: one to which a payout is paid and comes back, and one for which our balance is too low.
RETURNING_ACCOUNT_SUFFIX = "0095"
UNFUNDED_ACCOUNT_SUFFIX = "0098"

keys = Table(
    "keys", metadata,
    Column("key", String, primary_key=True),
    Column("body_hash", String(64), nullable=False),
    Column("kind", String, nullable=False),
    Column("object_id", String, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
)  # fmt: skip

#: Payments (in), refunds, payouts and fee transfers (out).
objects = Table(
    "objects", metadata,
    Column("id", String, primary_key=True),
    Column("kind", String, nullable=False),
    Column("op_id", UUID(as_uuid=True), nullable=False, index=True),
    #: What it was made with; `keys` forgets.
    Column("key", String),
    Column("account", String, nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("reference", String, nullable=False, server_default=""),
    Column("return_url", String),
    #: For a payment: the kinds of card to decline. For a refund: the payment. For a payout: the destination.
    Column("about", String),
    Column("status", String, nullable=False, index=True),
    Column("code", String),
    Column("token", String),
    Column("due_at", DateTime(timezone=True)),
    Column("created_at", DateTime(timezone=True), nullable=False),
)  # fmt: skip

transactions = Table(
    "transactions", metadata,
    Column("id", String, primary_key=True),
    Column("kind", String, nullable=False),
    Column("object_kind", String, nullable=False),
    Column("object_id", String, nullable=False, index=True),
    Column("account", String, nullable=False, index=True),
    Column("amount_minor", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
)  # fmt: skip

events = Table(
    "events", metadata,
    Column("id", String, primary_key=True),
    Column("type", String, nullable=False),
    Column("object_kind", String, nullable=False),
    Column("object_id", String, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    #: True time: when the next delivery is tried, and how many are still to come.
    Column("deliver_at", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp()),
    Column("deliveries_left", Integer, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
)  # fmt: skip

faults = Table(
    "faults", metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=True),
    Column("operation", String, nullable=False),
    Column("fault", String, nullable=False),
)  # fmt: skip

#: One row: how the provider sends its events ("copies", "delay_s", "drop").
settings = Table("settings", metadata, Column("id", Integer, primary_key=True), Column("values", JSONB, nullable=False))
