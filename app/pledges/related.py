"""Related parties of a company: their pledges are marked, shown to officers, and counted apart."""

from __future__ import annotations

from sqlalchemy import select

from app.audit import actions as audit
from app.database import Transaction
from app.errors import Refused
from app.investors import queries as investors
from app.issuers import actions as issuers
from app.issuers.models import RelatedParty, Relation
from app.offerings.models import Offering
from app.pledges.lifecycle import TAKING
from app.pledges.models import Pledge
from app.regimes import platform_policy
from app.screening import actions as screening
from app.screening import related


def declare(tx: Transaction, issuer_id: int, *, name: str, relation: Relation, email: str | None) -> RelatedParty:
    """Take a company's word on who is related to it; pledges that they made before are marked, too.

    Raises Refused("field_missing"). Locks: issuer, offerings (shared), pledges.
    Writes: related party, pledges, audit, and see `screening.actions.screen`.
    """
    if not name.strip():
        raise Refused("field_missing", field="name")
    issuer = issuers.lock(tx, issuer_id)
    party = issuers.declare_related(tx, issuer, name=name, relation=relation, email=email)
    screening.screen_related(tx, party)
    for offering in tx.session.scalars(
        select(Offering)
        .where(Offering.issuer_id == issuer_id)
        .order_by(Offering.id)
        .with_for_update(read=True, of=Offering)
    ):
        _mark(tx, offering)
    return party


def _mark(tx: Transaction, offering: Offering) -> None:
    unmarked = select(Pledge).where(
        Pledge.offering_id == offering.id, Pledge.related_as.is_(None), Pledge.status.in_(TAKING)
    )
    for pledge in tx.session.scalars(unmarked.order_by(Pledge.id).with_for_update()).all():
        investor = investors.investor(tx.session, pledge.investor_id)
        found = related.relation(tx.session, investor, offering, platform_policy.PACK.day_of(tx.now))
        if found is not None:
            pledge.related_as = found.value
            audit.record(tx, "mark_related", "pledges", pledge.id, relation=found.value)


def end(tx: Transaction, issuer_id: int, party_id: int) -> None:
    """Take a company's word that somebody is related no longer; what they pledged stays marked.

    Raises NotFound. Locks: issuer. Writes: related party, audit.
    """
    issuers.end_relation(tx, issuers.lock(tx, issuer_id), party_id)
