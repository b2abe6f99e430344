"""The life of a closing."""

from __future__ import annotations

from app.state_machine import Move, StateMachine

GATHERING, PROPOSED, RELEASING = "gathering", "proposed", "releasing"
PAYOUT_FAILED, PAYOUT_PROPOSED, DONE, ABORTED = "payout_failed", "payout_proposed", "done", "aborted"
#: Two officers must look at it.
WAITING_FOR_OFFICERS = (PROPOSED, PAYOUT_PROPOSED)

CLOSING = StateMachine(
    "closing",
    initial=(GATHERING,),
    moves=[
        Move("propose", (GATHERING, PROPOSED), PROPOSED),
        Move("approve", (PROPOSED,), RELEASING),
        Move("fail_payout", (RELEASING,), PAYOUT_FAILED),
        Move("propose_payout", (PAYOUT_FAILED, PAYOUT_PROPOSED), PAYOUT_PROPOSED),
        Move("approve_payout", (PAYOUT_PROPOSED,), RELEASING),
        Move("finish", (RELEASING,), DONE),
        Move("come_back", (DONE,), PAYOUT_FAILED),  # the bank sent back what it had paid
        Move("abort", (GATHERING, PROPOSED), ABORTED),
    ],
)
