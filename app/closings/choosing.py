"""An issuer that declared to choose says how many shares each pledge gets."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import delete
from sqlalchemy.orm import Session

from app.audit import actions as audit
from app.closings import queries
from app.closings.allotting import amount_of
from app.closings.lifecycle import GATHERING
from app.closings.models import AllotmentChoice, Closing
from app.database import Transaction
from app.errors import Refused
from app.offerings import actions as offerings
from app.offerings.models import Offering, OversubscriptionRule
from app.pledges import queries as pledge_queries


def may_choose(session: Session, offering: Offering, closing: Closing | None) -> bool:
    """Whether the issuer declared to choose, more is held than is sold, and the closing is not proposed yet."""
    if closing is None or closing.status != GATHERING:
        return False
    if offering.oversubscription_rule != OversubscriptionRule.ISSUERS_CHOICE:
        return False
    held = pledge_queries.held(session, offering.id)
    return sum(pledge.shares for pledge in held) > queries.room(session, offering, closing)


def choose(tx: Transaction, closing_id: int, chosen: Mapping[int, int]) -> None:
    """Take the issuer's word on how many shares each pledge gets; those that are not named get none.

    May be said anew until the closing is proposed. Raises Refused: "not_to_choose" (another rule, or everybody fits, or it
    was proposed), "choice_above_wish", "choice_above_maximum", "choice_below_target".
    Locks: offering, closing. Writes: choices, audit.
    """
    offering = offerings.lock(tx, queries.closing(tx.session, closing_id).offering_id)
    closing = queries.lock(tx, closing_id)
    held = {pledge.id: pledge for pledge in pledge_queries.held(tx.session, offering.id)}
    room = queries.room(tx.session, offering, closing)
    if not may_choose(tx.session, offering, closing):
        raise Refused("not_to_choose")
    if any(pledge_id not in held or not 0 <= shares <= held[pledge_id].shares for pledge_id, shares in chosen.items()):
        raise Refused("choice_above_wish")
    if sum(chosen.values()) > room:
        raise Refused("choice_above_maximum", shares=room)
    assert offering.target is not None  # a public offering has complete terms
    total = sum(amount_of(offering, held[one], shares).minor for one, shares in chosen.items())
    if total < offering.target.minor:
        raise Refused("choice_below_target", target=offering.target)
    tx.session.execute(delete(AllotmentChoice).where(AllotmentChoice.closing_id == closing.id))
    tx.session.add_all(
        AllotmentChoice(
            closing_id=closing.id, pledge_id=pledge_id, shares=shares, chosen_by=tx.actor.user_id, chosen_at=tx.now
        )
        for pledge_id, shares in chosen.items()
    )
    audit.record(
        tx, "choose_allotments", "closings", closing.id, shares={str(one): chosen[one] for one in sorted(chosen)}
    )
    tx.wake("close_offerings")
