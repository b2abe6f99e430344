"""Which regimes there are, and what every regime can be asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Protocol

from app.errors import Refused
from app.money import Money
from app.regimes import facts as facts_of_case
from app.regimes import platform_policy
from app.regimes.cn_michou import CnMiChou
from app.regimes.facts import BadFacts, Facts
from app.regimes.parameters import Pack
from app.regimes.profile import EarlierPledge, Intent, Profile
from app.regimes.us_reg_cf import UsRegCf
from app.regimes.verdict import Verdict


class Regime(Protocol):
    """A body of law, as far as the platform must obey it. Every function is pure."""

    pack: Pack
    #: What the investor must tell us before the first pledge (fields of `investors.Figures`).
    figures: tuple[str, ...]
    #: Whether investors' money must lie with a qualified third party.
    needs_qualified_custodian: bool

    def assess(self, facts: Facts) -> Verdict:
        """Decide. Raises BadFacts when the facts cannot be read."""

    def pledge_case(self, profile: Profile, history: Sequence[EarlierPledge], intent: Intent) -> dict[str, Any]:
        """Gather the facts of a pledge in the form of a case; `facts.read` and `assess` answer it."""

    def may_raise(self, *, amount: Money, issuer: str, earlier: Sequence[EarlierPledge], on: date) -> Verdict:
        """Whether the issuer may raise up to `amount`, with what it (and its group) raised before."""

    def cancel_until(self, deadline: datetime, accepted_at: datetime) -> datetime | None:
        """The last instant at which an investor may cancel for any reason; None: at any time before the closing."""

    def earliest_deadline(self, opened_on: date) -> date:
        """The first day on which an offering opened on this day may end."""

    def resale_restricted_until(self, issued_on: date) -> date | None:
        """The last day on which the shares may not be resold freely; None: no such rule."""

    def may_release(self, *, opened_on: date, on: date, held: Money, target: Money) -> Verdict:
        """Whether the issuer may be paid out of escrow."""


BUILT: Mapping[str, Regime] = {regime.pack.id: regime for regime in (UsRegCf(), CnMiChou())}

#: Every pack there is, the platform's own policy among them.
PACKS: tuple[Pack, ...] = (*(built.pack for built in BUILT.values()), platform_policy.PACK)


def regime(regime_id: str, switched_on: tuple[str, ...] | None = None) -> Regime:
    """Find a regime; with `switched_on`, only one that the operator allows.

    Raises Refused("regime_unknown"), Refused("regime_off").
    """
    found = BUILT.get(regime_id)
    if found is None:
        raise Refused("regime_unknown", regime=regime_id)
    if switched_on is not None and regime_id not in switched_on:
        raise Refused("regime_off", regime=regime_id)
    return found


def assess_case(case: Mapping[str, Any]) -> dict[str, str | None]:
    """Answer one case of the public form. Raises BadFacts.

    A regime that is not built yet answers `"decision": "unsupported"`.
    """
    if not isinstance(case, Mapping):
        raise BadFacts("a case is an object")
    regime_id = case.get("regime")
    if not isinstance(regime_id, str):
        raise BadFacts("regime is a text")
    answer: dict[str, str | None] = {"id": case.get("id"), "cap": None, "remaining": None}
    built = BUILT.get(regime_id)
    if built is None:
        return answer | {"decision": "unsupported", "reason_rule": None}
    verdict = built.assess(facts_of_case.read(case))
    return answer | {
        "cap": None if verdict.cap is None else str(verdict.cap.amount),
        "remaining": None if verdict.remaining is None else str(verdict.remaining.amount),
        "decision": verdict.decision.value,
        "reason_rule": verdict.rule,
    }
