"""The choice between ways to pay, as a form."""

from __future__ import annotations

from collections.abc import Sequence

from wtforms import RadioField

from app.i18n import labels
from app.i18n.words import N_, said
from app.payments.port import Method
from app.payments.ways import PaymentWay, Plan, Why
from app.web.forms import Form
from app.web.session import reader


class MethodForm(Form):
    #: Nothing is chosen beforehand where there is a choice.
    method = RadioField(N_("How do you pay?"), choices=[], validate_choice=False)

    def offer(self, ways: Sequence[PaymentWay]) -> None:
        """What can be chosen; a method that two gateways have is told apart by theirs."""
        methods = [way.method for way in ways]
        self.method.choices = [(key_of(way), _name(way, methods.count(way.method) > 1)) for way in ways]
        if len(ways) == 1:
            self.method.data = key_of(ways[0])


def _name(way: PaymentWay, with_gateway: bool) -> str:
    method = said(reader(), labels.METHODS[way.method])
    if not with_gateway:
        return method
    gateway = said(reader(), labels.GATEWAYS.get(way.gateway, way.gateway))
    return said(reader(), N_("%(method)s, by %(gateway)s"), method=method, gateway=gateway)


def key_of(way: PaymentWay) -> str:
    """How the form names a way."""
    return f"{way.gateway}:{way.method}"


def misfits(planned: Sequence[tuple[PaymentWay, Plan]]) -> dict[Why, list[Method]]:
    """The methods that fit at no gateway, by why they do not."""
    fitting = {way.method for way, plan in planned if plan.why is None}
    found: dict[Why, dict[Method, None]] = {}
    for way, plan in planned:
        if plan.why is not None and way.method not in fitting:
            found.setdefault(plan.why, {})[way.method] = None
    return {why: list(methods) for why, methods in found.items()}
