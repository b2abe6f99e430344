"""The life of an instruction to a gateway. `failed` never overwrites `succeeded`: success has no way out."""

from __future__ import annotations

from app.state_machine import Move, StateMachine

QUEUED, SENDING, ACTION_REQUIRED, PENDING = "queued", "sending", "action_required", "pending"
UNKNOWN, SUCCEEDED, FAILED, CANCELLED, REVIEW = "unknown", "succeeded", "failed", "cancelled", "review"

_OPEN = (SENDING, ACTION_REQUIRED, PENDING, UNKNOWN)

INSTRUCTION = StateMachine(
    "instruction",
    initial=(QUEUED,),
    moves=[
        Move("send", (QUEUED, SENDING, UNKNOWN), SENDING),
        Move("put_back", (SENDING,), QUEUED),
        Move("need_action", (SENDING, UNKNOWN), ACTION_REQUIRED),
        Move("wait", (SENDING, ACTION_REQUIRED, UNKNOWN), PENDING),
        Move("lose_sight", (SENDING,), UNKNOWN),
        Move("succeed", _OPEN, SUCCEEDED),
        Move("fail", _OPEN, FAILED),
        Move("cancel", (QUEUED, *_OPEN), CANCELLED),
        Move("call_a_person", (QUEUED, *_OPEN), REVIEW),
        Move("try_again", (REVIEW, FAILED), QUEUED),  # a person saw that nothing was made
    ],
)

#: Still on its way: worth asking about.
ASKABLE = (ACTION_REQUIRED, PENDING, UNKNOWN)
