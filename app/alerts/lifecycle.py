"""The life of an alert."""

from __future__ import annotations

from app.state_machine import Move, StateMachine

RAISED, CLEARED, CONFIRMED, LIFTED = "raised", "cleared", "confirmed", "lifted"

ALERT = StateMachine(
    "alert",
    initial=(RAISED,),
    moves=[
        Move("clear", (RAISED,), CLEARED),  # a false alarm
        Move("confirm", (RAISED,), CONFIRMED),
        Move("lift", (CONFIRMED,), LIFTED),
    ],
)

#: Whoever it is about is on hold, if it is an alert that holds.
LIVE = (RAISED, CONFIRMED)
