"""The life of a review case."""

from __future__ import annotations

from app.state_machine import Move, StateMachine

OPEN, CLAIMED, WAITING, RESOLVED, WITHDRAWN = "open", "claimed", "waiting", "resolved", "withdrawn"

REVIEW_CASE = StateMachine(
    "review_case",
    initial=(OPEN,),
    moves=[
        Move("claim", (OPEN,), CLAIMED),
        Move("release", (CLAIMED,), OPEN),
        Move("ask", (CLAIMED,), WAITING),  # the person is to say more
        Move("answer", (WAITING,), CLAIMED),
        Move("resolve", (CLAIMED,), RESOLVED),
        Move("withdraw", (OPEN, CLAIMED, WAITING), WITHDRAWN),
    ],
)

#: Not decided and not gone.
UNDECIDED = (OPEN, CLAIMED, WAITING)
