"""The whole life of an offering on one screen."""

from __future__ import annotations

from app.state_machine import Move, StateMachine

DRAFT, SUBMITTED, IN_REVIEW, CHANGES_REQUESTED = "draft", "submitted", "in_review", "changes_requested"
APPROVED, LIVE, CLOSING, SETTLED = "approved", "live", "closing", "settled"
FAILED, REFUNDED, REFUSED, WITHDRAWN = "failed", "refunded", "refused", "withdrawn"

OFFERING = StateMachine(
    "offering",
    initial=(DRAFT,),
    moves=[
        Move("submit", (DRAFT, CHANGES_REQUESTED), SUBMITTED),
        Move("start_review", (SUBMITTED,), IN_REVIEW),
        Move("request_changes", (IN_REVIEW,), CHANGES_REQUESTED),
        Move("approve", (IN_REVIEW,), APPROVED),
        Move("revise", (APPROVED,), CHANGES_REQUESTED),
        Move("refuse", (IN_REVIEW,), REFUSED),
        Move("open", (APPROVED,), LIVE),
        Move("begin_closing", (LIVE,), CLOSING),
        Move("settle", (CLOSING,), SETTLED),
        Move("fail", (CLOSING,), FAILED),
        Move("finish_refunds", (FAILED,), REFUNDED),
        Move("withdraw", (DRAFT, SUBMITTED, IN_REVIEW, CHANGES_REQUESTED, APPROVED, LIVE), WITHDRAWN),
    ],
)

#: The issuer may change the terms only here.
EDITABLE = (DRAFT, CHANGES_REQUESTED)
#: Given up for good: what was filed about it opens another one.
GIVEN_UP = (REFUSED, WITHDRAWN)
#: Handed in and not ended: what it may still sell counts against the limits of its issuer.
RAISING = (SUBMITTED, IN_REVIEW, APPROVED, LIVE, CLOSING)
#: Everybody may see it from the moment it opens.
PUBLIC = (LIVE, CLOSING, SETTLED, FAILED, REFUNDED)
