"""The life of a closing."""

from __future__ import annotations

from app.state_machine import Move, StateMachine

GATHERING, PROPOSED, RELEASING = "gathering", "proposed", "releasing"
PAYOUT_FAILED, PAYOUT_PROPOSED, DONE, ABORTED = "payout_failed", "payout_proposed", "done", "aborted"
#: To pay out what was held back.
HOLDBACK_PROPOSED = "holdback_proposed"
#: Two officers must look at it.
WAITING_FOR_OFFICERS = (PROPOSED, PAYOUT_PROPOSED, HOLDBACK_PROPOSED)
#: Nothing is allotted by it, or not yet.
NOT_RELEASED = (GATHERING, PROPOSED, ABORTED)

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
        Move("abort", (GATHERING, PROPOSED), ABORTED),
        Move("propose_holdback", (DONE, HOLDBACK_PROPOSED), HOLDBACK_PROPOSED),
        Move("drop_holdback", (HOLDBACK_PROPOSED,), DONE),  # losses have used it up meanwhile
        Move("approve_holdback", (HOLDBACK_PROPOSED,), RELEASING),
        Move("come_back", (DONE, HOLDBACK_PROPOSED), PAYOUT_FAILED),  # the bank sent back what it had paid
    ],
)
