"""The words of every code: statuses, refusals, tasks, reasons. A test demands that none is missing in either language."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from app.errors import Refused
from app.i18n import (
    amounts,
    cash_words,
    change_labels,
    closing_words,
    countries,
    distribution_words,
    reconciliation_words,
    standing_words,
    times,
    waitlist_words,
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
from app.i18n.refusal_words import REFUSALS as REFUSALS
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
