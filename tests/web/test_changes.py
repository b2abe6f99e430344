"""A change of an open offering over the pages: proposed, classed, confirmed or cancelled, and shown to everybody."""

from __future__ import annotations

import pytest

from app.actor import Role
from app.investors.models import Investor
from app.offerings.models import Offering
from app.pledges.models import Pledge
from tests.changes.story import Story
from tests.web.browser import Site
from tests.web.test_journeys import Person
from tests.web.test_pledge_form import after_reading, filled

NOTE = "Say what the second machine costs, and who will run it."


class Cast:
    """An open offering with three investors who have paid, its company, and an officer."""

    def __init__(self, site: Site) -> None:
        self.site, self.world = site, site.world
        self.offering: Offering = self.world.live(target="500")
        self.story = Story.of(self.world, self.offering)
        self.investors: list[Investor] = [self.world.investor() for _ in range(3)]
        self.pledges: list[Pledge] = [self.world.held(self.offering, 100, one) for one in self.investors]
        self.officer = self.world.user(Role.COMPLIANCE_OFFICER)
        self.page = f"/issuer/offerings/{self.offering.ref}"

    @property
    def company(self) -> Person:
        assert self.story.issuer.user_id is not None
        return self.person(self.story.issuer.user_id, self.page)

    def person(self, user_id: int, start: str) -> Person:
        return Person(self.site.browser(user_id), start)

    def investor(self, number: int) -> Person:
        return self.person(self.investors[number].user_id, "/me")

    def public(self) -> str:
        return self.site.browser().get(f"/offerings/{self.offering.slug}").text

    def propose(self) -> None:
        company = self.company
        company.follow("/change")
        company.follow("/change/funds")
        company.press("/funds", purpose_0="Machines", percent_0="80", purpose_1="Rent", percent_1="20")
        company.follow("/change/story")
        company.press("/story", story="We make it.\r\n\r\nAnd we sell it.")
        company.press("/propose", reason="We found a cheaper oven.")

    def publish(self, materiality: str = "material") -> None:
        self.propose()
        officer = self.person(self.officer.id, f"/review/cases/{self.world.queue()[0]}")
        officer.press("/take")
        officer.press(officer.path.partition("?")[0], outcome="approve", materiality=materiality, note="")
        self.story.hand_over()


@pytest.fixture
def cast(site: Site) -> Cast:
    return Cast(site)


def test_a_material_change_from_the_companys_form_to_the_investors_answers(cast: Cast) -> None:
    before = cast.public()
    cast.propose()
    assert "And we sell it." not in cast.public()
    assert "an officer is reading the change" in cast.public()
    text = cast.company.follow("/change").text
    assert "Machines: removed: 100% added: 80%" in text and "Rent: added: 20%" in text
    assert "3 investors have pledged. Pledged together: $750.00." in text
    assert "to confirm, if they are told now" in text
    officer = cast.person(cast.officer.id, "/review")
    officer.follow(f"/cases/{cast.world.queue()[0]}")
    assert "We found a cheaper oven." in officer.page.text and "added: And we sell it." in officer.page.text
    officer.press("/take")
    officer.press(f"/cases/{cast.world.queue()[0]}", outcome="approve", materiality="material", note="")
    cast.story.hand_over()
    public = cast.public()
    assert "What changed since it opened" in public and "And we sell it." in public
    assert "an officer is reading the change" not in public and public != before

    stays, leaves = cast.investor(0), cast.investor(1)
    assert "confirm or cancel your pledge of $250.00" in stays.page.text
    stays.follow(f"/me/pledges/{cast.pledges[0].ref}")
    buttons = stays.page.tree.xpath("//section[@aria-labelledby='asked']//button")
    assert [button.text for button in buttons] == ["Confirm the pledge", "Cancel the pledge"]
    assert len({button.get("class") for button in buttons}) == 1
    assert "Your pledge is confirmed." in stays.press(f"/confirm/{stays_ref(cast)}").text
    assert "confirm or cancel" not in stays.page.text
    leaves.follow(f"/me/pledges/{cast.pledges[1].ref}")
    assert "We are returning your money." in leaves.press("/cancel").text

    cast.world.move_clock(days=8)
    cast.story.jobs()
    assert [cast.world.pledge(one.id).status for one in cast.pledges] == ["held", "refunded", "refunded"]
    assert "did not confirm your pledge in time" in cast.investor(2).follow(f"/{cast.pledges[2].ref}").text
    assert cast.world.broken_promises() == []


def stays_ref(cast: Cast) -> str:
    return str(cast.world.sql("SELECT ref FROM changes")[0][0])


