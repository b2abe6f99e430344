"""Every movement of money on a pledge's straight way as one pure function, named like a line of a bank statement.

Each returns a `Draft`, balanced by construction and checked by `actions.post` and by the database. What goes wrong on
the way is `reversals.py`, investors' own cash `cash_accounts.py`, what issuers pay their holders `distributions.py`.
The numbers P… are those of the postings table in `docs/ledger.md`.
"""

from __future__ import annotations

from app.ledger.chart import Account, Code
from app.ledger.draft import (
    Draft,
    Evidence,
    Line,
    arriving,
    cash_at,
    credit,
    debit,
    on_evidence,
    pair,
    platform_owes,
)
from app.money import Money


def pledge_promised(offering_id: int, pledge_id: int, amount: Money, key: str) -> Draft:
    """P1: an investor keeps a way to pay with us; no money has moved."""
    promise, contra = _promise(offering_id, pledge_id)
    return Draft("pledge_promised", key, amount.currency, pair(promise, contra, amount))


def promise_ended(offering_id: int, pledge_id: int, amount: Money, key: str) -> Draft:
    """P8: the promise was paid, or given up."""
    promise, contra = _promise(offering_id, pledge_id)
    return Draft("promise_ended", key, amount.currency, pair(contra, promise, amount))


def _promise(offering_id: int, pledge_id: int) -> tuple[Account, Account]:
    return Account(Code.COMMITMENT, offering_id, pledge_id), Account(Code.COMMITMENT_CONTRA, offering_id)


def funds_collected(
    offering_id: int, pledge_id: int, amount: Money, evidence: Evidence, *, collector: str = "",
    gateway_fee: Money | None = None, investor_fee: Money | None = None, may_be_taken_back: bool = False,
) -> Draft:  # fmt: skip
    """P2, P3, P7: an investor's money arrived: in escrow, or with a `collector` that is not the offering's custodian.

    `amount` is for the shares; `investor_fee` came on top of it. What the gateway kept (`gateway_fee`) the platform
    owes to client money from this moment on, so that the investor can have all of it back.
    """
    kept, extra = gateway_fee or Money.zero(amount.currency), investor_fee or Money.zero(amount.currency)
    cash = arriving(offering_id, collector)
    held = Code.INVESTOR_UNSETTLED if may_be_taken_back else Code.INVESTOR_HELD
    lines = (
        debit(cash, amount + extra - kept),
        credit(Account(held, offering_id, pledge_id), amount),
        credit(Account(Code.INVESTOR_FEE_HELD, offering_id, pledge_id), extra),
        *platform_owes(offering_id, kept, Code.PROCESSOR_FEE),
    )
    return on_evidence("funds_collected", amount, lines, evidence)


def funds_cleared(offering_id: int, pledge_id: int, amount: Money, key: str) -> Draft:
    """P4: the time in which a bank could simply take a debit back is over."""
    unsettled, held = (Account(code, offering_id, pledge_id) for code in (Code.INVESTOR_UNSETTLED, Code.INVESTOR_HELD))
    return Draft("funds_cleared", key, amount.currency, pair(unsettled, held, amount))


def funds_available(offering_id: int, collector: str, amount: Money, key: str) -> Draft:
    """P5: what a collector took may be paid out by it from now on."""
    pending, cash = arriving(offering_id, collector), cash_at(offering_id, collector)
    return Draft("funds_available", key, amount.currency, pair(cash, pending, amount))


def custody_transfer_sent(offering_id: int, collector: str, amount: Money, evidence: Evidence) -> Draft:
    """P6: a collector sent what it held for an offering to the custodian."""
    cash, transit = cash_at(offering_id, collector), Account(Code.IN_TRANSIT, offering_id)
    return on_evidence("custody_transfer_sent", amount, pair(transit, cash, amount), evidence)


def custody_transfer_received(offering_id: int, amount: Money, evidence: Evidence) -> Draft:
    """P6: it arrived in the offering's escrow account."""
    transit, escrow = Account(Code.IN_TRANSIT, offering_id), Account(Code.ESCROW_CASH, offering_id)
    return on_evidence("custody_transfer_received", amount, pair(escrow, transit, amount), evidence)


def custody_return_sent(offering_id: int, amount: Money, evidence: Evidence) -> Draft:
    """P6 backwards: the custodian sent money back to a collector, for refunds from there."""
    transit, escrow = Account(Code.IN_TRANSIT, offering_id), Account(Code.ESCROW_CASH, offering_id)
    return on_evidence("custody_return_sent", amount, pair(transit, escrow, amount), evidence)


def custody_return_received(offering_id: int, collector: str, amount: Money, evidence: Evidence) -> Draft:
    """P6 backwards: it arrived at the collector."""
    cash, transit = cash_at(offering_id, collector), Account(Code.IN_TRANSIT, offering_id)
    return on_evidence("custody_return_received", amount, pair(cash, transit, amount), evidence)


