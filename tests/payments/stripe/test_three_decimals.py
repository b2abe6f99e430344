"""Dinars at Stripe: what ends in zero is paid and goes back; what does not is refused where it would be paid, with the reason."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.compliance import actions as compliance
from app.fees.terms import FeeTerms
from app.offerings.models import Offering, OversubscriptionRule
from app.payments import queries as payments
from app.pledges.models import Pledge
from tests.conftest import settings
from tests.payments.currencies.edition import COUNTRY, LAW, adopt
from tests.payments.files.conftest import ENV
from tests.payments.stripe.far import Far, environment
from tests.web.browser import Browser, Page, Site

TERMS = {"price": "1.25", "minimum_pledge": "1.25", "target": "50", "maximum": "1000", "days": 30}


@pytest.fixture
def site(far: Far, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    for name, value in {**ENV, **environment(far.url), "ESCROW_FILES_CURRENCY": "KWD"}.items():
        monkeypatch.setenv(name, value)
    made = Site(settings(database_url, tmp_path, GATEWAYS="escrow_files,stripe", REGIMES=f"US-CF,{LAW}"))
    assert made.world.platform.sandbox is not None
    made.world.platform.sandbox.install()
    adopt(made.world, "KWD")
    yield made
    made.close()


def opened(site: Site, **others: Any) -> Offering:
    world = site.world
    offering, actor, case_ref = world.submitted(regime_id=LAW, **{**TERMS, **others})
    world.approve(case_ref)
    with world.acting(actor) as tx:
        compliance.open_offering(
            tx, offering.id, world.platform.regime(LAW), gateway="escrow_files", custodian_is_qualified=True, seats=None
        )
    return world.offering(offering.id)


def pledged(site: Site, offering: Offering, shares: int) -> tuple[Pledge, Browser]:
    investor = site.world.investor(country=COUNTRY)
    return site.world.pledged(offering, shares, investor), site.browser(investor.user_id)


def choose_card(browser: Browser, pledge: Pledge) -> Page:
    return browser.post(f"/me/pledges/{pledge.ref}/pay", {"method": "stripe:card"})


@pytest.mark.parametrize(
    ("terms", "minor", "why"),
    [
        # 2.75 % of 125.000 are 3.4375: no way around the third digit
        (
            {"fees": FeeTerms(success_bps=500, investor_bps=275)}, 128_438,
            "the amount has a smaller part of the currency than it takes",
        ),
        (
            {"rule": OversubscriptionRule.PRO_RATA}, 125_000,
            "it cannot return just any part of a payment, and you may get fewer shares than you pay for",
        ),
    ],
)  # fmt: skip
def test_what_stripe_could_not_take_or_give_back_is_not_offered_and_says_why(
    site: Site, far: Far, terms: dict[str, Any], minor: int, why: str
) -> None:
    pledge, browser = pledged(site, opened(site, **terms), 100)
    assert pledge.to_pay.minor == minor
    page = browser.get(f"/me/pledges/{pledge.ref}/pay")
    assert page.tree.xpath("//input[@type='radio']/@value") == ["escrow_files:bank_transfer"]
    assert f"Card: {why}" in page.text
    with site.unchanged():
        refused = choose_card(browser, pledge)
    assert refused.status == 422 and f"This way to pay does not fit here: {why}." in refused.text
    assert far.calls() == []


def test_what_ends_in_zero_is_paid_and_goes_back_to_the_last_fils(site: Site, far: Far) -> None:
    world = site.world
    pledge, browser = pledged(site, opened(site), 101)
    assert choose_card(browser, pledge).status == 303
    world.run_jobs()
    with world.looking() as view:
        collection = payments.collection(view.session, pledge.id)
    assert collection is not None and collection.provider_ref is not None
    intent = far.act("pay", page=collection.provider_ref.split("/")[1], name="Ada", fingerprint="fp_1")
    assert (intent["amount"], intent["currency"]) == (126_250, "kwd")
    world.let_backoffs_pass()
    world.run_jobs()
    assert world.pledge(pledge.id).status == "held" and "KWD 126.250" in browser.get(f"/me/pledges/{pledge.ref}").text
    world.cancel(world.pledge(pledge.id))
    world.run_jobs()
    assert world.pledge(pledge.id).status == "refunded"
    lines = world.sql("SELECT kind, amount_minor FROM gateway_transactions WHERE gateway = 'stripe' ORDER BY kind")
    assert lines == [("payment", 126_250), ("refund", -126_250)] and world.broken_promises() == []
