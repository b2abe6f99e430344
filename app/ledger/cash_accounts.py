"""Investors' own cash: paid in, pledged, given back, taken out. One pure function each; `gateway` is the custodian, and
`collector`, where one is named, the gateway that took the money and has it.
"""

from __future__ import annotations

from app.ledger.chart import Account, Code
from app.ledger.draft import Draft, Evidence, cash_at, credit, debit, on_evidence, pair, platform_owes
from app.money import Money


def cash_paid_in(
    investor_id: int, amount: Money, evidence: Evidence, *, gateway: str, gateway_fee: Money | None = None
) -> Draft:
    """An investor's money arrived in their cash account."""
    kept = gateway_fee or Money.zero(amount.currency)
    lines = (
        debit(Account(Code.CLIENT_CASH, gateway=gateway), amount - kept),
        credit(Account(Code.INVESTOR_CASH, investor_id=investor_id), amount),
        *platform_owes(0, kept, Code.PROCESSOR_FEE),
    )
    return on_evidence("cash_paid_in", amount, lines, evidence)


def cash_collected(
    investor_id: int, amount: Money, evidence: Evidence, *, collector: str, gateway_fee: Money | None = None
) -> Draft:
    """A collector took an investor's money: it is theirs, and free once the custodian has it."""
    kept = gateway_fee or Money.zero(amount.currency)
    lines = (
        debit(cash_at(0, collector), amount - kept),
        credit(Account(Code.INVESTOR_CASH_COMING, investor_id=investor_id), amount),
        *platform_owes(0, kept, Code.PROCESSOR_FEE),
    )
    return on_evidence("cash_collected", amount, lines, evidence)


def cash_arrived(investor_id: int, amount: Money, carried: Money, evidence: Evidence, *, gateway: str) -> Draft:
    """The custodian has what a collector sent (`carried`); all that was paid (`amount`) is free in the cash account.

    What the collector kept of it the platform pays in. Nothing is free of what a bank took back meanwhile.
    """
    coming = Account(Code.INVESTOR_CASH_COMING, investor_id=investor_id)
    lines = (
        *pair(Account(Code.CLIENT_CASH, gateway=gateway), Account(Code.IN_TRANSIT), carried),
        *pair(coming, Account(Code.INVESTOR_CASH, investor_id=investor_id), amount),
    )
    return on_evidence("cash_arrived", carried, lines, evidence)


def cash_sent_back(amount: Money, evidence: Evidence, *, gateway: str) -> Draft:
    """The custodian sent to a collector what that one lacks since a bank took back a top-up."""
    lines = pair(Account(Code.IN_TRANSIT), Account(Code.CLIENT_CASH, gateway=gateway), amount)
    return on_evidence("cash_sent_back", amount, lines, evidence)


def cash_reserved(investor_id: int, amount: Money, key: str) -> Draft:
    """It is on its way to a pledge or out: it cannot be used twice."""
    free, reserved = _cash(investor_id)
    return Draft("cash_reserved", key, amount.currency, pair(free, reserved, amount))


def cash_freed(investor_id: int, amount: Money, key: str) -> Draft:
    """It did not go: it is free again."""
    free, reserved = _cash(investor_id)
    return Draft("cash_freed", key, amount.currency, pair(reserved, free, amount))


def cash_pledged(
    investor_id: int, offering_id: int, pledge_id: int, amount: Money, evidence: Evidence, *, gateway: str,
    investor_fee: Money | None = None,
) -> Draft:  # fmt: skip
    """It was carried from the cash account into an offering's escrow account, with the fee on top of it."""
    _, reserved = _cash(investor_id)
    extra = investor_fee or Money.zero(amount.currency)
    lines = (
        debit(reserved, amount + extra),
        credit(Account(Code.INVESTOR_HELD, offering_id, pledge_id), amount),
        credit(Account(Code.INVESTOR_FEE_HELD, offering_id, pledge_id), extra),
        *pair(Account(Code.ESCROW_CASH, offering_id), Account(Code.CLIENT_CASH, gateway=gateway), amount + extra),
    )
    return on_evidence("cash_pledged", amount, lines, evidence)


def refunded_to_cash(
    investor_id: int, offering_id: int, pledge_id: int, amount: Money, evidence: Evidence, *, gateway: str
) -> Draft:
    """P10: a refund was carried into the cash account, as its investor chose."""
    free, _ = _cash(investor_id)
    lines = (
        *pair(Account(Code.REFUND_PAYABLE, offering_id, pledge_id), free, amount),
        *pair(Account(Code.CLIENT_CASH, gateway=gateway), Account(Code.ESCROW_CASH, offering_id), amount),
    )
    return on_evidence("refunded_to_cash", amount, lines, evidence)


