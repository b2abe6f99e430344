"""P25: what an issuer pays to its holders through escrow. One pure function each; carry is the platform's part of it."""

from __future__ import annotations

from collections.abc import Mapping

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


def distribution_paid(
    offering_id: int, parts: Mapping[int, int], amount: Money, evidence: Evidence, *, gateway: str
) -> Draft:
    """The custodian carried all of it to the cash accounts: each holder has their part (investor -> minor units)."""
    lines = [*pair(Account(Code.CLIENT_CASH, gateway=gateway), Account(Code.ESCROW_CASH, offering_id), amount)]
    for investor_id, minor in parts.items():
        owed, free = (
            Account(code, investor_id=investor_id) for code in (Code.DISTRIBUTION_PAYABLE, Code.INVESTOR_CASH)
        )
        lines += pair(owed, free, Money(minor, amount.currency))
    return on_evidence("distribution_paid", amount, tuple(lines), evidence)


def tax_paid(offering_id: int, amount: Money, evidence: Evidence) -> Draft:
    """The tax office has what was kept for it."""
    owed, cash = Account(Code.WITHHOLDING_TAX, offering_id), Account(Code.ESCROW_CASH, offering_id)
    return on_evidence("tax_paid", amount, pair(owed, cash, amount), evidence)