def top_up_received(offering_id: int, amount: Money, evidence: Evidence, *, collector: str = "") -> Draft:
    """P6: the platform paid in what it owed to client money."""
    lines = (
        *pair(cash_at(offering_id, collector), Account(Code.DUE_FROM_PLATFORM, offering_id), amount),
        *pair(Account(Code.DUE_TO_CLIENT, offering_id), Account(Code.PLATFORM_CASH), amount),
    )
    return on_evidence("top_up_received", amount, lines, evidence)


def unidentified_funds_received(
    offering_id: int, amount: Money, evidence: Evidence, *, collector: str = "", gateway_fee: Money | None = None
) -> Draft:
    """P7: money arrived for a pledge that no longer wants it; it will be sent back, all of it."""
    kept = gateway_fee or Money.zero(amount.currency)
    lines = (
        debit(arriving(offering_id, collector), amount - kept),
        credit(Account(Code.UNIDENTIFIED_RECEIPTS, offering_id), amount),
        *platform_owes(offering_id, kept, Code.PROCESSOR_FEE),
    )
    return on_evidence("unidentified_funds_received", amount, lines, evidence)


def unidentified_funds_returned(offering_id: int, amount: Money, evidence: Evidence, *, collector: str = "") -> Draft:
    """Money that nobody wanted went back to where it came from."""
    unknown, cash = Account(Code.UNIDENTIFIED_RECEIPTS, offering_id), cash_at(offering_id, collector)
    return on_evidence("unidentified_funds_returned", amount, pair(unknown, cash, amount), evidence)


def receipt_identified(
    offering_id: int, pledge_id: int, amount: Money, key: str, *, instruction_id: int | None = None,
    investor_fee: Money | None = None, may_be_taken_back: bool = False,
) -> Draft:  # fmt: skip
    """P7: two people found out whose money it was; `amount` and `investor_fee` are as in `funds_collected`.

    No cash moves, so there is no evidence: `instruction_id` is the collection that this money answers.
    """
    extra = investor_fee or Money.zero(amount.currency)
    held = Code.INVESTOR_UNSETTLED if may_be_taken_back else Code.INVESTOR_HELD
    lines = (
        debit(Account(Code.UNIDENTIFIED_RECEIPTS, offering_id), amount + extra),
        credit(Account(held, offering_id, pledge_id), amount),
        *((credit(Account(Code.INVESTOR_FEE_HELD, offering_id, pledge_id), extra),) if extra else ()),
    )
    return Draft("receipt_identified", key, amount.currency, lines, instruction_id=instruction_id)


def refund_owed(
    offering_id: int, pledge_id: int, amount: Money, key: str, *, investor_fee: Money | None = None,
    may_be_taken_back: bool = False,
) -> Draft:  # fmt: skip
    """P9: what was held for the investor is now owed back to them, with the fee that they paid on top."""
    extra = investor_fee or Money.zero(amount.currency)
    held = Code.INVESTOR_UNSETTLED if may_be_taken_back else Code.INVESTOR_HELD
    lines = (
        debit(Account(held, offering_id, pledge_id), amount),
        *((debit(Account(Code.INVESTOR_FEE_HELD, offering_id, pledge_id), extra),) if extra else ()),
        credit(Account(Code.REFUND_PAYABLE, offering_id, pledge_id), amount + extra),
    )
    return Draft("refund_owed", key, amount.currency, lines)


def refund_paid(offering_id: int, pledge_id: int, amount: Money, evidence: Evidence, *, collector: str = "") -> Draft:
    """P10: the investor has their money back, out of escrow or out of the balance of a `collector`."""
    owed = Account(Code.REFUND_PAYABLE, offering_id, pledge_id)
    return on_evidence("refund_paid", amount, pair(owed, cash_at(offering_id, collector), amount), evidence)


def pledge_closed(offering_id: int, pledge_id: int, amount: Money, key: str) -> Draft:
    """P12: what was held for the investor is now owed to the issuer."""
    held, payable = Account(Code.INVESTOR_HELD, offering_id, pledge_id), Account(Code.ISSUER_PAYABLE, offering_id)
    return Draft("pledge_closed", key, amount.currency, pair(held, payable, amount))


def platform_fee_charged(offering_id: int, fee: Money, key: str) -> Draft:
    """P13: our fee on a closing, owed to us out of escrow and earned in our own book."""
    payable = Account(Code.ISSUER_PAYABLE, offering_id)
    return Draft("platform_fee_charged", key, fee.currency, _earn(offering_id, fee, payable, Code.FEE_INCOME))


def investor_fee_earned(offering_id: int, pledge_id: int, fee: Money, key: str) -> Draft:
    """P13: the fee that an investor paid on top of a pledge, which is shares now."""
    paid = Account(Code.INVESTOR_FEE_HELD, offering_id, pledge_id)
    return Draft("investor_fee_earned", key, fee.currency, _earn(offering_id, fee, paid, Code.FEE_INCOME))


def processor_cost_recharged(offering_id: int, cost: Money, key: str) -> Draft:
    """P18: what gateways cost us, charged to the issuer where the contract says so."""
    payable = Account(Code.ISSUER_PAYABLE, offering_id)
    return Draft(
        "processor_cost_recharged", key, cost.currency, _earn(offering_id, cost, payable, Code.RECHARGE_INCOME)
    )


