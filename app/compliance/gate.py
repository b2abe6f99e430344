"""What stands between a reader and the whole of an offering, where the rules show its basics only.

Two kinds of rules do: those whose pack says `two_tier` (registered users see the basics, certified ones everything), and
those that let somebody new wait before the first offer is shown (`regimes/standing.toml`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from app.assessments import queries as assessments
from app.assessments.models import Outcome
from app.investors import queries as investors
from app.investors.models import Investor
from app.regimes import standing


class Lacking(StrEnum):
    """The next thing to do, in the order in which they come."""

    STATUS = "status"
    ASK = "ask"
    WAIT = "wait"
    CONTINUE = "continue"
    TEST = "test"


@dataclass(frozen=True, slots=True)
class Gate:
    """A closed gate. `opens_at` is when a wait is over."""

    lacking: Lacking
    regime: str
    opens_at: datetime | None = None

    @property
    def categories(self) -> tuple[str, ...]:
        return tuple(one.id for one in standing.of_regime(self.regime))

    @property
    def test(self) -> str | None:
        return standing.test_of(self.regime)


def closed(
    session: Session, investor: Investor | None, regime_id: str, *, two_tier: bool, now: datetime
) -> Gate | None:
    """What this investor lacks to see the whole of an offering under these rules; None when nothing."""
    categories = standing.of_regime(regime_id)
    on = categories[0].day_of(now) if categories else now.date()
    wait = standing.wait_of(regime_id, on)
    if not two_tier and wait is None:
        return None
    if investor is None or not {one.id for one in categories} & set(investors.verified_kinds(session, investor.id, on)):
        return Gate(Lacking.STATUS, regime_id)
    if wait is not None:
        way = assessments.way(session, investor.id, regime_id)
        if way.asked_at is None:
            return Gate(Lacking.ASK, regime_id)
        if not way.continued:
            opens_at = way.asked_at + wait
            return Gate(Lacking.WAIT if now < opens_at else Lacking.CONTINUE, regime_id, opens_at)
    return _test(session, investor, regime_id, now)


def _test(session: Session, investor: Investor, regime_id: str, now: datetime) -> Gate | None:
    test = standing.test_of(regime_id)
    if test is None:
        return None
    on = standing.of_regime(regime_id)[0].day_of(now)
    row = standing.PACK.in_force(test, on)
    if row is None or not row["must_pass"]:
        return None
    latest = assessments.latest_attempt(session, investor.id, test)
    passed = (
        latest is not None
        and latest.outcome == Outcome.PASSED
        and on <= standing.last_day(standing.of_regime(regime_id)[0].day_of(latest.answered_at), row["months"])
    )
    return None if passed else Gate(Lacking.TEST, regime_id)


def hides(regime_id: str, *, two_tier: bool, now: datetime) -> bool:
    """Whether these rules hide anything of an offering from anybody."""
    categories = standing.of_regime(regime_id)
    return two_tier or standing.wait_of(regime_id, categories[0].day_of(now) if categories else now.date()) is not None
