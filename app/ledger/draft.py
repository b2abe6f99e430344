"""An entry before it is written, and the small vocabulary that every movement is told in."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import NamedTuple

from app.ledger.chart import CHART, Account, Code
from app.money import Money


class Line(NamedTuple):
    account: Account
    side: str  # "D" or "C"
    minor: int


@dataclass(frozen=True, slots=True)
class Draft:
    """An entry not yet written. `key` makes it happen once; `evidence` is the gateway's own transaction."""

    kind: str
    key: str
    currency: str
    lines: tuple[Line, ...]
    evidence: str | None = None
    instruction_id: int | None = None

    def is_balanced(self) -> bool:
        """Whether every book in it sums to zero."""
        sums: dict[str, int] = {}
        for line in self.lines:
            book = CHART[line.account.code].book
            sums[book] = sums.get(book, 0) + (line.minor if line.side == "D" else -line.minor)
        return len(self.lines) >= 2 and not any(sums.values())

    def body_hash(self) -> str:
        """The same key with another body is a mistake, not a repetition: this tells them apart."""
        body = [self.kind, self.currency, [[*_address(line.account), line.side, line.minor] for line in self.lines]]
        return hashlib.sha256(json.dumps(body).encode()).hexdigest()


def _address(account: Account) -> tuple[str | int, ...]:
    whose = (account.investor_id, account.gateway) if account.investor_id or account.gateway else ()
    return (account.code.value, account.offering_id, account.pledge_id, *whose)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What proves that cash moved: the gateway's transaction id, and the instruction it answers (None: nobody asked)."""

    transaction: str
    instruction_id: int | None


def debit(account: Account, amount: Money) -> Line:
    return Line(account, "D", amount.minor)


def credit(account: Account, amount: Money) -> Line:
    return Line(account, "C", amount.minor)


def pair(debited: Account, credited: Account, amount: Money) -> tuple[Line, Line]:
    """Both sides of one movement."""
    return debit(debited, amount), credit(credited, amount)


def cash_at(offering_id: int, collector: str) -> Account:
    """Where an offering's money lies: with a collector, or (`collector` is "") in its escrow account."""
    if collector:
        return Account(Code.COLLECTOR_CASH, offering_id, gateway=collector)
    return Account(Code.ESCROW_CASH, offering_id)


def arriving(offering_id: int, collector: str) -> Account:
    """Where money arrives: a collector does not pay it out at once."""
    if collector:
        return Account(Code.COLLECTOR_PENDING, offering_id, gateway=collector)
    return Account(Code.ESCROW_CASH, offering_id)


def platform_owes(offering_id: int, amount: Money, cost: Code) -> tuple[Line, Line, Line]:
    """What a gateway kept of client money is the platform's to pay: owed in both books, and a cost of ours.

    The fourth side is the cash that is missing: the caller's own line is so much smaller.
    """
    return (
        debit(Account(Code.DUE_FROM_PLATFORM, offering_id), amount),
        debit(Account(cost), amount),
        credit(Account(Code.DUE_TO_CLIENT, offering_id), amount),
    )


def on_evidence(kind: str, amount: Money, lines: tuple[Line, ...], evidence: Evidence) -> Draft:
    """Cash moves only on evidence, and one piece of evidence moves it once."""
    return Draft(
        kind,
        f"{kind}:{evidence.transaction}",
        amount.currency,
        lines,
        evidence=evidence.transaction,
        instruction_id=evidence.instruction_id,
    )
