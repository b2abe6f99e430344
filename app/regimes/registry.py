"""Which regimes there are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.money import EXPONENTS, Money
from app.regimes import facts as facts_of_case
from app.regimes import platform_policy, residence
from app.regimes.cn_michou import CnMiChou
from app.regimes.facts import BadFacts
from app.regimes.parameters import Pack
from app.regimes.regime import Regime
from app.regimes.us_reg_cf import UsRegCf

BUILT: Mapping[str, Regime] = {regime.pack.id: regime for regime in (UsRegCf(), CnMiChou())}

#: Every pack there is, the platform's own policy among them.
PACKS: tuple[Pack, ...] = (*(built.pack for built in BUILT.values()), platform_policy.PACK, residence.PACK)


def assess_case(case: Mapping[str, Any]) -> dict[str, str | int | None]:
    """Answer one case of the public form. Raises BadFacts.

    A limit of people is a number, with its `unit`. A regime that there is not answers `"decision": "unsupported"`.
    """
    if not isinstance(case, Mapping):
        raise BadFacts("a case is an object")
    regime_id = case.get("regime")
    if not isinstance(regime_id, str):
        raise BadFacts("regime is a text")
    answer: dict[str, str | int | None] = {"id": case.get("id"), "cap": None, "remaining": None}
    built = BUILT.get(regime_id)
    if built is None:
        return answer | {"decision": "unsupported", "reason_rule": None}
    verdict = built.assess(facts_of_case.read(case))
    answer |= {"decision": verdict.decision.value, "reason_rule": verdict.rule}
    if verdict.heads is not None:
        heads = verdict.heads
        return answer | {"cap": heads.cap, "remaining": heads.remaining, "unit": heads.unit}
    if verdict.cap is not None and verdict.remaining is not None:
        return answer | {"cap": _text(verdict.cap), "remaining": _text(verdict.remaining)}
    return answer


def _text(amount: Money) -> str:
    """The form writes two digits at least, also for a currency that has none."""
    return f"{amount.amount:.{max(2, EXPONENTS[amount.currency])}f}"
