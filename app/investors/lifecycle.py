"""The life of a claimed status."""

from __future__ import annotations

from app.state_machine import Move, StateMachine

CLAIMED, VERIFIED, REJECTED, WITHDRAWN = "claimed", "verified", "rejected", "withdrawn"

CLAIM = StateMachine(
    "claim",
    initial=(CLAIMED,),
    moves=[
        Move("verify", (CLAIMED,), VERIFIED),
        Move("reject", (CLAIMED,), REJECTED),
        Move("withdraw", (CLAIMED, VERIFIED), WITHDRAWN),
    ],
)
