"""Where the money of a pledge is, on its page: from the way to pay to the shares, and back."""

from __future__ import annotations

from app.cash import actions as cash
from app.fees.terms import FeeTerms
from app.jobs import send_payments
from app.payments.sandbox.tables import Token
from app.pledges.models import Pledge
from tests.paying import choose_way
from tests.web.browser import Page, Site


def page(site: Site, pledge: Pledge) -> Page:
    ((user_id,),) = site.world.sql("SELECT user_id FROM investors WHERE id = :id", id=pledge.investor_id)
    found = site.browser(user_id).get(f"/me/pledges/{pledge.ref}")
    assert found.status == 200
    return found


def here(found: Page) -> list[str]:
    return [one.strip() for one in found.tree.xpath("//ol[@class='money-map']/li[@aria-current]/text()")]


def movements(found: Page) -> list[str]:
    return [one.strip() for one in found.tree.xpath("//details//tbody/tr/th/text()")]


def test_from_the_investor_to_escrow_and_to_the_company(site: Site) -> None:
    world = site.world
    offering = world.live(target="250")
    pledge = world.pledged(offering, 300)
    assert here(page(site, pledge)) == ["With you"] and movements(page(site, pledge)) == []
    world.pay(pledge)
    world.run_jobs()
    held = page(site, pledge)
    assert here(held) == ["In escrow"] and movements(held) == ["Money from an investor"]
    assert "Sandbox Trust holds $750.00 for you" in held.text
    world.settled(offering)
    sold = page(site, pledge)
    assert here(sold) == ["With the company"]
    assert movements(sold) == ["Money from an investor", "Pledge closed for the company"]


def test_a_refund_is_tracked_with_the_day_it_must_be_sent_by(site: Site) -> None:
    world = site.world
    pledge = world.pledged(world.live())
    world.pay(pledge, Token.REFUND_DELAYED)
    world.run_jobs()
    world.cancel(world.pledge(pledge.id))
    owed = page(site, pledge)
    assert here(owed) == ["At your bank"] and "It is decided, and sent in a moment." in owed.text
    assert "Sent at the latest by" in owed.text
    world.run_jobs()
    assert "It was sent. Your bank may take some days to show it." in page(site, pledge).text
    world.move_clock(days=4)
    world.run_jobs()
    paid = page(site, pledge)
    assert here(paid) == ["With you"] and "The money is with you again." in paid.text
    assert movements(paid)[-1] == "Refund paid to an investor"


def test_what_nobody_knows_is_said_and_a_second_payment_is_not_offered(site: Site) -> None:
    world = site.world
    pledge = world.pledged(world.live())
    sandbox = world.platform.sandbox
    assert sandbox is not None
    choose_way(world.platform, pledge)
    sandbox.is_down = True
    send_payments.run(world.platform)
    found = page(site, pledge)
    assert "Did money move? We do not know yet." in found.text
    assert not found.tree.xpath("//main//a[contains(@href, '/pay')]")
    sandbox.is_down = False
    world.let_backoffs_pass()
    world.run_jobs()
    assert here(page(site, pledge)) == ["With you"]
    assert page(site, pledge).tree.xpath("//main//a[contains(@href, '/pay')]")


def test_another_amount_than_asked_for_is_said_to_have_come_and_gone_back(site: Site) -> None:
    world = site.world
    pledge = world.pledged(world.live())
    world.pay(pledge, Token.PARTIAL_AMOUNT)
    world.run_jobs()
    found = page(site, world.pledge(pledge.id))
    assert world.pledge(pledge.id).status == "failed"
    assert "Another amount arrived than was asked for: $125.00." in found.text
    assert "We returned what arrived." in found.text and "Nothing was charged" not in found.text
    assert here(found) == ["With you"] and "The money is with you again." in found.text


def test_the_fee_is_in_every_amount_that_is_on_its_way(site: Site) -> None:
    world = site.world
    offering = world.live(fees=FeeTerms(success_bps=500, investor_bps=200))
    pledge = world.held(offering)
    assert "Sandbox Trust holds $255.00 for you" in page(site, pledge).text
    world.cancel(world.pledge(pledge.id))
    assert "$255.00 is on its way back to you." in page(site, pledge).text


def test_who_cancels_while_the_bank_works_is_not_told_that_nothing_is_charged(site: Site) -> None:
    world = site.world
    pledge = world.pledged(world.live())
    world.pay(pledge, Token.DELAYED_OK)
    world.run_jobs()
    ((user_id,),) = world.sql("SELECT user_id FROM investors WHERE id = :id", id=pledge.investor_id)
    browser = site.browser(user_id)
    asked = browser.get(f"/me/pledges/{pledge.ref}/cancel")
    assert "We stop the payment." in asked.text and "Nothing is charged" not in asked.text
    done = browser.post(f"/me/pledges/{pledge.ref}/cancel")
    assert "We are stopping the payment." in browser.get(done.location).notices()


def test_where_a_refund_would_go_is_said_before_the_cancellation(site: Site) -> None:
    world = site.world
    pledge = world.held(world.live())
    world.force("UPDATE instructions SET method = 'bank_transfer' WHERE pledge_id = :id", id=pledge.id)
    ((user_id,),) = world.sql("SELECT user_id FROM investors WHERE id = :id", id=pledge.investor_id)
    browser = site.browser(user_id)
    assert "to the account that it came from" in browser.get(f"/me/pledges/{pledge.ref}/cancel").text
    with world.acting() as tx:
        cash.choose_refunds(tx, pledge.investor_id, to_cash=True)
    assert "into your cash account" in browser.get(f"/me/pledges/{pledge.ref}/cancel").text
