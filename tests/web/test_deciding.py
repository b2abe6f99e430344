"""A decision in two steps: everything that follows is seen before it is done, and nothing else is done."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from app import four_eyes
from app.actor import Role
from app.approvals.models import ProposalKind
from app.compliance import actions as compliance
from app.compliance import comparison
from app.i18n import mails
from app.i18n.locales import LANGUAGES
from app.identity import queries as identity_queries
from app.investors.models import ClaimKind
from app.issuers import queries as issuers
from app.notifications.models import QueuedMessage
from app.offerings import form_c
from app.offerings import queries as offerings
from app.pledges.models import Pledge
from tests.builders import World
from tests.web.browser import Browser, Site
from tests.web.market import Market

NOTE = "The figures on the second page do not add up."
REFUSE = {"outcome": "refuse", "reasons": ["source_of_funds"], "note": NOTE}
APPROVE = {"outcome": "approve", "note": ""}


@pytest.fixture
def officer(site: Site) -> Browser:
    return site.browser(site.world.user(Role.COMPLIANCE_OFFICER).id)


def large_pledge(world: World) -> tuple[Pledge, str]:
    pledge = world.pledged(world.live(), shares=12_000)
    return pledge, f"/review/cases/{world.queue()[0]}"


def taken(world: World, officer: Browser) -> tuple[Pledge, str]:
    pledge, path = large_pledge(world)
    assert officer.post(f"{path}/take").status == 303
    return pledge, path


def test_what_follows_is_shown_and_nothing_is_done(site: Site, officer: Browser) -> None:
    _, path = taken(site.world, officer)
    with site.unchanged():
        page = officer.post(path, APPROVE)
    assert page.status == 200
    for words in (
        "Pledge: from now on “Not paid yet”",
        "1 person is told by mail",
    ):
        assert words in page.text, words


def test_the_mail_is_shown_as_it_is_sent_in_both_languages(site: Site, officer: Browser) -> None:
    world = site.world
    _, path = taken(world, officer)
    page = officer.post(path, REFUSE)
    shown = {one.get("lang"): one.text_content() for one in page.tree.xpath("//section[@lang]")}
    officer.post(path, {**REFUSE, "checked": page.value("checked")})
    with world.looking() as view:
        message = view.session.query(QueuedMessage).order_by(QueuedMessage.id.desc()).first()
        assert message is not None
        person = identity_queries.user(view.session, message.user_id)
        for language in LANGUAGES.values():
            subject, body = mails.words(
                message, person, language, public_url=world.platform.settings.public_url, link=None
            )
            assert shown[language.code] == f"{language.own_name} · {subject}{body}"


def test_the_second_step_does_it(site: Site, officer: Browser) -> None:
    pledge, path = taken(site.world, officer)
    assert officer.decide(path, APPROVE).location == "/review"
    assert site.world.pledge(pledge.id).status == "reserved"


def test_what_changed_since_the_page_was_opened_must_be_looked_at_again(site: Site, officer: Browser) -> None:
    _, path = taken(site.world, officer)
    facts = officer.get(path).value("facts")
    site.world.sql("UPDATE investors SET legal_name = 'Somebody Else'")
    with site.unchanged():
        page = officer.post(path, {**APPROVE, "facts": facts})
    assert page.status == 422 and "Look again before you decide" in page.text
    assert officer.post(path, {**APPROVE, "facts": page.value("facts")}).status == 200


def test_what_changed_between_the_two_steps_is_not_decided(site: Site, officer: Browser) -> None:
    pledge, path = taken(site.world, officer)
    seen = officer.post(path, APPROVE).value("checked")
    site.world.sql("UPDATE investors SET legal_name = 'Somebody Else'")
    with site.unchanged():
        page = officer.post(path, {**APPROVE, "checked": seen})
    assert page.status == 422 and "Look again before you decide" in page.text
    assert site.world.pledge(pledge.id).status == "in_review"


@pytest.mark.parametrize("seen", ["x", "a" * 64 + "." + "b" * 64])
def test_consequences_that_nobody_saw_are_not_brought_about(site: Site, officer: Browser, seen: str) -> None:
    _, path = taken(site.world, officer)
    facts = officer.get(path).value("facts")
    with site.unchanged():
        for token in (seen, f"{facts}.{'b' * 64}"):
            assert officer.post(path, {**APPROVE, "checked": token}).status == 422


def test_two_officers_at_once_are_one_decision(site: Site) -> None:
    world = site.world
    _, path = large_pledge(world)
    browsers = [site.browser(world.user(Role.COMPLIANCE_OFFICER).id) for _ in range(2)]
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda one: one.post(f"{path}/take"), browsers))
        answers = list(pool.map(lambda one: one.decide(path, APPROVE).status, browsers))
    assert sorted(answers) == [303, 422]
    resolved = (
        "SELECT count(*) FROM audit_events WHERE event = 'resolve' AND subject_id = (SELECT max(id) FROM review_cases)"
    )
    assert world.sql(resolved) == [(1,)]


def test_the_company_is_told_which_sections_it_may_change(site: Site, officer: Browser) -> None:
    world = site.world
    offering, actor, ref = world.submitted()
    officer.post(f"/review/cases/{ref}/take")
    fields = {"outcome": "request_changes", "reasons": ["unclear_terms"], "note": NOTE, "sections": ["risks"]}
    officer.decide(f"/review/cases/{ref}", fields)
    issuer = site.browser(actor.user_id)
    page = issuer.get(f"/issuer/offerings/{offering.ref}")
    assert "To be changed: Risks" in page.text and "/edit/risks" in page.source and "/edit/terms" not in page.source
    assert issuer.get(f"/issuer/offerings/{offering.ref}/edit/terms").status == 302


def test_an_investor_is_asked_for_more_and_answers(site: Site, officer: Browser) -> None:
    world = site.world
    investor = world.investor()
    with world.acting() as tx:
        ref = compliance.claim_status(tx, investor, ClaimKind.ACCREDITED_US, "I am.").ref
    officer.post(f"/review/cases/{ref}/take")
    fields = {"outcome": "request_changes", "reasons": ["evidence_insufficient"], "note": NOTE}
    officer.decide(f"/review/cases/{ref}", fields)
    assert "Clock stopped" in officer.get("/review").text

    browser, stranger = site.browser(investor.user_id), site.browser(world.investor().user_id)
    assert stranger.get(f"/me/questions/{ref}").status == 404
    assert f"/me/questions/{ref}" in browser.get("/me").source
    assert NOTE in browser.get(f"/me/questions/{ref}").text
    assert browser.post(f"/me/questions/{ref}", {"answer": ""}).status == 422
    assert browser.post(f"/me/questions/{ref}", {"answer": "It is of last year."}).location == "/me"
    assert "It is of last year." in officer.get(f"/review/cases/{ref}").text
    assert officer.decide(f"/review/cases/{ref}", REFUSE).location == "/review"


def test_the_first_opinion_is_hidden_until_ones_own_is_given(site: Site, officer: Browser) -> None:
    world = site.world
    investor = world.investor()
    world.certify(investor, ClaimKind.ACCREDITED_US)
    pledge = world.pledged(world.live(maximum="1000000"), shares=100_000, investor=investor)
    path = f"/review/cases/{world.queue()[0]}"
    second = site.browser(world.user(Role.COMPLIANCE_OFFICER).id)
    officer.post(f"{path}/take")
    officer.decide(path, REFUSE)
    assert "Your opinion is kept." in officer.get("/review").notices() and NOTE in officer.get(path).text
    assert world.pledge(pledge.id).status == "in_review"
    second.post(f"{path}/take")
    page = second.get(path)
    assert NOTE not in page.text and "Two officers decide this case" in page.text
    second.decide(path, REFUSE)
    assert world.pledge(pledge.id).status == "refused" and page.status == 200
    assert second.get(path).text.count(NOTE) >= 2


# The page of a case


def test_a_claim_stands_beside_its_evidence_with_the_differences_in_words(market: Market) -> None:
    """A filed offering whose company says something else by now."""
    world = market.world
    filed = market.offerings["filed"]
    with world.looking() as view:
        offering = offerings.offering(view.session, filed.id)
        issuer = issuers.issuer(view.session, offering.issuer_id)
        kept = offerings.filings_of(view.session, filed.id)[0]
        filing = form_c.reread(kept.form, kept.sha256, kept.fields)
        offering.target_minor, issuer.legal_name = 1, issuer.legal_name.upper().replace(" ", "  ")
        lines = {line.field: line.mark for line in comparison.with_filing(offering, issuer, filing)}
    assert lines["target"] == "differs" and lines["legal_name"] == "spelling" and lines["maximum"] == "same"


def test_the_page_says_why_in_numbers_and_who_is_near(site: Site, officer: Browser) -> None:
    world = site.world
    investor = world.investor()
    world.pledged(world.live(), 100, investor)
    world.pledged(world.live(), 12_000, investor)
    page = officer.get(f"/review/cases/{world.queue()[0]}")
    for words in ("$25,000.00", "operator's policy no. 1", "Another pledge of the investor", "Nothing differs."):
        assert words in page.text, words


# Proposals


def test_a_second_officer_sees_what_would_be_given_back_and_agrees(site: Site, officer: Browser) -> None:
    world = site.world
    offering = world.live(days=25, target="250")
    for _ in range(3):
        world.held(offering)
    answer = officer.post(f"/review/offerings/{offering.ref}/give-back", {"note": NOTE})
    assert answer.status == 303 and "Take it back" in officer.get(answer.location).text
    second = site.browser(world.user(Role.COMPLIANCE_OFFICER).id)
    assert second.get("/review").tree.xpath("//main//td[text()='1']") or answer.location in second.get("/review").source
    with site.unchanged():
        page = second.get(answer.location)
    for words in (
        "Offering: from now on “Withdrawn”",
        "Refund an investor: 3, together $750.00",
        "3 people are told by mail",
    ):
        assert words in page.text, words
    done = second.post(f"{answer.location}/approve", {"seen": page.value("seen")})
    assert "Agreed." in second.get(done.location).notices()
    assert world.sql("SELECT DISTINCT status FROM pledges") == [("refund_due",)]


def test_two_of_a_company_change_where_it_is_paid(site: Site) -> None:
    world = site.world
    issuer, actor = world.issuer()
    other = world.user(Role.ISSUER)
    world.sql("INSERT INTO issuer_members VALUES (:issuer, :user, now())", issuer=issuer.id, user=other.id)
    first, second = site.browser(actor.user_id), site.browser(other.id)
    path = f"/issuer/companies/{issuer.ref}/payout"
    assert first.post(path, {"holder": "H", "account": "US00 9999"}).location == path
    page = first.get(path)
    assert "9999" in page.text and not page.tree.xpath("//*[@name='seen']")
    assert first.post(path, {"holder": "H", "account": "US00 8888"}).status == 422
    second.post(f"{path}/agree", {"seen": second.get(path).value("seen")})
    assert "takes effect on" in first.get(path).text
    second.post(f"{path}/stop")
    assert "Another account waits" not in first.get(path).text
    assert site.browser(world.user(Role.ISSUER).id).post(f"{path}/stop").status == 404


def test_a_role_that_was_proposed_is_given_on_the_page(site: Site) -> None:
    world = site.world
    officers = [site.browser(world.user(Role.COMPLIANCE_OFFICER).id) for _ in range(2)]
    person = world.user(Role.INVESTOR, name="New Operator")
    with world.acting() as tx:
        proposal = four_eyes.grant(tx, identity_queries.user(tx.session, person.id), Role.OPERATOR)
    assert proposal is not None and proposal.kind == ProposalKind.ROLE
    path = f"/review/proposals/{proposal.ref}"
    for officer in officers:
        page = officer.get(path)
        assert "New Operator" in page.text and "Operator" in page.text
        officer.post(f"{path}/approve", {"seen": page.value("seen")})
    assert world.sql("SELECT 1 FROM role_grants WHERE user_id = :id AND role = 'operator'", id=person.id)


# Keys


def test_keys_come_from_this_site_and_can_be_switched_off(site: Site, officer: Browser) -> None:
    _, path = taken(site.world, officer)
    page = officer.get(path)
    (script,) = page.tree.xpath("//script[contains(@src, 'keys.js')]/@src")
    assert officer.get(script).status == 200 and "script-src 'self'" in page.headers["Content-Security-Policy"]
    keys = page.tree.xpath("//*[@data-key]/@data-key")
    assert {"a", "r", "i", "s"} <= set(keys) and len(keys) == len(set(keys))
    officer.post("/review/shortcuts")
    for where in ("/review", path):
        page = officer.get(where)
        assert "keys.js" not in page.source and not page.tree.xpath("//dialog")
    officer.post("/review/shortcuts")
    assert "keys.js" in officer.get(path).source
