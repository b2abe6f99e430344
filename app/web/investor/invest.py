"""From an amount to a pledge: the amount in whole shares, what the law says to it, the risks, the promise."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from datetime import datetime

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.access import Permission
from app.cash import queries as cash
from app.changes import queries as changes
from app.database import Snapshot
from app.decisions import receipts
from app.decisions.receipts import Asked, Receipt
from app.errors import NotFound, Refused
from app.i18n.amounts import plain
from app.investors import queries as investors
from app.investors.models import Figures, Investor
from app.issuers import queries as issuers
from app.money import Money, SharePrice
from app.offerings import queries as offerings
from app.offerings.lifecycle import LIVE
from app.offerings.models import SCALED, Offering, OfferingProgress
from app.payments.ways import PaymentWay
from app.pledges import queries as pledge_queries
from app.pledges.consents import asking, statements
from app.regimes.law_book import cancel_until
from app.regimes.parameters import Statement
from app.regimes.platform_policy import rest_returned_by
from app.regimes.profile import Intent
from app.regimes.regime import Regime
from app.waitlist import actions as waitlist
from app.waitlist import queries as waitlist_queries
from app.web.addresses import country_of_connection
from app.web.forms import opened
from app.web.gates import closed_gate
from app.web.guard import allow
from app.web.investor import blueprint
from app.web.investor.forms import AmountForm, PledgeForm
from app.web.investor.ticks import asked as asked_on_form
from app.web.promotions import promoted
from app.web.session import acting, looking, platform, reader
from app.web.whom import buyer, this_address, to_choose

#: Refusals for lack of room: who wants can wait for it.
NO_ROOM = ("offering_full", "others_wait", "no_seat_left")


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything that the pages of this flow show."""

    offering: Offering
    progress: OfferingProgress
    #: Every law that applies, the offering's first.
    laws: tuple[Regime, ...]
    investor: Investor | None
    figures: Figures | None
    #: With everything said that can be said on the form.
    receipt: Receipt | None
    #: The statements of the form.
    statements: tuple[Statement, ...] = ()
    #: Why nobody who lives there may invest here.
    barred: Refused | None = None
    #: What is kept for this investor, who waited for it.
    kept_shares: int = 0

    @property
    def regime(self) -> Regime:
        return self.laws[0]

    @property
    def price(self) -> SharePrice:
        assert self.offering.price is not None  # a public offering has complete terms
        return self.offering.price

    def is_open(self, now: datetime) -> bool:
        assert self.offering.deadline_at is not None  # a public offering has complete terms
        return self.offering.status == LIVE and now < self.offering.deadline_at

    @property
    def left_shares(self) -> int:
        """What this investor can take: what is kept for them, and what is free while nobody waits for it."""
        return self.kept_shares + (0 if self.progress.waiting else self.progress.left_shares)

    @property
    def smallest(self) -> Money:
        """The smallest pledge that the offering takes, in whole shares."""
        return self.price.times(self.offering.fewest_shares(self.left_shares))

    @property
    def most_shares(self) -> int:
        """The most that the law and what is left allow, in whole shares."""
        left = self.left_shares
        if self.receipt is None or self.receipt.largest is None:
            return left
        return min(left, self.price.shares_for(self.receipt.largest))

    @property
    def largest(self) -> Money | None:
        """The largest amount that the law would allow now; None: none that the offering takes, or no limit."""
        if self.receipt is None or self.receipt.largest is None:
            return None
        largest = self.price.times(self.most_shares)
        return largest if largest >= self.smallest else None


