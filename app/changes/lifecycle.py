"""The lives of a change, of one investor's answer to it, and of an early close."""

from __future__ import annotations

from app.state_machine import Move, StateMachine

DRAFTING, PROPOSED, PUBLISHED, REFUSED, WITHDRAWN = "drafting", "proposed", "published", "refused", "withdrawn"

CHANGE = StateMachine(
    "change",
    initial=(DRAFTING,),
    moves=[
        Move("propose", (DRAFTING,), PROPOSED),
        Move("request_changes", (PROPOSED,), DRAFTING),
        Move("publish", (PROPOSED,), PUBLISHED),
        Move("refuse", (PROPOSED,), REFUSED),
        Move("withdraw", (DRAFTING, PROPOSED), WITHDRAWN),
    ],
)
#: Nothing of it is public, and its issuer may still write in it.
OPEN = (DRAFTING, PROPOSED)

AWAITED, CONFIRMED, SILENT, OVERTAKEN = "awaited", "confirmed", "silent", "overtaken"

ANSWER = StateMachine(
    "answer",
    initial=(AWAITED,),
    moves=[
        Move("confirm", (AWAITED,), CONFIRMED),
        Move("fall_silent", (AWAITED,), SILENT),
        Move("overtake", (AWAITED,), OVERTAKEN),  # a newer change asks instead
    ],
)

ANNOUNCED, KEPT, TARGET_LOST, GIVEN_UP = "announced", "kept", "target_lost", "given_up"

EARLY_CLOSE = StateMachine(
    "early_close",
    initial=(ANNOUNCED,),
    moves=[
        Move("keep", (ANNOUNCED,), KEPT),
        Move("lose_target", (ANNOUNCED,), TARGET_LOST),  # the offering goes on to its earlier deadline
        Move("give_up", (ANNOUNCED,), GIVEN_UP),
    ],
)
