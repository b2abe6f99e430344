"""The words of waitlists and of too much demand; pages read them from `labels`."""

from __future__ import annotations

from collections.abc import Mapping

from app.i18n.words import N_

STATUSES: Mapping[str, Mapping[str, str]] = {
    "waitlist_entry": {
        "waiting": N_("In line"), "offered": N_("Room is kept"), "accepted": N_("Became a pledge"),
        "lapsed": N_("Not taken in time"), "left": N_("Left the line"), "ended": N_("Ended with the offering"),
    },
}  # fmt: skip

REFUSALS: Mapping[str, str] = {
    "others_wait": N_("Others wait for room in this offering and come first. Join the waitlist; nothing was charged."),
    "room_left": N_("There is room for this many shares. You can pledge now, without waiting."),
    "in_line_already": N_("You are in line for %(shares)s shares already. Leave first to wait for another number."),
    "more_than_offered": N_("The whole offering has %(shares)s shares"),
    "not_to_choose": N_("There is nothing to choose here any more."),
    "choice_above_wish": N_("A number is above what this pledge is for"),
    "choice_above_maximum": N_("Together the numbers must be %(shares)s or less"),
    "choice_below_target": N_("Together the pledges must reach the target: %(target)s"),
    "offer_over": N_("The room was kept for you until %(until)s. It goes to the next in line; nothing was charged."),
}