def _scene(view: Snapshot, slug: str, shares: int = 0) -> Scene:
    offering = offerings.by_slug(view.session, slug)
    promoted(view, (offering.regime,))
    regime = platform().regime(offering.regime)
    investor = buyer(view)
    progress = offerings.progress(view.session, offering.id)
    if investor is None:
        return Scene(offering, progress, (regime,), None, None, None)
    figures = investors.latest_figures(view.session, investor.id, offering.currency)
    assert offering.price is not None  # a public offering has complete terms
    amount = offering.price.times(shares)
    on = regime.pack.day_of(view.now)
    kept = waitlist_queries.kept_for(view.session, investor.id, offering.id, view.now)
    free = progress.left_shares + kept
    smallest = offering.price.times(offering.fewest_shares(free)) if shares else None
    intent = Intent(amount, str(offering.issuer_id), offering.ref, smallest, on)
    try:
        laws = platform().law.applicable(offering.regime, investor.country, view.now)
    except Refused as refused:
        return Scene(offering, progress, (regime,), investor, figures, None, barred=refused)
    asked = [Asked(law, pledge_queries.history(view.session, investor.id, law, view.now)) for law in laws]
    receipt = receipts.asked(view.session, investor, asked, intent)
    to_tick = statements(laws, view.now, asking(receipt))
    if by_answer := tuple(one.id for one in to_tick if one.asked_by):
        receipt = receipts.asked(view.session, investor, asked, replace(intent, acknowledged=by_answer))
    return Scene(offering, progress, laws, investor, figures, receipt, to_tick, kept_shares=kept)


def _closed(view: Snapshot, offering: Offering) -> ResponseReturnValue | None:
    """Back to the question for whom; or to the offering's page, which says what is lacking to see more than its basics."""
    if to_choose(view):
        return redirect(url_for(".choose_amount", slug=offering.slug))
    gate = closed_gate(view, offering)
    return None if gate is None else redirect(url_for("public.offering", slug=offering.slug, _anchor="gate"))


def _figures_first(scene: Scene) -> ResponseReturnValue:
    return redirect(url_for("investor.figures", regime_id=scene.regime.pack.id, next=this_address()))


@blueprint.get("/offerings/<slug>/pledge")
@allow(Permission.INVEST)
def choose_amount(slug: str) -> ResponseReturnValue:
    """Ask for whom, where it is not clear, and how much; who has not told their figures does that first."""
    form = opened(AmountForm)
    with looking() as view:
        if mine := to_choose(view):
            offering = offerings.by_slug(view.session, slug)
            promoted(view, (offering.regime,))
            return render_template("investor/whom.html", mine=mine, offering=offering)
        scene = _scene(view, slug)
        if (closed := _closed(view, scene.offering)) is not None:
            return closed
        if scene.figures is None:
            return _figures_first(scene)
        return render_template("investor/amount.html", scene=scene, form=form, now=view.now, wished=None)


@blueprint.post("/offerings/<slug>/pledge")
@allow(Permission.INVEST)
def check_amount(slug: str) -> ResponseReturnValue:
    """Turn the amount into whole shares and ask the law; nothing is stored yet."""
    form = AmountForm()
    with looking() as view:
        scene = _scene(view, slug)
        if (closed := _closed(view, scene.offering)) is not None:
            return closed
        if scene.figures is None:
            return _figures_first(scene)
        amount, wished = form.money("amount", scene.offering.currency) if form.validate() else None, None
        if amount is not None:
            shares = scene.price.shares_for(amount)
            if shares <= scene.left_shares:
                scene = _scene(view, slug, shares)
            problem = _problem(scene, shares, amount, view.now)
            if problem is None:
                return redirect(url_for("investor.review_pledge", slug=slug, shares=shares, asked=plain(amount)), 303)
            form.refuse(problem)
            wished = shares if problem.code in NO_ROOM else None
        return render_template("investor/amount.html", scene=scene, form=form, now=view.now, wished=wished), 422


def _problem(scene: Scene, shares: int, amount: Money, now: datetime) -> Refused | None:
    """What stands against this amount, with the amount that would be right."""
    if not scene.is_open(now):
        return Refused("not_open")
    if scene.barred is not None:
        return scene.barred
    if shares < 1 or scene.price.times(shares) < scene.smallest:
        return Refused("below_minimum", field="amount", minimum=scene.smallest)
    if shares > scene.left_shares:
        if scene.progress.waiting:
            return Refused("others_wait", field="amount")
        return Refused("offering_full", field="amount", left_shares=scene.left_shares)
    if scene.receipt is not None and not scene.receipt.allows:
        if scene.largest is not None and scene.receipt.decision == "deny":
            return Refused("amount_too_large", field="amount", largest=scene.largest)
        reason = scene.receipt.rule.text(reader().code)
        if scene.largest is not None:
            return Refused("law_says_up_to", field="amount", reason=reason, largest=scene.largest)
        return Refused("law_says_no", field="amount", reason=reason)
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


