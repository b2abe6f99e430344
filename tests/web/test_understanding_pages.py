"""Tests, simulations, waits and spouses on the site, without JavaScript and with nothing chosen beforehand."""

from __future__ import annotations

from app.assessments.bank import bank
from tests.web.browser import Browser, Page, Site

EU = "/me/tests/eu_entry_test"


def browser_of(site: Site) -> Browser:
    return site.browser(site.world.investor().user_id)


def answers(page: Page, wrong: int = 0) -> dict[str, str]:
    given = {f"q_{one.id}": one.right for one in bank("eu_entry_test").questions[wrong:]}
    return {"form_key": page.value("form_key"), **given}


def test_a_test_chooses_nothing_and_tells_no_right_answer(site: Site) -> None:
    browser = browser_of(site)
    page = browser.get(EU)
    assert len(page.tree.xpath("//fieldset")) == 10
    assert not page.tree.xpath("//input[@checked]")
    done = browser.post(EU, answers(page, wrong=4))
    result = browser.get(done.location)
    assert "Not passed" in result.text and "6 of 10 right" in result.text
    topics = result.tree.xpath("//main//section//li/text()")
    assert topics == [one.topic.en for one in bank("eu_entry_test").questions[:4]]
    right = {
        one.en for question in bank("eu_entry_test").questions for one in question.answers if one.id == question.right
    }
    assert [one for one in right if one in result.text] == []


def test_a_warning_is_shown_until_it_is_acknowledged(site: Site) -> None:
    browser = browser_of(site)
    done = browser.post(EU, {**answers(browser.get(EU)), "refuse": "yes"})
    page = browser.get(done.location)
    assert "losing the entirety of the money invested" in page.source
    assert not page.field("warning").checked
    with site.unchanged():
        browser.post(done.location, {"warning": "yes"})
    browser.post(done.location, {"warning": page.value("warning")})
    assert "You acknowledged this warning." in browser.get(done.location).text
    assert site.world.sql("SELECT kind, text_sha256 FROM acknowledgements") == [("ack_21_4", page.value("warning"))]


def test_the_same_form_sent_twice_is_one_try_and_others_do_not_see_it(site: Site) -> None:
    browser = browser_of(site)
    fields = answers(browser.get(EU))
    first, again = browser.post(EU, fields), browser.post(EU, fields)
    assert first.location == again.location
    assert browser_of(site).get(first.location).status == 404


def test_a_test_that_nobody_wants_is_not_there(site: Site) -> None:
    for path in ("/me/tests/none", "/me/simulation/US-CF", "/me/first-offer/US-CF"):
        assert browser_of(site).get(path).status == 404


def test_a_simulation_is_seen_first_and_then_acknowledged(site: Site) -> None:
    browser, path = browser_of(site), "/me/simulation/EU-ECSPR"
    figures = {"income": "24,000.20", "liquid_assets": "10000", "commitments": "14000"}
    with site.unchanged():
        page = browser.post(path, figures)
        assert "€20,000.20" in page.text and "€2,000.02" in page.text
        assert "plain digits" in browser.post(path, {**figures, "income": "a lot"}).error_at("income")
        assert browser.post(path, {"seen": "yes"}).status == 422
    assert browser.post(path, {**figures, "seen": "yes"}).status == 303
    assert site.world.sql("SELECT bearable_minor FROM loss_simulations") == [(200_002,)]


def test_leave_and_continue_are_equal_buttons_and_leave_comes_first(site: Site) -> None:
    browser, path = browser_of(site), "/me/first-offer/UK-COBS"
    browser.post(f"{path}/ask")
    assert "Continue" not in browser.get(path).text
    with site.unchanged():
        browser.post(f"{path}/go-on")
    site.world.move_clock(hours=24)
    buttons = browser.get(path).tree.xpath("//main//button")
    assert [one.text_content() for one in buttons] == ["Leave", "Continue"]
    assert len({one.get("class") for one in buttons}) == 1
    browser.post(f"{path}/go-on")
    assert "You went on after the time to think" in browser.get(path).text


def test_spouses_link_with_a_code_that_is_shown_once(site: Site) -> None:
    one, other = browser_of(site), browser_of(site)
    page = one.post("/me/spouse/ask")
    (code,) = page.tree.xpath("//code/text()")
    assert code not in one.get("/me/spouse").source
    assert code not in str(site.world.sql("SELECT * FROM spouse_links"))
    with site.unchanged():
        assert other.post("/me/spouse/confirm", {"code": "no"}).error_at("code").startswith("This code is unknown")
        assert one.post("/me/spouse/confirm", {"code": code}).status == 422
    assert other.post("/me/spouse/confirm", {"code": code}).status == 303
    assert "Linked with" in one.get("/me/spouse").text
    assert one.post("/me/spouse/end").status == 303
    assert "Linked with" not in other.get("/me/spouse").text
