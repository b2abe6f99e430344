"""What was kept back from the company at a closing, and is paid out when its days are over: proposed by one, approved by two.

The banks of those who paid may take money back for a while after the shares were given. What they took is covered by what
is held back for the offering first (`pledges/taken_back.py`), and what is left of it goes the way of every payout.
"""

from __future__ import annotations

from app.audit import actions as audit
from app.closings import queries
from app.closings.lifecycle import DONE
from app.closings.models import Closing
from app.closings.snapshot import put_to_officers
from app.database import Transaction
from app.errors import Refused
from app.issuers import queries as issuers
from app.ledger import actions as ledger
from app.ledger import entries
from app.notifications import actions as notifications
from app.notifications.catalog import Message
from app.offerings import actions as offerings
from app.offerings.models import Offering


def propose(tx: Transaction, ref: str) -> None:
    """Ask the officers to approve that what is left of a holdback is paid out.

    Raises Refused: "illegal_move" (its payout is not done), "nothing_held_back", "held_back_until", "holdback_disputed".
    Locks: offering, closing. Writes: closing, messages, audit.
    """
    closing = queries.by_ref(tx.session, ref)
    offering = offerings.lock(tx, closing.offering_id)
    closing = queries.lock(tx, closing.id)
    if closing.status != DONE:
        raise Refused("illegal_move", machine="closing", status=closing.status, event="propose_holdback")
    if not queries.holdback_left(tx.session, closing):
        raise Refused("nothing_held_back")
    until = queries.held_back_until(offering, closing)
    if until is None or tx.now < until:
        raise Refused("held_back_until", until=until, zone=offering.deadline_zone)
    queries.require_no_complaint(tx.session, offering)
    closing.payout_proposed_by = tx.actor.user_id
    put_what_is_left(tx, offering, closing)
    closing.holdback_told_at = closing.holdback_told_at or tx.now
    _tell(tx, offering, closing, is_proposed=True)


def tell_due(tx: Transaction, closing_id: int) -> bool:
    """Tell the company, once, that the days of a holdback are over and what is left of it, be it nothing.

    False: it was told, or there is nothing to tell yet. Locks: offering, closing. Writes: closing, messages, audit.
    """
    offering = offerings.lock(tx, queries.closing(tx.session, closing_id).offering_id)
    closing = queries.lock(tx, closing_id)
    until = queries.held_back_until(offering, closing)
    if closing.status != DONE or closing.holdback_told_at is not None or until is None or tx.now < until:
        return False
    closing.holdback_told_at = tx.now
    audit.record(tx, "holdback_due", "closings", closing.id, left=queries.holdback_left(tx.session, closing))
    _tell(tx, offering, closing, is_proposed=False)
    return True


def _tell(tx: Transaction, offering: Offering, closing: Closing, *, is_proposed: bool) -> None:
    left = queries.holdback_left(tx.session, closing)
    for user_id in issuers.members(tx.session, offering.issuer_id):
        notifications.enqueue(
            tx, user_id, Message.HOLDBACK_DUE, about=f"{closing.ref}:{'proposed' if is_proposed else 'due'}",
            offering=offering.name, ref=offering.ref, minor=left.minor, kept_minor=closing.holdback_minor,
            currency=closing.currency, is_proposed=is_proposed,
        )  # fmt: skip


def put_what_is_left(tx: Transaction, offering: Offering, closing: Closing) -> None:
    """Put to the officers what is left by now; nothing any more: there is nothing to approve. Writes: closing, messages, audit."""
    left = queries.holdback_left(tx.session, closing)
    if not left:
        audit.transition(tx, closing, "drop_holdback")
        return
    closing.payout_minor = left.minor
    put_to_officers(tx, offering, closing, "propose_holdback")


def release(tx: Transaction, offering: Offering, closing: Closing) -> None:
    """P20: two officers approved it. Locks: accounts. Writes: closing, entry, audit."""
    closing.holdback_released_at = tx.now
    audit.transition(tx, closing, "approve_holdback", net=closing.payout)
    ledger.post(tx, entries.holdback_released(offering.id, closing.payout, f"holdback_released:closing:{closing.id}"))
