"""The life of a break: it is cleared when its cause is gone, or explained by a person."""

from __future__ import annotations

from app.state_machine import Move, StateMachine

OPEN, CLEARED, EXPLAINED = "open", "cleared", "explained"

BREAK = StateMachine(
    "break",
    initial=(OPEN,),
    moves=[Move("clear", (OPEN,), CLEARED), Move("explain", (OPEN,), EXPLAINED)],
)
