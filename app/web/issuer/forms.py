"""Forms of the issuer's pages, one for each section that is saved by itself."""

from __future__ import annotations

import uuid

from wtforms import HiddenField, SelectField
from wtforms.fields import FileField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # the stubs are older

from app.i18n import labels
from app.i18n.words import N_
from app.offerings.disclosures import FINANCIALS, YEARS
from app.web.account.forms import ZONES
from app.web.forms import Form, amount, countries, long_text, text

_MONEY = {"inputmode": "decimal", "autocomplete": "off"}
_NUMBER = {"inputmode": "numeric", "autocomplete": "off"}
#: So many rows are offered for use of funds and team.
ROWS = 5


def _form_key() -> HiddenField:
    """Made when the form is shown; what comes back is read by `sent_key`."""
    return HiddenField(default=lambda: str(uuid.uuid4()))


class CompanyForm(Form):
    form_key = _form_key()
    legal_name = text(N_("Registered name"), 300, render_kw={"autocomplete": "organization"})
    country = SelectField(N_("Country"), choices=countries)
    legal_form = text(N_("Legal form"), 100, needed=False)
    jurisdiction = text(N_("Organised in (state or country)"), 20, needed=False)
    incorporated_on = text(N_("Organised on"), 10, needed=False, render_kw={"type": "date"})
    street1 = text(N_("Street"), 200, needed=False, render_kw={"autocomplete": "address-line1"})
    street2 = text(N_("Street, second line"), 200, needed=False)
    city = text(N_("City"), 200, needed=False)
    region = text(N_("State or province"), 100, needed=False)
    postcode = text(N_("Postcode"), 20, needed=False)
    website = text(N_("Website"), 300, needed=False, render_kw={"inputmode": "url"})
    employees = amount(N_("Employees"), render_kw=_NUMBER)


class PayoutForm(Form):
    holder = text(N_("Account holder"), 200)
    account = text(N_("Account number or IBAN"), 64, render_kw={"autocomplete": "off"})


class RelatedForm(Form):
    name = text(N_("Name"), 200)
    relation = SelectField(N_("What they are to the company"), choices=[])
    email = text(N_("E-mail"), 254, needed=False, render_kw={"autocomplete": "off", "inputmode": "email"})


class NewOfferingForm(Form):
    form_key = _form_key()
    company = SelectField(N_("Company"), choices=[])
    rules = SelectField(N_("Under which rules?"), choices=[])
    name = text(N_("Name of the offering"), 200)


class FilingForm(Form):
    file = FileField(N_("Form C file (XML)"))


class Section(Form):
    """Every section says which version of the offering it was shown."""

    version = HiddenField()

    @property
    def seen_version(self) -> int:
        shown = str(self.version.data or "")
        return int(shown) if shown.isascii() and shown.isdigit() and len(shown) < 12 else 0


class TermsForm(Section):
    security_type = SelectField(N_("Kind of security"), choices=[])
    security_description = text(N_("Describe it in a few words"), 300, needed=False)
    share_price = amount(N_("Price of one share"), render_kw=_MONEY)
    minimum_pledge = amount(N_("Smallest pledge"), render_kw=_MONEY)
    target = amount(N_("Target"), render_kw=_MONEY)
    maximum = amount(N_("Maximum"), render_kw=_MONEY)
    oversubscription_rule = SelectField(N_("Demand above the target"), choices=[])
    oversubscription_note = long_text(N_("More about how it is shared out"), 1000, needed=False)


class DeadlineForm(Section):
    deadline_date = text(N_("Date"), 10, render_kw={"type": "date"})
    deadline_time = text(N_("Time"), 8, render_kw={"type": "time"})
    deadline_zone = SelectField(
        N_("Time zone"), choices=[SelectChoice(zone, zone.replace("_", " ")) for zone in ZONES], validate_choice=False
    )


class StoryForm(Section):
    name = text(N_("Name of the offering"), 200)
    tagline = text(N_("What you do, in one sentence"), 200)
    story = long_text(N_("Story"), 20_000, render_kw={"rows": 14})


class RisksForm(Section):
    risks = long_text(N_("Risks, one on each line"), 10_000, render_kw={"rows": 10})


class FundsForm(Section):
    """Rows of purpose and percent, read by name."""


class TeamForm(Section):
    """Rows of name and role, read by name."""


for _row in range(ROWS):
    setattr(FundsForm, f"purpose_{_row}", text(N_("Purpose"), 200, needed=False))
    setattr(FundsForm, f"percent_{_row}", amount(N_("Percent"), render_kw=_NUMBER))
    setattr(TeamForm, f"name_{_row}", text(N_("Name"), 200, needed=False))
    setattr(TeamForm, f"role_{_row}", text(N_("Role"), 200, needed=False))


class FinancialsForm(Section):
    """Two years of the filed figures, and who checked them."""

    statements_level = SelectField(N_("Who checked the statements?"), choices=[])


for _year in YEARS:
    for _name in FINANCIALS:
        setattr(FinancialsForm, f"{_year}_{_name}", amount(labels.FINANCIALS[_name], render_kw=_MONEY))


class DocumentForm(Section):
    title = text(N_("Title"), 200)
    file = FileField(N_("File (PDF, PNG or JPEG, at most 10 MB)"))
