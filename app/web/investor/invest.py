"""From an amount to a pledge: the amount in whole shares, what the law says to it, the risks, the promise."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.access import Permission
from app.compliance import queries as compliance
from app.compliance import receipts
from app.compliance.receipts import Receipt
from app.database import Snapshot
from app.errors import NotFound, Refused
from app.i18n import labels
from app.i18n.amounts import plain
from app.investors import queries as investors
from app.investors.models import Figures, Investor
from app.issuers import queries as issuers
from app.money import Money, SharePrice
from app.offerings import queries as offerings
from app.offerings.models import Offering, OfferingProgress
from app.pledges import actions as pledges
from app.pledges import queries as pledge_queries
from app.pledges.actions import text_hash
from app.regimes.parameters import Statement
from app.regimes.profile import Intent
from app.regimes.registry import Regime
from app.web.forms import opened
from app.web.guard import allow
from app.web.investor import blueprint
from app.web.investor.forms import AmountForm, PledgeForm
from app.web.session import acting, looking, my_id, platform, reader


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything that the pages of this flow show."""

    offering: Offering
    progress: OfferingProgress
    regime: Regime
    investor: Investor | None
    figures: Figures | None
    receipt: Receipt | None

    @property
    def price(self) -> SharePrice:
        assert self.offering.price is not None  # a public offering has complete terms
        return self.offering.price

    @property
    def most_shares(self) -> int:
        """The most that the law and what is left allow, in whole shares."""
        left = self.progress.left_shares
        if self.receipt is None or self.receipt.remaining is None:
            return left
        return min(left, self.price.shares_for(self.receipt.remaining))


def _scene(view: Snapshot, slug: str, shares: int = 0) -> Scene:
    offering = offerings.by_slug(view.session, slug)
    regime = platform().regime(offering.regime)
    investor = investors.of_user(view.session, my_id())
    progress = offerings.progress(view.session, offering.id)
    if investor is None:
        return Scene(offering, progress, regime, None, None, None)
    figures = investors.latest_figures(view.session, investor.id, offering.currency)
    assert offering.price is not None  # a public offering has complete terms
    amount = offering.price.times(shares)
    on = regime.pack.day_of(view.now)
    intent = Intent(amount, str(offering.issuer_id), offering.ref, offering.minimum_pledge if shares else None, on)
    history = pledge_queries.history(view.session, investor.id, regime, view.now)
    verdict = compliance.ask(view.session, investor, regime, history, intent)
    return Scene(offering, progress, regime, investor, figures, receipts.of_verdict(verdict, regime, on))


def _figures_first(scene: Scene) -> ResponseReturnValue:
    return redirect(url_for("investor.figures", regime_id=scene.regime.pack.id, next=request.path))


@blueprint.get("/offerings/<slug>/pledge")
@allow(Permission.INVEST)
def choose_amount(slug: str) -> ResponseReturnValue:
    """Ask how much; who has not told their figures does that first."""
    with looking() as view:
        scene = _scene(view, slug)
        if scene.figures is None:
            return _figures_first(scene)
        return render_template("investor/amount.html", scene=scene, form=opened(AmountForm), now=view.now)


@blueprint.post("/offerings/<slug>/pledge")
@allow(Permission.INVEST)
def check_amount(slug: str) -> ResponseReturnValue:
    """Turn the amount into whole shares and ask the law; nothing is stored yet."""
    form = AmountForm()
    with looking() as view:
        scene = _scene(view, slug)
        if scene.figures is None:
            return _figures_first(scene)
        amount = form.money("amount", scene.offering.currency) if form.validate() else None
        if amount is not None:
            shares = scene.price.shares_for(amount)
            scene = _scene(view, slug, shares)
            problem = _problem(scene, shares, amount)
            if problem is None:
                return redirect(url_for("investor.review_pledge", slug=slug, shares=shares, asked=plain(amount)), 303)
            form.refuse(problem)
        return render_template("investor/amount.html", scene=scene, form=form, now=view.now), 422


