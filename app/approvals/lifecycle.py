"""The life of a proposal."""

from __future__ import annotations

from app.state_machine import Move, StateMachine

PROPOSED, APPROVED, DONE = "proposed", "approved", "done"
REJECTED, STALE, WITHDRAWN = "rejected", "stale", "withdrawn"
#: Somebody may still act on it.
UNFINISHED = (PROPOSED, APPROVED)

PROPOSAL = StateMachine(
    "proposal",
    initial=(PROPOSED,),
    moves=[
        Move("approve", (PROPOSED,), APPROVED),
        Move("carry_out", (APPROVED,), DONE),
        Move("reject", UNFINISHED, REJECTED),
        Move("go_stale", UNFINISHED, STALE),
        Move("withdraw", UNFINISHED, WITHDRAWN),
    ],
)
