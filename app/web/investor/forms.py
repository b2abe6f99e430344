"""Forms of the investor's pages."""

from __future__ import annotations

from wtforms import BooleanField, HiddenField, RadioField, SelectField

from app.i18n.words import N_
from app.web.forms import Form, Needed, amount, countries, long_text, text

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


class ClaimForm(Form):
    #: The choices are those of the rules that are switched on.
    kind = RadioField(N_("Which status do you have?"), choices=[])
    basis = long_text(N_("On what grounds?"), 1000)


class AmountForm(Form):
    amount = amount(N_("How much do you want to invest?"), render_kw={**_MONEY, "autofocus": True})


class PledgeForm(Form):
    """The last form before a pledge; its ticks are read by name, one for each statement of the law."""

    form_key = HiddenField(validators=[Needed()])
    shares = HiddenField(validators=[Needed()])
    #: Which text of the offering the form was shown beside.
    text_version = HiddenField()
