"""What the law wants somebody to understand first: tests, warnings, simulations of losses, and the time to think."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.access import Permission
from app.assessments import actions, queries
from app.assessments.bank import bank
from app.assessments.models import AckKind, Attempt, Outcome
from app.database import Snapshot, Transaction
from app.errors import NotFound, Refused
from app.i18n import amounts, labels
from app.i18n.words import N_
from app.investors.models import Investor
from app.money import Money
from app.pledges.consents import text_hash
from app.regimes import standing
from app.web.forms import Form, amount, sent_key
from app.web.guard import allow
from app.web.investor import blueprint
from app.web.investor.figures import figure
from app.web.session import acting, looking, platform, reader
from app.web.whom import acted_for, this_address

TESTS = frozenset(standing.PACK.settings["tests"].values())


def _investor(view: Snapshot) -> Investor | None:
    return acted_for(view)


def _figures_first() -> ResponseReturnValue:
    return redirect(url_for("investor.figures", regime_id=platform().settings.regimes[0], next=this_address()))


def _known(test: str) -> None:
    if test not in TESTS:
        raise NotFound


# Tests


@blueprint.get("/me/tests/<test>")
@allow(Permission.SEE_OWN_INVESTMENTS)
def test(test: str) -> ResponseReturnValue:
    """The questions, in an order of their own for each try. Nothing is chosen beforehand."""
    _known(test)
    return _test_page(test, uuid.uuid4(), "", 200)


def _test_page(test: str, key: uuid.UUID, error: str, status: int) -> ResponseReturnValue:
    with looking() as view:
        investor = _investor(view)
        row = standing.PACK.in_force(test, standing.PACK.day_of(view.now))
        if investor is None:
            return _figures_first()
        if row is None:
            raise NotFound
        until = queries.next_try_at(view.session, investor.id, test, row)
        return render_template(
            "investor/test.html", test=test, row=row, questions=bank(test).shuffled(key), key=key, error=error,
            name=standing.PACK.words[test].text(reader().code), tries=queries.attempts(view.session, investor.id, test),
            wait_until=until if until is not None and view.now < until else None, source=bank(test).source,
        ), status  # fmt: skip


@blueprint.post("/me/tests/<test>")
@allow(Permission.SEE_OWN_INVESTMENTS)
def answer_test(test: str) -> ResponseReturnValue:
    """Take the answers, or the word that somebody will not answer."""
    _known(test)
    key = sent_key()
    with looking() as view:
        investor = _investor(view)
    if investor is None:
        return _figures_first()
    given = {one.id: request.form.get(f"q_{one.id}", "")[:60] for one in bank(test).questions}
    try:
        with acting() as tx:
            if "refuse" in request.form:
                found = actions.refuse_to_answer(tx, investor, test, form_key=key, locale=reader().code)
            else:
                found = actions.answer(tx, investor, test, given, form_key=key, locale=reader().code)
    except Refused as refused:
        return _test_page(test, key, labels.refusal(refused, reader()), 422)
    return redirect(url_for("investor.test_result", attempt_id=found.id), 303)


def _mine(view: Snapshot, attempt_id: int) -> Attempt:
    """One's own try. Raises NotFound."""
    found, investor = view.session.get(Attempt, attempt_id), _investor(view)
    if found is None or investor is None or found.investor_id != investor.id:
        raise NotFound
    return found


@blueprint.get("/me/tests/tries/<int:attempt_id>")
@allow(Permission.SEE_OWN_INVESTMENTS)
def test_result(attempt_id: int) -> ResponseReturnValue:
    """How a try went: the topics to read again, never the right answers; a warning where the law wants one."""
    with looking() as view:
        found = _mine(view, attempt_id)
        questions = bank(found.test)
        topics = questions.wrong(found.answers["given"]) if found.outcome == Outcome.FAILED else []
        return render_template(
            "investor/test_result.html", found=found, name=standing.PACK.words[found.test].text(reader().code),
            topics=dict.fromkeys(one.topic.text(reader().code) for one in topics),
            warning=questions.warning.text(reader().code) if questions.warning else None,
            acknowledged=AckKind.TEST_FAILED in queries.acknowledged(view.session, found.investor_id, f"test:{found.id}"),
        )  # fmt: skip


@blueprint.post("/me/tests/tries/<int:attempt_id>")
@allow(Permission.SEE_OWN_INVESTMENTS)
def acknowledge_warning(attempt_id: int) -> ResponseReturnValue:
    """Keep that the warning after a failed or refused test was acknowledged, by the hash of its text."""
    with looking() as view:
        found, investor = _mine(view, attempt_id), _investor(view)
    warning = bank(found.test).warning
    if warning is None or investor is None or found.outcome == Outcome.PASSED:
        raise NotFound
    shown = text_hash(warning.text(reader().code))
    if request.form.get("warning") != shown:
        flash(labels.refusal(Refused("statement_missing"), reader()), "danger")
        return redirect(url_for("investor.test_result", attempt_id=attempt_id), 303)
    with acting() as tx:
        actions.acknowledge(
            tx, investor, AckKind.TEST_FAILED, f"test:{found.id}", text_sha256=shown, locale=reader().code
        )
    return redirect(url_for("investor.test_result", attempt_id=attempt_id), 303)


