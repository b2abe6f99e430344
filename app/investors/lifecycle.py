"""The lives of a claimed status and of a link between spouses."""

from __future__ import annotations

from app.state_machine import Move, StateMachine

CLAIMED, VERIFIED, REJECTED, WITHDRAWN, EXPIRED = "claimed", "verified", "rejected", "withdrawn", "expired"

CLAIM = StateMachine(
    "claim",
    initial=(CLAIMED,),
    moves=[
        Move("verify", (CLAIMED,), VERIFIED),
        Move("reject", (CLAIMED,), REJECTED),
        Move("withdraw", (CLAIMED, VERIFIED), WITHDRAWN),
        Move("expire", (VERIFIED,), EXPIRED),
    ],
)

ASKED, LINKED, ENDED = "asked", "linked", "ended"

SPOUSE_LINK = StateMachine(
    "spouse_link",
    initial=(ASKED,),
    moves=[
        Move("confirm", (ASKED,), LINKED),
        Move("take_back", (ASKED,), WITHDRAWN),
        Move("end", (LINKED,), ENDED),
    ],
)
