"""The whole life of a pledge on one screen."""

from __future__ import annotations

from app.state_machine import Move, StateMachine

IN_REVIEW, RESERVED, PROCESSING, HELD = "in_review", "reserved", "processing", "held"
AUTHORISED = "authorised"
CANCELLING, ALLOTTED, SETTLED = "cancelling", "allotted", "settled"
REFUND_DUE, REFUNDED = "refund_due", "refunded"
CANCELLED, FAILED, REFUSED, RETURNED = "cancelled", "failed", "refused", "returned"

PLEDGE = StateMachine(
    "pledge",
    initial=(RESERVED, IN_REVIEW),
    moves=[
        Move("accept", (IN_REVIEW,), RESERVED),  # an officer allowed it
        Move("refuse", (IN_REVIEW,), REFUSED),
        # A way to pay is kept, to be charged near the deadline; also again, when a bank did not pay after all.
        Move("promise", (RESERVED, PROCESSING), AUTHORISED),
        Move("process", (RESERVED, AUTHORISED), PROCESSING),  # paid, but the bank takes days to say so
        Move("fund", (RESERVED, AUTHORISED, PROCESSING, CANCELLING), HELD),  # the money is in escrow, on evidence
        Move("decline", (RESERVED, AUTHORISED, PROCESSING, CANCELLING), FAILED),
        # The gateway must confirm that nothing was paid.
        Move("request_cancel", (RESERVED, AUTHORISED, PROCESSING), CANCELLING),
        Move("cancel", (IN_REVIEW, RESERVED, AUTHORISED, PROCESSING, CANCELLING), CANCELLED),
        Move("owe_refund", (HELD,), REFUND_DUE),
        Move("refund", (REFUND_DUE,), REFUNDED),
        Move("bounce", (REFUNDED,), REFUND_DUE),  # the refund came back: it is owed as before
        Move("take_back", (HELD, REFUND_DUE), RETURNED),  # the payer's bank took the money back
        Move("allot", (HELD,), ALLOTTED),
        Move("settle", (ALLOTTED,), SETTLED),  # money out and shares in, one transaction
    ],
)

#: A place in the offering is taken by it.
TAKING = (IN_REVIEW, RESERVED, AUTHORISED, PROCESSING, CANCELLING, HELD, ALLOTTED, SETTLED)
#: Money has not arrived and may still.
UNPAID = (RESERVED, AUTHORISED, PROCESSING, CANCELLING)
#: May still become shares of an open offering. One that is being cancelled may have been paid in time.
LIVE = (IN_REVIEW, RESERVED, AUTHORISED, PROCESSING, CANCELLING, HELD)
#: Over, as far as anybody knows: a bank may still send a refund back.
OVER = PLEDGE.terminal | {REFUNDED}
