"""What may be asked about statements of other installations."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import Select, or_, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from app.issuers import queries as issuers
from app.limit_statements.models import LimitStatement, StatedPurchase
from app.money import Money
from app.regimes.profile import EarlierPledge
from app.regimes.regime import Regime


def _counting(investor_id: int) -> Select[int]:
    """The ids of those that count: of each account at an installation the newest."""
    account = (LimitStatement.installation_key, LimitStatement.account)
    return (
        select(LimitStatement.id)
        .ext(distinct_on(*account))
        .where(LimitStatement.investor_id == investor_id)
        .order_by(*account, LimitStatement.issued_at.desc())
    )


def counting(session: Session, investor_id: int) -> Sequence[tuple[LimitStatement, list[StatedPurchase]]]:
    """The statements that count, with their lines, the last one taken in first."""
    found = session.scalars(
        select(LimitStatement).where(LimitStatement.id.in_(_counting(investor_id))).order_by(LimitStatement.id.desc())
    ).all()
    lines: dict[int, list[StatedPurchase]] = {one.id: [] for one in found}
    for line in session.scalars(
        select(StatedPurchase).where(StatedPurchase.statement_id.in_(lines)).order_by(StatedPurchase.id)
    ):
        lines[line.statement_id].append(line)
    return [(one, lines[one.id]) for one in found]


def latest(session: Session, investor_id: int, key: str, account: str) -> LimitStatement | None:
    """The newest statement of an account at an installation."""
    return session.scalars(
        select(LimitStatement)
        .where(
            LimitStatement.investor_id == investor_id,
            LimitStatement.installation_key == key,
            LimitStatement.account == account,
        )
        .order_by(LimitStatement.issued_at.desc())
        .limit(1)
    ).one_or_none()


def purchases(
    session: Session, investor_id: int, regime: Regime, *, before: date | None = None, owner: str | None = None
) -> list[EarlierPledge]:
    """The stated purchases under this regime, as a decision looks at them; the law itself says how far back they count.

    `before` leaves out what was only pledged after that day: see `pledges.queries.history`. A company that is here, too,
    is known again by its name, for laws that count by company.
    """
    rows = session.execute(
        select(StatedPurchase, LimitStatement.installation)
        .join(LimitStatement, LimitStatement.id == StatedPurchase.statement_id)
        .where(
            LimitStatement.id.in_(_counting(investor_id)),
            StatedPurchase.regime == regime.pack.id,
            *([] if before is None else [or_(StatedPurchase.is_settled, StatedPurchase.bought_on <= before)]),
        )
        .order_by(StatedPurchase.id)
    ).all()
    here = issuers.by_names(session, {line.issuer for line, _ in rows}) if rows else {}
    return [
        EarlierPledge(
            line.bought_on,
            Money(line.amount_minor, line.currency),
            str(here.get(line.issuer.lower(), f"{installation}: {line.issuer}")),
            line.is_settled,
            owner=owner,
            platform=installation,
        )
        for line, installation in rows
    ]
