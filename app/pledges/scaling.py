"""A pledge that gets fewer shares than it wished for: the rest of its money goes back, by itself."""

from __future__ import annotations

from app.audit import actions as audit
from app.database import Transaction
from app.ledger import actions as ledger
from app.ledger import entries
from app.notifications.catalog import Message
from app.offerings import actions as offerings
from app.offerings.models import Offering
from app.pledges import refunds
from app.pledges.messages import tell
from app.pledges.models import Pledge


def scale_back(tx: Transaction, pledge: Pledge, offering: Offering, shares: int) -> None:
    """Make a locked held pledge one of fewer shares; the rest of its money and of its fee goes back. P9 for the part.

    Locks: accounts, progress. Writes: pledge, entry, instruction, message, progress, audit.
    """
    assert offering.price is not None  # a public offering has complete terms
    amount = offering.price.times(shares)
    fee = offering.fees.investor_fee(amount)
    fewer, back, fee_back = pledge.shares - shares, pledge.amount - amount, pledge.fee - fee
    pledge.wished_shares, pledge.wished_minor = pledge.shares, pledge.amount_minor
    pledge.wished_fee_minor = pledge.fee_minor
    pledge.shares, pledge.amount_minor, pledge.fee_minor = shares, amount.minor, fee.minor
    audit.record(
        tx, "scale_back", "pledges", pledge.id, wished=pledge.wished_shares, shares=shares, returned=back + fee_back
    )
    if back + fee_back:
        way = refunds.send_part(tx, pledge, back + fee_back)
        owed = entries.refund_owed(
            offering.id, pledge.id, back, f"refund_owed:part:pledge:{pledge.id}", investor_fee=fee_back
        )
        ledger.post(tx, owed)
        tell(tx, pledge, offering, Message.PLEDGE_SCALED, amount=back + fee_back, into_cash=way is not None)
    offerings.count(tx, offering.id, taken_shares=-fewer, taken=-back.minor, held=-back.minor)