# Simulation of losses


class SimulationForm(Form):
    income = amount(N_("Income of a year after tax and costs"))
    liquid_assets = amount(N_("Savings and investments that can be sold within days"))
    commitments = amount(N_("What you must pay in a year: rent, loans, insurance, maintenance"))


@blueprint.get("/me/simulation/<regime_id>")
@allow(Permission.SEE_OWN_INVESTMENTS)
def simulation(regime_id: str) -> ResponseReturnValue:
    """The form for the three figures."""
    return _simulation_page(regime_id, SimulationForm(), None)


def _simulation_page(regime_id: str, form: SimulationForm, loss: actions.Loss | None) -> ResponseReturnValue:
    with looking() as view:
        row = standing.simulation_of(regime_id, standing.PACK.day_of(view.now))
        investor = _investor(view)
        if row is None:
            raise NotFound
        if investor is None:
            return _figures_first()
        return render_template(
            "investor/simulation.html", form=form, loss=loss, row=row, regime_id=regime_id,
            currency=standing.of_regime(regime_id)[0].currency,
            latest=queries.latest_simulation(view.session, investor.id, regime_id),
        ), form.status  # fmt: skip


@blueprint.post("/me/simulation/<regime_id>")
@allow(Permission.SEE_OWN_INVESTMENTS)
def simulate(regime_id: str) -> ResponseReturnValue:
    """Show what could be borne; with the second press, keep that it was seen."""
    form = SimulationForm()
    with looking() as view:
        row = standing.simulation_of(regime_id, standing.PACK.day_of(view.now))
        investor = _investor(view)
    if row is None:
        raise NotFound
    if investor is None:
        return _figures_first()
    given = _given(form, standing.of_regime(regime_id)[0].currency) if form.validate() else None
    if given is None:
        return _simulation_page(regime_id, form, None)
    if request.form.get("seen") != "yes":
        return _simulation_page(
            regime_id, form, actions.simulate(given["income"], given["liquid_assets"], given["commitments"], row)
        )
    with acting() as tx:
        actions.acknowledge_simulation(tx, investor, regime_id, **given)
    flash(N_("Kept, with the day of today."), "ok")
    return redirect(url_for("investor.simulation", regime_id=regime_id), 303)


def _given(form: SimulationForm, currency: str) -> dict[str, Money] | None:
    found = {}
    for name in ("income", "liquid_assets", "commitments"):
        value = figure(form, name, currency)
        if value is None and not form[name].errors:
            form.refuse(Refused("amount_missing", field=name))
        if value is not None:
            found[name] = value
            form[name].data = amounts.plain(value)
    return None if form.is_refused else found


# The way to a first offer


@blueprint.get("/me/first-offer/<regime_id>")
@allow(Permission.SEE_OWN_INVESTMENTS)
def way(regime_id: str) -> ResponseReturnValue:
    """Ask, wait, and then go on or leave: two buttons of the same weight."""
    with looking() as view:
        wait = standing.wait_of(regime_id, standing.PACK.day_of(view.now))
        investor = _investor(view)
        if wait is None:
            raise NotFound
        if investor is None:
            return _figures_first()
        found = queries.way(view.session, investor.id, regime_id)
        return render_template(
            "investor/way.html", way=found, regime_id=regime_id, now=view.now, hours=int(wait.total_seconds()) // 3600,
            until=None if found.asked_at is None else found.asked_at + wait, investor=investor,
        )  # fmt: skip


@blueprint.post("/me/first-offer/<regime_id>/<step>")
@allow(Permission.SEE_OWN_INVESTMENTS)
def take_step(regime_id: str, step: str) -> ResponseReturnValue:
    """Ask to see offers, go on after the wait, or leave."""
    steps: dict[str, Callable[[Transaction, Investor, str], None]] = {
        "ask": actions.ask_to_see, "go-on": actions.go_on, "leave": actions.leave,
    }  # fmt: skip
    if step not in steps:
        raise NotFound
    with looking() as view:
        investor = _investor(view)
    if investor is None:
        return _figures_first()
    try:
        with acting() as tx:
            steps[step](tx, investor, regime_id)
    except Refused as refused:
        flash(labels.refusal(refused, reader()), "danger")
        return redirect(url_for("investor.status"), 303)
    return redirect(
        url_for("public.offerings") if step == "leave" else url_for("investor.way", regime_id=regime_id), 303
    )
