"""The pages of a cash account: topping up, pledging from it, taking out, and what they refuse."""

from __future__ import annotations

import pytest

from app.investors.models import Investor
from tests.builders import usd
from tests.cash.conftest import UnpaidPledges
from tests.cash.keeping import ask_top_up, has, pay_top_up, topped_up, with_bank
from tests.web.browser import Browser, Page, Site


@pytest.fixture
def unpaid(site: Site, monkeypatch: pytest.MonkeyPatch) -> UnpaidPledges:
    return UnpaidPledges(site.world, monkeypatch)


def of(site: Site, investor: Investor) -> Browser:
    return site.browser(investor.user_id)


def key(page: Page) -> str:
    return str(page.tree.xpath("//input[@name='form_key']/@value")[0])


def test_topping_up_from_the_form_to_the_statement(site: Site) -> None:
    investor = site.world.investor()
    browser = of(site, investor)
    form = browser.get("/me/cash/top-up")
    assert form.tree.xpath("//input[@name='method']/@value") == ["card"]
    sent = {"amount": "1,000.00", "currency": "USD", "method": "card", "form_key": key(form)}
    answer = browser.post("/me/cash/top-up", sent)
    assert answer.status == 303 and answer.location is not None
    assert browser.post("/me/cash/top-up", sent).location == answer.location
    assert "We are preparing the payment page." in browser.get(answer.location).text
    site.world.run_jobs()
    page = browser.get(answer.location)
    (url,) = page.tree.xpath("//a[contains(@href, '/sandbox/checkout/')]/@href")
    back = browser.post(url, {"token": "ok"})
    assert back.location == f"{answer.location}/returned"
    assert "Do not pay again." in browser.get(back.location).text
    site.world.run_jobs()
    assert "The money has arrived." in browser.get(back.location).text
    shown = browser.get("/me/cash")
    assert "Topped up" in shown.text and shown.text.count("$1,000.00") >= 3
    assert site.world.broken_promises() == []


def test_a_pledge_is_paid_from_the_cash_account_on_its_pay_page(site: Site, unpaid: UnpaidPledges) -> None:
    investor, offering = topped_up(site.world), site.world.live()
    pledge = unpaid.of(investor, offering)
    browser = of(site, investor)
    page = browser.get(f"/me/pledges/{pledge.ref}/pay")
    assert page.tree.xpath("//input[@type='radio']/@value") == ["sandbox:cash_account", "sandbox:card"]
    assert browser.post(f"/me/pledges/{pledge.ref}/pay", {"method": "sandbox:cash_account"}).status == 303
    assert "is being carried from your cash account" in browser.get(f"/me/pledges/{pledge.ref}/pay").text
    site.world.run_jobs()
    assert site.world.pledge(pledge.id).status == "held"
    assert "Paid for a pledge" in browser.get("/me/cash").text


def test_too_little_cash_is_not_offered_to_pay_with(site: Site, unpaid: UnpaidPledges) -> None:
    investor, offering = topped_up(site.world, "100"), site.world.live()
    pledge = unpaid.of(investor, offering)
    browser = of(site, investor)
    assert browser.get(f"/me/pledges/{pledge.ref}/pay").tree.xpath("//input[@type='radio']/@value") == ["sandbox:card"]
    with site.unchanged():
        assert browser.post(f"/me/pledges/{pledge.ref}/pay", {"method": "sandbox:cash_account"}).status == 422


def test_taking_out_needs_the_own_account_and_no_more_than_is_free(site: Site) -> None:
    investor = topped_up(site.world)
    browser = of(site, investor)
    assert "Give your own bank account before you take money out." in browser.get("/me/cash/withdraw").text
    with site.unchanged():
        wrong = browser.post("/me/cash/bank-account", {"holder": "Quentin Otherman", "account": "US00 1111 2222"})
    assert wrong.status == 422 and f"The account must be in the name of {investor.legal_name}" in wrong.text
    assert (
        browser.post("/me/cash/bank-account", {"holder": investor.legal_name, "account": "US00 1111 2222"}).status
        == 303
    )
    form = browser.get("/me/cash/withdraw")
    sent = {"amount": "1000.01", "currency": "USD", "form_key": key(form)}
    with site.unchanged():
        page = browser.post("/me/cash/withdraw", sent)
    assert page.status == 422 and "Only $1,000.00 is free in the cash account. Nothing was moved." in page.text
    for _ in range(2):  # pressed twice
        assert browser.post("/me/cash/withdraw", {**sent, "amount": "400"}).status == 303
    assert has(site.world, investor, "600", "400")
    site.world.run_jobs()
    assert has(site.world, investor, "600")
    assert "Paid to your bank" in browser.get("/me/cash").text


def test_somebody_elses_top_up_does_not_exist(site: Site) -> None:
    asked = ask_top_up(site.world, site.world.investor(), usd("1000"))
    pay_top_up(site.world, asked)
    assert of(site, site.world.investor()).get(f"/me/cash/top-ups/{asked.reference}").status == 404


def test_the_statement_is_as_of_any_day(site: Site) -> None:
    investor = topped_up(site.world)
    site.world.move_clock(days=2)
    topped_up(site.world, "500", investor)
    browser = of(site, investor)
    assert browser.get("/me/cash").text.count("Topped up") == 2
    assert browser.get("/me/cash?on=2026-03-03").text.count("Topped up") == 1
    assert browser.get("/me/cash?on=2026-03-02").text.count("Topped up") == 0
    assert browser.get("/me/cash?on=nonsense").status == 422


def test_where_refunds_go_is_chosen(site: Site) -> None:
    investor = topped_up(site.world)
    browser = of(site, investor)
    assert browser.get("/me/cash").tree.xpath("//input[@name='to'][@checked]/@value") == ["source"]
    assert browser.post("/me/cash/refunds", {"to": "cash"}).status == 303
    assert browser.get("/me/cash").tree.xpath("//input[@name='to'][@checked]/@value") == ["cash"]


@pytest.mark.parametrize("amount", ["", "0", "-5", "1e3", "1000.001", "9.99", "100000.01", "99999999999999999999"])
def test_amounts_that_are_none_top_up_nothing(site: Site, amount: str) -> None:
    browser = of(site, site.world.investor())
    form = browser.get("/me/cash/top-up")
    with site.unchanged():
        page = browser.post(
            "/me/cash/top-up", {"amount": amount, "currency": "USD", "method": "card", "form_key": key(form)}
        )
    assert page.status == 422


def test_without_a_switch_there_are_no_cash_accounts_but_what_is_there_goes_out(site: Site) -> None:
    investor = with_bank(site.world, topped_up(site.world))
    stranger = of(site, site.world.investor())
    object.__setattr__(site.world.platform.settings, "cash_accounts", False)
    assert stranger.get("/me/cash").status == 404
    browser = of(site, investor)
    assert browser.get("/me/cash/top-up").status == 404
    assert browser.post("/me/cash/refunds", {"to": "cash"}).status == 404
    form = browser.get("/me/cash/withdraw")
    sent = {"amount": "1000", "currency": "USD", "form_key": key(form)}
    assert browser.post("/me/cash/withdraw", sent).status == 303
    site.world.run_jobs()
    assert has(site.world, investor, "0")
