"""The words of changes of open offerings; everybody finds them in `labels.py`."""

from __future__ import annotations

from collections.abc import Mapping

from app.i18n.words import N_

STATUSES: Mapping[str, Mapping[str, str]] = {
    "change": {
        "drafting": N_("Being written"), "proposed": N_("With an officer"), "published": N_("Published"),
        "refused": N_("Refused"), "withdrawn": N_("Withdrawn"),
    },
    "answer": {
        "awaited": N_("Not answered yet"), "confirmed": N_("Confirmed"), "silent": N_("Not confirmed in time"),
        "overtaken": N_("A newer change asks instead"),
    },
    "early_close": {
        "announced": N_("Announced"), "kept": N_("Ended early"), "target_lost": N_("Target no longer met"),
        "given_up": N_("Given up"),
    },
}  # fmt: skip

#: What may change of an open offering.
FIELDS: Mapping[str, str] = {
    "name": N_("Name of the offering"), "tagline": N_("What you do, in one sentence"), "story": N_("Story"),
    "security_description": N_("Security"), "minimum_pledge": N_("Smallest pledge"), "target": N_("Target"),
    "maximum": N_("Maximum"), "oversubscription_rule": N_("Demand above the target"),
    "oversubscription_note": N_("More about how it is shared out"), "deadline": N_("Deadline"), "risks": N_("Risks"),
    "use_of_funds": N_("Use of funds"), "team": N_("Team"), "statements_level": N_("Who checked the statements?"),
    "financials": N_("Financials"), "documents": N_("Documents"),
}  # fmt: skip

#: Why a deadline moved.
MOVE_REASONS: Mapping[str, str] = {
    "change": N_("The company asked for more time, and an officer published it."),
    "time_to_answer": N_("A change came late: every investor has the days that the rules give them to answer it."),
    "early_close": N_("The target is met, and the company ends the offering early."),
    "target_lost": N_(
        "At the early deadline the target was no longer met; the offering goes on to the deadline that it had."
    ),
}

REFUSALS: Mapping[str, str] = {
    "not_changeable": N_("Only an open offering can be changed; this one is %(status)s."),
    "fixed_while_open": N_(
        "This cannot change while the offering is open: investors bought exactly this. Withdraw the offering and begin another one."
    ),
    "close_early_instead": N_("A change can only give the offering more time. To end it sooner, use “Close early”."),
    "maximum_below_taken": N_("Maximum must be %(taken)s or more: so much is promised already"),
    "nothing_changed": N_("This says the same as the offering. Change something first."),
    "change_edited": N_("The change was edited after you opened it. Read it again before you decide."),
    "class_missing": N_("Say whether the change is material"),
    "always_material": N_(
        "A change of the target, the maximum, the demand above the target, the use of funds or the deadline is always material"
    ),
    "text_changed": N_("The offering has changed since you opened this page. Read what is new, then go on."),
    "nothing_to_confirm": N_("There is nothing to confirm here, or a newer change asks instead. Load the page again."),
    "too_late_to_confirm": N_("The time to confirm ended on %(until)s."),
    "answers_awaited": N_("A change of this offering is still open, or investors still have time to answer one."),
    "early_already": N_("An earlier deadline is announced already."),
    "early_target": N_("Money for the target must be held first: %(target)s"),
    "early_target_lost": N_(
        "At its early deadline the target was not met: the offering goes on to the deadline that it had."
    ),
    "early_too_soon": N_(
        "The rules keep an offering open for a while and give investors notice: choose %(until)s or later"
    ),
    "early_not_early": N_("There is no earlier deadline that the rules allow: the offering ends on %(until)s anyway"),
}
