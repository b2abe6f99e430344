"""What two officers see alike: the snapshot of a closing, its hash, whom it is put to, and who is independent of it."""

from __future__ import annotations

import hashlib
import json

from sqlalchemy import select

from app.actor import Role
from app.audit import actions as audit
from app.closings import queries
from app.closings.models import Closing, ClosingLine
from app.database import Transaction
from app.errors import Refused
from app.identity import queries as identity
from app.investors import queries as investors
from app.issuers import queries as issuers
from app.notifications import actions as notifications
from app.notifications.catalog import Message
from app.offerings.models import Offering
from app.pledges.models import Pledge


def put_to_officers(tx: Transaction, offering: Offering, closing: Closing, event: str) -> None:
    """Fix what the officers approve, with where the money goes as the issuer says it now, and ask them.

    Writes: closing, messages, audit.
    """
    tx.session.flush()  # the snapshot is of what is stored
    issuer = issuers.issuer(tx.session, offering.issuer_id)
    closing.snapshot_hash = snapshot_hash(tx, offering, closing)
    closing.payee_holder, closing.payee_account = issuer.payout_holder, issuer.payout_account
    closing.payee_hint = issuer.payout_hint
    audit.transition(
        tx, closing, event, total=closing.total, fee=closing.fee, payee=closing.payee_hint,
        snapshot=closing.snapshot_hash,
    )  # fmt: skip
    for officer in identity.with_role(tx.session, Role.COMPLIANCE_OFFICER):
        notifications.enqueue(
            tx, officer.id, Message.CLOSING_PROPOSED, about=closing.snapshot_hash, ref=closing.ref,
            offering=offering.name, minor=closing.payout_minor if closing.settled_at else closing.total_minor, currency=closing.currency,
        )  # fmt: skip


def snapshot_hash(tx: Transaction, offering: Offering, closing: Closing) -> str:
    """What two officers must have seen alike: holders, lines, totals, target, where the money goes now, which payout."""
    issuer = issuers.issuer(tx.session, offering.issuer_id)
    payee = hashlib.sha256((issuer.payout_account or b"") + (issuer.payout_holder or "").encode()).hexdigest()
    body = {
        "closing": closing.ref,
        "lines": [
            [
                line.pledge_id,
                line.holder_name,
                line.shares,
                line.amount_minor,
                line.fee_share_minor,
                line.investor_fee_minor,
            ]
            for line in queries.lines(tx.session, closing.id)
        ],
        "total": closing.total_minor,
        "fee": closing.fee_minor,
        "investor_fee": closing.investor_fee_minor,
        "holdback": closing.holdback_minor,
        "pays": closing.payout_minor,
        "currency": closing.currency,
        "target": offering.target_minor,
        "payee": payee,
        "payout": closing.payout_attempts + 1,
    }
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()


def require_independent(tx: Transaction, closing: Closing, offering: Offering) -> None:
    """Raises Refused("own_closing") for who began it or asked for this payout, has a pledge in it, or acts for the company."""
    user_id = tx.actor.user_id
    mine = [] if user_id is None else [one.id for one in investors.acted_for(tx.session, user_id)]
    invested = (
        mine
        and tx.session.scalars(
            select(Pledge.id)
            .join(ClosingLine, ClosingLine.pledge_id == Pledge.id)
            .where(ClosingLine.closing_id == closing.id, Pledge.investor_id.in_(mine))
            .limit(1)
        ).first()
    )
    if user_id in (None, closing.begun_by, closing.payout_proposed_by) or invested:
        raise Refused("own_closing")
    if issuers.is_member(tx.session, offering.issuer_id, user_id):
        raise Refused("own_closing")
