"""A company pays its holders: its own form, an officer's page, and what a holder sees."""

from __future__ import annotations

import pytest

from app.actor import Role
from app.offerings.models import Offering
from tests.builders import World
from tests.distributions.conftest import Payer
from tests.web.browser import Browser, Site
from tests.web.test_journeys import Person

FORM = {"why": "Dividend for 2026", "total": "700.00", "record_day": "2026-05-02", "tax": "15"}


@pytest.fixture
def offering(site: Site) -> Offering:
    return Payer(site.world).sold(100, 60)


def owner(site: Site, offering: Offering) -> Browser:
    ((user_id,),) = site.world.sql("SELECT user_id FROM issuer_members WHERE issuer_id = :id", id=offering.issuer_id)
    return site.browser(user_id)


def officer(site: Site) -> Person:
    ((ref,),) = site.world.sql("SELECT ref FROM proposals WHERE kind = 'distribution'")
    return Person(site.browser(site.world.user(Role.COMPLIANCE_OFFICER).id), f"/review/proposals/{ref}")


def today(world: World) -> str:
    return world.now().date().isoformat()


def test_from_the_companys_form_to_a_holders_cash(site: Site, offering: Offering) -> None:
    world, company = site.world, Person(owner(site, offering), f"/issuer/offerings/{offering.ref}")
    company.follow("/distributions")
    company.press("/distributions", **{**FORM, "record_day": today(world)})
    assert "Waits for a second person" in company.page.text
    second = officer(site)
    # 700.00 over 160 shares: 437.50 and 262.50, of which 255.00 and 153.00 were paid in, with the fee.
    for told in ("$437.50", "$255.00", "$18.25", "$62.89", "$356.36", "Wait for a distribution to be paid in"):
        assert told in second.page.text, told
    second.press("/approve")
    ((name,),) = world.sql("SELECT ref FROM distributions")
    for told in ("Pay $700.00 to the custodian", "Sandbox Trust", f"SANDBOX-offering-{offering.id}", name):
        assert told in company.go(company.path).text, told
    Payer(world).send()
    assert "Paid" in company.go(company.path).text
    pledge = world.pledges_of(offering)[0]
    ((user_id,),) = world.sql("SELECT user_id FROM investors WHERE id = :id", id=pledge.investor_id)
    holder = site.browser(user_id)
    seen = holder.get(f"/me/pledges/{pledge.ref}").text
    assert "$437.50, less $18.25 carry and $62.89 tax: $356.36 in your cash account" in seen
    assert "Distribution of a company" in holder.get("/me/cash").text
    ((facts,),) = world.sql("SELECT facts FROM messages WHERE kind = 'distribution_paid' AND user_id = :id", id=user_id)
    assert (facts["gross_minor"], facts["carry_minor"], facts["tax_minor"], facts["minor"]) == (
        43_750,
        1_825,
        6_289,
        35_636,
    )
    assert world.broken_promises() == []


@pytest.mark.parametrize(
    ("field", "typed", "says"),
    [
        ("total", "0", "above zero"),
        ("total", "many", "amount"),
        ("tax", "101", "100 percent or less"),
        ("record_day", "2099-01-01", "later than today"),
        ("why", "a", "5"),
    ],
)
def test_what_is_filled_in_wrongly_is_told_at_its_field(
    site: Site, offering: Offering, field: str, typed: str, says: str
) -> None:
    page, browser = f"/issuer/offerings/{offering.ref}/distributions", owner(site, offering)
    with site.unchanged():
        answer = browser.post(page, {**FORM, "record_day": today(site.world), field: typed})
    assert answer.status == 422
    assert says in answer.error_at(field)


def test_nobody_else_pays_for_a_company(site: Site, offering: Offering) -> None:
    stranger = site.browser(site.world.user(Role.ISSUER).id)
    with site.unchanged():
        answer = stranger.post(f"/issuer/offerings/{offering.ref}/distributions", FORM)
    assert answer.status == 404