def _problem(scene: Scene, shares: int, amount: Money) -> Refused | None:
    """What stands against this amount, with the amount that would be right."""
    offering = scene.offering
    if shares < 1:
        return Refused("below_minimum", field="amount", minimum=scene.price.times(1))
    if offering.minimum_pledge is not None and scene.price.times(shares) < offering.minimum_pledge:
        return Refused("below_minimum", field="amount", minimum=offering.minimum_pledge)
    if shares > scene.progress.left_shares:
        return Refused("offering_full", field="amount", left_shares=scene.progress.left_shares)
    if scene.receipt is not None and not scene.receipt.allows:
        if scene.receipt.decision == "deny" and scene.receipt.remaining is not None:
            return Refused("amount_too_large", field="amount", largest=scene.price.times(scene.most_shares))
        return Refused("law_says_no", field="amount", reason=labels.rule(scene.receipt.rule, reader()))
    return None


@blueprint.get("/offerings/<slug>/pledge/confirm")
@allow(Permission.INVEST)
def review_pledge(slug: str) -> ResponseReturnValue:
    """Show everything once more: shares, amount, limit, risks. Nothing is ticked."""
    shares = _shares(request.args.get("shares", ""))
    form = PledgeForm(formdata=None, shares=str(shares), form_key=str(uuid.uuid4()))
    return _review_page(slug, shares, form, {})


def _shares(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 12 and int(text) > 0):
        raise NotFound
    return int(text)


def _statements(regime: Regime, view: Snapshot) -> tuple[Statement, ...]:
    return regime.pack.statements_on(regime.pack.day_of(view.now))


def _review_page(
    slug: str, shares: int, form: PledgeForm, errors: dict[str, str], receipt: Receipt | None = None
) -> ResponseReturnValue:
    with looking() as view:
        scene = _scene(view, slug, shares)
        if scene.figures is None or scene.investor is None:
            return _figures_first(scene)
        assert scene.offering.deadline_at is not None  # a public offering has complete terms
        return render_template(
            "investor/confirm.html",
            scene=scene,
            shares=shares,
            amount=scene.price.times(shares),
            asked=request.args.get("asked", "")[:40],
            form=form,
            statements=_statements(scene.regime, view),
            statement_errors=errors,
            receipt=receipt or scene.receipt,
            issuer=issuers.issuer(view.session, scene.offering.issuer_id),
            documents=offerings.documents(view.session, scene.offering.id),
            cancel_until=scene.regime.cancel_until(scene.offering.deadline_at, view.now),
            now=view.now,
        ), 422 if errors or form.is_refused or receipt is not None else 200


@blueprint.post("/offerings/<slug>/pledge/confirm")
@allow(Permission.INVEST)
def create_pledge(slug: str) -> ResponseReturnValue:
    """Place the pledge. The same form sent twice is one pledge; a "no" says the rule and what would be allowed."""
    form = PledgeForm()
    shares = _shares(form.shares.data or "")
    try:
        form_key = uuid.UUID(form.form_key.data or "")
    except ValueError:
        raise NotFound from None
    with looking() as view:
        offering = offerings.by_slug(view.session, slug)
        investor = investors.of_user(view.session, my_id())
        regime = platform().regime(offering.regime)
        ticked = {
            statement.id: text_hash(statement.text(reader().code))
            for statement in _statements(regime, view)
            if request.form.get(f"statement_{statement.id}") == "yes"
        }
        missing = [one.id for one in _statements(regime, view) if one.id not in ticked]
    if investor is None:
        return redirect(
            url_for("investor.figures", regime_id=regime.pack.id, next=url_for(".choose_amount", slug=slug))
        )
    if missing or not form.validate():
        words = labels.refusal(Refused("statement_missing"), reader())
        return _review_page(slug, shares, form, dict.fromkeys(missing, words))
    try:
        with acting() as tx:
            placement = pledges.place(
                tx,
                investor_id=investor.id,
                offering_id=offering.id,
                shares=shares,
                form_key=form_key,
                ticked=ticked,
                locale=reader().code,
                regime=regime,
                payment_window=platform().payment_window,
            )
    except Refused as refused:
        form.refuse(refused)
        return _review_page(slug, shares, form, {})
    if placement.pledge is None:
        return _review_page(slug, shares, form, {}, receipts.of_decision(placement.decision))
    return redirect(url_for("investor.pay", ref=placement.pledge.ref), 303)
