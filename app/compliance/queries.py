"""What may be asked of compliance: the queue, a case, an allowance, a stored decision."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.compliance.lifecycle import CLAIMED, OPEN, RESOLVED
from app.compliance.models import CaseKind, Decision, ReviewCase
from app.errors import NotFound
from app.investors import queries as investors
from app.investors.models import ClaimKind, Investor
from app.money import Money
from app.regimes import facts as facts_of_case
from app.regimes.profile import EarlierPledge, Intent, Profile
from app.regimes.regime import Regime
from app.regimes.verdict import Verdict


def profile(session: Session, investor: Investor, regime: Regime) -> Profile:
    """What the regime may look at: the latest figures in its currency and the verified statuses."""
    figures = investors.latest_figures(session, investor.id, regime.pack.currency)
    verified = investors.verified_kinds(session, investor.id)
    known = Profile(
        kind=investor.kind,
        accredited=ClaimKind.ACCREDITED_US in verified,
        certified=ClaimKind.CERTIFIED_CN in verified,
    )
    if figures is None:
        return known
    return Profile(
        kind=investor.kind,
        declared_on=regime.pack.day_of(figures.declared_at),
        annual_income=figures.money("annual_income"),
        net_worth=figures.money("net_worth"),
        other_platform_12m=figures.money("other_platform_12m"),
        financial_assets=figures.money("financial_assets"),
        income_3y=tuple(Money(year, figures.currency) for year in figures.income_3y_minor or []),
        joint_with_spouse=figures.joint_with_spouse,
        accredited=known.accredited,
        certified=known.certified,
    )


def ask(
    session: Session, investor: Investor, regime: Regime, history: Sequence[EarlierPledge], intent: Intent
) -> Verdict:
    """What the law would say to this intent, without storing anything."""
    case = regime.pledge_case(profile(session, investor, regime), history, intent)
    return regime.assess(facts_of_case.read(case))


def allowance(
    session: Session, investor: Investor, regime: Regime, history: Sequence[EarlierPledge], on: date
) -> Verdict:
    """How much the investor may still invest, and why: a decision about nothing."""
    nothing = Intent(Money.zero(regime.pack.currency), issuer="-", offering="-", minimum_pledge=None, on=on)
    return ask(session, investor, regime, history, nothing)


def decision(session: Session, decision_id: int) -> Decision:
    return session.get_one(Decision, decision_id)


def case(session: Session, ref: str) -> ReviewCase:
    """Raises NotFound."""
    found = session.scalars(select(ReviewCase).where(ReviewCase.ref == ref)).one_or_none()
    if found is None:
        raise NotFound
    return found


def queue(session: Session, *, kind: str = "", status: str = "", limit: int = 200) -> list[ReviewCase]:
    """Cases that wait, the oldest first; with status "resolved" those that were decided, the latest first."""
    query = select(ReviewCase)
    if kind:
        query = query.where(ReviewCase.kind == kind)
    if status == RESOLVED:
        query = query.where(ReviewCase.status == RESOLVED).order_by(ReviewCase.resolved_at.desc())
    else:
        query = query.where(ReviewCase.status.in_((OPEN, CLAIMED))).order_by(ReviewCase.opened_at, ReviewCase.id)
    return list(session.scalars(query.limit(limit)))


def cases_about(session: Session, kind: CaseKind, subject_id: int) -> list[ReviewCase]:
    """Every case there ever was about one subject, newest first."""
    return list(
        session.scalars(
            select(ReviewCase)
            .where(ReviewCase.kind == kind, ReviewCase.subject_id == subject_id)
            .order_by(ReviewCase.id.desc())
        )
    )
