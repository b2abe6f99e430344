"""P25: what an issuer pays to its holders through escrow. One pure function each; carry is the platform's part of it."""

from __future__ import annotations

from app.ledger.chart import Account, Code
from app.ledger.draft import Draft, Evidence, credit, debit, on_evidence, pair
from app.money import Money


def distribution_received(offering_id: int, amount: Money, evidence: Evidence) -> Draft:
    """The issuer paid in what its holders are to have."""
    cash, fund = Account(Code.ESCROW_CASH, offering_id), Account(Code.DISTRIBUTION_FUND, offering_id)
    return on_evidence("distribution_received", amount, pair(cash, fund, amount), evidence)


def distribution_declared(offering_id: int, investor_id: int, net: Money, tax: Money, key: str) -> Draft:
    """A holder's part is owed to them, less what the law has us keep for the tax office."""
    fund = Account(Code.DISTRIBUTION_FUND, offering_id)
    lines = (
        debit(fund, net + tax),
        credit(Account(Code.DISTRIBUTION_PAYABLE, investor_id=investor_id), net),
        credit(Account(Code.WITHHOLDING_TAX, offering_id), tax),
    )
    return Draft("distribution_declared", key, net.currency, lines)


def carry_charged(offering_id: int, carry: Money, key: str) -> Draft:
    """Our part of a distribution above what the holders paid in."""
    lines = (
        *pair(Account(Code.DISTRIBUTION_FUND, offering_id), Account(Code.PLATFORM_FEE_PAYABLE, offering_id), carry),
        *pair(Account(Code.FEE_RECEIVABLE, offering_id), Account(Code.FEE_INCOME), carry),
    )
    return Draft("carry_charged", key, carry.currency, lines)


def distribution_paid(offering_id: int, investor_id: int, amount: Money, evidence: Evidence) -> Draft:
    """A holder has their part."""
    owed, cash = Account(Code.DISTRIBUTION_PAYABLE, investor_id=investor_id), Account(Code.ESCROW_CASH, offering_id)
    return on_evidence("distribution_paid", amount, pair(owed, cash, amount), evidence)


def distribution_came_back(offering_id: int, investor_id: int, amount: Money, evidence: Evidence) -> Draft:
    """A holder's bank sent it back: it is owed as before."""
    owed, cash = Account(Code.DISTRIBUTION_PAYABLE, investor_id=investor_id), Account(Code.ESCROW_CASH, offering_id)
    return on_evidence("distribution_came_back", amount, pair(cash, owed, amount), evidence)


def distribution_unclaimed(investor_id: int, amount: Money, key: str) -> Draft:
    """It could not be paid for so long that the law has its own rules for it."""
    owed, unclaimed = (Account(code, investor_id=investor_id) for code in (Code.DISTRIBUTION_PAYABLE, Code.UNCLAIMED))
    return Draft("distribution_unclaimed", key, amount.currency, pair(owed, unclaimed, amount))


def tax_paid(offering_id: int, amount: Money, evidence: Evidence) -> Draft:
    """The tax office has what was kept for it."""
    owed, cash = Account(Code.WITHHOLDING_TAX, offering_id), Account(Code.ESCROW_CASH, offering_id)
    return on_evidence("tax_paid", amount, pair(owed, cash, amount), evidence)
