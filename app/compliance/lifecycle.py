"""The life of a review case."""

from __future__ import annotations

from app.state_machine import Move, StateMachine

OPEN, CLAIMED, RESOLVED, WITHDRAWN = "open", "claimed", "resolved", "withdrawn"

REVIEW_CASE = StateMachine(
    "review_case",
    initial=(OPEN,),
    moves=[
        Move("claim", (OPEN,), CLAIMED),
        Move("release", (CLAIMED,), OPEN),
        Move("resolve", (CLAIMED,), RESOLVED),
        Move("withdraw", (OPEN, CLAIMED), WITHDRAWN),
    ],
)
