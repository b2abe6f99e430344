"""What may be asked about tests, simulations, acknowledgements and the way to a first offer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.assessments.models import AckKind, Acknowledgement, Attempt, GateStep, Outcome, Simulation, Step
from app.regimes import standing as rules
from app.regimes.parameters import Row


def attempts(session: Session, investor_id: int, test: str) -> list[Attempt]:
    """Every try, the latest first."""
    return list(
        session.scalars(
            select(Attempt).where(Attempt.investor_id == investor_id, Attempt.test == test).order_by(Attempt.id.desc())
        )
    )


def latest_attempt(session: Session, investor_id: int, test: str) -> Attempt | None:
    """The try that counts: the latest."""
    found = attempts(session, investor_id, test)
    return found[0] if found else None


def next_try_at(session: Session, investor_id: int, test: str, row: Row) -> datetime | None:
    """When the next try may begin; None: at once. After so many failures within the wait, the wait begins anew."""
    wait = timedelta(hours=row["wait_hours"])
    failed = [one for one in attempts(session, investor_id, test) if one.outcome == Outcome.FAILED][: row["tries"]]
    if len(failed) < row["tries"] or failed[0].answered_at - failed[-1].answered_at >= wait:
        return None
    return failed[0].answered_at + wait


def latest_simulation(session: Session, investor_id: int, regime_id: str) -> Simulation | None:
    return session.scalars(
        select(Simulation)
        .where(Simulation.investor_id == investor_id, Simulation.regime == regime_id)
        .order_by(Simulation.id.desc())
        .limit(1)
    ).one_or_none()


def acknowledged(session: Session, investor_id: int, about: str) -> set[str]:
    """What was acknowledged about a try."""
    return set(
        session.scalars(
            select(Acknowledgement.kind).where(
                Acknowledgement.investor_id == investor_id, Acknowledgement.about == about
            )
        )
    )


@dataclass(frozen=True, slots=True)
class Way:
    """How far somebody is on the way to their first offer: when they asked, and whether they went on after the wait."""

    asked_at: datetime | None = None
    continued: bool = False


def way(session: Session, investor_id: int, regime_id: str) -> Way:
    """Who left begins anew by asking again; who once went on is new no more."""
    found = Way()
    for one in session.scalars(
        select(GateStep).where(GateStep.investor_id == investor_id, GateStep.regime == regime_id).order_by(GateStep.id)
    ):
        if one.step == Step.CONTINUED:
            return Way(found.asked_at, continued=True)
        found = Way(one.at) if one.step == Step.ASKED else Way()
    return found


def standing(session: Session, investor_id: int, regime_id: str) -> dict[str, Any]:
    """What a case under these rules says of tests and simulations."""
    known: dict[str, Any] = {}
    categories = rules.of_regime(regime_id)
    test = rules.test_of(regime_id)
    if test is not None:
        known |= _of_test(session, investor_id, test, categories[0])
    if regime_id in rules.PACK.settings["simulations"]:
        simulated = latest_simulation(session, investor_id, regime_id)
        known |= {
            "simulation_on": simulated and categories[0].day_of(simulated.acknowledged_at).isoformat(),
            "nw_inputs": simulated
            and {
                name: str(simulated.money(name).amount)
                for name in ("net_annual_income", "liquid_assets", "annual_commitments")
            },
        }
    if regime_id in rules.PACK.settings["waits"]:
        found = way(session, investor_id, regime_id)
        known |= {"first_time": not found.continued}
        if found.asked_at is not None:
            known["dofp_requested_at"] = found.asked_at.isoformat()
    return known


def _of_test(session: Session, investor_id: int, test: str, category: rules.Category) -> dict[str, Any]:
    """As the cases of these rules name it: "entry_test" with its day in the EU, "appropriateness" in the UK."""
    latest = latest_attempt(session, investor_id, test)
    outcome = latest and latest.outcome
    if test == "uk_appropriateness":
        return {"appropriateness": outcome}
    return {
        "entry_test": outcome,
        "entry_test_on": latest and category.day_of(latest.answered_at).isoformat(),
        "ack_21_4": latest is not None
        and AckKind.TEST_FAILED in acknowledged(session, investor_id, f"test:{latest.id}"),
    }
