"""Hands a gateway's answer to whoever asked for it: the one table from the kind of an instruction to its action."""

from __future__ import annotations

from app.actor import Actor
from app.closings import outcomes as closings
from app.custody import outcomes as custody
from app.errors import Mistake
from app.offerings import queries as offerings
from app.payments import queries as payments
from app.payments.port import OpKind, Outcome
from app.pledges import outcomes as pledges
from app.pledges import saved
from app.wiring import Platform


def apply(platform: Platform, instruction_id: int, kind: OpKind, outcome: Outcome) -> None:
    """Record one answer with everything that follows from it, in one transaction."""
    with platform.database.snapshot() as view:
        actor = Actor(f"gateway:{payments.instruction(view.session, instruction_id).gateway}")
    with platform.database.transaction(actor, f"instruction:{instruction_id}") as tx:
        match kind:
            case OpKind.SETUP:
                saved.kept(tx, instruction_id, outcome)
            case OpKind.COLLECT:
                pledges.collected(tx, instruction_id, outcome)
            case OpKind.CANCEL:
                pledges.cancellation_answered(tx, instruction_id, outcome)
            case OpKind.REFUND:
                pledges.refunded(tx, instruction_id, outcome)
            case OpKind.RELEASE:
                offering_id = payments.instruction(tx.session, instruction_id).offering_id
                offering = offerings.offering(tx.session, offering_id)
                closings.released(tx, instruction_id, outcome, platform.regime(offering.regime))
            case OpKind.FEE:
                closings.fee_swept(tx, instruction_id, outcome)
            case OpKind.TO_CUSTODY | OpKind.FROM_CUSTODY | OpKind.ARRIVAL | OpKind.TOP_UP:
                custody.moved(tx, instruction_id, outcome)
            case _:
                raise Mistake(f"nobody waits for the answer to a {kind}")
