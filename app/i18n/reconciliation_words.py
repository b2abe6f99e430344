"""The words of breaks, dormant money and switches; pages read them from `labels`."""

from __future__ import annotations

from collections.abc import Mapping

from app.i18n.words import N_

STATUSES: Mapping[str, Mapping[str, str]] = {
    "break": {"open": N_("Not made good yet"), "cleared": N_("Cleared by itself"), "explained": N_("Explained")},
    "gateway_event": {
        "new": N_("Is tried again by itself"),
        "done": N_("Handled"),
        "ignored": N_("Concerns nothing here"),
        "poison": N_("Waits for a person"),
        "set_aside": N_("Nothing of ours"),
    },
}

BREAKS: Mapping[str, str] = {
    "R1": N_("On its way, in time"),
    "R2": N_("A line of the gateway that is not booked"),
    "R3": N_("A line that nobody here asked for"),
    "R4": N_("Booked, but not in the gateway's list"),
    "R5": N_("Another amount than asked for or booked"),
    "R6": N_("Another fee than foretold"),
    "R7": N_("Another currency than asked for"),
    "R8": N_("Paid twice"),
    "R9": N_("Outcome not known for too long"),
    "R10": N_("A refund that does not arrive"),
    "R11": N_("A payout that failed"),
    "R12": N_("Taken back after the shares were given"),
    "R13": N_("The custodian holds another sum than the books say"),
    "R14": N_("The platform owes to clients' money"),
    "R15": N_("Money of nobody, for too long"),
    "R16": N_("Meant for another environment"),
    "R17": N_("An event that could not be handled"),
}

BREAK_ACTIONS: Mapping[str, str] = {
    "wait": N_("It is waited for."),
    "ask": N_("The gateway is asked, and its answer is booked."),
    "set_apart": N_("Booked apart as nobody's money. Find out whose it is."),
    "give_back": N_("Booked apart; it goes back to where it came from."),
    "freeze_pledge": N_("Nothing is sent for the pledge any more."),
    "freeze_payouts": N_("Nothing leaves this gateway any more."),
    "order_top_up": N_("The platform has to pay this in."),
    "call": N_("A person has to look at it."),
    "refuse": N_("It was refused. Tell its sender the right address."),
}

DORMANT: Mapping[str, str] = {
    "offering_ended": N_("its offering has ended"),
    "unidentified": N_("nobody knows whose it is"),
    "refund_stuck": N_("its refund did not arrive"),
    "in_transit": N_("sent by one gateway, not arrived at the other"),
    "kept_back": N_("kept back from the company"),
    "cash_account": N_("lies in an investor's cash account"),
    "unclaimed": N_("owed to a holder who has not taken it"),
    "waits": N_("waits for its offering"),
}

LINE_KINDS: Mapping[str, str] = {
    "payment": N_("Payment"), "return": N_("Returned debit"), "dispute": N_("Dispute"), "dispute_won": N_("Dispute won"),
    "refund": N_("Refund"), "refund_failed": N_("Refund came back"), "payout": N_("Payout"),
    "payout_failed": N_("Payout came back"), "move": N_("Move between accounts"), "fee": N_("Fee of the gateway"),
    "top_up": N_("Paid in by the platform"), "other": N_("Something else"),
}  # fmt: skip

DIRECTIONS: Mapping[str, str] = {"in": N_("Money in"), "out": N_("Money out")}

REFUSALS: Mapping[str, str] = {
    "switched_off": N_("The operator has stopped this for now. Nothing was changed, and no money moved."),
    "reason_too_short": N_("Give the reason in at least %(shortest)s characters."),
    "offering_unknown": N_("No offering has this reference."),
    "switch_lifted": N_("This switch is lifted already."),
    "switch_frozen": N_("After a restore the site is thawed by comparing the books, with flask books thaw."),
    "receipt_dealt_with": N_("This money has been dealt with already."),
    "receipt_unclear": N_(
        "The gateway shows a line by which this money may have left again. First find out what that is."
    ),
    "receipt_without_account": N_(
        "The investor has given no bank account of their own that may be used by now, or only the one that did not take this"
        " money. Nothing was done."
    ),
    "receipt_company_on_hold": N_(
        "The company, or somebody who acts for it, is on hold. First decide the alert about them."
    ),
    "receipt_other_amount": N_(
        "To pay for this pledge: %(owed)s. Received: %(taken)s. Only the exact amount can be taken."
    ),
    "pledge_unknown": N_("This offering has no pledge with this reference."),
    "pledge_not_waiting": N_("Only a pledge that waits for its payment can have this money. This one is: %(status)s."),
    "payment_under_way": N_(
        "The investor has begun another payment for this pledge. First it must be known how that ends."
    ),
    "event_not_tried": N_("This event was not tried yet. Wait a moment."),
    "event_of_ours": N_("We asked for what this event names: it is not set aside. Have it tried again."),
    "event_to_handle": N_("Handle the event itself: have it tried again, or set it aside."),
    "not_frozen": N_("The site is not frozen."),
    "gateways_not_read": N_("The lines of %(gateway)s were not read since the freeze."),
    "not_clean": N_("%(lines)s lines of the gateways are not booked yet."),
}
