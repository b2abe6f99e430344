"""Every fee is shown before anybody agrees to it, and the pages say the same all the way."""

from __future__ import annotations

from app.fees.terms import FeeTerms
from app.offerings.models import Offering
from tests.web.browser import Site
from tests.web.test_pledge_form import sit_down

TERMS = FeeTerms(
    success_bps=400, success_least_minor=100_000, success_most_minor=350_000, investor_bps=275,
    investor_most_minor=10_000, carry_bps=1_000, listing_minor=50_000,
)  # fmt: skip


def test_an_investor_sees_amount_fee_and_both_together_before_the_pledge_and_until_the_refund(site: Site) -> None:
    world = site.world
    desk = sit_down(site, world.live(fees=TERMS))  # 100 shares, 250.00
    amounts = desk.browser.get(f"/offerings/{desk.offering.slug}/pledge").text
    assert "Investors pay 2.75% on top of their pledge, at most $100.00 for one pledge." in amounts
    page = desk.browser.get(f"/offerings/{desk.offering.slug}/pledge/confirm?shares=100")
    shown = [" ".join(text.split()) for text in page.tree.xpath("//dl[@class='answers']//dd/text()")]
    assert "$6.88" in page.text and "$256.88" in page.text and shown
    assert "Commit $256.88" in page.text
    assert desk.pledges() == 0

    ref = desk.send().location.split("/")[-2]
    (pledge_id,) = world.sql("SELECT id FROM pledges")[0]
    assert desk.browser.get(f"/me/pledges/{ref}/pay").tree.xpath("//h1/text()|//h1//text()")
    pay_page = desk.browser.get(f"/me/pledges/{ref}/pay").text
    assert "Pay $256.88" in pay_page and "$6.88" in pay_page
    world.pay(world.pledge(pledge_id))
    world.run_jobs()
    held = desk.browser.get(f"/me/pledges/{ref}").text
    assert all(amount in held for amount in ("$250.00", "$6.88", "$256.88"))
    assert "You get $256.88 back, in full" in desk.browser.get(f"/me/pledges/{ref}/cancel").text
    desk.browser.post(f"/me/pledges/{ref}/cancel")
    world.run_jobs()
    assert "We returned $256.88 in full." in desk.browser.get(f"/me/pledges/{ref}").text
    told = world.sql(
        "SELECT kind, facts->>'minor', facts->>'fee_minor' FROM messages WHERE facts ? 'shares' ORDER BY id"
    )
    assert told == [
        ("pledge_placed", "25000", "688"), ("pledge_held", "25000", "688"),
        ("refund_due", "25688", "688"), ("refund_paid", "25688", "688"),
    ]  # fmt: skip
    assert world.broken_promises() == []


def test_without_a_fee_the_pages_say_so(site: Site) -> None:
    desk = sit_down(site)
    assert "Investors pay no fee." in desk.browser.get(f"/offerings/{desk.offering.slug}/pledge").text
    page = desk.browser.get(f"/offerings/{desk.offering.slug}/pledge/confirm?shares=100").text
    assert "Commit $250.00" in page and "Together" not in page


def public_words(site: Site, offering: Offering) -> str:
    return site.browser().get(f"/offerings/{offering.slug}").text


def test_the_company_sees_every_fee_before_it_hands_the_offering_in_and_everybody_once_it_is_open(site: Site) -> None:
    world = site.world
    draft, actor = world.draft(fees=TERMS)  # target 50,000, maximum 100,000
    page = site.browser(actor.user_id).get(f"/issuer/offerings/{draft.ref}").text
    for words in (
        "4% of what is raised, paid by the company, at least $1,000.00, at most $3,500.00",
        "Investors pay 2.75% on top of their pledge, at most $100.00 for one pledge.",
        "10% of what the company pays its holders later: of what each gets beyond all that they paid in, with the fee",
        "$500.00 for the listing, billed to the company when the offering opens",
    ):
        assert words in page
        assert words in public_words(site, world.live(fees=TERMS))
    assert "$2,000.00" in page and "$48,000.00" in page  # 4 % of the target
    assert "$3,500.00" in page and "$96,500.00" in page  # the most, of the maximum
