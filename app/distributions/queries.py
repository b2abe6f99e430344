"""What may be asked about distributions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.distributions.lifecycle import APPROVED, OWED, UNFINISHED
from app.distributions.models import Distribution, DistributionLine
from app.distributions.snapshot import Part, parts, sha256_of
from app.errors import NotFound
from app.offerings.models import Offering
from app.payments.models import Instruction
from app.pledges.lifecycle import SETTLED
from app.pledges.models import Pledge
from app.regimes import platform_policy
from app.share_register import queries as register

_PART = tuple(getattr(DistributionLine, name) for name in Part._fields)


def distribution(session: Session, distribution_id: int) -> Distribution:
    return session.get_one(Distribution, distribution_id)


def by_ref(session: Session, ref: str) -> Distribution:
    """Raises NotFound."""
    found = session.scalars(select(Distribution).where(Distribution.ref == ref)).one_or_none()
    if found is None:
        raise NotFound
    return found


def of_offering(session: Session, offering_id: int) -> list[Distribution]:
    """The newest first."""
    asked = select(Distribution).where(Distribution.offering_id == offering_id).order_by(Distribution.id.desc())
    return list(session.scalars(asked))


def unfinished(session: Session, offering_id: int) -> Distribution | None:
    asked = select(Distribution).where(Distribution.offering_id == offering_id, Distribution.status.in_(UNFINISHED))
    return session.scalars(asked).one_or_none()


def unpaid(session: Session, before: datetime) -> list[int]:
    """Those whose issuer's money was asked for before this and is waited for."""
    asked = select(Distribution.id).join(
        Instruction, Instruction.business_key == func.concat("deposit:distribution:", Distribution.id)
    )
    rows = session.scalars(asked.where(Distribution.status == APPROVED, Instruction.created_at <= before))
    return list(rows)


def kept(session: Session, distribution_id: int) -> list[Part]:
    """The parts that were proposed, by investor."""
    asked = select(*_PART).where(DistributionLine.distribution_id == distribution_id)
    return [Part(*row) for row in session.execute(asked.order_by(DistributionLine.investor_id))]


def reckoned(session: Session, found: Distribution, offering: Offering) -> list[Part]:
    """The parts as they would be proposed now, by investor."""
    until = platform_policy.PACK.end_of(found.record_day)
    fees = select(Pledge.id, Pledge.fee_minor).where(Pledge.offering_id == offering.id, Pledge.status == SETTLED)
    before = (
        select(DistributionLine.investor_id, func.sum(DistributionLine.gross_minor))
        .join(Distribution, Distribution.id == DistributionLine.distribution_id)
        .where(Distribution.offering_id == offering.id, Distribution.status.in_(OWED))
        .group_by(DistributionLine.investor_id)
    )
    return parts(
        register.holdings_at(session, offering.id, until), {pledge: minor for pledge, minor in session.execute(fees)},  # noqa: C416
        {who: int(minor) for who, minor in session.execute(before)}, found.total, offering.fees, found.tax_bps,
    )  # fmt: skip


def sha256(found: Distribution, offering: Offering, its_parts: Sequence[Part]) -> str:
    about = {
        "ref": found.ref, "offering": offering.ref, "why": found.why, "record_day": found.record_day,
        "currency": found.currency, "total": found.total_minor, "tax_bps": found.tax_bps, "carry_bps": offering.carry_bps,
    }  # fmt: skip
    return sha256_of(about, its_parts)


def of_investor(session: Session, offering_id: int, investor_id: int) -> list[tuple[Distribution, DistributionLine]]:
    """What one holder got, or is about to, the newest first."""
    rows = session.execute(
        select(Distribution, DistributionLine)
        .join(DistributionLine, DistributionLine.distribution_id == Distribution.id)
        .where(
            Distribution.offering_id == offering_id, DistributionLine.investor_id == investor_id,
            Distribution.status.in_(OWED),
        )
        .order_by(Distribution.id.desc())
    )  # fmt: skip
    return [(found, line) for found, line in rows]
