"""The seventeen kinds of a break: whose it is, what is done at once, and whether a day with it can be called clean.

Source: the platform's design of reconciliation, after the practice of safeguarding client money (UK CASS 7.15:
differences are found, explained and made good by whoever owes them).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from app.actor import Role


class Kind(StrEnum):
    TIMING = "R1"
    NOT_BOOKED = "R2"
    NOT_OURS = "R3"
    NEVER_CAME = "R4"
    AMOUNT = "R5"
    FEE = "R6"
    CURRENCY = "R7"
    TWICE = "R8"
    UNCLEAR = "R9"
    REFUND_STUCK = "R10"
    PAYOUT_FAILED = "R11"
    TAKEN_BACK = "R12"
    CUSTODY = "R13"
    SHORTFALL = "R14"
    UNIDENTIFIED = "R15"
    OTHER_ENVIRONMENT = "R16"
    EVENT = "R17"


class Action(StrEnum):
    """What is done by itself when a break is found."""

    #: It is in time: nothing.
    WAIT = "wait"
    #: The gateway is asked, and what it says is booked.
    ASK = "ask"
    #: Money in is booked apart, as nobody's; a person says whose it is.
    SET_APART = "set_apart"
    #: Nothing is sent for the pledge any more.
    FREEZE_PLEDGE = "freeze_pledge"
    #: Nothing leaves the gateway any more.
    FREEZE_PAYOUTS = "freeze_payouts"
    #: The platform is told how much it has to pay in.
    ORDER_TOP_UP = "order_top_up"
    #: A person is called.
    CALL = "call"
    #: It was refused; a person is told.
    REFUSE = "refuse"
    #: Money that came twice is booked apart, and goes back to where it came from.
    GIVE_BACK = "give_back"


@dataclass(frozen=True, slots=True)
class Rule:
    action: Action
    owner: Role = Role.OPERATOR
    #: While one is open, no day is clean.
    is_hard: bool = True


RULES: Mapping[Kind, Rule] = {
    Kind.TIMING: Rule(Action.WAIT, is_hard=False),
    Kind.NOT_BOOKED: Rule(Action.ASK),
    Kind.NOT_OURS: Rule(Action.SET_APART),
    Kind.NEVER_CAME: Rule(Action.FREEZE_PLEDGE),
    Kind.AMOUNT: Rule(Action.CALL),
    Kind.FEE: Rule(Action.CALL, is_hard=False),
    Kind.CURRENCY: Rule(Action.FREEZE_PLEDGE),
    Kind.TWICE: Rule(Action.GIVE_BACK),
    Kind.UNCLEAR: Rule(Action.CALL),
    Kind.REFUND_STUCK: Rule(Action.CALL),
    Kind.PAYOUT_FAILED: Rule(Action.CALL),
    Kind.TAKEN_BACK: Rule(Action.CALL, Role.COMPLIANCE_OFFICER),
    Kind.CUSTODY: Rule(Action.FREEZE_PAYOUTS),
    Kind.SHORTFALL: Rule(Action.ORDER_TOP_UP),
    Kind.UNIDENTIFIED: Rule(Action.CALL),
    Kind.OTHER_ENVIRONMENT: Rule(Action.REFUSE),
    Kind.EVENT: Rule(Action.CALL, is_hard=False),  # it is only a hint: what moved, the lines themselves show
}
HARD = tuple(kind for kind, rule in RULES.items() if rule.is_hard)
