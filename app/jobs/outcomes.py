"""Hands a gateway's answer to whoever asked for it: the one table from the kind of an instruction to its action."""

from __future__ import annotations

from app.actor import SYSTEM, Actor
from app.cash import carrying
from app.cash import outcomes as cash
from app.closings import outcomes as closings
from app.custody import outcomes as custody
from app.database import Transaction
from app.distributions import outcomes as distributions
from app.errors import Mistake
from app.offerings import queries as offerings
from app.payments import queries as payments
from app.payments.port import OpKind, Outcome
from app.pledges import outcomes as pledges
from app.pledges import saved, unidentified
from app.wiring import Platform


def apply(platform: Platform, instruction_id: int, kind: OpKind, outcome: Outcome) -> None:
    """Record one answer with everything that follows from it, in one transaction."""
    with platform.database.transaction(SYSTEM, f"instruction:{instruction_id}") as tx:
        asked = payments.instruction(tx.session, instruction_id)
        tx.actor = Actor(f"gateway:{asked.gateway}")
        if asked.investor_id is not None:
            _of_cash_account(tx, instruction_id, kind, outcome)
            return
        match kind:
            case OpKind.SETUP:
                saved.kept(tx, instruction_id, outcome)
            case OpKind.COLLECT | OpKind.FROM_CASH:
                pledges.collected(tx, instruction_id, outcome)
            case OpKind.CANCEL:
                pledges.cancellation_answered(tx, instruction_id, outcome)
            case OpKind.REFUND if asked.pledge_id is None:
                unidentified.returned(tx, instruction_id, outcome)
            case OpKind.TO_ISSUER:
                unidentified.returned(tx, instruction_id, outcome)
            case OpKind.REFUND | OpKind.PAY_BACK:
                pledges.refunded(tx, instruction_id, outcome)
            case OpKind.RELEASE:
                assert asked.offering_id is not None  # a payout is always of an offering
                offering = offerings.offering(tx.session, asked.offering_id)
                closings.released(tx, instruction_id, outcome, platform.regime(offering.regime))
            case OpKind.DEPOSIT:
                distributions.arrived(tx, instruction_id, outcome)
            case OpKind.TO_CASH:
                distributions.paid(tx, instruction_id, outcome)
            case OpKind.FEE:
                closings.fee_swept(tx, instruction_id, outcome)
            case OpKind.TO_CUSTODY | OpKind.FROM_CUSTODY | OpKind.ARRIVAL | OpKind.TOP_UP:
                custody.moved(tx, instruction_id, outcome)
            case _:
                raise Mistake(f"nobody waits for the answer to a {kind}")


def _of_cash_account(tx: Transaction, instruction_id: int, kind: OpKind, outcome: Outcome) -> None:
    match kind:
        case OpKind.COLLECT:
            cash.topped_up(tx, instruction_id, outcome)
        case OpKind.CANCEL:
            cash.cancellation_answered(tx, instruction_id, outcome)
        case OpKind.REFUND:
            cash.given_back(tx, instruction_id, outcome)
        case OpKind.PAY_BACK:
            cash.taken_out(tx, instruction_id, outcome)
        case OpKind.TOP_UP:
            cash.platform_paid_in(tx, instruction_id, outcome)
        case OpKind.TO_CUSTODY | OpKind.FROM_CUSTODY | OpKind.ARRIVAL:
            carrying.carried(tx, instruction_id, outcome)
        case _:
            raise Mistake(f"nobody waits for the answer to a {kind} of a cash account")
