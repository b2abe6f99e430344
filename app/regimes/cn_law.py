"""Chinese limits that count people: partners of a partnership, shareholders of a company, holders behind vehicles.

Every number is in `cn_law.toml`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, ClassVar

from app.regimes.facts import BadFacts, Facts, whole
from app.regimes.parameters import Schema
from app.regimes.regime import Question, Regime
from app.regimes.verdict import Decision, Heads, Verdict, allowed_if, one_more

#: There must be one, and one is enough. Source: Partnership Enterprise Law, article 61.
GENERAL_PARTNERS = ("general partner",)


class CnLaw(Regime):
    """See `regime.Regime`."""

    file = "cn_law.toml"
    schema: ClassVar[Schema] = {
        "partners": {"partners_heads": int},
        "holders": {"holders_heads": int, "employees_excluded": bool},
        "shareholders": {"shareholders_heads": int},
    }
    pledge_question: ClassVar[str] = "cohort"
    offers = False  # it limits what is offered under the other Chinese rules
    release_rule: ClassVar[str] = "CN-SL-9"

    def seats(self, on: date) -> int | None:
        """The investors of an offering are gathered in one limited partnership, beside its general partner."""
        law = self.pack.in_force("partners", on)
        return None if law is None else int(law["partners_heads"]) - len(GENERAL_PARTNERS)

    def questions(self) -> Mapping[str, Question]:
        return {"cohort": self._cohort}

    def _cohort(self, facts: Facts) -> Verdict:
        kinds: dict[Any, Question] = {
            "lp_partners": self._partners,
            "issuer_lookthrough": self._holders,
            "llc_shareholders": self._shareholders,
        }
        kind = facts.event.get("type")
        if not isinstance(kind, str) or kind not in kinds:
            raise BadFacts(f"event.type: {kind!r} is unknown to {self.pack.id}")
        return kinds[kind](facts)

    def _partners(self, facts: Facts) -> Verdict:
        """General partners are counted, too; who is both is one. There must be a general one. Source: article 61."""
        law = self.pack.in_force("partners", facts.as_of)
        if law is None:
            return allowed_if(False, "CN-PEL-61")
        general, limited = _names(facts, "gp"), _names(facts, "lps")
        heads = Heads(law["partners_heads"], len(general | limited), "partners")
        return one_more(heads, "CN-PEL-61") if general else Verdict(Decision.DENY, "CN-PEL-61", heads=heads)

    def _holders(self, facts: Facts) -> Verdict:
        """More than so many holders are a public offer. Source: Securities Law, article 9."""
        law = self.pack.in_force("holders", facts.as_of)
        if law is None:
            return allowed_if(False, "CN-SL-9")
        holders = look_through(facts, employees_excluded=law["employees_excluded"])
        return one_more(Heads(law["holders_heads"], holders, "holders"), "CN-SL-9")

    def _shareholders(self, facts: Facts) -> Verdict:
        """Of a limited company: a vehicle is one of them. Source: Company Law."""
        law = self.pack.in_force("shareholders", facts.as_of)
        if law is None:
            return allowed_if(False, "CN-CL-LLC50")
        registered = _number(facts, "existing_holders") + _number(facts, "direct_new") + len(_names(facts, "spvs"))
        return one_more(Heads(law["shareholders_heads"], registered, "shareholders"), "CN-CL-LLC50")


def look_through(facts: Facts, *, employees_excluded: bool) -> int:
    """Everybody who holds the issuer, also behind vehicles; the employees of a lawful plan are among the existing holders.

    Raises BadFacts.
    """
    existing = _number(facts, "existing_holders")
    if employees_excluded:
        existing = max(0, existing - _number(facts, "esop_employees"))
    behind = facts.event.get("spv_investors") or []
    if not isinstance(behind, list):
        raise BadFacts("event.spv_investors is a list")
    return existing + _number(facts, "direct_new") + sum(whole(one, "event.spv_investors") for one in behind)


def _number(facts: Facts, name: str) -> int:
    """A number of people; none when it is not told. Raises BadFacts."""
    value = facts.event.get(name)
    return 0 if value is None else whole(value, f"event.{name}")


def _names(facts: Facts, name: str) -> set[str]:
    """Each person once. Raises BadFacts."""
    value = facts.event.get(name) or []
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise BadFacts(f"event.{name} is a list of names")
    return set(value)
