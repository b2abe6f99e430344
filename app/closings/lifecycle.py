"""The life of a closing."""

from __future__ import annotations

from app.state_machine import Move, StateMachine

GATHERING, PROPOSED, RELEASING = "gathering", "proposed", "releasing"
PAYOUT_FAILED, DONE, ABORTED = "payout_failed", "done", "aborted"

CLOSING = StateMachine(
    "closing",
    initial=(GATHERING,),
    moves=[
        Move("propose", (GATHERING, PROPOSED), PROPOSED),
        Move("approve", (PROPOSED,), RELEASING),
        Move("fail_payout", (RELEASING,), PAYOUT_FAILED),
        Move("retry_payout", (PAYOUT_FAILED,), RELEASING),
        Move("finish", (RELEASING,), DONE),
        Move("abort", (GATHERING, PROPOSED), ABORTED),
    ],
)
