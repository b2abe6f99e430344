"""One's cash account here: what is in it and what moved, topping up, taking out, and where refunds go."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from wtforms import HiddenField, RadioField, SelectField

from app.access import Permission
from app.cash import actions, queries
from app.cash.queries import Cash
from app.cash.ways import ways_in
from app.database import Snapshot, Transaction
from app.errors import NotFound, Refused
from app.i18n import labels
from app.i18n.words import N_, said
from app.investors import queries as investors
from app.investors.models import Investor
from app.money import Money
from app.payments.lifecycle import ACTION_REQUIRED, CANCELLED, FAILED, PENDING, REVIEW, SUCCEEDED
from app.payments.port import OpKind
from app.regimes import platform_policy
from app.regimes.calendar import end_of
from app.web.account.forms import EmptyForm
from app.web.forms import Form, Needed, amount, opened, text
from app.web.guard import allow
from app.web.investor import blueprint
from app.web.session import acting, local_path, looking, my_id, platform, reader, reader_zone, telling
from app.web.whom import acted_for

_MONEY = {"inputmode": "decimal", "autocomplete": "off"}


class AmountForm(Form):
    """An amount in a currency; the key makes the same form, sent twice, one act."""

    form_key = HiddenField(default=lambda: str(uuid.uuid4()))
    amount = amount(N_("Amount"), render_kw=_MONEY)
    currency = SelectField(
        N_("Currency"), validators=[Needed()], choices=lambda: [(code, code) for code in _currencies()]
    )

    def asked(self) -> Money | None:
        """What was typed; None: it cannot be read, and the field says why."""
        code = str(self.currency.data or "")
        return self.money("amount", code) if self.validate() else None

    def key(self) -> uuid.UUID:
        """Raises NotFound: without a key it is no form of ours."""
        try:
            return uuid.UUID(self.form_key.data or "")
        except ValueError:
            raise NotFound from None


class TopUpForm(AmountForm):
    method = RadioField(N_("How do you pay?"), choices=[], validate_choice=False)


class BankAccountForm(Form):
    holder = text(N_("Account holder"), 200, render_kw={"autocomplete": "name"})
    account = text(N_("Account number or IBAN"), 60, render_kw={"autocomplete": "off"})


class DayForm(Form):
    on = text(N_("As of the end of"), 10, needed=False, render_kw={"type": "date"})


def _currencies() -> list[str]:
    """In which cash may be kept: those of the rules in use that the policy has limits for."""
    here = dict.fromkeys(platform().regime(one).pack.currency for one in platform().settings.regimes)
    with looking() as view:
        return [code for code in here if platform_policy.cash_limits(code, view.now) is not None]


def _require_offered() -> None:
    """Raises NotFound where the operator offers no cash accounts."""
    if not platform().settings.cash_accounts:
        raise NotFound


def _mine(view: Snapshot) -> Investor:
    """Whose account it is. Raises Refused("figures_missing"): we do not know yet who that is."""
    investor = acted_for(view)
    if investor is None:
        raise Refused("figures_missing")
    return investor


@blueprint.get("/me/cash")
@allow(Permission.SEE_OWN_INVESTMENTS)
def cash() -> ResponseReturnValue:
    """What is free, what is on its way, and every movement with what there was after it, as of any day."""
    form = DayForm(request.args)
    with looking() as view:
        investor = acted_for(view)
        found = queries.balances(view.session, investor.id) if investor else []
        if not platform().settings.cash_accounts and not found:
            raise NotFound
        shown = found or [Cash(Money.zero(one), Money.zero(one)) for one in _currencies()[:1]]
        until = _until(form, view.now)
        return render_template(
            "investor/cash.html", investor=investor, form=form, until=until, balances=shown,
            statements=[(one, _lines(view, investor, one, until)) for one in shown],
            apart=_each(view, investor, queries.apart), coming=_each(view, investor, queries.coming), to_cash=_to_cash(view, investor),
            under_way=queries.under_way(view.session, investor.id) if investor else [],
            account=queries.bank_account(view.session, investor.id) if investor else None, now=view.now,
            back_to_source=[said(reader(), labels.METHODS[one]) for one in _back_to_source(view)],
        ), form.status  # fmt: skip


def _until(form: DayForm, now: datetime) -> datetime:
    on = form.day("on", optional=True)
    return now if on is None else min(now, end_of(on, reader_zone()))


def _lines(view: Snapshot, investor: Investor | None, of: Cash, until: datetime) -> list[queries.Line]:
    """The newest first."""
    if investor is None:
        return []
    return queries.statement(view.session, investor.id, of.free.currency, until)[::-1]


def _each(view: Snapshot, investor: Investor | None, of: Callable[[Session, int, str], Money]) -> list[Money]:
    """What an investor has of it in each currency, where there is something."""
    return (
        [] if investor is None else [amount for one in _currencies() if (amount := of(view.session, investor.id, one))]
    )


def _to_cash(view: Snapshot, investor: Investor | None) -> bool:
    return investor is not None and queries.refunds_to_cash(view.session, investor.id)


def _back_to_source(view: Snapshot) -> list[str]:
    return list(platform_policy.cash_accounts(view.now)["back_to_source"])


@blueprint.get("/me/cash/top-up")
@allow(Permission.INVEST)
def top_up() -> ResponseReturnValue:
    """How much, and by what."""
    _require_offered()
    with looking() as view:
        if acted_for(view) is None:
            return redirect(url_for("investor.limits"))
    return _top_up_page(opened(TopUpForm))


def _top_up_page(form: TopUpForm) -> ResponseReturnValue:
    with looking() as view:
        methods = dict.fromkeys(
            way.method
            for code in _currencies()
            for way in ways_in(platform().ways_to_pay(code), platform().custodian.name, view.now)
        )
        limits = [platform_policy.cash_limits(code, view.now) for code in _currencies()]
    form.method.choices = [(method.value, said(reader(), labels.METHODS[method])) for method in methods]
    if len(methods) == 1:
        form.method.data = next(iter(methods)).value
    return render_template("investor/cash_top_up.html", form=form, limits=limits), form.status


@blueprint.post("/me/cash/top-up")
@allow(Permission.INVEST)
def ask_top_up() -> ResponseReturnValue:
    """Ask for the money. The same form again is the same top-up."""
    _require_offered()
    form = TopUpForm()
    try:
        asked = form.asked()
        if asked is not None:
            with acting() as tx:
                found = ways_in(platform().ways_to_pay(asked.currency), platform().custodian.name, tx.now)
                way = next((one for one in found if one.method == form.method.data), None)
                if way is None:
                    raise Refused("choice_unknown", field="method")
                made = actions.top_up(
                    tx, _mine(tx).id, amount=asked, way=way, form_key=form.key(), custodian=platform().custodian.name
                )
            return redirect(url_for("investor.top_up_result", ref=made.reference), 303)
    except Refused as refused:
        form.refuse(refused)
    return _top_up_page(form)


@blueprint.get("/me/cash/top-ups/<ref>")
@allow(Permission.SEE_OWN_INVESTMENTS)
def top_up_result(ref: str) -> ResponseReturnValue:
    """The way to the payment page, and what became of it; the page looks again by itself."""
    return _top_up_result(ref, returned=False)


@blueprint.get("/me/cash/top-ups/<ref>/returned")
@allow(Permission.SEE_OWN_INVESTMENTS)
def top_up_returned(ref: str) -> ResponseReturnValue:
    """Back from the gateway's page. What the address says is not believed: the page waits for the gateway's own word."""
    return _top_up_result(ref, returned=True)


def _top_up_result(ref: str, *, returned: bool) -> ResponseReturnValue:
    with looking() as view:
        mine = [one.id for one in investors.acted_for(view.session, my_id())]
        found = queries.by_ref(view.session, ref, mine, OpKind.COLLECT)
        whose = investors.investor(view.session, found.investor_id or 0)
        coming = found.status == SUCCEEDED and not queries.has_arrived(view.session, found)
    ready = found.status == ACTION_REQUIRED and found.url is not None
    over = found.status in (SUCCEEDED, FAILED, CANCELLED, REVIEW, PENDING)
    return render_template(
        "investor/cash_top_up_result.html", asked=found, investor=whose, ready=ready, returned=returned,
        coming=coming,
        waits=None if over or (ready and not returned) else 1,
    )  # fmt: skip


@blueprint.get("/me/cash/withdraw")
@allow(Permission.INVEST)
def withdraw_cash() -> ResponseReturnValue:
    """How much, to which account."""
    with looking() as view:
        if acted_for(view) is None:
            return redirect(url_for("investor.limits"))
    return _withdraw_page(opened(AmountForm))


def _withdraw_page(form: AmountForm) -> ResponseReturnValue:
    with looking() as view:
        investor = _mine(view)
        found = queries.balances(view.session, investor.id)
        account = queries.bank_account(view.session, investor.id)
    return render_template(
        "investor/cash_withdraw.html", form=form, investor=investor, balances=found, account=account, now=view.now
    ), form.status


@blueprint.post("/me/cash/withdraw")
@allow(Permission.INVEST)
def take_out_cash() -> ResponseReturnValue:
    """Pay it to the own bank account. The same form again is the same withdrawal."""
    form = AmountForm()
    try:
        asked = form.asked()
        if asked is not None:
            with acting() as tx:
                gateway = platform().custodian.name
                actions.withdraw(tx, _mine(tx).id, amount=asked, form_key=form.key(), gateway=gateway)
            flash(N_("It is on its way to your bank account. We write to you when it is paid."), "ok")
            return redirect(url_for("investor.cash"), 303)
    except Refused as refused:
        form.refuse(refused)
    return _withdraw_page(form)


@blueprint.get("/me/cash/bank-account")
@allow(Permission.INVEST)
def bank_account() -> ResponseReturnValue:
    """Where cash is paid to; the number itself is never shown again."""
    with looking() as view:
        investor = acted_for(view)
        if investor is None:
            return redirect(url_for("investor.limits"))
    return _bank_account_page(opened(BankAccountForm, holder=investor.legal_name))


def _bank_account_page(form: BankAccountForm) -> ResponseReturnValue:
    with looking() as view:
        investor = _mine(view)
        return render_template(
            "investor/cash_bank_account.html", form=form, investor=investor, now=view.now,
            account=queries.bank_account(view.session, investor.id),
            days=platform_policy.cash_accounts(view.now)["frozen_days"],
        ), form.status  # fmt: skip


@blueprint.post("/me/cash/bank-account")
@allow(Permission.INVEST)
def save_bank_account() -> ResponseReturnValue:
    """Give the own account, or another one, which waits."""
    form = BankAccountForm()

    def save(tx: Transaction) -> None:
        holder, number = form.holder.data or "", form.account.data or ""
        actions.set_bank_account(tx, _mine(tx).id, holder=holder, account=number, vault=platform().vault)

    if form.do(save):
        flash(N_("Saved."), "ok")
        home = "investor.cash" if platform().settings.cash_accounts else "investor.dashboard"
        return redirect(local_path(request.args.get("next"), url_for(home)), 303)
    return _bank_account_page(form)


@blueprint.post("/me/cash/refunds")
@allow(Permission.INVEST)
def choose_refunds() -> ResponseReturnValue:
    """Say where refunds go from now on."""
    _require_offered()
    form = EmptyForm()
    if form.validate():
        with telling(N_("Saved.")) as tx:
            actions.choose_refunds(tx, _mine(tx).id, to_cash=request.form.get("to") == "cash")
    return redirect(url_for("investor.cash"), 303)
