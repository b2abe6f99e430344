"""What may be asked about decisions: what is known of an investor, an allowance, a stored decision, its edition."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.assessments import queries as assessments
from app.decisions.models import Decision, Edition
from app.investors import queries as investors
from app.investors.models import ClaimKind, Investor, Kind
from app.money import Money
from app.regimes.profile import EarlierPledge, Intent, Profile, text
from app.regimes.regime import Regime
from app.regimes.registry import BUILT

#: Laws in editions that are not installed any more, by the hash of their text.
_OLD: dict[str, Regime] = {}
#: So many rows are read at once where all are looked at.
BATCH = 2_000


def profile(session: Session, investor: Investor, regime: Regime, on: date) -> Profile:
    """What the regime may look at on this day: the latest figures in its currency, the statuses that count, the tests."""
    figures = investors.latest_figures(session, investor.id, regime.pack.currency)
    claims = investors.held(session, investor.id, on)
    verified = {one.kind for one in claims}
    known = Profile(
        kind=investor.kind,
        accredited=ClaimKind.ACCREDITED_US in verified,
        certified=ClaimKind.CERTIFIED_CN in verified,
        standing=investors.standing(claims, regime.pack.id)
        | assessments.standing(session, investor.id, regime.pack.id),
    )
    if figures is None:
        return known
    if investor.kind == Kind.ENTITY:
        amounts = {name: text(figures.money(name)) for name in ("revenue", "net_assets", "total_assets")}
        known = replace(known, standing={**known.standing, **{name: one for name, one in amounts.items() if one}})
    return replace(
        known,
        declared_on=regime.pack.day_of(figures.declared_at),
        annual_income=figures.money("annual_income"),
        net_worth=figures.money("net_worth"),
        other_platform_12m=figures.money("other_platform_12m"),
        financial_assets=figures.money("financial_assets"),
        income_3y=tuple(Money(year, figures.currency) for year in figures.income_3y_minor or []),
        joint_with_spouse=figures.joint_with_spouse or _spouse_is_joint(session, investor, regime),
    )


def _spouse_is_joint(session: Session, investor: Investor, regime: Regime) -> bool:
    """Whether the spouse uses joint figures: then both share one limit, whoever of them buys.

    Source: Instruction 2 to 17 CFR 227.100(a)(2).
    """
    link = investors.spouse_link(session, investor.id)
    if link is None:
        return False
    theirs = investors.latest_figures(session, investors.spouse_of(link, investor.id), regime.pack.currency)
    return theirs is not None and theirs.joint_with_spouse


def case_of(
    session: Session, investor: Investor, regime: Regime, history: Sequence[EarlierPledge], intent: Intent
) -> dict[str, Any]:
    """The facts of an intent, in the form of a case."""
    return regime.pledge_case(profile(session, investor, regime, intent.on), history, intent)


def decision(session: Session, decision_id: int) -> Decision:
    return session.get_one(Decision, decision_id)


def beside(session: Session, binding_id: int) -> list[Decision]:
    """What the other laws said that were asked together with the one that binds."""
    return list(session.scalars(select(Decision).where(Decision.beside_id == binding_id).order_by(Decision.id)))


def in_order(session: Session, since: datetime | None = None) -> Iterator[Decision]:
    """Every decision, oldest first, a batch at a time: in the same memory however many there are."""
    last = 0
    while True:
        query = select(Decision).where(Decision.id > last)
        if since is not None:
            query = query.where(Decision.decided_at >= since)
        batch = list(session.scalars(query.order_by(Decision.id).limit(BATCH)))
        if not batch:
            return
        yield from batch
        last = batch[-1].id
        session.expunge_all()


class Asked(NamedTuple):
    """What is needed of a decision to ask it again under another edition."""

    id: int
    offering_id: int
    decided_at: datetime
    outcome: str
    facts: dict[str, Any]


def asked(session: Session, regime_id: str, since: datetime) -> Iterator[Asked]:
    """The decisions of one law, oldest first: bare columns, a batch at a time, for there may be very many."""
    columns = (Decision.id, Decision.offering_id, Decision.decided_at, Decision.outcome, Decision.facts)
    query = select(*columns).where(Decision.regime == regime_id, Decision.decided_at >= since).order_by(Decision.id)
    batch = session.execute(query.limit(BATCH)).all()
    while batch:
        yield from (Asked(*row) for row in batch)
        batch = session.execute(query.where(Decision.id > batch[-1].id).limit(BATCH)).all()


def count_by_rule(session: Session, regime_id: str) -> dict[str, int]:
    """How many decisions named each rule of a law."""
    counted = select(Decision.rule, func.count().label("times")).where(Decision.regime == regime_id)
    return {row.rule: row.times for row in session.execute(counted.group_by(Decision.rule))}


def regime_of(session: Session, decision: Decision) -> Regime:
    """The law with the very edition that decided; the installed one for what was decided before editions were kept."""
    installed = BUILT[decision.regime]
    if decision.edition_id is None:
        return installed
    sha256 = session.scalars(select(Edition.sha256).where(Edition.id == decision.edition_id)).one()
    if sha256 == installed.pack.sha256:
        return installed
    if sha256 not in _OLD:
        _OLD[sha256] = type(installed)(session.get_one(Edition, decision.edition_id).text)
    return _OLD[sha256]


def edition_of(session: Session, sha256: str) -> Edition | None:
    return session.scalars(select(Edition).where(Edition.sha256 == sha256)).one_or_none()


def editions_of(session: Session, pack: str) -> list[Edition]:
    """Every edition that was ever here of a pack, newest first."""
    return list(session.scalars(select(Edition).where(Edition.pack == pack).order_by(Edition.id.desc())))


def editions_by_pack(session: Session) -> dict[str, list[Edition]]:
    """Every edition of every pack, newest first, without their texts."""
    found: dict[str, list[Edition]] = {}
    for edition in session.scalars(select(Edition).order_by(Edition.id.desc())):
        found.setdefault(edition.pack, []).append(edition)
    return found


def adopted(session: Session) -> dict[str, str]:
    """The hash of the edition of each pack that decides: the one that was adopted last."""
    rows = session.execute(
        select(Edition.pack, Edition.sha256)
        .where(Edition.adopted_at.is_not(None))
        .order_by(Edition.adopted_at, Edition.id)
    )
    return {row.pack: row.sha256 for row in rows}  # of each pack the latest stays


def text_of(session: Session, sha256: str) -> str:
    return session.scalars(select(Edition.text).where(Edition.sha256 == sha256)).one()
