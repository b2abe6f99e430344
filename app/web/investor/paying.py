"""The choice between ways to pay, as a form."""

from __future__ import annotations

from wtforms import RadioField

from app.i18n.words import N_
from app.payments.ways import PaymentWay
from app.web.forms import Form


class MethodForm(Form):
    #: Nothing is chosen beforehand where there is a choice.
    method = RadioField(N_("How do you pay?"), choices=[], validate_choice=False)

    def offer(self, choices: list[tuple[str, str]]) -> None:
        """What can be chosen: (key, words)."""
        self.method.choices = choices
        if len(choices) == 1:
            self.method.data = choices[0][0]


def key_of(way: PaymentWay) -> str:
    """How the form names a way."""
    return f"{way.gateway}:{way.method}"
