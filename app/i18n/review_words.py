"""The words of proposals and of evidence beside claims; pages read them from `labels`."""

from __future__ import annotations

from collections.abc import Mapping

from app.i18n.words import N_

PROPOSALS: Mapping[str, str] = {
    "publish": N_("Publish an offering"),
    "payee": N_("Change where a company is paid"),
    "role": N_("Give somebody a role of the staff"),
    "refund_all": N_("End an offering and give all money back"),
    "pack": N_("Change the rules in force"),
    "hold": N_("Lift a hold"),
    "switch": N_("Let money move again"),
    "receipt": N_("Say what becomes of money of nobody"),
    "distribution": N_("Pay the holders of an offering"),
}

#: Fields that are compared with their evidence.
COMPARED: Mapping[str, str] = {
    "legal_name": N_("Registered name"), "legal_form": N_("Legal form"), "jurisdiction": N_("Where it is organised"),
    "incorporated_on": N_("Since when"), "employees": N_("Employees"), "share_price": N_("Price of one share"),
    "target": N_("Target"), "maximum": N_("Maximum"), "deadline": N_("Deadline"),
    "investor_name": N_("Name"), "amount": N_("Amount"), "annual_income": N_("Annual income"),
}  # fmt: skip
MARKS: Mapping[str, str] = {
    "same": N_("Same"), "spelling": N_("Same, written differently"), "differs": N_("Differs"),
    "unknown": N_("Not known"),
}  # fmt: skip
