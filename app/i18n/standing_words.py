"""The words about an investor's standing: evidence, tests, spouses. They are part of the tables in `labels.py`."""

from __future__ import annotations

from collections.abc import Mapping

from app.i18n.words import N_

STATUSES: Mapping[str, Mapping[str, str]] = {
    "spouse_link": {
        "asked": N_("Waiting for your spouse"), "linked": N_("Linked"), "withdrawn": N_("Withdrawn"), "ended": N_("Ended"),
    },
    "evidence": {
        "quarantined": N_("Held: not scanned"), "clean": N_("Scanned: nothing found"), "rejected": N_("Thrown away"),
    },
}  # fmt: skip

ENTITY_FORMS: Mapping[str, str] = {
    "company": N_("Company"), "partnership": N_("Partnership"), "trust": N_("Trust"), "fund": N_("Fund"),
}  # fmt: skip

REFUSALS: Mapping[str, str] = {
    "status_not_known": N_("The rules of today know no such status."),
    "signature_is_enough": N_("This status needs no officer: sign its statement."),
    "officer_decides": N_("An officer decides about this status: claim it."),
    "figures_of_statement_missing": N_("Give at least one of the figures that the statement is about"),
    # entities
    "owners_missing": N_("Name everybody with so large a part, or tick that there is nobody"),
    "owners_contradict": N_("Either somebody is named, or nobody has so large a part"),
    "owner_incomplete": N_("Give the name, the part and the country of each owner"),
    "owner_below_share": N_("Only parts of %(least_bps)s or more are named here"),
    "owners_above_whole": N_("Together the parts are more than the whole"),
    "percent_not_a_number": N_("Give the part in percent, such as 25 or 33.33"),
    "entity_known": N_("An entity with this number is registered here by somebody else"),
    "answer_missing": N_("Choose an answer"),
    "answer_wrong": N_("This answer is not right. Read again about: %(topic)s"),
    # tests and waits
    "test_not_known": N_("The rules of today know no such test."),
    "test_wait": N_("You have used your tries. The next one is possible from %(until)s."),
    "nothing_to_wait_for": N_("There is nothing to wait for here."),
    "wait_not_over": N_("The time to think is over on %(until)s."),
    # spouses
    "spouse_linked_already": N_("There is a link with a spouse already"),
    "natural_person_needed": N_("This is for people, not for companies"),
    "code_unknown": N_("This code is unknown, used or too old. Ask your spouse for a new one."),
    "not_linked": N_("There is no link to end"),
    # documents
    "document_not_opened": N_("Open “%(title)s” first; then you can acknowledge it"),
    "document_not_acknowledged": N_("Tick that you have read “%(title)s”"),
    # evidence
    "evidence_empty": N_("The file is empty. Choose a file with content."),
    "evidence_too_large": N_("The file must be %(largest_mb)s MB or smaller"),
    "evidence_type": N_("The file must be a PDF, PNG or JPEG; this one is something else"),
    "evidence_name_lies": N_("The name of the file does not fit its content, which is %(found)s. Give it its right name."),
    "evidence_broken": N_("The file is no whole %(found)s: it is cut off, or something follows its end"),
    "evidence_encrypted": N_("The file is locked with a password. Save it without one, and hand that in."),
    "evidence_too_many": N_("There are %(most)s files for this claim already, and no more are taken"),
    "evidence_late": N_("Files are taken in while the claim is being checked; its status is now %(status)s."),
    "evidence_missing": N_("This status is certified on evidence only, and none was handed in."),
}  # fmt: skip

TEST_OUTCOMES: Mapping[str, str] = {
    "passed": N_("Passed"), "failed": N_("Not passed"), "info_refused": N_("Not answered"),
}  # fmt: skip
