"""Choices that were never offered, notes that say too little, names that are none: refused at the field."""

from __future__ import annotations

import io

import pytest

from app.i18n.locales import LANGUAGES
from app.i18n.words import said
from tests.builders import PDF
from tests.web.browser import Page
from tests.web.market import NOTE, Market

CHOOSE = "Choose one from the list"
FORM_KEY = "3f0c4d52-9a0e-4d8e-8a54-0d1f3c2b1a9e"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("who", "path", "fields", "field"),
    [
        ("investor", "/account", {"name": "N", "locale": "xx", "timezone": "Asia/Shanghai"}, "locale"),
        ("investor", "/account", {"name": "N", "locale": "en", "timezone": "Mars/Olympus"}, "timezone"),
        ("investor", "/account", {"name": "N", "locale": "en"}, "timezone"),
        ("investor", "/me/figures/US-CF", {"legal_name": "N", "country": "XX"}, "country"),
        ("issuer", "/issuer/companies/new", {"legal_name": "N", "country": "us"}, "country"),
        ("issuer", "/issuer/offerings/new", {"company": "C-NOTHING", "rules": "US-CF", "name": "N"}, "company"),
        ("issuer", "/issuer/offerings/new", {"company": "{company}", "rules": "EU-ECSP", "name": "N"}, "rules"),
    ],
)  # fmt: skip
def test_a_choice_that_was_not_offered_is_refused_in_the_readers_language(
    market: Market, who: str, path: str, fields: dict[str, str], field: str, language: str
) -> None:
    browser = market.browser(who, language)
    sent = {name: value.format(company=market.company.ref) for name, value in fields.items()}
    with market.site.unchanged():
        page = browser.post(path, sent)
    assert page.status == 422
    assert page.error_at(field) == said(LANGUAGES[language], CHOOSE)
    assert page.tree.get("lang") == language


@pytest.mark.parametrize(
    ("who", "path", "fields", "field", "words"),
    [
        ("anonymous", "/sign-up", {"name": "", "email": "a@b.example", "password": "x" * 15}, "name", "Fill in this field"),
        ("anonymous", "/sign-up", {"name": "N" * 201}, "name", "Use 200 characters or fewer"),
        ("investor", "/account", {"name": " \t ", "locale": "en", "timezone": "Asia/Shanghai"}, "name", "Fill in this field"),
        ("investor", "/me/status/new/accredited_us", {"basis": "x" * 1001}, "basis", "Use 1,000 characters"),
        ("investor", "/me/status/new/accredited_us", {}, "basis", "Fill in this field"),
        ("issuer", "/issuer/companies/new", {"country": "US"}, "legal_name", "Fill in this field"),
        ("issuer", "/issuer/companies/new", {"legal_name": "N", "country": "US", "incorporated_on": "2027-01-01", "form_key": FORM_KEY}, "incorporated_on", "still ahead"),
        ("issuer", "/issuer/companies/new", {"legal_name": "N", "country": "US", "incorporated_on": "1/2/2020"}, "incorporated_on", "year, month and day"),
        ("issuer", "/issuer/companies/new", {"legal_name": "N", "country": "US", "website": "w" * 301}, "website", "Use 300 characters"),
        ("issuer", "/issuer/companies/{company}/payout", {"holder": "", "account": "1234"}, "holder", "Fill in this field"),
        ("issuer", "/issuer/companies/{company}/payout", {"holder": "H", "account": " "}, "account", "Fill in this field"),
        ("issuer", "/issuer/companies/{company}/payout", {"holder": "H", "account": "1\0"}, "account", "invisible characters"),
    ],
)  # fmt: skip
def test_a_text_that_is_none_is_refused_at_its_field(
    market: Market, who: str, path: str, fields: dict[str, str], field: str, words: str
) -> None:
    with market.site.unchanged():
        page = market.browser(who).post(path.format(company=market.company.ref), fields)
    assert page.status == 422
    assert words in page.error_at(field)
    assert len(page.tree.xpath("//*[@id=$id]", id=f"{field}-error")) == 1


def group_error(page: Page, name: str) -> str:
    """The message at a group of choices: the one that the group says it is described by."""
    (group,) = page.tree.xpath("//fieldset[@id=$name]", name=name)
    (message,) = page.tree.xpath("//*[@id=$id]", id=group.get("aria-describedby"))
    return str(message.text_content())


