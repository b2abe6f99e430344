"""The life of a file of evidence: held back until a scanner has seen it."""

from __future__ import annotations

from app.state_machine import Move, StateMachine

QUARANTINED, CLEAN, REJECTED = "quarantined", "clean", "rejected"

EVIDENCE = StateMachine(
    "evidence",
    initial=(QUARANTINED,),
    moves=[
        Move("clear", (QUARANTINED,), CLEAN),
        Move("reject", (QUARANTINED,), REJECTED),
    ],
)
