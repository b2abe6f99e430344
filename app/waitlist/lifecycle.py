"""The life of a place in line."""

from __future__ import annotations

from app.state_machine import Move, StateMachine

WAITING, OFFERED, ACCEPTED, LAPSED, LEFT, ENDED = "waiting", "offered", "accepted", "lapsed", "left", "ended"
#: One such entry for each investor and offering.
LIVE = (WAITING, OFFERED)

WAITLIST_ENTRY = StateMachine(
    "waitlist_entry",
    initial=(WAITING,),
    moves=[
        Move("offer", (WAITING,), OFFERED),  # room is kept for it, until its clock ends
        Move("accept", (OFFERED,), ACCEPTED),  # the room became a pledge
        Move("lapse", (OFFERED,), LAPSED),
        Move("leave", LIVE, LEFT),
        Move("end", LIVE, ENDED),  # with the offering
    ],
)
