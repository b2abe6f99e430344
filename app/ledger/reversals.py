"""What is taken back: refunds and payouts that fail, debits that banks return, disputes. One pure function each.

`collector` is the gateway whose balance the money left; "" means the offering's escrow account.
The numbers P… are those of the postings table in `docs/ledger.md`.
"""

from __future__ import annotations

from dataclasses import dataclass

from app.ledger.chart import Account, Code
from app.ledger.draft import Draft, Evidence, Line, cash_at, credit, debit, on_evidence, pair, platform_owes
from app.money import Money


def refund_failed(offering_id: int, pledge_id: int, amount: Money, evidence: Evidence, *, collector: str = "") -> Draft:
    """P11: a refund came back; it is owed as before and must go another way."""
    owed = Account(Code.REFUND_PAYABLE, offering_id, pledge_id)
    return on_evidence("refund_failed", amount, pair(cash_at(offering_id, collector), owed, amount), evidence)


def payout_returned(offering_id: int, amount: Money, evidence: Evidence) -> Draft:
    """P16: a payout that was paid came back; it is owed to the issuer again."""
    cash, payable = Account(Code.ESCROW_CASH, offering_id), Account(Code.ISSUER_PAYABLE, offering_id)
    return on_evidence("payout_returned", amount, pair(cash, payable, amount), evidence)


def debit_returned(
    offering_id: int, pledge_id: int, amount: Money, evidence: Evidence, *, collector: str = "",
    out_of: Code = Code.INVESTOR_HELD, gateway_fee: Money | None = None, investor_fee: Money | None = None,
) -> Draft:  # fmt: skip
    """P21: a bank took a debit back before the shares were given; nothing is held for the investor any more.

    `out_of` is where it was: INVESTOR_UNSETTLED, INVESTOR_HELD, REFUND_PAYABLE or UNIDENTIFIED_RECEIPTS. After the shares it is RETURNED_DEBIT
    (P22): a claim that is covered at once. `investor_fee` is what of the amount is still held as the investor's fee.
    """
    kept = gateway_fee or Money.zero(amount.currency)
    lines = (
        *_held(offering_id, 0 if out_of is Code.UNIDENTIFIED_RECEIPTS else pledge_id, amount, out_of, investor_fee),
        credit(cash_at(offering_id, collector), amount + kept),
        *platform_owes(offering_id, kept, Code.DISPUTE_FEE),
    )
    return on_evidence("debit_returned", amount, lines, evidence)


def _held(
    offering_id: int, pledge_id: int, amount: Money, out_of: Code, investor_fee: Money | None
) -> tuple[Line, ...]:
    """What was held for a pledge, with the fee that came on top of it."""
    if not investor_fee:
        return (debit(Account(out_of, offering_id, pledge_id), amount),)
    fee = Account(Code.INVESTOR_FEE_HELD, offering_id, pledge_id)
    return debit(Account(out_of, offering_id, pledge_id), amount - investor_fee), debit(fee, investor_fee)


def loss_covered_by_refund(offering_id: int, pledge_id: int, amount: Money, key: str) -> Draft:
    """P22: what was still owed back to that very investor, and goes to them no more, pays for it first."""
    owed, claim = (
        Account(Code.REFUND_PAYABLE, offering_id, pledge_id),
        Account(Code.RETURNED_DEBIT, offering_id, pledge_id),
    )
    return Draft("loss_covered_by_refund", key, amount.currency, pair(owed, claim, amount))


def loss_covered_by_holdback(offering_id: int, pledge_id: int, amount: Money, key: str) -> Draft:
    """P22: what was kept back from the issuer pays for a debit that was taken back."""
    kept, claim = Account(Code.ISSUER_HOLDBACK, offering_id), Account(Code.RETURNED_DEBIT, offering_id, pledge_id)
    return Draft("loss_covered_by_holdback", key, amount.currency, pair(kept, claim, amount))


def loss_covered_by_platform(offering_id: int, pledge_id: int, amount: Money, key: str) -> Draft:
    """P22: the platform owes the rest to client money, and has lost it."""
    lines = (
        *platform_owes(offering_id, amount, Code.LOSSES),
        credit(Account(Code.RETURNED_DEBIT, offering_id, pledge_id), amount),
    )
    return Draft("loss_covered_by_platform", key, amount.currency, lines)


def loss_claimed_from_issuer(offering_id: int, amount: Money, key: str) -> Draft:
    """P22: the issuer agreed to pay the platform back."""
    claim = Account(Code.ISSUER_RECEIVABLE, offering_id)
    return Draft("loss_claimed_from_issuer", key, amount.currency, pair(claim, Account(Code.LOSSES), amount))


