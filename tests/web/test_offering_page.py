"""What everybody sees of an offering's money: settled, held and only started, each apart and as the books have it."""

from __future__ import annotations

import pytest

from app.offerings.models import Offering
from tests.web.browser import Page
from tests.web.conftest import Site


def shown(page: Page) -> dict[str, str]:
    """The figures of the page, by what they are called."""
    return {
        " ".join(row.xpath("string(dt)").split()): " ".join(row.xpath("string(dd)").split())
        for row in page.tree.xpath("//main//dl/div")
    }


def public(site: Site, offering: Offering) -> Page:
    return site.browser().get(f"/offerings/{offering.slug}")


def on_the_card(site: Site, status: str = "open") -> dict[str, str]:
    return shown(site.browser().get(f"/offerings?status={status}"))


@pytest.fixture
def offering(site: Site) -> Offering:
    """100 shares at 2.50 are paid, 40 are only started."""
    offering = site.world.live(target="250")
    site.world.held(offering, 100)
    site.world.pledged(offering, 40)
    return offering


def test_what_is_only_started_is_never_in_what_is_held(site: Site, offering: Offering) -> None:
    figures = shown(public(site, offering))
    assert (figures["Held in escrow"], figures["Settled"]) == ("$250.00", "$0.00")
    assert figures["Started, not paid: does not count"] == "$100.00"
    card = on_the_card(site)
    assert (card["Held"], card["Not paid yet"], "Settled" in card) == ("$250", "$100", False)


def test_what_is_settled_is_held_no_more(site: Site, offering: Offering) -> None:
    site.world.settled(offering)
    figures = shown(public(site, offering))
    assert (figures["Held in escrow"], figures["Settled"]) == ("$0.00", "$250.00")
    assert figures["Started, not paid: does not count"] == "$0.00"
    card = on_the_card(site, "past")
    assert (card["Settled"], "Held" in card, "Not paid yet" in card) == ("$250", False, False)
