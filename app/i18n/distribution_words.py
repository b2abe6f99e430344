"""The words of what companies pay their holders; pages read them from `labels`."""

from __future__ import annotations

from collections.abc import Mapping

from app.i18n.words import N_

STATUSES: Mapping[str, Mapping[str, str]] = {
    "distribution": {
        "proposed": N_("Waits for a second person"), "approved": N_("Waits for the company's money"),
        "funded": N_("On its way to the holders"), "paid": N_("Paid"), "rejected": N_("Not agreed to"),
        "called_off": N_("Called off"),
    },
}  # fmt: skip

REFUSALS: Mapping[str, str] = {
    "distribution_too_early": N_("Only to the holders of a settled offering something can be distributed."),
    "distribution_elsewhere": N_(
        "This offering's account is with another custodian than the cash accounts. Nothing can be carried between them."
    ),
    "distribution_on_hold": N_(
        "The company, or somebody who acts for it, is on hold. First decide the alert about them."
    ),
    "distribution_waits": N_(
        "%(distribution)s of this offering is not finished. What it pays counts for the next one's carry."
    ),
    "record_day_ahead": N_("The record day must not be later than today"),
    "nothing_to_distribute": N_(
        "Nothing is distributed so: there must be an amount in the offering's currency, and holders on that day."
    ),
    "tax_line_unknown": N_("There is no such line of money out of the offering's account."),
    "tax_too_high": N_("Tax must be 100 percent or less"),
    "tax_smaller": N_("Only %(owed)s is kept for taxes."),
}
