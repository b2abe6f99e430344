"""The platform itself ends an offering and gives everything back, when two officers say so."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.approvals import actions as approvals
from app.approvals.models import ProposalKind
from app.changes import actions as changes
from app.closings import gathering, queries
from app.closings.actions import give_everything_back
from app.closings.lifecycle import GATHERING, PROPOSED
from app.database import Transaction
from app.errors import Refused
from app.offerings import actions as offerings
from app.offerings.lifecycle import CLOSING, LIVE
from app.offerings.models import Offering
from app.pledges.models import StopReason


def refund_everybody(tx: Transaction, offering_id: int) -> None:
    """The platform itself ends an open offering, or one that is closing but not released: all money that is held goes back.

    What rolling closings released before stays sold, and the offering is settled with that.

    Raises Refused: "nothing_to_refund" (it has no such money any more), "second_person_missing".
    Locks: offering, closing, proposal, pledges, instructions, accounts, progress.
    Writes: offering, closing, proposal, pledges, instructions, entries, messages, progress, audit.
    """
    offering = offerings.lock(tx, offering_id)
    if not can_refund_everybody(tx.session, offering):
        raise Refused("nothing_to_refund")
    with approvals.carrying_out(tx, ProposalKind.REFUND_ALL, f"offering:{offering.id}", offering.status):
        offerings.stop_accepting(tx, offering)
        in_part = queries.is_closed_in_part(tx.session, offering.id)
        if offering.status == LIVE:
            gathering.overtake(tx, offering)
            offerings.move(tx, offering, "begin_closing" if in_part else "withdraw", why="platform")
            changes.end_with(tx, offering, early_close="give_up")
        else:
            gathering.abort(tx, queries.lock(tx, queries.of_offering(tx.session, offering.id)[0].id), "platform")
            if not in_part:
                offerings.move(tx, offering, "fail", why="platform")
        give_everything_back(tx, offering, StopReason.PLATFORM_ENDED)
        gathering.settle_when_done(tx, offering)


def can_refund_everybody(session: Session, offering: Offering) -> bool:
    """Whether its money, but for what rolling closings released, is still with the custodian."""
    if offering.status == LIVE:
        return True
    closing = next(iter(queries.of_offering(session, offering.id)), None)
    return offering.status == CLOSING and closing is not None and closing.status in (GATHERING, PROPOSED)
