"""The case of an alert as an officer sees it, and that nobody else sees anything of it."""

from __future__ import annotations

from app.actor import Role
from app.approvals.models import ProposalKind
from app.investors import actions as investors
from app.jobs import monitor_pledges
from app.payments.sandbox.tables import Token
from app.screening import actions as screening
from tests.builders import usd
from tests.screening.lists import cases, take_in
from tests.web.browser import Site

LISTED = "Zoltrik Vandermoosen"
NOTE = "Another person: born in another year."


def officer(site: Site) -> int:
    return int(site.world.user(Role.COMPLIANCE_OFFICER).id)


def test_a_match_is_shown_beside_its_listing_decided_and_lifted(site: Site) -> None:
    take_in(site.world)
    investor = site.world.investor()
    with site.world.acting() as tx:
        screening.register(tx, investor.user_id, legal_name=LISTED, country="NL")
    browser, path = site.browser(officer(site)), f"/review/cases/{cases(site.world)[0]}"
    assert LISTED in browser.get("/review?kind=alert").text
    page = browser.get(path)
    assert page.status == 200
    for told in (LISTED, "100 / 100", "1961-04-12", "Made-up sanctions", "A name here is close to a name on a list"):
        assert told in page.text
    assert browser.post(f"{path}/take").status == 303
    wanting = browser.post(path, {"outcome": "refuse", "reasons": "other", "note": "no"})
    assert wanting.status == 422
    assert browser.decide(path, {"outcome": "refuse", "reasons": "other", "note": NOTE}).location == "/review"
    page = browser.get(path)
    assert "Lift the hold" in page.text
    assert browser.post(f"{path}/lift").status == 303
    assert site.world.sql("SELECT status FROM alerts") == [("confirmed",)]
    site.world.agree(ProposalKind.HOLD)
    assert site.world.sql("SELECT status FROM alerts") == [("lifted",)]
    browser.post(f"{path}/lift")
    assert "That is not possible any more" in browser.get(path).notices()
    assert site.world.sql("SELECT * FROM messages WHERE user_id = :id", id=investor.user_id) == []


def test_a_pattern_is_shown_with_its_pledges_and_its_numbers(site: Site) -> None:
    offering, investor = site.world.live(), site.world.investor()
    pledges = [site.world.pledged(offering, 10, investor) for _ in range(5)]
    monitor_pledges.run(site.world.platform)
    page = site.browser(officer(site)).get(f"/review/cases/{cases(site.world)[0]}")
    assert page.status == 200
    assert "At least so many pledges" in page.text and "$125.00" in page.text
    assert all(pledge.ref in page.text for pledge in pledges)


def test_a_payer_with_another_name_is_shown_with_both(site: Site) -> None:
    pledge = site.world.pledged(site.world.live())
    site.world.pay(pledge, Token.OTHER_PAYER)
    site.world.run_jobs()
    page = site.browser(officer(site)).get(f"/review/cases/{cases(site.world)[0]}")
    assert "Quentin Otherman" in page.text


def test_an_account_that_several_pay_from_is_shown_with_their_names(site: Site) -> None:
    offering = site.world.live()
    people = [site.world.investor(name=f"Ann Number{at}") for at in range(3)]
    for one in people:
        site.world.pay(site.world.pledged(offering, 10, one), Token.SHARED_CARD)
        site.world.run_jobs()
    monitor_pledges.run(site.world.platform)
    page = site.browser(officer(site)).get(f"/review/cases/{cases(site.world)[0]}")
    assert all(one.legal_name in page.text for one in people)


def test_grown_figures_are_shown_as_they_were_and_as_they_are(site: Site) -> None:
    world = site.world
    investor = world.investor(income="30000", net_worth="10000")
    with world.acting() as tx:
        investors.declare_figures(
            tx, investor, "USD", annual_income=usd("90000"), net_worth=usd("10000"), other_platform_12m=usd("0")
        )
    world.place(investor, world.live(), 10, placed_from="CA")
    monitor_pledges.run(world.platform)
    page = site.browser(officer(site)).get(f"/review/cases/{cases(world)[0]}")
    assert "Annual income$30,000.00 → $90,000.00" in page.text and "placed from CA" in page.text


def test_a_company_declares_related_parties_and_the_public_sees_their_money_apart(site: Site) -> None:
    world = site.world
    offering = world.live()
    ((member, ref),) = world.sql(
        "SELECT m.user_id, i.ref FROM issuer_members m JOIN issuers i ON i.id = m.issuer_id WHERE i.id = :id",
        id=offering.issuer_id,
    )
    browser, path = site.browser(member), f"/issuer/companies/{ref}/related"
    assert browser.get(path).status == 200
    with site.unchanged():
        assert browser.post(path, {"name": "Ann Brimble", "relation": "member"}).status == 422
        assert browser.post(path, {"name": "", "relation": "family"}).status == 422
    assert browser.post(path, {"name": "Ann Brimble", "relation": "family"}).status == 303
    assert "Ann Brimble" in browser.get(path).text
    world.held(offering, 200, world.investor(name="Ann Brimble"))
    world.held(offering, 100)
    page = site.browser().get(f"/offerings/{offering.slug}")
    assert "Of which from related parties$500.00" in page.text
    assert "Counts toward the target$250.00" in page.text
    ((party,),) = world.sql("SELECT id FROM related_parties")
    assert site.browser(world.user(Role.ISSUER).id).post(f"{path}/{party}/end").status == 404
    assert browser.post(f"{path}/{party}/end").status == 303
    assert "Ann Brimble" not in browser.get(path).text


def test_a_birth_date_ahead_is_refused_at_its_field(site: Site) -> None:
    browser = site.browser(site.world.user(Role.INVESTOR).id)
    figures = {
        "legal_name": "A B", "country": "US", "born_on": "2030-01-01", "annual_income": "1", "net_worth": "1",
        "other_platform_12m": "0",
    }  # fmt: skip
    with site.unchanged():
        assert browser.post("/me/figures/US-CF", figures).status == 422
    assert browser.post("/me/figures/US-CF", {**figures, "born_on": "1990-01-01"}).status == 303
    assert browser.get("/me/figures/US-CF").value("born_on") == "1990-01-01"
