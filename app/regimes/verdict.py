"""What a regime answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from app.money import Money


class Decision(StrEnum):
    ALLOW = "allow"
    #: Nothing the person can tick will help.
    DENY = "deny"
    #: A named step must come first: a declaration, a certification, a consent.
    NEEDS_ACK = "needs_ack"
    #: Time must pass.
    NEEDS_WAIT = "needs_wait"


@dataclass(frozen=True, slots=True)
class Heads:
    """A limit that counts people and not money; `unit` says which: holders, partners, purchasers."""

    cap: int
    used: int
    unit: str

    @property
    def remaining(self) -> int:
        return max(0, self.cap - self.used)


@dataclass(frozen=True, slots=True)
class Verdict:
    """An answer with its reason.

    `cap`, `used` and `remaining` are the investor's (or the issuer's) limit before this pledge; None where the law
    sets no limit. `remaining` is never below zero. `frees` is when more of the limit comes back, and how much.
    `numbers` are the inputs of the formula, as decimal texts, for people to check. `heads` is a limit of people.
    """

    decision: Decision
    rule: str
    cap: Money | None = None
    used: Money | None = None
    remaining: Money | None = None
    frees: tuple[date, Money] | None = None
    numbers: dict[str, str] = field(default_factory=dict)
    heads: Heads | None = None

    @property
    def allows(self) -> bool:
        return self.decision is Decision.ALLOW


def allowed_if(condition: bool, rule: str) -> Verdict:
    """Yes or no, where the rule knows nothing between."""
    return Verdict(Decision.ALLOW if condition else Decision.DENY, rule)


def one_more(heads: Heads, rule: str) -> Verdict:
    """Whether one more person fits under a limit of people."""
    return Verdict(Decision.ALLOW if heads.remaining else Decision.DENY, rule, heads=heads)
