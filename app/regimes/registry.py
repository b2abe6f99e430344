"""Which regimes there are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.money import EXPONENTS, Money
from app.regimes import facts as facts_of_case
from app.regimes import platform_policy, residence
from app.regimes.au_csf import AuCsf
from app.regimes.ca_45110 import Ca45110
from app.regimes.cn_law import CnLaw
from app.regimes.cn_michou import CnMiChou
from app.regimes.cn_pf import CnPf
from app.regimes.cn_sac2014 import CnSac2014
from app.regimes.cn_sac2015r import CnSac2015R
from app.regimes.eu_ecspr import EuEcspr
from app.regimes.facts import BadFacts
from app.regimes.in_private_placement import InPrivatePlacement
from app.regimes.jp_ecf import JpEcf
from app.regimes.kr_ecf import KrEcf
from app.regimes.my_ecf import MyEcf
from app.regimes.nz_cf import NzCf
from app.regimes.parameters import Pack
from app.regimes.regime import Regime
from app.regimes.sg_scf import SgScf
from app.regimes.uk_cobs import UkCobs
from app.regimes.us_reg_a import UsRegA
from app.regimes.us_reg_cf import UsRegCf
from app.regimes.us_reg_d import UsRegD

KINDS: tuple[type[Regime], ...] = (
    AuCsf, Ca45110, CnLaw, CnMiChou, CnPf, CnSac2014, CnSac2015R, EuEcspr, InPrivatePlacement, JpEcf, KrEcf, MyEcf, NzCf,
    SgScf, UkCobs, UsRegA, UsRegCf, UsRegD,
)  # fmt: skip
BUILT: Mapping[str, Regime] = {regime.pack.id: regime for regime in (kind() for kind in KINDS)}

#: Every pack there is, the platform's own policy among them.
PACKS: tuple[Pack, ...] = (*(built.pack for built in BUILT.values()), platform_policy.PACK, residence.PACK)


def assess_case(case: Mapping[str, Any], laws: Mapping[str, Regime] = BUILT) -> dict[str, str | int | None]:
    """Answer one case of the public form, by the installed editions unless others are given. Raises BadFacts.

    A limit of people is a number, with its `unit`. A regime that there is not answers `"decision": "unsupported"`.
    """
    if not isinstance(case, Mapping):
        raise BadFacts("a case is an object")
    regime_id = case.get("regime")
    if not isinstance(regime_id, str):
        raise BadFacts("regime is a text")
    answer: dict[str, str | int | None] = {"id": case.get("id"), "cap": None, "remaining": None}
    built = laws.get(regime_id)
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
