"""The words of alerts and related parties; `labels.py` has all the others, and shows these as its own."""

from __future__ import annotations

from collections.abc import Mapping

from app.i18n.words import N_

#: What somebody is to a company whose money is counted apart.
RELATIONS: Mapping[str, str] = {
    "member": N_("Acts for the company"), "officer": N_("Officer or director"),
    "owner": N_("Owner of a large part"), "family": N_("Family of one of them"),
    "affiliate": N_("Company under the same control"), "other": N_("Otherwise related"),
}  # fmt: skip

#: Whom an alert is about.
ALERT_SUBJECTS: Mapping[str, str] = {
    "investors": N_("Investor"), "users": N_("Acts for a company"), "issuers": N_("Company"),
    "related_parties": N_("Related party"), "offerings": N_("Offering"),
    "beneficial_owners": N_("Beneficial owner"),
}  # fmt: skip

#: What an officer says to an alert.
ALERT_OUTCOMES: Mapping[str, str] = {
    "approve": N_("False alarm: clear it"), "refuse": N_("Confirmed: keep it"),
}  # fmt: skip
