"""The life of a distribution."""

from __future__ import annotations

from app.state_machine import Move, StateMachine

PROPOSED, APPROVED, FUNDED, PAID = "proposed", "approved", "funded", "paid"
REJECTED, CALLED_OFF = "rejected", "called_off"
#: Another one of the same offering waits: what was distributed before counts for its carry.
UNFINISHED = (PROPOSED, APPROVED, FUNDED)
#: The issuer's money was there, so that each part was owed from then on.
OWED = (FUNDED, PAID)

DISTRIBUTION = StateMachine(
    "distribution",
    initial=(PROPOSED,),
    moves=[
        Move("approve", (PROPOSED,), APPROVED),
        Move("reject", (PROPOSED,), REJECTED),
        Move("fund", (APPROVED,), FUNDED),
        Move("call_off", (APPROVED,), CALLED_OFF),  # the issuer did not pay in
        Move("pay", (FUNDED,), PAID),
    ],
)
