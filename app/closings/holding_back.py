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
from app.ledger import actions as ledger
from app.ledger import entries
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