@pytest.mark.parametrize(
    ("case", "fields", "field", "words"),
    [
        ("claimed", {"note": NOTE}, "outcome", CHOOSE),
        ("claimed", {"outcome": "burn", "note": NOTE}, "outcome", CHOOSE),
        ("claimed", {"outcome": "refuse", "note": NOTE}, "reasons", "Choose at least one reason"),
        ("claimed", {"outcome": "request_changes", "reasons": "made_up", "note": NOTE}, "reasons", CHOOSE),
    ],
)
def test_a_decision_without_an_outcome_or_a_reason_is_refused_at_its_group(
    market: Market, case: str, fields: dict[str, str], field: str, words: str
) -> None:
    with market.site.unchanged():
        page = market.browser("officer").post(f"/review/cases/{market.cases[case]}", fields)
    assert page.status == 422
    assert group_error(page, field) == words
    assert page.value("note") == NOTE


@pytest.mark.parametrize("note", ["", "Too short.", " " * 40, "x" * 2001])
def test_a_decision_whose_note_says_too_little_or_too_much_is_refused(market: Market, note: str) -> None:
    fields = {"outcome": "refuse", "reasons": ["other"], "note": note}
    with market.site.unchanged():
        page = market.browser("officer").post(f"/review/cases/{market.cases['claimed']}", fields)
    assert page.status == 422
    assert page.error_at("note")
    assert page.tree.xpath("//input[@name='outcome' and @value='refuse']")[0].checked
    assert page.tree.xpath("//input[@name='reasons' and @value='other']")[0].checked


@pytest.mark.parametrize("case", ["open", "approved", "refused", "pledge"])
def test_a_case_that_one_does_not_hold_is_not_decided(market: Market, case: str) -> None:
    with market.site.unchanged():
        page = market.browser("officer").post(f"/review/cases/{market.cases[case]}", {"outcome": "approve"})
    assert page.status == 422
    assert "Take this case before you decide it." in page.text


def test_a_claim_that_was_not_offered_or_stands_already_is_refused(market: Market) -> None:
    browser = market.browser("investor")
    with market.site.unchanged():
        assert browser.post("/me/status/new/king", {"basis": "b"}).status == 404
        page = browser.get("/me/status/new/accredited_us")
        signed = page.value("statement_signed")
        path, fields = "/me/status/new/accredited_us", {"basis": "b", "statement_signed": signed}
        assert "Tick this statement" in browser.post(path, {"basis": "b"}).text
        again = browser.post(path, {**fields, "file": (io.BytesIO(PDF), "tax.pdf")})
        assert again.status == 422
        assert "You claimed this status already." in again.text
        nobody = market.browser("stranger").post(path, fields)
    assert nobody.status == 422
    assert "Give your figures first" in nobody.text


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/issuer/offerings/{filed}/submit", "Some tasks on the checklist are still open."),
        ("/issuer/offerings/{live}/submit", "That is not possible any more: the status is now Open."),
        ("/issuer/offerings/{draft}/open", "That is not possible any more: the status is now Draft."),
        ("/issuer/offerings/{settled}/withdraw", "That is not possible any more: the status is now Settled."),
        ("/issuer/offerings/{proposed}/open", "That is not possible any more: the status is now In closing."),
    ],
)
def test_a_step_that_is_not_possible_now_says_why(market: Market, path: str, words: str) -> None:
    browser = market.browser("issuer")
    names = {status: offering.ref for status, offering in market.offerings.items()}
    with market.site.unchanged():
        page = browser.post(path.format(**names))
    assert page.status == 303
    assert words in browser.get(page.location).notices()


def test_what_the_operator_cannot_do_now_says_why(market: Market) -> None:
    browser = market.browser("operator")
    with market.site.unchanged():
        for path, words in (
            (f"/ops/offerings/{market.offerings['live'].ref}/close", "The deadline has not come yet."),
            (f"/ops/offerings/{market.offerings['settled'].ref}/close", "The deadline has not come yet."),
            (f"/ops/closings/{market.closings['settled']}/propose-payout", "the status is now Done."),
        ):
            page = browser.post(path)
            assert words in browser.get(page.location).notices()


@pytest.mark.parametrize("status", ["refunded", "settled", "failed", "cancelled", "refused", "allotted", "cancelling"])
def test_a_pledge_that_is_over_is_not_cancelled(market: Market, status: str) -> None:
    browser, ref = market.browser("investor"), market.pledges[status].ref
    with market.site.unchanged():
        assert browser.get(f"/me/pledges/{ref}/cancel").location == f"/me/pledges/{ref}"
        page = browser.post(f"/me/pledges/{ref}/cancel")
        assert "This pledge can no longer be cancelled." in browser.get(page.location).notices()


@pytest.mark.parametrize("token", ["", "explode", "OK", "ok\0", "x" * 5_000])
def test_the_pretend_bank_takes_only_what_it_offers(market: Market, token: str) -> None:
    with market.site.unchanged():
        page = market.browser("anonymous").post(f"/sandbox/checkout/{market.payments[0]}", {"token": token})
    assert page.status == 404
