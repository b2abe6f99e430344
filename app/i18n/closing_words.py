"""The words of closings, rolling ones, and of what is held back; pages read them from `labels`."""

from __future__ import annotations

from collections.abc import Mapping

from app.i18n.words import N_

STATUSES: Mapping[str, Mapping[str, str]] = {
    "closing": {
        "gathering": N_("Waiting for late payments"), "proposed": N_("Waiting for two approvals"),
        "releasing": N_("Paying the company"), "payout_failed": N_("Payout refused by the bank"),
        "payout_proposed": N_("Paying again waits for two approvals"),
        "holdback_proposed": N_("Paying what was held back waits for two approvals"),
        "done": N_("Done"), "aborted": N_("Did not take place"),
    },
}  # fmt: skip

REFUSALS: Mapping[str, str] = {
    "not_proposed": N_("This closing is not waiting for approval."),
    "own_closing": N_("You began this, act for the company or have a pledge in it, so someone else must approve it."),
    "somebody_on_hold": N_("Somebody in this closing is on hold. Decide the alert about them first."),
    "rolling_not_open": N_("Only of an open offering a part can be closed."),
    "rolling_not_allowed": N_("The rules of this offering do not say that a part may be closed while it goes on."),
    "rolling_scaled": N_(
        "This offering scales its pledges back when too much is pledged. Only at its end is known who gets how much, so "
        "no part of it can be closed before."
    ),
    "rolling_already": N_("A closing of a part is announced already."),
    "rolling_nothing": N_("Nothing is held that could be closed."),
    "rolling_target": N_("With what was closed before, money for the target must be held first: %(target)s"),
    "rolling_too_soon": N_("The rules want time after the notice: choose %(until)s or later"),
    "rolling_too_late": N_("The offering ends on %(until)s and is closed then anyway"),
    "paid_whole": N_(
        "Some pledges are paid in a way that gives back everything or nothing. Under this rule a part might have to go back."
    ),
    "closed_in_part": N_(
        "A part of this offering is closed, or announced to be: its target and its rule for too much demand stay as they are."
    ),
    "nothing_held_back": N_("Nothing is held back any more."),
    "held_back_until": N_("This money is held back until %(until)s"),
    "holdback_disputed": N_(
        "A bank looks into a complaint about a payment of this offering. What that costs is taken from this money, so it waits."
    ),
}

#: Why a pledge is not in the closing that its investor was told of.
LEFT_OUT: Mapping[str, str] = {
    "not_ready": N_("You could still cancel this pledge, or your bank could still take its money back."),
    "target_lost": N_("On that day less than the target was held."),
    "nothing_left": N_("On that day nothing was left that could be closed."),
    "given_up": N_("The company or an officer called it off."),
}
