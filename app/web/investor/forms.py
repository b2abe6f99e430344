"""Forms of the investor's pages."""

from __future__ import annotations

from wtforms import BooleanField, HiddenField, SelectField
from wtforms.fields import FileField

from app.i18n.words import N_
from app.regimes.parameters import Row
from app.regimes.standing import PACK
from app.web.forms import Form, Needed, amount, countries, long_text, text
from app.web.session import reader

_MONEY = {"inputmode": "decimal", "autocomplete": "off"}


class FiguresForm(Form):
    """Only the fields that the regime asks for are shown and read."""

    legal_name = text(N_("Full legal name"), 200, render_kw={"autocomplete": "name"})
    country = SelectField(N_("Country of residence"), choices=countries)
    born_on = text(N_("Date of birth"), 10, needed=False, render_kw={"type": "date", "autocomplete": "bday"})
    annual_income = amount(N_("Annual income"), render_kw=_MONEY)
    net_worth = amount(N_("Net worth, without your home"), render_kw=_MONEY)
    other_platform_12m = amount(N_("Bought on other crowdfunding portals in the last 12 months"), render_kw=_MONEY)
    joint_with_spouse = BooleanField(N_("These are joint figures with my spouse"))
    financial_assets = amount(N_("Financial assets"), render_kw=_MONEY)
    income_1 = amount(N_("Income of last year"), render_kw=_MONEY)
    income_2 = amount(N_("Income of the year before"), render_kw=_MONEY)
    income_3 = amount(N_("Income of three years ago"), render_kw=_MONEY)


class AmountForm(Form):
    amount = amount(N_("How much do you want to invest?"), render_kw={**_MONEY, "autofocus": True})


class PledgeForm(Form):
    """The last form before a pledge; its ticks are read by name, one for each statement of the law."""

    form_key = HiddenField(validators=[Needed()])
    shares = HiddenField(validators=[Needed()])
    #: Which text of the offering the form was shown beside.
    text_version = HiddenField()


class EvidenceForm(Form):
    file = FileField(N_("File (PDF, PNG or JPEG, at most 10 MB)"))


class StatementForm(Form):
    file = FileField(N_("Statement of another platform (JSON)"))


def claim_form(row: Row) -> type[Form]:
    """The form for a status: the figures that it asks for, and for an officer the grounds and a first file."""
    fields: dict[str, object] = {
        name: amount(PACK.words[name].text(reader().code), render_kw=_MONEY) for name in row["amounts"]
    } | {name: text(PACK.words[name].text(reader().code), 4, needed=False) for name in row["counts"]}
    if row["officer"]:
        fields["basis"] = long_text(N_("On what grounds?"), 1000)
        fields["file"] = FileField(N_("File (PDF, PNG or JPEG, at most 10 MB)"))
    return type("ClaimForm", (Form,), fields)