def test_a_change_that_is_not_material_asks_nobody(cast: Cast) -> None:
    company = cast.company
    company.follow("/change")
    company.follow("/change/risks")
    company.press("/risks", risks="We may fail.\nYou may wait.\nOthers may be better than we are.")
    company.press("/propose", reason="A word was missing.")
    officer = cast.person(cast.officer.id, f"/review/cases/{cast.world.queue()[0]}")
    officer.press("/take")
    officer.press(officer.path, outcome="approve", materiality="not_material", note="")
    assert "Others may be better than we are." in cast.public()
    assert "not material" in cast.public()
    assert "confirm or cancel" not in cast.investor(0).page.text


def test_what_the_officer_did_not_read_cannot_be_decided(cast: Cast) -> None:
    cast.propose()
    officer = cast.person(cast.officer.id, f"/review/cases/{cast.world.queue()[0]}")
    officer.press("/take")
    cast.story.tell(story="Something else altogether.")
    path = officer.path
    with cast.site.unchanged():
        answer = officer.browser.post(
            path, {"outcome": "approve", "materiality": "material", "seen": officer.page.value("seen"), "note": ""}
        )
    assert answer.status == 422 and "edited after you opened it" in answer.text
    assert "added: Something else altogether" in answer.text


def test_the_class_must_be_said_and_some_fields_are_always_material(cast: Cast) -> None:
    cast.propose()
    officer = cast.person(cast.officer.id, f"/review/cases/{cast.world.queue()[0]}")
    officer.press("/take")
    seen = officer.page.value("seen")
    assert not officer.page.tree.xpath("//input[@name='materiality'][@value='not_material']")
    with cast.site.unchanged():
        unsaid = officer.browser.post(officer.path, {"outcome": "approve", "seen": seen, "note": ""})
        called = officer.browser.post(
            officer.path, {"outcome": "approve", "materiality": "not_material", "seen": seen, "note": ""}
        )
    assert "Say whether the change is material" in unsaid.text
    assert "is always material" in called.text


def test_an_officer_may_ask_for_more_and_the_company_hands_it_in_again(cast: Cast) -> None:
    cast.propose()
    officer = cast.person(cast.officer.id, f"/review/cases/{cast.world.queue()[0]}")
    officer.press("/take")
    officer.press(officer.path, outcome="request_changes", reasons=["unclear_terms"], note=NOTE)
    company = cast.company
    company.follow("/change")
    company.press("/propose", reason="Now it is said.")
    assert len(cast.world.queue()) == 1


def test_what_can_never_change_says_what_to_do_instead(cast: Cast) -> None:
    company = cast.company
    company.follow("/change")
    company.follow("/change/terms")
    sent = {name: company.page.value(name) for name in ("version", "security_type", "minimum_pledge", "target")}
    sent |= {name: company.page.value(name) for name in ("maximum", "oversubscription_rule", "share_price")}
    with cast.site.unchanged():
        dearer = company.browser.post(company.path, {**sent, "share_price": "3"})
        smaller = company.browser.post(company.path, {**sent, "target": "500", "maximum": "700"})
    assert "Withdraw the offering and begin another one" in dearer.error_at("share_price")
    assert "Maximum must be $750.00 or more: so much is promised already" in smaller.error_at("maximum")


def test_who_pledges_beside_an_older_text_reads_the_new_one_first(cast: Cast) -> None:
    newcomer = cast.world.investor()
    browser = cast.site.browser(newcomer.user_id)
    path = f"/offerings/{cast.offering.slug}/pledge/confirm?shares=100&asked=250"
    sent = filled(after_reading(browser, path))
    cast.publish()
    with cast.site.unchanged():
        for form in (sent, {name: value for name, value in sent.items() if "document" not in name}):
            answer = browser.post(path, form)
            assert answer.status == 422 and "The offering has changed since you opened this page" in answer.text
    again = {**sent, "text_version": answer.value("text_version")}
    assert browser.post(path, again).status == 303


def test_closing_early_names_the_earliest_day_and_tells_everybody(cast: Cast) -> None:
    company = cast.company
    company.follow("/close-early")
    with cast.site.unchanged():
        soon = company.browser.post(company.path, {"date": "2026-03-12"})
    assert soon.status == 422 and "choose Tue 24 Mar 2026" in soon.error_at("date")
    company.press("/close-early", date="2026-03-24")
    assert "Tue 24 Mar 2026" in cast.public() and "the company ends the offering early" in cast.public()
    assert cast.world.sql("SELECT count(*) FROM messages WHERE kind = 'deadline_moved'") == [(3,)]


def test_somebody_elses_change_is_not_there(cast: Cast) -> None:
    cast.publish()
    stranger = cast.site.browser(cast.world.user(Role.ISSUER, Role.INVESTOR).id)
    with cast.site.unchanged():
        for path in (f"{cast.page}/change", f"{cast.page}/change/story", f"{cast.page}/close-early"):
            assert stranger.get(path).status == 404
        assert stranger.post(f"{cast.page}/change/propose", {"reason": "x"}).status == 404
        assert stranger.post(f"/me/pledges/{cast.pledges[0].ref}/confirm/{stays_ref(cast)}").status == 404