def dispute_opened(
    offering_id: int, pledge_id: int, amount: Money, evidence: Evidence, *, collector: str = "",
    gateway_fee: Money | None = None,
) -> Draft:  # fmt: skip
    """P23: a bank took the money while it looks into its customer's complaint; what is held for the pledge stays owed."""
    kept = gateway_fee or Money.zero(amount.currency)
    lines = (
        debit(Account(Code.DISPUTED, offering_id, pledge_id), amount),
        credit(cash_at(offering_id, collector), amount + kept),
        *platform_owes(offering_id, kept, Code.DISPUTE_FEE),
    )
    return on_evidence("dispute_opened", amount, lines, evidence)


def dispute_won(offering_id: int, pledge_id: int, amount: Money, evidence: Evidence, *, collector: str = "") -> Draft:
    """P24: the bank gave it back."""
    disputed = Account(Code.DISPUTED, offering_id, pledge_id)
    return on_evidence("dispute_won", amount, pair(cash_at(offering_id, collector), disputed, amount), evidence)


def dispute_lost(
    offering_id: int, pledge_id: int, amount: Money, key: str, *, out_of: Code, investor_fee: Money | None = None
) -> Draft:
    """P24: the payer keeps it: out of what was held for the pledge, or, after its shares, a RETURNED_DEBIT to cover."""
    lines = (
        *_held(offering_id, pledge_id, amount, out_of, investor_fee),
        credit(Account(Code.DISPUTED, offering_id, pledge_id), amount),
    )
    return Draft("dispute_lost", key, amount.currency, lines)


@dataclass(frozen=True, slots=True)
class MadeGood:
    """What came back of a loss and is put where it was missing.

    `platform` the platform itself had lost; `bill` the issuer was billed for it, and has not paid; `holdback` was taken of
    what is held back from the issuer.
    """

    platform: Money
    bill: Money
    holdback: Money


def _made_good(offering_id: int, source: Account, parts: MadeGood) -> tuple[Line, ...]:
    """The platform's part is swept with its fees; in a bill's stead it is the platform's, too."""
    ours = parts.platform + parts.bill
    return (
        debit(source, ours + parts.holdback),
        credit(Account(Code.PLATFORM_FEE_PAYABLE, offering_id), ours),
        credit(Account(Code.ISSUER_HOLDBACK, offering_id), parts.holdback),
        debit(Account(Code.FEE_RECEIVABLE, offering_id), ours),
        credit(Account(Code.LOSSES), parts.platform),
        credit(Account(Code.ISSUER_RECEIVABLE, offering_id), parts.bill),
    )


def loss_recovered_from_refund(offering_id: int, pledge_id: int, parts: MadeGood, key: str) -> Draft:
    """P24: a refund to somebody who has their money already did not arrive: it makes good what was covered for them."""
    lines = _made_good(offering_id, Account(Code.REFUND_PAYABLE, offering_id, pledge_id), parts)
    return Draft("loss_recovered_from_refund", key, parts.platform.currency, lines)


def loss_made_good(offering_id: int, pledge_id: int, parts: MadeGood, key: str) -> Draft:
    """P24: what was covered is a claim again, which `loss_recovered` pays."""
    lines = _made_good(offering_id, Account(Code.RETURNED_DEBIT, offering_id, pledge_id), parts)
    return Draft("loss_made_good", key, parts.platform.currency, lines)


def loss_owed_to_investor(offering_id: int, pledge_id: int, amount: Money, key: str) -> Draft:
    """P24: of what came back, the investor themselves had borne it; it lies apart until two people have it paid."""
    claim, apart = Account(Code.RETURNED_DEBIT, offering_id, pledge_id), _apart(offering_id)
    return Draft("loss_owed_to_investor", key, amount.currency, pair(claim, apart, amount))


def loss_owed_to_issuer(
    offering_id: int, pledge_id: int, amount: Money, key: str, *, source: Code = Code.RETURNED_DEBIT
) -> Draft:
    """P24: of what came back, the issuer had borne it, and it can be put back nowhere: its holdback was paid out since, or it
    has paid the bill. It lies apart until two people have it paid. `source` is REFUND_PAYABLE for a refund that came back.
    """
    lines = pair(Account(source, offering_id, pledge_id), _apart(offering_id), amount)
    return Draft("loss_owed_to_issuer", key, amount.currency, lines)


def loss_repaid_to_issuer(offering_id: int, amount: Money, evidence: Evidence) -> Draft:
    """P24: the issuer was paid what it had borne, out of the offering's escrow account."""
    lines = pair(_apart(offering_id), Account(Code.ESCROW_CASH, offering_id), amount)
    return on_evidence("loss_repaid_to_issuer", amount, lines, evidence)


def _apart(offering_id: int) -> Account:
    return Account(Code.UNIDENTIFIED_RECEIPTS, offering_id)


def loss_recovered(
    offering_id: int, pledge_id: int, amount: Money, evidence: Evidence, *, collector: str = ""
) -> Draft:
    """P24: what was lost and covered came back after all."""
    claim = Account(Code.RETURNED_DEBIT, offering_id, pledge_id)
    return on_evidence("loss_recovered", amount, pair(cash_at(offering_id, collector), claim, amount), evidence)
