"""Investors' cash accounts, for the operator: each day's comparison, balances that lie idle, money that came otherwise."""

from __future__ import annotations

from uuid import UUID

from flask import redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from app.access import Permission
from app.cash import actions, queries
from app.i18n.words import N_
from app.investors import queries as investors
from app.money import Money
from app.payments import queries as payments
from app.reconciliation.tables import as_csv
from app.web.admin import blueprint
from app.web.files import csv_file
from app.web.guard import allow
from app.web.session import looking, telling

DAYS_SHOWN = 60


@blueprint.get("/cash")
@allow(Permission.OPERATE)
def cash() -> ResponseReturnValue:
    """What waits for a person, what the custodian held on each day, what has not moved for long."""
    with looking() as view:
        idle = queries.dormant(view.session, view.now)
        return render_template(
            "admin/cash.html",
            days=queries.days(view.session, DAYS_SHOWN),
            idle=idle,
            names=investors.names(view.session, [one.investor_id for one in idle]),
            strays=[(one, payments.received(view.session, one)) for one in queries.strays(view.session)],
            now=view.now,
        )


@blueprint.get("/cash/days.csv")
@allow(Permission.OPERATE)
def cash_days() -> ResponseReturnValue:
    """Every comparison, the newest first; amounts in major units with a point."""
    with looking() as view:
        found = queries.days(view.session)
    rows = (
        (one.day, one.gateway, one.currency, *_amounts(one.currency, one.owed_minor, one.ledger_minor, one.custodian_minor),
         *_amounts(one.currency, one.difference_minor), one.checked_at.isoformat())
        for one in found
    )  # fmt: skip
    head = ("day", "gateway", "currency", "owed", "ledger", "custodian", "difference", "checked_at")
    return csv_file("cash-days.csv", as_csv((head, rows)))


@blueprint.get("/cash/dormant.csv")
@allow(Permission.OPERATE)
def dormant_cash() -> ResponseReturnValue:
    """Every balance that has not moved for as long as the policy says."""
    with looking() as view:
        found = queries.dormant(view.session, view.now)
    rows = (
        (f"investor-{one.investor_id}", one.currency, *_amounts(one.currency, one.minor), one.since.isoformat())
        for one in found
    )
    return csv_file("cash-dormant.csv", as_csv((("investor", "currency", "free", "last_moved_at"), rows)))


def _amounts(currency: str, *minor: int) -> tuple[str, ...]:
    return tuple(str(Money(one, currency).amount) for one in minor)


@blueprint.post("/cash/strays/<uuid:op_id>/keep")
@allow(Permission.OPERATE)
def keep_stray(op_id: UUID) -> ResponseReturnValue:
    """Put money that came otherwise than it was asked for into the account that it was for."""
    return _settle(op_id, keep=True)


@blueprint.post("/cash/strays/<uuid:op_id>/give-back")
@allow(Permission.OPERATE)
def give_back_stray(op_id: UUID) -> ResponseReturnValue:
    """Send it back to where it came from."""
    return _settle(op_id, keep=False)


def _settle(op_id: UUID, *, keep: bool) -> ResponseReturnValue:
    with telling(N_("It is in the cash account.") if keep else N_("It goes back to where it came from.")) as tx:
        actions.settle_stray(tx, op_id, keep=keep)
    return redirect(url_for("admin.cash"), 303)
