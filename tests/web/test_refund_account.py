"""A refund that does not arrive: its investor is led to where a bank account is given, and from there back to the pledge."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.payments.port import Method
from app.payments.sandbox.tables import Token
from app.pledges.models import Pledge
from tests.conftest import settings
from tests.payments.sandbox.cards import Cards
from tests.payments.scenarios.scene import Scene
from tests.web.browser import Browser, Site

ASKED = "Tell us a bank account in your own name"


@pytest.fixture(params=["on", "off"])
def site(request: pytest.FixtureRequest, database_url: str, tmp_path: Path) -> Iterator[Site]:
    """With cash accounts and without: refunds go to bank accounts either way."""
    both = {"GATEWAYS": "sandbox,sandbox_cards", "REGIMES": "US-CF,US-REGA"}
    made = Site(settings(database_url, tmp_path, CASH_ACCOUNTS=request.param, **both))
    Cards.of(made.world)
    yield made
    made.close()


@pytest.fixture
def failed(site: Site) -> Pledge:
    """A pledge whose refund came back on its third day."""
    scene = Scene(site)
    pledge, _ = scene.paid(scene.regulated(), Method.CARD, Token.REFUND_FAIL_D3)
    site.world.cancel(pledge)
    site.world.run_jobs()
    scene.day_by_day(5)
    assert site.world.pledge(pledge.id).status == "refund_due"
    return pledge


def investor(site: Site, pledge: Pledge) -> tuple[Browser, str]:
    """Their browser, and the name that they have."""
    ((user_id, name),) = site.world.sql(
        "SELECT user_id, legal_name FROM investors WHERE id = :id", id=pledge.investor_id
    )
    return site.browser(user_id), name


def is_carried_and_paid(site: Site) -> None:
    """What the collector has goes to the custodian, who pays it."""
    for _ in range(3):
        Scene(site).days(1)
        site.world.let_backoffs_pass()


def link(page_of: Browser, path: str) -> str:
    (found,) = page_of.get(path).tree.xpath("//a[starts-with(@href, '/me/cash/bank-account')]/@href")
    return str(found)


def test_a_refund_that_failed_leads_to_the_bank_account_and_back(site: Site, failed: Pledge) -> None:
    world, path = site.world, f"/me/pledges/{failed.ref}"
    browser, name = investor(site, failed)
    asked = browser.get(path).text
    assert ASKED in asked and "to the account that it came from" not in asked
    where = link(browser, path)
    form = browser.get(where)
    assert form.status == 200 and name in form.text
    for crumb in form.tree.xpath("//nav//a/@href"):
        assert browser.get(crumb).status in (200, 302), crumb
    saved = browser.post(where, {"holder": name, "account": "GB33BUKB20201555555555"})
    assert (saved.status, saved.location) == (303, path)
    told = browser.get(path)
    assert "We pay it to your bank account that ends in 5555." in told.text and ASKED not in told.text
    is_carried_and_paid(site)
    assert world.pledge(failed.id).status == "refunded" and "It was paid." in browser.get(path).text


def test_an_account_that_was_given_without_a_way_back_leads_to_a_page_that_is_there(site: Site, failed: Pledge) -> None:
    browser, name = investor(site, failed)
    for address in ("/me/cash/bank-account", "/me/cash/bank-account?next=https://elsewhere.test/"):
        saved = browser.post(address, {"holder": name, "account": "GB33BUKB20201555555555"})
        assert saved.status == 303 and saved.location is not None and saved.location.startswith("/me")
        assert browser.get(saved.location).status == 200


def test_one_that_does_not_take_it_either_is_asked_for_again(site: Site, failed: Pledge) -> None:
    world, path = site.world, f"/me/pledges/{failed.ref}"
    browser, name = investor(site, failed)
    browser.post(link(browser, path), {"holder": name, "account": "GB33BUKB20201555555555"})
    is_carried_and_paid(site)
    ((payout,),) = world.sql("SELECT provider_ref FROM instructions WHERE kind = 'pay_back'")
    assert world.platform.sandbox is not None
    world.platform.sandbox.send_back(payout.split("/")[1])
    world.run_jobs()
    assert world.pledge(failed.id).status == "refund_due"
    assert ASKED in browser.get(path).text and link(browser, path)


def test_an_entitys_account_is_asked_for_on_the_entitys_page(site: Site, failed: Pledge) -> None:
    browser, _ = investor(site, failed)
    site.world.force("UPDATE investors SET kind = 'entity' WHERE id = :id", id=failed.investor_id)
    assert f"whom={failed.investor_id}" in link(browser, f"/me/pledges/{failed.ref}")
