"""A part is closed while the offering goes on: over the pages of its company, its investors and the officers."""

from __future__ import annotations

import pytest

from app.actor import Role
from app.fees.terms import FeeTerms
from app.web.compliance import closings
from tests.closings.part import Part
from tests.web.browser import Site
from tests.web.test_journeys import Person


class Cast:
    def __init__(self, site: Site, **terms: object) -> None:
        self.site, self.world = site, site.world
        self.part = Part(site.world, **terms)
        self.investor = self.world.investor()
        self.pledge = self.world.held(self.part.offering, 100, self.investor)
        self.page = f"/issuer/offerings/{self.part.offering.ref}"

    @property
    def company(self) -> Person:
        assert self.part.company.user_id is not None
        return Person(self.site.browser(self.part.company.user_id), self.page)

    def officer(self) -> Person:
        person = self.world.user(Role.COMPLIANCE_OFFICER)
        return Person(self.site.browser(person.id), f"/review/closings/{self.part.newest().ref}")

    def public(self) -> str:
        return self.site.browser().get(f"/offerings/{self.part.offering.slug}").text

    def told(self) -> str:
        return self.site.browser(self.investor.user_id).get(f"/me/pledges/{self.pledge.ref}").text


@pytest.fixture
def cast(site: Site) -> Cast:
    return Cast(site)


def test_a_part_from_the_companys_form_to_the_shares(cast: Cast) -> None:
    company = cast.company
    company.follow("/close-part")
    with cast.site.unchanged():
        soon = company.browser.post(company.path, {"date": "2026-03-12"})
    assert soon.status == 422 and "choose Tue 24 Mar 2026" in soon.error_at("date")
    company.press("/close-part", date="2026-03-24")
    assert "Announced" in cast.company.browser.get(cast.page).text
    assert "A part is closed before the deadline" in cast.public() and "Tue 24 Mar 2026" in cast.public()
    assert "your pledge is part of a closing on" in cast.told() and "Sun 22 Mar 2026" in cast.told()
    cast.part.comes(cast.part.newest().gather_until)
    for _ in range(2):
        cast.officer().press("/approve")
    cast.world.run_jobs()
    assert "stand in the register in your name" in cast.told()
    assert "Invest" in cast.public()
    assert cast.world.broken_promises() == []


@pytest.mark.parametrize("who", ["company", "officer"])
def test_the_company_or_an_officer_calls_it_off(cast: Cast, who: str) -> None:
    cast.part.announce()
    if who == "company":
        company = cast.company
        company.follow("/close-part")
        company.press("/call-off")
    else:
        cast.officer().press("/call-off")
    assert cast.part.newest().status == "aborted"
    assert "part of a closing" not in cast.told() and "A part is closed" not in cast.public()
    assert "called it off" not in cast.told()
    with cast.site.unchanged():
        assert cast.company.browser.post(f"{cast.page}/close-part/call-off").status == 404


def test_the_page_says_why_no_part_of_an_offering_can_be_closed(site: Site) -> None:
    cast = Cast(site, regime_id="US-REGA", days=30)
    text = cast.company.browser.get(f"{cast.page}/close-part").text
    assert "The rules of this offering do not say that a part may be closed" in text
    with site.unchanged():
        answer = cast.company.browser.post(f"{cast.page}/close-part", {"date": "2026-03-24"})
    assert answer.status == 422 and "The rules of this offering do not say" in answer.text


def test_somebody_elses_closing_is_not_there(cast: Cast) -> None:
    stranger = cast.site.browser(cast.world.user(Role.ISSUER, Role.INVESTOR).id)
    cast.part.announce()
    with cast.site.unchanged():
        assert stranger.get(f"{cast.page}/close-part").status == 404
        assert stranger.post(f"{cast.page}/close-part", {"date": "2026-03-24"}).status == 404
        assert stranger.post(f"{cast.page}/close-part/call-off").status == 404


def test_many_lines_stand_on_pages_with_the_totals_of_all(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(closings, "LINES", 2)
    pledges = [cast.pledge, *(cast.world.held(cast.part.offering, 100 + n) for n in range(4))]
    cast.part.comes(cast.part.announce())
    officer = cast.officer()
    path = officer.path

    def shown(page: str) -> list[str]:
        text = officer.browser.get(f"{path}{page}").text
        assert "506" in text and "Page" in text  # all shares together
        return [one.ref for one in pledges if one.ref in text]

    refs = [one.ref for one in pledges]
    assert shown("") == shown("?page=1") == refs[:2]
    assert (shown("?page=2"), shown("?page=3")) == (refs[2:4], refs[4:])
    for odd in ("4", "0", "-1", "x", "99999999999999999999", "²"):
        assert shown(f"?page={odd}") == refs[:2]


def test_what_is_held_back_is_shown_before_and_paid_out_after_its_days(site: Site) -> None:
    cast = Cast(site, fees=FeeTerms(500, holdback_bps=1_000, holdback_days=30))
    assert "10% of what is raised is held back from the company for 30 days" in cast.company.browser.get(cast.page).text
    cast.part.closed()
    kept = cast.company.browser.get(cast.page).text
    assert "Held back until:" in kept and "Those days are over" not in kept
    officer = cast.officer()
    assert "Propose to pay it out" not in officer.browser.get(officer.path).text
    cast.world.move_clock(days=30)
    assert "What was held back may be paid out." in officer.browser.get("/review").text
    assert "Those days are over" in cast.company.browser.get(cast.page).text
    cast.officer().press("/propose-holdback")
    for _ in range(2):
        cast.officer().press("/approve")
    cast.world.run_jobs()
    assert cast.part.newest().holdback_released_at is not None and cast.part.newest().status == "done"
    assert cast.world.broken_promises() == []
