"""The lives of an instruction to a gateway, and of an event of one. `failed` never overwrites `succeeded`: that has no way out."""

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

NEW, DONE, IGNORED, POISON, SET_ASIDE = "new", "done", "ignored", "poison", "set_aside"

EVENT = StateMachine(
    "gateway_event",
    initial=(NEW,),
    moves=[
        Move("handle", (NEW,), DONE),
        Move("ignore", (NEW,), IGNORED),
        Move("give_up", (NEW,), POISON),  # a person looks at it
        Move("set_aside", (NEW, POISON), SET_ASIDE),  # a person says that it is about nothing of ours
        Move("replay", (NEW, DONE, IGNORED, POISON, SET_ASIDE), NEW),
    ],
)

#: Still on its way: worth asking about.
ASKABLE = (ACTION_REQUIRED, PENDING, UNKNOWN)
