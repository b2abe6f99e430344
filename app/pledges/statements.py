"""A statement of one's own purchases for another installation. What it is and what it looks like: `app/limit_statements`."""

from __future__ import annotations

from sqlalchemy import select

from app.database import Transaction
from app.investors import queries as investors
from app.issuers.models import Issuer
from app.limit_statements import actions as limit_statements
from app.limit_statements.document import Line
from app.offerings.models import Offering
from app.pledges.lifecycle import SETTLED, TAKING
from app.pledges.models import Pledge
from app.regimes.registry import BUILT
from app.vault import Signer


def issue(tx: Transaction, investor_id: int, *, signer: Signer, installation: str) -> bytes:
    """Everything that uses the investor's limits here, as a signed file: what takes a place or was settled.

    Raises Refused: see `limit_statements.actions.issue`. Writes: audit.
    """
    rows = tx.session.execute(
        select(Pledge, Offering.regime, Issuer.legal_name)
        .join(Offering, Offering.id == Pledge.offering_id)
        .join(Issuer, Issuer.id == Offering.issuer_id)
        .where(Pledge.investor_id == investor_id, Pledge.status.in_(TAKING))
        .order_by(Pledge.placed_at, Pledge.id)
    )
    lines = [
        Line(
            on=BUILT[regime].pack.day_of(pledge.placed_at),
            amount=pledge.amount,
            regime=regime,
            reference=pledge.ref,
            issuer=issuer,
            is_settled=pledge.status == SETTLED,
        )
        for pledge, regime, issuer in rows
    ]
    investor = investors.investor(tx.session, investor_id)
    return limit_statements.issue(tx, investor, lines, signer=signer, installation=installation)
