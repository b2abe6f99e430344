"""What came back of a loss: to each what they had borne of it, the platform first.

What can be put back at once is: to the platform, in the stead of a bill that its company has not paid, into what is still
held back from the company. The rest lies apart (2200), and two people have it paid (`unidentified.py`): to the company,
which had borne it by then, or to the investor, whose bank has taken it from them once more.
"""

from __future__ import annotations

from dataclasses import dataclass

from app.audit import actions as audit
from app.database import Transaction
from app.ledger import actions as ledger
from app.ledger import losses, reversals
from app.ledger import queries as books
from app.ledger.chart import Code
from app.ledger.draft import Evidence
from app.ledger.reversals import MadeGood
from app.money import Money
from app.pledges.models import Pledge


@dataclass(frozen=True, slots=True)
class Shares:
    """Whose it is."""

    made_good: MadeGood
    #: These lie apart.
    issuer: Money
    investor: Money

    @property
    def apart(self) -> Money:
        return self.issuer + self.investor


def recovered(tx: Transaction, pledge: Pledge, amount: Money, proof: Evidence, collector: str) -> Shares:
    """P24: a bank gave back what was lost and covered. Locks: accounts. Writes: entries, audit. Wakes: carry_money."""
    shares = _shares(tx, pledge, amount)
    about, whose = proof.transaction, (pledge.offering_id, pledge.id)
    drafts = [reversals.loss_recovered(*whose, amount, proof, collector=collector)]
    if _is_any(shares.made_good):
        drafts.append(reversals.loss_made_good(*whose, shares.made_good, f"loss_made_good:{about}"))
    if shares.issuer:
        drafts.append(reversals.loss_owed_to_issuer(*whose, shares.issuer, f"loss_owed_to_issuer:{about}"))
    if shares.investor:
        drafts.append(reversals.loss_owed_to_investor(*whose, shares.investor, f"loss_owed_to_investor:{about}"))
    ledger.post_many(tx, drafts)
    _note(tx, pledge, amount, shares, evidence=about)
    return shares


def made_good_by_refund(tx: Transaction, pledge: Pledge, amount: Money) -> Shares | None:
    """P24: a refund did not arrive. None: its payer does not have this money already, so that it is owed to them as before.

    Locks: accounts. Writes: entries, audit. Wakes: carry_money.
    """
    shares = _shares(tx, pledge, amount)
    if shares.investor:
        return None
    about, whose = f"pledge:{pledge.id}", (pledge.offering_id, pledge.id)
    if _is_any(shares.made_good):
        draft = reversals.loss_recovered_from_refund(*whose, shares.made_good, f"loss_recovered_from_refund:{about}")
        ledger.post(tx, draft)
    if shares.issuer:
        ledger.post(tx, reversals.loss_owed_to_issuer(
            *whose, shares.issuer, f"loss_owed_to_issuer:{about}", source=Code.REFUND_PAYABLE
        ))  # fmt: skip
    _note(tx, pledge, amount, shares)
    return shares


def alone(tx: Transaction, offering_id: int) -> None:
    """Wait for whoever writes about losses of the offering: two who hold it together would each think so of the same loss.

    Whoever may have to writes no entry before: the other one may wait for its accounts.
    """
    tx.one_at_a_time(f"losses:{offering_id}")


def _shares(tx: Transaction, pledge: Pledge, amount: Money) -> Shares:
    """Whoever agreed to pay the platform's losses gets nothing back before the platform has all of its own."""
    offering_id, currency = pledge.offering_id, pledge.currency
    alone(tx, offering_id)

    def left(minor: int) -> Money:
        return Money(max(minor, 0), currency)

    lost, kept = (
        left(books.covered(tx.session, code, pledge.id, currency)) for code in (Code.LOSSES, Code.ISSUER_HOLDBACK)
    )
    apart = left(losses.owed_to_issuer(tx.session, pledge.id, currency))  # it is back, and was put back nowhere
    lost, kept = left((lost - apart).minor), left((kept - max(apart - lost, left(0))).minor)
    room = left(books.holdback_used(tx.session, offering_id, currency))
    unpaid = left(books.balance(tx.session, Code.ISSUER_RECEIVABLE, currency, offering_id=offering_id))
    of_platform = min(amount, lost)
    platform = min(of_platform, left(books.lost(tx.session, offering_id, currency)))
    bill = min(of_platform - platform, unpaid)
    of_holdback = min(amount - of_platform, kept)
    holdback = min(of_holdback, room)
    issuer = of_platform - platform - bill + of_holdback - holdback
    return Shares(MadeGood(platform, bill, holdback), issuer, amount - of_platform - of_holdback)


def _is_any(parts: MadeGood) -> bool:
    return bool(parts.platform or parts.bill or parts.holdback)


def _note(tx: Transaction, pledge: Pledge, amount: Money, shares: Shares, **facts: str) -> None:
    parts = shares.made_good
    audit.record(
        tx, "loss_recovered", "pledges", pledge.id, amount=amount, by_issuer=parts.holdback, of_bill=parts.bill,
        to_issuer=shares.issuer, apart=shares.apart, **facts,
    )  # fmt: skip
    if parts.bill:
        audit.record(tx, "bill_reduced", "offerings", pledge.offering_id, amount=parts.bill, pledge=pledge.ref)
    if parts.platform or parts.bill:
        tx.wake("carry_money")
