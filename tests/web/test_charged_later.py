"""The pages of a way to pay that is kept and charged later: said before it is chosen, and wherever the pledge is shown."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from app.i18n import times
from app.i18n.locales import LANGUAGES
from app.issuers.models import IssuerMember
from app.payments.sandbox.tables import Token
from app.pledges.models import Pledge
from tests.conftest import settings
from tests.payments.saved.story import BEFORE, Saved
from tests.web.browser import Browser, Site


@pytest.fixture
def site(database_url: str, tmp_path: Path) -> Iterator[Site]:
    made = Site(settings(database_url, tmp_path, GATEWAYS="sandbox,sandbox_cards", REGIMES="US-CF,US-REGA"))
    yield made
    made.close()


@pytest.fixture
def saved(site: Site) -> Saved:
    return Saved(site.world)


def browser_of(site: Site, pledge: Pledge) -> Browser:
    ((user_id,),) = site.world.sql("SELECT user_id FROM investors WHERE id = :id", id=pledge.investor_id)
    return site.browser(user_id)


def day_of(saved: Saved, pledge: Pledge) -> str:
    """The moment of the charge, as the page writes it."""
    at = pledge.charge_at or saved.deadline - BEFORE
    return times.moment(at, saved.now().deadline_zone, LANGUAGES["en"])


def test_what_happens_when_is_said_before_it_is_chosen(site: Site, saved: Saved) -> None:
    pledge = site.world.pledged(saved.offering)
    browser = browser_of(site, pledge)
    page = browser.get(f"/me/pledges/{pledge.ref}/pay")
    assert page.tree.xpath("//input[@type='radio']/@value") == [
        "sandbox:card", "sandbox_cards:card", "sandbox_cards:ach_debit",
    ]  # fmt: skip
    assert (
        f"Nothing is charged now. We keep this way to pay, and charge $250.00 on {day_of(saved, pledge)}." in page.text
    )
    assert "You can cancel" in page.text
    labels = [one.text_content() for one in page.tree.xpath("//fieldset//label")]
    notes = [one.text_content().strip() for one in page.tree.xpath("//fieldset//p[@class='meta']")]
    assert labels[:2] == ["Card, by Sandbox Trust", "Card, by Sandbox Cards"]
    assert notes[0] == "You pay now." and notes[1].startswith("Nothing is charged now.")
    misfits = [one.text_content() for one in page.tree.xpath("//main//details//li")]
    assert any(one.startswith("WeChat Pay and Bank transfer:") for one in misfits)
    assert not any("Card" in one or "ACH" in one for one in misfits)  # they fit at one gateway
    answer = browser.post(f"/me/pledges/{pledge.ref}/pay", {"method": "sandbox_cards:card"})
    assert answer.status == 303
    assert site.world.sql("SELECT kind, method FROM instructions") == [("setup", "card")]


def test_from_the_choice_to_the_promise_over_the_gateways_own_page(site: Site, saved: Saved) -> None:
    pledge = saved.chosen()
    browser = browser_of(site, pledge)
    page = browser.get(f"/me/pledges/{pledge.ref}/pay")
    assert "to leave a way to pay. Nothing is charged now." in page.text
    (url,) = page.tree.xpath("//a[contains(@class, 'btn-primary')]/@href")
    back = browser.post(url, {"token": Token.SETUP_OK.value})
    assert back.location.endswith(f"/me/pledges/{pledge.ref}/returned")
    assert "Nothing is charged now." in browser.get(f"/me/pledges/{pledge.ref}/returned").text
    pledge = saved.after_jobs(pledge)
    assert browser.get(f"/me/pledges/{pledge.ref}/returned").location == f"/me/pledges/{pledge.ref}"
    assert browser.get(f"/me/pledges/{pledge.ref}/pay").location == f"/me/pledges/{pledge.ref}"
    page = browser.get(f"/me/pledges/{pledge.ref}")
    assert "Promised, charged later" in page.text and day_of(saved, pledge) in page.text
    assert "the pledge does not count toward the target" in page.text
    assert page.tree.xpath("//a[contains(@href, '/cancel')]")
    answer = browser.post(f"/me/pledges/{pledge.ref}/cancel")
    assert answer.status == 303
    assert "Your pledge is cancelled. Nothing was charged." in browser.get(answer.location).text


def test_a_bank_that_asks_for_its_customer_gets_them_on_the_payment_page(site: Site, saved: Saved) -> None:
    pledge = saved.when_due(saved.promised(Token.OFF_SESSION_NEEDS_ACTION))
    browser = browser_of(site, pledge)
    assert f"/me/pledges/{pledge.ref}/pay" in browser.get("/me").tree.xpath("//section[@class='todo']//a/@href")
    assert (
        "Your bank asks you to confirm the charge of $250.00 yourself." in browser.get(f"/me/pledges/{pledge.ref}").text
    )
    page = browser.get(f"/me/pledges/{pledge.ref}/pay")
    assert "your bank asks you to confirm it yourself" in page.text
    (url,) = page.tree.xpath("//a[contains(@class, 'btn-primary')]/@href")
    assert browser.post(url, {"token": Token.OK.value}).status == 302
    assert saved.after_jobs(pledge).status == "held"


def test_a_charge_that_was_declined_is_told_with_the_next_one(site: Site, saved: Saved) -> None:
    pledge = saved.promised(Token.OFF_SESSION_DECLINE)
    browser, declined = browser_of(site, pledge), "Your bank did not pay when we charged it last."
    assert declined not in browser.get(f"/me/pledges/{pledge.ref}").text
    pledge = saved.when_due(pledge)
    page = browser.get(f"/me/pledges/{pledge.ref}")
    assert pledge.status == "authorised" and declined in page.text and day_of(saved, pledge) in page.text


def test_what_is_promised_and_what_is_paid_are_shown_apart(site: Site, saved: Saved) -> None:
    saved.promised()
    site.world.held(saved.offering, 40)
    with site.world.looking() as view:
        company = view.session.query(IssuerMember).filter_by(issuer_id=saved.offering.issuer_id).first()
    assert company is not None
    public = site.browser().get(f"/offerings/{saved.offering.slug}")
    own = site.browser(company.user_id).get(f"/issuer/offerings/{saved.offering.ref}")
    for page in (public, own):
        figures = {
            row.xpath("string(dt)"): row.xpath("string(dd)").strip() for row in page.tree.xpath("//dl/div[dt and dd]")
        }
        assert figures["Held in escrow"] == "$100.00"
        assert figures["Promised, charged later: does not count yet"] == "$250.00"
        assert figures["Started, not paid: does not count"] == "$0.00"
    listed = site.browser().get("/offerings").tree.xpath("//dl[@class='offer-facts']/div[dt='Promised']/dd")
    assert [one.text_content().strip() for one in listed] == ["$250"]


def test_who_is_paid_back_before_the_end_reads_when(site: Site) -> None:
    saved = Saved(site.world, days=60)
    pledge = site.world.pledged(saved.offering)
    saved.cards.pays(saved.cards.chosen(pledge))
    pledge = saved.after_jobs(pledge)
    browser = browser_of(site, pledge)
    said = "What you paid with cannot be returned at the end of this offering any more"
    assert said not in browser.get(f"/me/pledges/{pledge.ref}").text
    site.world.force("UPDATE pledges SET refundable_until = :until", until=saved.deadline - timedelta(days=1))
    assert said in browser.get(f"/me/pledges/{pledge.ref}").text