def _earn(offering_id: int, fee: Money, out_of: Account, income: Code) -> tuple[Line, ...]:
    ours, claim = Account(Code.PLATFORM_FEE_PAYABLE, offering_id), Account(Code.FEE_RECEIVABLE, offering_id)
    return *pair(out_of, ours, fee), *pair(claim, Account(income), fee)


def holdback_kept(offering_id: int, amount: Money, key: str) -> Draft:
    """P13: a part of what is owed to the issuer stays in escrow for debits that banks may still take back."""
    payable, kept = (Account(code, offering_id) for code in (Code.ISSUER_PAYABLE, Code.ISSUER_HOLDBACK))
    return Draft("holdback_kept", key, amount.currency, pair(payable, kept, amount))


def holdback_released(offering_id: int, amount: Money, key: str) -> Draft:
    """P20: it is owed to the issuer again."""
    payable, kept = (Account(code, offering_id) for code in (Code.ISSUER_PAYABLE, Code.ISSUER_HOLDBACK))
    return Draft("holdback_released", key, amount.currency, pair(kept, payable, amount))


def payout_instructed(offering_id: int, amount: Money, key: str) -> Draft:
    """P14: the issuer's money is on its way; from here on it cannot be used for anything else."""
    payable, flying = (Account(code, offering_id) for code in (Code.ISSUER_PAYABLE, Code.ISSUER_PAYOUT_IN_FLIGHT))
    return Draft("payout_instructed", key, amount.currency, pair(payable, flying, amount))


def payout_paid(offering_id: int, amount: Money, evidence: Evidence) -> Draft:
    """P15: the issuer has been paid."""
    flying, cash = Account(Code.ISSUER_PAYOUT_IN_FLIGHT, offering_id), Account(Code.ESCROW_CASH, offering_id)
    return on_evidence("payout_paid", amount, pair(flying, cash, amount), evidence)


def payout_failed(offering_id: int, amount: Money, key: str) -> Draft:
    """P16: the payout was refused before any cash moved; the money is owed to the issuer again."""
    flying, payable = (Account(code, offering_id) for code in (Code.ISSUER_PAYOUT_IN_FLIGHT, Code.ISSUER_PAYABLE))
    return Draft("payout_failed", key, amount.currency, pair(flying, payable, amount))


def platform_fee_swept(offering_id: int, fee: Money, evidence: Evidence) -> Draft:
    """P17: our fee left escrow and arrived in our own account."""
    payable, escrow = Account(Code.PLATFORM_FEE_PAYABLE, offering_id), Account(Code.ESCROW_CASH, offering_id)
    ours, claim = Account(Code.PLATFORM_CASH), Account(Code.FEE_RECEIVABLE, offering_id)
    return on_evidence("platform_fee_swept", fee, (*pair(payable, escrow, fee), *pair(ours, claim, fee)), evidence)


def platform_fee_returned(offering_id: int, fee: Money, evidence: Evidence) -> Draft:
    """P17 backwards: it did not reach our account, or came back from there."""
    payable, escrow = Account(Code.PLATFORM_FEE_PAYABLE, offering_id), Account(Code.ESCROW_CASH, offering_id)
    ours, claim = Account(Code.PLATFORM_CASH), Account(Code.FEE_RECEIVABLE, offering_id)
    return on_evidence("platform_fee_returned", fee, (*pair(escrow, payable, fee), *pair(claim, ours, fee)), evidence)


def overdraft_covered(offering_id: int, custodian: str, amount: Money, key: str) -> Draft:
    """What left an offering's account with the custodian beyond what was in escrow is made good from what came in since.

    Nothing moves there: at the custodian both are one account.
    """
    return Draft(
        "overdraft_covered",
        key,
        amount.currency,
        pair(cash_at(offering_id, custodian), cash_at(offering_id, ""), amount),
    )


def gateway_price_taken(offering_id: int, fee: Money, evidence: Evidence, *, collector: str = "") -> Draft:
    """A gateway took its price as a line of its own: the platform's cost, which it owes to client money."""
    lines = (
        credit(cash_at(offering_id, collector), fee),
        *platform_owes(offering_id, fee, Code.PROCESSOR_FEE),
    )
    return on_evidence("gateway_price_taken", fee, lines, evidence)


def listing_fee_billed(offering_id: int, fee: Money, key: str) -> Draft:
    """What the issuer pays for being listed, billed apart: it never touches client money."""
    claim = Account(Code.ISSUER_RECEIVABLE, offering_id)
    return Draft("listing_fee_billed", key, fee.currency, pair(claim, Account(Code.FEE_INCOME), fee))


def issuer_bill_paid(offering_id: int, amount: Money, evidence: Evidence) -> Draft:
    """The issuer paid a bill of ours into our own account."""
    claim = Account(Code.ISSUER_RECEIVABLE, offering_id)
    return on_evidence("issuer_bill_paid", amount, pair(Account(Code.PLATFORM_CASH), claim, amount), evidence)
