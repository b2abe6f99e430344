"""Registering an entity that one acts for, and seeing what is known of it."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from app.access import Permission
from app.errors import NotFound, Refused
from app.i18n.words import N_
from app.investors import queries as investors
from app.investors.entities import Owner
from app.investors.models import EntityForm as LegalForm
from app.regimes import platform_policy
from app.regimes.parameters import WHOLE_BPS
from app.screening import actions as screening
from app.web.forms import opened
from app.web.guard import allow
from app.web.investor import blueprint
from app.web.investor.forms import EntityForm, entity_form
from app.web.session import acting, looking, my_id
from app.web.whom import is_entity, of_mine

_PERCENT = re.compile(r"\d{1,3}(\.\d{1,2})?", re.ASCII)


def _least_share() -> int:
    with looking() as view:
        return platform_policy.owner_share_bps(view.now.date())


@blueprint.get("/me/entities/new")
@allow(Permission.INVEST)
def new_entity() -> ResponseReturnValue:
    """The form for an entity, with room for everybody who can have so large a part of it."""
    least = _least_share()
    return _page(opened(entity_form(WHOLE_BPS // least)), least)


def _page(form: EntityForm, least: int) -> ResponseReturnValue:
    rows = range(1, WHOLE_BPS // least + 1)
    return render_template("investor/entity_form.html", form=form, least=least, rows=rows), form.status


@blueprint.post("/me/entities/new")
@allow(Permission.INVEST)
def register_entity() -> ResponseReturnValue:
    """Register it; its figures come next."""
    least = _least_share()
    form = entity_form(WHOLE_BPS // least)()
    if form.validate():
        owners = _owners(form, WHOLE_BPS // least)
        if not form.is_refused:
            try:
                with acting() as tx:
                    made = screening.register_entity(tx, my_id(), **_told(form), owners=owners)
                flash(N_("Registered. Give its figures next, so that you see how much it may invest."), "ok")
                return redirect(url_for("investor.entity", investor_id=made.id, whom=made.id), 303)
            except Refused as refused:
                form.refuse(refused)
    return _page(form, least)


def _told(form: EntityForm) -> dict[str, Any]:
    return {
        "legal_name": form.legal_name.data or "",
        "country": form.country.data,
        "form": LegalForm(form.form.data),
        "registration_number": form.registration_number.data or "",
        "capacity": form.capacity.data or "",
        "formed_for_purchase": form.formed_for_purchase.data == "yes",
        "nobody_owns_so_much": bool(form.nobody_owns_so_much.data),
    }


def _owners(form: EntityForm, rows: int) -> list[Owner]:
    """Those whose row was begun; what is missing in it is told at the field."""
    found = []
    for number in range(1, rows + 1):
        told = {what: str(form[f"owner_{number}_{what}"].data or "").strip() for what in ("name", "share", "country")}
        if not any(told.values()):
            continue
        missing = [what for what, said in told.items() if not said]
        if missing:
            form.refuse(Refused("owner_incomplete", field=f"owner_{number}_{missing[0]}"))
            continue
        share = told["share"]
        if not _PERCENT.fullmatch(share):
            form.refuse(Refused("percent_not_a_number", field=f"owner_{number}_share"))
            continue
        bps = int(Decimal(share) * WHOLE_BPS / 100)
        born_on = form.day(f"owner_{number}_born_on", optional=True)
        found.append(Owner(told["name"], told["country"], bps, born_on))
    return found


@blueprint.get("/me/entities/<int:investor_id>")
@allow(Permission.SEE_OWN_INVESTMENTS)
def entity(investor_id: int) -> ResponseReturnValue:
    """What is known of an entity that one acts for; somebody else's answers like one that does not exist."""
    with looking() as view:
        found = of_mine(view, investor_id)
        if not is_entity(found):
            raise NotFound
        return render_template(
            "investor/entity.html", investor=found, entity=investors.entity(view.session, found.id),
            owners=investors.owners(view.session, found.id),
        )  # fmt: skip
