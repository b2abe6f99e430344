"""Keeps the gateways' own lines, and how far they were read. Nothing here calls the outside world."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func
from sqlalchemy.dialects.postgresql import insert

from app.database import Transaction
from app.payments.models import GatewayReading, GatewayTransaction
from app.payments.port import Txn, TxnKind


def keep(tx: Transaction, gateway: str, lines: Sequence[Txn], *, listed_at: datetime | None = None) -> int:
    """Keep lines; return how many were new, stood in the gateway's own list for the first time (`listed_at`), or told for the
    first time whose they are.

    A line that differs from what we have by that name is not taken for it. Writes: gateway transactions.
    """
    if not lines:
        return 0
    rows = [
        {
            "gateway": gateway,
            "transaction_id": txn.id,
            "kind": txn.kind,
            "source": str(txn.source),
            "amount_minor": txn.amount.minor,
            "fee_minor": txn.fee.minor,
            "net_minor": txn.net.minor,
            "currency": txn.amount.currency,
            "created_at": txn.created_at,
            "available_at": txn.available_at,
            "account": txn.account,
            "op_key": txn.op_key,
            "listed_at": listed_at,
        }
        for txn in {txn.id: txn for txn in lines}.values()
    ]
    ours, new = GatewayTransaction, insert(GatewayTransaction).execution_options(render_nulls=True)
    theirs = new.excluded
    learned = (
        (ours.listed_at.is_(None) & theirs.listed_at.is_not(None))
        | ((ours.account == "") & (theirs.account != ""))
        | ((ours.op_key == "") & (theirs.op_key != ""))
    )
    new = new.on_conflict_do_update(
        index_elements=[ours.gateway, ours.transaction_id],
        set_={
            "listed_at": func.coalesce(ours.listed_at, theirs.listed_at),
            "account": func.coalesce(func.nullif(ours.account, ""), theirs.account),
            "op_key": func.coalesce(func.nullif(ours.op_key, ""), theirs.op_key),
        },
        where=learned & (ours.net_minor == theirs.net_minor) & (ours.currency == theirs.currency),
    )
    return len(tx.session.execute(new.returning(ours.transaction_id), rows).all())


def is_price(txn: Txn) -> bool:
    """Whether it is what a gateway took by a line of its own, beside the money that it moved."""
    return txn.kind == TxnKind.FEE and txn.amount.minor < 0


def note_reading(
    tx: Transaction, gateway: str, *, read_until: datetime | None = None, error: str | None = None
) -> None:
    """Write how far a gateway's lines were read, or that they could not be. Writes: gateway reading."""
    said = (
        {"failed_at": tx.wall_now, "error": error}
        if error is not None
        else {"read_until": read_until, "read_at": tx.wall_now, "life": func.database_life(), "error": None}
    )
    tx.session.execute(
        insert(GatewayReading)
        .values(gateway=gateway, **said)
        .on_conflict_do_update(index_elements=["gateway"], set_=said)
    )
