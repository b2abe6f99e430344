"""What people type where an amount is asked for: a clear message at the field, what they typed, and nothing changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pytest

from tests.web.browser import Browser, Page
from tests.web.market import Market

#: None of these is an amount as it stands; some are one in another spelling.
NO_AMOUNTS = (
    "1e3", "1E+3", "NaN", "Infinity", "-Infinity", "１，２７５", "1.275,00", "1,27,5", "12,75", "$100", "US$ 100",
    "1 000", "1'000", "1_000", "+5", ".5", "5.", "100 dollars", "一百", "1.5万", "0x10", "1/2", "😀", "<b>5</b>",
    "\u202e100", "100\u202c", "\u200b100", "100\0", "--5", "1-2", "9" * 10_000, "A" * 10_000,
)  # fmt: skip
#: Plain numbers that are no amount of dollars.
TOO_FINE_OR_LARGE = ("10.005", "0.001", str(10**15), "1" + "0" * 29, "9" * 40, "1000000000000.00")
NOT_ABOVE_ZERO = ("0", "0.00", "-1", "−1", "-0.01")


@dataclass(frozen=True)
class Asked:
    """A field that takes an amount: who fills it in, where, with what beside it, and what of the above it takes."""

    who: str
    path: str
    field: str
    beside: Mapping[str, str]
    takes: tuple[str, ...] = ()


FIGURES = {"legal_name": "Ida Investor", "country": "US"}
TERMS = {
    "security_type": "common_stock", "share_price": "2.50", "minimum_pledge": "25", "target": "50000",
    "maximum": "100000", "oversubscription_rule": "first_come",
}  # fmt: skip
FORMS = [
    Asked("investor", "/offerings/{live}/pledge", "amount", {}),
    Asked("investor", "/me/figures/US-CF", "annual_income", FIGURES, ("", "0", "0.00")),
    Asked("investor", "/me/figures/US-CF", "other_platform_12m", FIGURES, ("", "0", "0.00")),
    Asked("investor", "/me/figures/US-CF", "net_worth", FIGURES, ("", *NOT_ABOVE_ZERO)),
    Asked("investor", "/me/figures/CN-MICHOU", "financial_assets", FIGURES, ("", "0", "0.00")),
    Asked("investor", "/me/figures/CN-MICHOU", "income_2", FIGURES, ("", "0", "0.00")),
    Asked("issuer", "/issuer/offerings/{draft}/edit/terms", "minimum_pledge", TERMS, ("",)),
    Asked("issuer", "/issuer/offerings/{draft}/edit/terms", "target", TERMS, ("",)),
    Asked("issuer", "/issuer/offerings/{draft}/edit/terms", "maximum", TERMS, ("",)),
    Asked("issuer", "/issuer/offerings/{draft}/edit/financials", "latest_cash", {"statements_level": "reviewed"}, ("", *NOT_ABOVE_ZERO)),
    Asked(
        "issuer", "/issuer/offerings/{draft}/edit/terms", "share_price", TERMS,
        ("", "10.005", "0.001", str(10**15)[:12]),
    ),
]  # fmt: skip
WHOLE_NUMBERS = [
    Asked("issuer", "/issuer/offerings/{draft}/edit/funds", "percent_0", {"purpose_0": "Machines"}),
    Asked("issuer", "/issuer/companies/{company}", "employees", {"legal_name": "A", "country": "US"}, ("",)),
]


def address(market: Market, asked: Asked) -> str:
    return asked.path.format(
        live=market.offerings["live"].slug, draft=market.offerings["draft"].ref, company=market.company.ref
    )


def send(market: Market, browser: Browser, asked: Asked, typed: str) -> Page:
    version = {"version": str(market.offerings["draft"].version)}
    return browser.post(address(market, asked), {**asked.beside, **version, asked.field: typed})


def faults(page: Page, field: str, typed: str) -> str | None:
    if page.status != 422:
        return f"status {page.status}"
    error, kept = page.error_at(field), page.value(field)
    suggests = "It now stands in the field" in error
    if suggests and kept not in {"1000.00", "1275.00", "12.75", "100.00", "5.00", "0.50", "15000.00", "-0.50", "-5.00"}:
        return f"suggests {kept}"
    # A zero character cannot be shown; everything else is given back as it was typed.
    if not suggests and kept != typed.replace("\0", "\ufffd") and kept != typed.partition("\0")[0]:
        return f"kept {kept[:40]!r}"
    return None


@pytest.mark.scenario(17)
@pytest.mark.parametrize("asked", FORMS, ids=lambda asked: f"{asked.path.split('/')[-1]}-{asked.field}")
def test_what_is_no_amount_is_refused_at_its_field(market: Market, asked: Asked) -> None:
    browser, wrong = market.browser(asked.who), {}
    with market.site.unchanged():
        for typed in ("", *NO_AMOUNTS, *TOO_FINE_OR_LARGE, *NOT_ABOVE_ZERO):
            if typed in asked.takes:
                continue
            found = faults(send(market, browser, asked, typed), asked.field, typed)
            if found is not None:
                wrong[typed[:20]] = found
    assert wrong == {}


@pytest.mark.parametrize("asked", WHOLE_NUMBERS, ids=lambda asked: asked.field)
def test_what_is_no_whole_number_is_refused_at_its_field(market: Market, asked: Asked) -> None:
    browser, wrong = market.browser(asked.who), {}
    with market.site.unchanged():
        for typed in ("", "1.5", "-1", "1e2", "１００", "NaN", "ten", str(10**15), "9" * 5_000, "50%", "1\x00"):
            if typed not in asked.takes:
                found = faults(send(market, browser, asked, typed), asked.field, typed)
                if found is not None:
                    wrong[typed[:20]] = found
    assert wrong == {}


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("１，２７５", "1275.00"), ("1.275,00", "1275.00"), ("1,27,5", "1275.00"), ("$100", "100.00"),
        ("1 000", "1000.00"), ("1e3", "1000.00"), ("1.5万", "15000.00"), (".5", "0.50"), ("12,75", "12.75"),
    ],
)  # fmt: skip
def test_an_unusual_spelling_is_put_into_the_field_as_we_read_it(market: Market, typed: str, meant: str) -> None:
    page = market.browser("investor").post(f"/offerings/{market.offerings['live'].slug}/pledge", {"amount": typed})
    assert page.status == 422
    assert page.value("amount") == meant
    assert "We read this as" in page.error_at("amount")


@pytest.mark.parametrize("typed", ["100", " 100 ", "100.00", "1,000", "255"])
def test_a_plain_amount_goes_on_in_whole_shares(market: Market, typed: str) -> None:
    with market.site.unchanged():
        page = market.browser("investor").post(f"/offerings/{market.offerings['live'].slug}/pledge", {"amount": typed})
    shares = int(float(typed.replace(",", "")) / 2.5)
    assert page.status == 303
    assert f"shares={shares}&" in page.location


def test_the_message_comes_in_the_readers_language(market: Market) -> None:
    path = f"/offerings/{market.offerings['live'].slug}/pledge"
    assert market.browser("investor").post(path, {"amount": "0"}).error_at("amount") == "Amount must be above zero"
    assert market.browser("investor", "zh-CN").post(path, {"amount": "0"}).error_at("amount") == "金额须大于0"


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("24", "Amount must be $25.00 or more"),
        ("2", "Amount must be $25.00 or more"),
        ("99000", "Fewer shares are left than you asked for"),
        ("66000", "Amount must be $"),
    ],
)
def test_what_the_offering_or_the_law_does_not_take_says_what_it_would(market: Market, typed: str, words: str) -> None:
    path = f"/offerings/{market.offerings['live'].slug}/pledge"
    with market.site.unchanged():
        page = market.browser("investor").post(path, {"amount": typed})
    assert page.status == 422
    assert words in page.error_at("amount")
    assert page.value("amount") == typed


def test_an_offering_that_is_over_takes_no_amount(market: Market) -> None:
    for status in ("settled", "proposed", "refunded", "withdrawn"):
        page = market.browser("investor").post(f"/offerings/{market.offerings[status].slug}/pledge", {"amount": "100"})
        assert page.status == 422
        assert "This offering is not open for pledges." in page.text


def test_a_currency_cannot_be_sent(market: Market) -> None:
    """Figures are in the currency of the rules, whatever else a form carries."""
    browser = market.browser("investor")
    with market.site.unchanged():
        assert browser.post("/me/figures/EU-ECSP", {**FIGURES, "annual_income": "1"}).status == 404
        page = browser.post("/me/figures/US-CF", {**FIGURES, "currency": "XXX", "annual_income": "1e3"})
    assert page.status == 422
