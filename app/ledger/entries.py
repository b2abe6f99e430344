"""Every movement of money as one pure function, named like a line of a bank statement.

Each returns a `Draft`, balanced by construction and checked by `actions.post` and by the database.
The numbers P… are those of the postings table in `docs/ledger.md`.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

from app.ledger.chart import CHART, Account, Code
from app.money import Money


@dataclass(frozen=True, slots=True)
class Line:
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


def _address(account: Account) -> tuple[str, int, int]:
    return account.code.value, account.offering_id, account.pledge_id


def _pair(debit: Account, credit: Account, amount: Money) -> tuple[Line, Line]:
    return Line(debit, "D", amount.minor), Line(credit, "C", amount.minor)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What proves that cash moved: the gateway's transaction id, and the instruction it answers."""

    transaction: str
    instruction_id: int


def funds_collected(offering_id: int, pledge_id: int, amount: Money, evidence: Evidence) -> Draft:
    """P7: an investor's money arrived in the offering's escrow account."""
    cash, held = Account(Code.ESCROW_CASH, offering_id), Account(Code.INVESTOR_HELD, offering_id, pledge_id)
    return _cash("funds_collected", amount, _pair(cash, held, amount), evidence)


def unidentified_funds_received(offering_id: int, amount: Money, evidence: Evidence) -> Draft:
    """P7: money arrived for a pledge that no longer wants it; it will be sent back."""
    cash, unknown = Account(Code.ESCROW_CASH, offering_id), Account(Code.UNIDENTIFIED_RECEIPTS, offering_id)
    return _cash("unidentified_funds_received", amount, _pair(cash, unknown, amount), evidence)


def refund_owed(offering_id: int, pledge_id: int, amount: Money, key: str) -> Draft:
    """P9: what was held for the investor is now owed back to them."""
    held, owed = (Account(code, offering_id, pledge_id) for code in (Code.INVESTOR_HELD, Code.REFUND_PAYABLE))
    return Draft("refund_owed", key, amount.currency, _pair(held, owed, amount))


def refund_paid(offering_id: int, pledge_id: int, amount: Money, evidence: Evidence) -> Draft:
    """P10: the investor has their money back."""
    owed, cash = Account(Code.REFUND_PAYABLE, offering_id, pledge_id), Account(Code.ESCROW_CASH, offering_id)
    return _cash("refund_paid", amount, _pair(owed, cash, amount), evidence)


def unidentified_funds_returned(offering_id: int, amount: Money, evidence: Evidence) -> Draft:
    """Money that nobody wanted went back to where it came from."""
    unknown, cash = Account(Code.UNIDENTIFIED_RECEIPTS, offering_id), Account(Code.ESCROW_CASH, offering_id)
    return _cash("unidentified_funds_returned", amount, _pair(unknown, cash, amount), evidence)


def pledge_closed(offering_id: int, pledge_id: int, amount: Money, key: str) -> Draft:
    """P12: what was held for the investor is now owed to the issuer."""
    held, payable = Account(Code.INVESTOR_HELD, offering_id, pledge_id), Account(Code.ISSUER_PAYABLE, offering_id)
    return Draft("pledge_closed", key, amount.currency, _pair(held, payable, amount))


def platform_fee_charged(offering_id: int, fee: Money, key: str) -> Draft:
    """P13: our fee on a closing, owed to us out of escrow and earned in our own book."""
    payable, ours = Account(Code.ISSUER_PAYABLE, offering_id), Account(Code.PLATFORM_FEE_PAYABLE, offering_id)
    claim, income = Account(Code.FEE_RECEIVABLE, offering_id), Account(Code.FEE_INCOME)
    return Draft("platform_fee_charged", key, fee.currency, (*_pair(payable, ours, fee), *_pair(claim, income, fee)))


def payout_instructed(offering_id: int, amount: Money, key: str) -> Draft:
    """P14: the issuer's money is on its way; from here on it cannot be used for anything else."""
    payable, flying = (Account(code, offering_id) for code in (Code.ISSUER_PAYABLE, Code.ISSUER_PAYOUT_IN_FLIGHT))
    return Draft("payout_instructed", key, amount.currency, _pair(payable, flying, amount))


def payout_paid(offering_id: int, amount: Money, evidence: Evidence) -> Draft:
    """P15: the issuer has been paid."""
    flying, cash = Account(Code.ISSUER_PAYOUT_IN_FLIGHT, offering_id), Account(Code.ESCROW_CASH, offering_id)
    return _cash("payout_paid", amount, _pair(flying, cash, amount), evidence)


def payout_failed(offering_id: int, amount: Money, key: str) -> Draft:
    """P16: the payout was refused before any cash moved; the money is owed to the issuer again."""
    flying, payable = (Account(code, offering_id) for code in (Code.ISSUER_PAYOUT_IN_FLIGHT, Code.ISSUER_PAYABLE))
    return Draft("payout_failed", key, amount.currency, _pair(flying, payable, amount))


def platform_fee_swept(offering_id: int, fee: Money, evidence: Evidence) -> Draft:
    """P17: our fee left escrow and arrived in our own account."""
    payable, escrow = Account(Code.PLATFORM_FEE_PAYABLE, offering_id), Account(Code.ESCROW_CASH, offering_id)
    ours, claim = Account(Code.PLATFORM_CASH), Account(Code.FEE_RECEIVABLE, offering_id)
    return _cash("platform_fee_swept", fee, (*_pair(payable, escrow, fee), *_pair(ours, claim, fee)), evidence)


def _cash(kind: str, amount: Money, lines: tuple[Line, ...], evidence: Evidence) -> Draft:
    """Cash moves only on evidence, and one piece of evidence moves it once."""
    return Draft(
        kind,
        f"{kind}:{evidence.transaction}",
        amount.currency,
        lines,
        evidence=evidence.transaction,
        instruction_id=evidence.instruction_id,
    )