def _version(text: str) -> int | None:
    """Which text of the offering was shown; None: the form does not say, so the text in force is meant."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 12 else None


def _require_possible(progress: OfferingProgress, shares: int) -> None:
    """No form of ours asks for more shares than were ever offered."""
    if shares > progress.book_shares:
        raise NotFound


def _review_page(
    slug: str, shares: int, form: PledgeForm, errors: dict[str, str], receipt: Receipt | None = None,
    wished: int | None = None,
) -> ResponseReturnValue:  # fmt: skip
    form_key = uuid.UUID(form.form_key.data or "")
    with looking() as view:
        _require_possible(offerings.progress(view.session, offerings.by_slug(view.session, slug).id), shares)
        scene = _scene(view, slug, shares)
        if (closed := _closed(view, scene.offering)) is not None:
            return closed
        if scene.figures is None or scene.investor is None:
            return _figures_first(scene)
        assert scene.offering.deadline_at is not None  # a public offering has complete terms
        form.text_version.data = str(scene.offering.version)
        return render_template(
            "investor/confirm.html",
            change_proposed=changes.is_proposed(view.session, scene.offering.id),
            scene=scene,
            shares=shares,
            amount=(amount := scene.price.times(shares)),
            fee=scene.offering.fees.investor_fee(amount),
            asked=request.args.get("asked", "")[:40],
            form=form,
            wished=wished,
            rest_returned_by=rest_returned_by(scene.offering.deadline_at)
            if scene.offering.oversubscription_rule in SCALED
            else None,
            to_say=asked_on_form(view, scene.offering, scene.laws, scene.statements, form_key),
            statement_errors=errors,
            receipt=receipt or scene.receipt,
            issuer=issuers.issuer(view.session, scene.offering.issuer_id),
            cancel_until=cancel_until(scene.laws, scene.offering.deadline_at, view.now),
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
        _require_possible(offerings.progress(view.session, offering.id), shares)
        investor = buyer(view)
        if (closed := _closed(view, offering)) is not None:
            return closed
        scene = _scene(view, slug, shares)
        to_say = asked_on_form(view, offering, scene.laws, scene.statements, form_key)
        missing = to_say.problems(view)
    if investor is None:
        return redirect(
            url_for("investor.figures", regime_id=offering.regime, next=url_for(".choose_amount", slug=slug))
        )
    if _version(form.text_version.data or "") not in (None, offering.version):
        form.refuse(Refused("text_changed"))  # before all else: what is new may be what is not ticked
    if form.is_refused or missing or not form.validate():
        return _review_page(slug, shares, form, missing)
    paying = _nothing_to_choose(investor.id, offering.currency)
    try:
        with acting() as tx:
            placement = waitlist.place(
                tx,
                investor_id=investor.id,
                offering_id=offering.id,
                shares=shares,
                form_key=form_key,
                said=to_say.said(),
                law=platform().law,
                payment_window=platform().payment_window,
                seen_version=_version(form.text_version.data or ""),
                placed_from=country_of_connection(),
                paying=paying,
            )
    except Refused as refused:
        form.refuse(refused)
        return _review_page(slug, shares, form, {}, wished=shares if refused.code in NO_ROOM else None)
    if placement.pledge is None:
        with looking() as view:
            receipt = receipts.of_decision(view.session, placement.decision)
        return _review_page(slug, shares, form, {}, receipt)
    return redirect(url_for("investor.pay", ref=placement.pledge.ref), 303)


def _nothing_to_choose(investor_id: int, currency: str) -> PaymentWay | None:
    """The only way to pay; None where there are several, one's own cash being one of them."""
    with looking() as view:
        has_cash = platform().cash_way is not None and cash.balance(view.session, investor_id, currency).free.minor > 0
    return None if has_cash else platform().only_way_to_pay(currency)
