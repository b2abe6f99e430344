"""The words of every code: statuses, refusals, tasks, reasons. A test demands that none is missing in either language."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import app.i18n.waitlist_words as waitlist_words
from app.errors import Refused
from app.i18n import (
    amounts,
    cash_words,
    change_labels,
    closing_words,
    countries,
    distribution_words,
    payment_words,
    reconciliation_words,
    standing_words,
    statement_words,
    times,
)
from app.i18n.alert_words import ALERT_OUTCOMES, ALERT_SUBJECTS, RELATIONS  # noqa: F401  # shown as words of this table
from app.i18n.book_words import ACCOUNT_CLASSES, ACCOUNTS, BOOKS, ENTRY_KINDS, PURPOSES  # noqa: F401
from app.i18n.gateway_words import GATEWAY_CODES, GATEWAY_ERRORS  # noqa: F401
from app.i18n.job_words import JOBS as JOBS
from app.i18n.locales import Language
from app.i18n.offering_words import FINANCIALS as FINANCIALS
from app.i18n.offering_words import OVERSUBSCRIPTION as OVERSUBSCRIPTION
from app.i18n.offering_words import SECTIONS as SECTIONS
from app.i18n.offering_words import STATEMENT_LEVELS as STATEMENT_LEVELS
from app.i18n.offering_words import TASKS as TASKS
from app.i18n.payment_words import GATEWAYS as GATEWAYS
from app.i18n.payment_words import METHODS as METHODS
from app.i18n.payment_words import MISFITS as METHOD_MISFITS
from app.i18n.payment_words import PLACES as PLACES
from app.i18n.payment_words import REFUND_STEPS as REFUND_STEPS
from app.i18n.reconciliation_words import BREAK_ACTIONS, BREAKS, DIRECTIONS, DORMANT, LINE_KINDS  # noqa: F401
from app.i18n.review_words import COMPARED as COMPARED
from app.i18n.review_words import MARKS as MARKS
from app.i18n.review_words import PROPOSALS as PROPOSALS
from app.i18n.words import N_, said
from app.money import Money
from app.offerings.filings import Import
from app.offerings.form_c import FormC
from app.regimes import registry, standing
from app.regimes.parameters import Rule, Wording

#: machine -> status -> words
STATUSES: Mapping[str, Mapping[str, str]] = {
    "offering": {
        "draft": N_("Draft"), "submitted": N_("Submitted"), "in_review": N_("In review"),
        "changes_requested": N_("Changes requested"), "approved": N_("Approved"), "refused": N_("Refused"),
        "live": N_("Open"), "closing": N_("In closing"), "settled": N_("Settled"), "failed": N_("Target missed"),
        "refunded": N_("Refunded"), "withdrawn": N_("Withdrawn"),
    },
    "pledge": {
        "in_review": N_("With an officer"), "reserved": N_("Not paid yet"), "authorised": N_("Promised, charged later"),
        "processing": N_("Payment on its way"), "held": N_("Held in escrow"), "cancelling": N_("Being cancelled"), "allotted": N_("Allotted"),
        "settled": N_("Shares issued"), "refund_due": N_("Refund on its way"), "refunded": N_("Refunded"),
        "cancelled": N_("Cancelled"), "failed": N_("Payment failed"), "refused": N_("Refused"),
        "returned": N_("Taken back by the bank"),
    },
    "review_case": {
        "open": N_("Waiting"), "claimed": N_("Being looked at"), "waiting": N_("Asked for more"),
        "resolved": N_("Decided"),
        "withdrawn": N_("Withdrawn"),
    },
    "alert": {
        "raised": N_("Not looked at yet"), "cleared": N_("False alarm"), "confirmed": N_("Confirmed"),
        "lifted": N_("Hold lifted"),
    },
    **change_labels.STATUSES,
    "claim": {
        "claimed": N_("Being checked"), "verified": N_("Verified"), "rejected": N_("Not accepted"),
        "withdrawn": N_("Withdrawn"), "expired": N_("Expired"),
    },
    **standing_words.STATUSES,
    **waitlist_words.STATUSES,
    **reconciliation_words.STATUSES,
    **closing_words.STATUSES,
    **distribution_words.STATUSES,
    "proposal": {
        "proposed": N_("Waits for a second person"), "approved": N_("Agreed"), "done": N_("Done"),
        "rejected": N_("Refused"), "stale": N_("Overtaken by a change"), "withdrawn": N_("Withdrawn"),
    },
    "instruction": {
        "queued": N_("Waiting to be sent"), "sending": N_("Being sent"), "action_required": N_("Waiting for the payer"),
        "pending": N_("At the bank"), "unknown": N_("Outcome not known yet"), "succeeded": N_("Done"),
        "failed": N_("Failed"), "cancelled": N_("Cancelled"), "review": N_("Needs a person"),
    },
}  # fmt: skip

#: How a status is coloured; never the only sign of it.
TONES: Mapping[str, str] = {
    "live": "ok", "approved": "ok", "settled": "ok", "held": "ok", "verified": "ok", "done": "ok", "succeeded": "ok",
    "allotted": "ok", "submitted": "info", "in_review": "info", "closing": "info", "processing": "info",
    "paid": "ok", "funded": "info", "linked": "ok", "clean": "ok", "authorised": "info", "offered": "caution", "accepted": "ok",
    "claimed": "info", "open": "info", "gathering": "info", "releasing": "info", "pending": "info",
    "changes_requested": "caution", "reserved": "caution", "refund_due": "caution",
    "payout_proposed": "caution", "holdback_proposed": "caution", "cancelling": "caution", "waiting": "caution", "action_required": "caution", "unknown": "caution",
    "raised": "caution", "cleared": "ok",
    "published": "ok", "confirmed": "info", "proposed": "caution", "awaited": "caution", "announced": "info",
    "expired": "caution", "asked": "caution", "quarantined": "caution",
    "refused": "danger", "failed": "danger", "rejected": "danger", "payout_failed": "danger", "review": "danger",
    "poison": "danger",
}  # fmt: skip

#: What moved an investor's cash, as they see it.
CASH_LINES = cash_words.LINES

SECURITY_TYPES: Mapping[str, str] = {
    "common_stock": N_("Common stock"), "preferred_stock": N_("Preferred stock"),
    "membership_interest": N_("Membership interest"), "debt": N_("Debt"), "other": N_("Other security"),
}  # fmt: skip

CHANGE_FIELDS, MOVE_REASONS = change_labels.FIELDS, change_labels.MOVE_REASONS
LEFT_OUT = closing_words.LEFT_OUT

ROLES: Mapping[str, str] = {
    "investor": N_("Investor"), "issuer": N_("Issuer"), "compliance_officer": N_("Compliance officer"),
    "operator": N_("Operator"),
}  # fmt: skip

CASE_KINDS: Mapping[str, str] = {
    "offering": N_("Offering"),
    "investor": N_("Investor"),
    "pledge": N_("Pledge"),
    "alert": N_("Alert"),
    "change": N_("Change of an offering"),
}

#: Everything that waits for an officer: the kinds of cases, and what is no case.
WORK: Mapping[str, str] = {
    **CASE_KINDS, "closing": N_("Closing"), "payment": N_("Payment"), "proposal": N_("Proposal"),
}  # fmt: skip

CASE_OUTCOMES: Mapping[str, str] = {
    "approve": N_("Approved"),
    "request_changes": N_("Changes requested"),
    "refuse": N_("Refused"),
}

#: Why something came to an officer.
CASE_WHY: Mapping[str, str] = {
    "offering_submitted": N_("A company submitted an offering."),
    "status_claimed": N_("An investor says that they have this status."),
    "alert_raised": N_("A rule found something unusual."),
    "change_proposed": N_("A company wants to change an open offering."),
    "PLATFORM-REVIEW": N_("Pledges of this size are looked at before we collect the money."),
}

TEST_OUTCOMES = standing_words.TEST_OUTCOMES
ENTITY_FORMS = standing_words.ENTITY_FORMS

REASONS: Mapping[str, str] = {
    "incomplete_disclosure": N_("Something important is not told"),
    "unclear_terms": N_("The terms are not clear"),
    "misleading_statement": N_("A statement may mislead"),
    "missing_document": N_("A document is missing"),
    "financials_do_not_match": N_("The figures do not match the documents"),
    "not_eligible": N_("Not eligible under the rules"),
    "evidence_insufficient": N_("The evidence is not enough"),
    "source_of_funds": N_("The source of the money is not clear"),
    "other": N_("Another reason, given in the note"),
}

STOP_REASONS: Mapping[str, str] = {
    "investor": N_("You cancelled it."),
    "expired": N_("It was not paid in time."),
    "offering_ended": N_("The offering ended before it was paid."),
    "paid_too_late": N_("The payment did not arrive in the days after the deadline."),
    "offering_failed": N_("The offering did not reach its target."),
    "offering_withdrawn": N_("The company withdrew the offering."),
    "not_reconfirmed": N_("The offering changed in something important, and you did not confirm your pledge in time."),
    "disputed": N_("At the closing, your bank was looking into a complaint about the payment."),
    "refund_time_ends": N_("It could soon not be returned any more. You can pledge again and pay in another way."),
    "refunded_by_hand": N_("Its money was given back at the payment provider."),
    "not_lawful_at_sale": N_("Asked again at the closing, the law did not allow this purchase."),
    "platform_ended": N_("The platform ended the offering and gives all money back."),
    "not_allotted": N_(
        "More was pledged than is sold, and by the rule of the offering nothing was left for this pledge."
    ),
}

#: Figures that an investor declares.
FIGURES: Mapping[str, str] = {
    "annual_income": N_("Annual income"), "net_worth": N_("Net worth, without the home"),
    "other_platform_12m": N_("Bought on other portals in 12 months"), "financial_assets": N_("Financial assets"),
}  # fmt: skip

REFUSALS: Mapping[str, str] = {
    # money typed by people
    "amount_missing": N_("Give an amount, such as 1,275.00"),
    "amount_not_a_number": N_("Give the amount in plain digits, such as 1,275.00"),
    "amount_unclear": N_("We read this as %(suggestion)s. It now stands in the field; check it and go on."),
    "amount_too_many_digits": N_("%(currency)s has %(digits)s digits after the point"),
    "amount_too_large": N_("Amount must be %(largest)s or less"),
    "amount_negative": N_("Amount must be above zero"),
    "amount_zero": N_("Amount must be above zero"),
    "amount_not_positive": N_("Amount must be above zero"),
    "negative_amount": N_("Amount must be zero or more"),
    "number_missing": N_("Give a whole number"),
    "not_a_whole_number": N_("Give a whole number in plain digits, such as 40000"),
    "unknown_currency": N_("%(currency)s is not a currency that this platform uses"),
    # pledges
    "law_says_no": N_("%(reason)s"),
    "law_says_up_to": N_("%(reason)s Up to %(largest)s is possible."),
    "not_open": N_("This offering is not open for pledges."),
    "residence_not_served": N_("People who live in %(country)s cannot invest in this offering: it is made under other rules."),
    "edition_unreadable": N_("The edition cannot be read at %(where)s."),
    "case_no_json": N_("This is no JSON object: reading stopped at line %(line)s."),
    "case_of_another_law": N_("The field regime must be %(regime)s here."),
    "case_field_wrong": N_("The field %(where)s cannot be read. %(fault)s"),
    "days_out_of_range": N_("Give between 1 and %(most)s days"),
    "file_not_text": N_("This file is no text in UTF-8"),
    "edition_unknown": N_("There is no such edition of the rules."),
    "own_offering": N_("You act for this company, so you cannot invest in it here."),
    "offering_ended": N_("The offering has just ended. Nothing was charged."),
    "offering_full": N_("Fewer shares are left than you asked for: %(left_shares)s. Nothing was charged."),
    "no_seat_left": N_("All %(seats)s seats of this offering are taken. Nothing was charged."),
    "shares_not_positive": N_("The amount must buy at least one share"),
    "below_minimum": N_("Amount must be %(minimum)s or more"),
    "statement_missing": N_("Tick this statement if it is true for you; without it you cannot invest"),
    "details_being_checked": N_("We are checking your details. Until that is done, you cannot go on here."),
    "form_reused": N_("This form was used for another pledge. Start again from the offering."),
    "not_cancellable": N_("This pledge can no longer be cancelled."),
    "too_late_to_cancel": N_("The time to cancel ended on %(until)s."),
    # offerings
    "share_price_out_of_range": N_("Give a price above zero, with at most six digits after the point"),
    "maximum_below_target": N_("Maximum must be %(target)s or more"),
    "maximum_needs_rule": N_("Without oversubscription the maximum is the target: %(target)s"),
    "minimum_above_maximum": N_("Smallest pledge must be %(maximum)s or less"),
    "minimum_below_share": N_("Smallest pledge must buy one share: %(one_share)s or more"),
    "target_out_of_reach": N_("Whole shares up to the maximum make only %(most)s; lower the target or raise the maximum"),
    "unknown_zone": N_("Choose a time zone from the list, such as America/New_York"),
    "time_skipped": N_("The clocks skip %(time)s on that day. Choose %(later)s or another time."),
    "time_doubled": N_("%(time)s comes twice on that day. Choose a time from %(later)s on, or another day."),
    "date_not_a_date": N_("Give a date as year, month and day, such as 2027-03-31"),
    "time_not_a_time": N_("Give a time as hour and minute, such as 17:00"),
    "deadline_past": N_("Choose a deadline that is still ahead"),
    "deadline_too_late": N_("The rules let an offering be open only for so long: choose %(latest)s or earlier"),
    "deadline_too_early": N_("The rules keep an offering open for a while: choose %(earliest)s or later"),
    "date_in_future": N_("This date is still ahead; give one that is past"),
    "terms_locked": N_("The terms are locked while the offering is %(status)s."),
    "section_locked": N_("An officer asked for other sections to be changed; this one stays as it is."),
    "edited_elsewhere": N_("This was changed in another window. Compare with what is stored now, then save again."),
    "tasks_open": N_("Some tasks on the checklist are still open."),
    "over_offering_cap": N_("Maximum must be %(remaining)s or less: the law limits what a company may raise in twelve months"),
    "custodian_not_qualified": N_("The law wants investors' money held by a qualified third party; this gateway is none."),
    "risk_missing": N_("Name at least %(fewest)s risks, one on each line"),
    "percent_not_hundred": N_("The parts must add up to 100; now they make %(sum)s"),
    "purpose_missing": N_("Give a purpose for each part"),
    "document_empty": N_("The file is empty. Choose a file with content."),
    "document_too_large": N_("The file must be %(largest_mb)s MB or smaller"),
    "document_type": N_("The file must be a PDF, PNG or JPEG; this one is something else"),
    "file_missing": N_("Choose a file"),
    **change_labels.REFUSALS,
    **payment_words.REFUSALS,
    **cash_words.REFUSALS,
    # filings
    "filing_too_large": N_("A Form C file has at most %(largest_kb)s kB; this one is larger"),
    "filing_unsafe": N_("The file declares a document type or entities, which no Form C does. It was not read."),
    "filing_not_xml": N_("The file is no complete XML; reading stopped at line %(line)s"),
    "filing_not_form_c": N_("The file is XML, but no filing of the SEC's Form C family"),
    "filing_unknown_form": N_("The form type “%(form)s” is not one of C, C/A, C-U, C-AR, C-TR or their withdrawals"),
    "filing_opens_no_offering": N_("%(form)s of %(issuer)s was recognised. This form opens no offering, so no draft was made."),
    "filing_known": N_("This very file was imported before: see %(offering)s"),
    "filing_known_alone": N_("This very file was imported before; it belongs to no offering here"),
    "filing_without_name": N_("The filing does not name its issuer"),
    "company_locked": N_("These details are locked while the offering %(offering)s is %(status)s: it was handed in with them. Take it back, or wait until it has ended, to change them."),
    "issuer_known": N_("%(issuer)s is already here. Ask one of its members to add you."),
    # closings and cases
    "not_due": N_("The deadline has not come yet."),
    "already_approved": N_("You approved this already; now a second officer must."),
    "payout_frozen": N_("The company's payout account has just changed. Nothing is released before %(until)s."),
    "investor_on_hold": N_("The investor is on hold. Decide the alert about them first."),
    "own_case": N_("This case is about you or your company, so someone else must decide it."),
    "not_your_case": N_("Take this case before you decide it."),
    "reason_missing": N_("Choose at least one reason"),
    "reason_unknown": N_("Choose reasons from the list"),
    "note_too_short": N_("Say what is wrong in at least %(shortest)s characters"),
    "outcome_not_offered": N_("Choose to approve or to refuse"),
    "opinion_given": N_("You said what you think about this case already; now another officer must."),
    "second_opinion_missing": N_("Another officer must come to the same decision first."),
    "look_again": N_("Something changed after you opened this. Look again before you decide; nothing was done."),
    "own_proposal": N_("You made this or it is about you, so someone else must decide it."),
    "not_a_checker": N_("Only an officer, or somebody of the company, can agree to this."),
    "proposal_finished": N_("Nobody is asked about this any more: the status is now %(status)s."),
    "proposal_waits": N_("Another change of this waits for a second person: %(proposal)s. Decide that one first."),
    "second_person_missing": N_("A second person must agree first."),
    "nothing_to_refund": N_("None of its money is with the custodian any more, so nothing can be given back."),
    "already_claimed": N_("You claimed this status already."),
    "illegal_move": N_("That is not possible any more: the status is now %(status)s."),
    # rules and gateways
    "regime_unknown": N_("The rules “%(regime)s” are not known to this platform."),
    "not_to_be_repeated": N_("This cannot be sent again: %(status)s."),
    "regime_off": N_("The operator has not switched on the rules “%(regime)s”."),
    "gateway_unknown": N_("The gateway “%(gateway)s” is not configured."),
    # accounts
    "email_taken": N_("There is an account with this address already"),
    "email_malformed": N_("Give an e-mail address, such as name@example.org"),
    "field_missing": N_("Fill in this field"),
    "field_too_long": N_("Use %(longest)s characters or fewer"),
    "field_has_controls": N_("Remove the invisible characters from this field"),
    "choice_unknown": N_("Choose one from the list"),
    "form_used": N_("This form was used already. Load the page again to enter something new."),
    "password_too_short": N_("Use %(shortest)s characters or more; this has %(length)s. A sentence is a good password."),
    "password_too_long": N_("Use %(longest)s characters or fewer"),
    "password_too_easy": N_("This password is among the first that an attacker tries. Choose another."),
    "password_wrong": N_("This is not your present password"),
    "sign_in_wrong": N_("The address and the password do not match"),
    "too_many_tries": N_("Too many tries. Try again in %(minutes)s minutes."),
    "code_wrong": N_("This code is wrong or was used before. Wait for the next one."),
    "session_ended": N_("Your session has ended. Sign in again."),
    "link_used": N_("This link was used already or is too old. Ask for a new one."),
    "second_factor_in_force": N_("The second factor is already in force."),
    "figures_missing": N_("Give your figures first"),
    **standing_words.REFUSALS,
    **statement_words.REFUSALS,
    **waitlist_words.REFUSALS,
    **closing_words.REFUSALS,
    **distribution_words.REFUSALS,
}  # fmt: skip


#: What came of a filing.
FILING_OUTCOMES: Mapping[str, str] = {
    "drafted": N_("A draft was made from the filing. The checklist shows what it lacks."),
    "amended": N_("%(form)s amends %(offering)s: the draft now says what the filing says."),
    "locked": N_("%(form)s amends %(offering)s, whose terms are locked: its status is %(status)s. The filing is kept with it; nothing else was changed."),
    "kept": N_("%(form)s of %(issuer)s was recognised. This form opens no offering, so no draft was made. It is kept with %(offering)s."),
    "kept_alone": N_("%(form)s of %(issuer)s was recognised. This form opens no offering, so no draft was made. It is kept; nothing of this filer is offered here."),
    "given": N_("This very file was imported before: see %(offering)s. Nobody acted for %(issuer)s; now the owner that you named does."),
}  # fmt: skip


def status(machine: str, value: str, language: Language) -> str:
    """The words of a status."""
    return said(language, STATUSES[machine][value])


def refusal(refused: Refused, language: Language) -> str:
    """The whole sentence of a refusal, its facts written for this reader."""
    facts = {name: _fact(name, value, refused.facts, language) for name, value in refused.facts.items()}
    return said(language, REFUSALS[refused.code], **facts)


def _fact(name: str, value: Any, facts: Mapping[str, Any], language: Language) -> str:
    if isinstance(value, Wording):
        return value.text(language.code)
    if isinstance(value, Money):
        return amounts.written(value, language)
    if isinstance(value, datetime):
        return times.moment(value, str(facts.get("zone", "UTC")), language)
    if isinstance(value, date):
        return times.day(value, language)
    if isinstance(value, int):
        return (amounts.percent if name.endswith("_bps") else amounts.number)(value, language)
    if name == "why":
        return said(language, METHOD_MISFITS[value])
    if name == "country":
        return countries.name(value, language)
    if name == "status":
        return status(str(facts.get("machine", "offering")), value, language)
    return str(value)


def filing(imported: Import, filed: FormC, language: Language) -> str:
    """What came of a filing, in a whole sentence."""
    offering = imported.offering
    facts = {"form": filed.form, "issuer": filed.legal_name or "-"}
    if offering is not None:
        facts |= {"offering": offering.ref, "status": status("offering", offering.status, language)}
    return said(language, FILING_OUTCOMES[imported.outcome], **facts)


def category(kind: str, language: Language) -> str:
    """What a status of investors is called."""
    return standing.PACK.words[kind].text(language.code)


def is_rule(code: str) -> bool:
    """Whether this is a rule of a pack, with words and a citation of its own."""
    return any(code in pack.rules for pack in registry.PACKS)


def rule(rule_id: str, language: Language) -> str:
    """What a rule says, in plain words, from its own pack."""
    found = _rule(rule_id)
    return found.zh if language.code.startswith("zh") else found.en


def citation(rule_id: str) -> str:
    return _rule(rule_id).cite


def _rule(rule_id: str) -> Rule:
    return next(pack.rules[rule_id] for pack in registry.PACKS if rule_id in pack.rules)