def cash_taken_out(investor_id: int, amount: Money, evidence: Evidence, *, gateway: str) -> Draft:
    """It was paid to the investor's own bank account."""
    _, reserved = _cash(investor_id)
    return on_evidence(
        "cash_taken_out", amount, pair(reserved, Account(Code.CLIENT_CASH, gateway=gateway), amount), evidence
    )


def cash_came_back(investor_id: int, amount: Money, evidence: Evidence, *, gateway: str) -> Draft:
    """The bank sent it back: it is free in the cash account again."""
    free, _ = _cash(investor_id)
    return on_evidence(
        "cash_came_back", amount, pair(Account(Code.CLIENT_CASH, gateway=gateway), free, amount), evidence
    )


def stray_cash_received(
    investor_id: int, amount: Money, evidence: Evidence, *, gateway: str = "", collector: str = "",
    gateway_fee: Money | None = None,
) -> Draft:  # fmt: skip
    """Money came for a cash account, but not what was asked, or not in a way that it may: it lies apart."""
    kept = gateway_fee or Money.zero(amount.currency)
    lines = (
        debit(_lies(gateway, collector), amount - kept),
        credit(_apart(investor_id), amount),
        *(platform_owes(0, kept, Code.PROCESSOR_FEE) if kept else ()),
    )
    return on_evidence("stray_cash_received", amount, lines, evidence)


def stray_cash_identified(investor_id: int, amount: Money, key: str) -> Draft:
    """A person saw that it belongs there: it is free in the cash account."""
    free, _ = _cash(investor_id)
    return Draft("stray_cash_identified", key, amount.currency, pair(_apart(investor_id), free, amount))


def stray_cash_returned(
    investor_id: int, amount: Money, evidence: Evidence, *, gateway: str = "", collector: str = ""
) -> Draft:
    """It went back to where it came from."""
    lines = pair(_apart(investor_id), _lies(gateway, collector), amount)
    return on_evidence("stray_cash_returned", amount, lines, evidence)


def cash_debit_returned(
    investor_id: int, amount: Money, evidence: Evidence, *, covered: Money, gateway: str = "", collector: str = "",
    gateway_fee: Money | None = None, out_of: Code = Code.INVESTOR_CASH,
) -> Draft:  # fmt: skip
    """A bank took back what was paid in: out of what is free, or of what is still coming (INVESTOR_CASH_COMING); what is not
    there any more (`covered`) the platform owes.
    """
    kept = gateway_fee or Money.zero(amount.currency)
    lines = (
        debit(Account(out_of, investor_id=investor_id), amount - covered),
        debit(Account(Code.DUE_FROM_PLATFORM), covered + kept),
        credit(_lies(gateway, collector), amount + kept),
        debit(Account(Code.LOSSES), covered),
        debit(Account(Code.DISPUTE_FEE), kept),
        credit(Account(Code.DUE_TO_CLIENT), covered + kept),
    )
    return on_evidence("cash_debit_returned", amount, lines, evidence)


def cash_topped_up_by_platform(amount: Money, evidence: Evidence, *, gateway: str) -> Draft:
    """P6: the platform paid in what it owed to investors' cash."""
    lines = (
        *pair(Account(Code.CLIENT_CASH, gateway=gateway), Account(Code.DUE_FROM_PLATFORM), amount),
        *pair(Account(Code.DUE_TO_CLIENT), Account(Code.PLATFORM_CASH), amount),
    )
    return on_evidence("cash_topped_up_by_platform", amount, lines, evidence)


def gateway_price_taken(amount: Money, evidence: Evidence, *, gateway: str = "", collector: str = "") -> Draft:
    """A gateway took its price as a line of its own: the platform's cost, which it owes to investors' cash."""
    lines = (credit(_lies(gateway, collector), amount), *platform_owes(0, amount, Code.PROCESSOR_FEE))
    return on_evidence("gateway_price_taken", amount, lines, evidence)


def _lies(gateway: str, collector: str) -> Account:
    return cash_at(0, collector) if collector else Account(Code.CLIENT_CASH, gateway=gateway)


def _apart(investor_id: int) -> Account:
    return Account(Code.UNIDENTIFIED_RECEIPTS, investor_id=investor_id)


def _cash(investor_id: int) -> tuple[Account, Account]:
    """What is free, and what is on its way."""
    return (
        Account(Code.INVESTOR_CASH, investor_id=investor_id),
        Account(Code.INVESTOR_CASH_RESERVED, investor_id=investor_id),
    )
