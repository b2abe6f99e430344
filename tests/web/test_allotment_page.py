"""What an investor is told before a pledge that may be scaled back, and how a company chooses."""

from __future__ import annotations

from app.offerings.models import OversubscriptionRule
from tests.builders import World
from tests.closings.test_oversubscription import book, closing_of, end, lines
from tests.web.browser import Site


def test_before_the_pledge_it_says_that_there_may_be_fewer_shares(site: Site, world: World) -> None:
    offering, _ = book(world, OversubscriptionRule.PRO_RATA, 30)
    browser = site.browser(world.investor().user_id)
    page = browser.get(f"/offerings/{offering.slug}/pledge/confirm?shares=20")
    assert "You may get fewer shares." in page.text and "Everybody gets the same part, up to the maximum" in page.text
    first_come = world.live()
    assert "fewer shares" not in browser.get(f"/offerings/{first_come.slug}/pledge/confirm?shares=20").text


def test_the_public_page_shows_what_is_held_and_apart_what_is_above_the_maximum(site: Site, world: World) -> None:
    offering, _ = book(world, OversubscriptionRule.PRO_RATA, 30, 20)
    page = site.browser().get(f"/offerings/{offering.slug}")
    shown = {
        one.xpath("string(dt)"): one.xpath("string(dd)") for one in page.tree.xpath("//main//dl[@class='sum']/div")
    }
    assert "1,250.00" in shown["Held in escrow"]
    assert "1,500.00" in shown["Pledges are taken up to"]
    assert "250.00" in shown["Pledged above the maximum: scaled back at the closing"]


def test_the_company_gives_each_pledge_a_number(site: Site, world: World) -> None:
    offering, (first, second) = book(world, OversubscriptionRule.ISSUERS_CHOICE, 30, 20)
    ((member,),) = world.sql("SELECT user_id FROM issuer_members WHERE issuer_id = :id", id=offering.issuer_id)
    browser, address = site.browser(member), f"/issuer/offerings/{offering.ref}/allotment"
    assert browser.get(address).status == 404  # there is nothing to choose yet
    end(world, offering)
    assert address in browser.get(f"/issuer/offerings/{offering.ref}").source
    page = browser.get(address)
    assert (page.value(f"shares_{first.id}"), page.value(f"shares_{second.id}")) == ("24", "16")
    with site.unchanged():
        for numbers in (("30", "20"), ("31", "0"), ("x", "1"), ("", ""), ("0", "0")):
            wrong = browser.post(address, {f"shares_{first.id}": numbers[0], f"shares_{second.id}": numbers[1]})
            assert wrong.status == 422 and wrong.value(f"shares_{first.id}") == numbers[0]
    kept = browser.post(address, {f"shares_{first.id}": "20", f"shares_{second.id}": "20"})
    assert kept.status == 303
    world.run_jobs()
    assert closing_of(world, offering).status == "proposed"
    assert [shares for shares, _ in lines(world, offering)] == [20, 20]
    assert browser.get(address).status == 404
