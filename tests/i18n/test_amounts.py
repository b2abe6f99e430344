"""Amounts for people: what is written can be read again, what is unclear is asked back, and nothing is guessed."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import Refused
from app.i18n import amounts
from app.i18n.locales import CHINESE, ENGLISH, LANGUAGES, Language
from app.money import EXPONENTS, MOST_MINOR, Money, SharePrice

languages = st.sampled_from(list(LANGUAGES.values()))
currencies = st.sampled_from(sorted(EXPONENTS))
above_zero = st.builds(Money, st.integers(1, MOST_MINOR), currencies)


def read(text: str, currency: str = "USD", *, negative: bool = False) -> Money:
    return amounts.read(text, currency, field="amount", negative=negative)


def refusal(text: str, currency: str = "USD", *, negative: bool = False) -> Refused:
    with pytest.raises(Refused) as caught:
        read(text, currency, negative=negative)
    assert caught.value.field == "amount"
    return caught.value


# What is written can be read


@given(above_zero)
def test_what_stands_in_a_field_is_read_as_what_it_is(amount: Money) -> None:
    assert read(amounts.plain(amount), amount.currency) == amount
    assert read(f"  {amounts.plain(amount)}\n", amount.currency) == amount
    assert read(f"{amount.amount:,}", amount.currency) == amount


@given(st.builds(Money, st.integers(-MOST_MINOR, MOST_MINOR), currencies))
def test_a_figure_that_may_be_negative_is_read_with_its_sign(amount: Money) -> None:
    assert read(amounts.plain(amount), amount.currency, negative=True) == amount
    assert read(amounts.plain(amount).replace("-", "−"), amount.currency, negative=True) == amount


@given(above_zero, languages)
def test_what_a_page_shows_is_recognised_and_asked_back(amount: Money, language: Language) -> None:
    """Somebody copies "$1,275.00" from the page into the field."""
    found = refusal(amounts.written(amount, language), amount.currency)
    assert (found.code, found.facts["suggestion"]) == ("amount_unclear", amount)


@given(above_zero, languages)
def test_a_sign_is_kept_in_what_is_asked_back(amount: Money, language: Language) -> None:
    written = amounts.written(Money(-amount.minor, amount.currency), language)
    assert written.count("−") == 1
    found = refusal(written, amount.currency, negative=True)
    assert (found.code, found.facts["suggestion"]) == ("amount_unclear", Money(-amount.minor, amount.currency))


@given(st.text(max_size=60), currencies, st.booleans())
def test_no_text_whatever_breaks_the_reader(text: str, currency: str, negative: bool) -> None:
    try:
        found: Money | Refused = read(text, currency, negative=negative)
    except Refused as refused:
        found = refused
    if isinstance(found, Money):
        assert abs(found.minor) <= MOST_MINOR
        assert re.fullmatch(r"[-−－]?\s*[\d,]+(\.\d+)?", text.strip())
        return
    suggestion = found.facts.get("suggestion")
    assert (found.code == "amount_unclear") == (suggestion is not None)
    assert suggestion is None or 0 < abs(suggestion.minor) <= MOST_MINOR


@given(st.text("0123456789.,eE+- ¥$万亿元", max_size=44), currencies)
def test_no_nearly_amount_breaks_the_reader(text: str, currency: str) -> None:
    for negative in (True, False):
        try:
            read(text, currency, negative=negative)
        except Refused:
            continue


# What is not plain


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("１，２７５", "1275"), ("１２７５．５０", "1275.50"), ("1.275,00", "1275"), ("1275,5", "1275.50"), ("12,75", "12.75"),
        ("1,27,5", "1275"), ("$1,275.00", "1275"), ("US$1,275", "1275"), ("USD 1275", "1275"), ("1275 USD", "1275"),
        ("1275元", "1275"), ("1 275", "1275"), ("1\u00a0275", "1275"), ("1'275", "1275"), ("1_275", "1275"), ("1e3", "1000"),
        ("1.5e3", "1500"), ("1.275E+3", "1275"), ("0.13万", "1300"), ("2 亿", "200000000"), (".5", "0.50"), ("5.", "5"),
        ("+5", "5"), ("٣٤", "34"), ("\u202e100", "100"),
    ],
)  # fmt: skip
def test_an_unusual_spelling_is_asked_back_as_what_it_most_likely_means(text: str, meant: str) -> None:
    found = refusal(text)
    assert (found.code, found.facts["suggestion"]) == ("amount_unclear", Money.of(meant, "USD"))


@pytest.mark.parametrize(
    "text",
    [
        "NaN", "Infinity", "-Infinity", "sNaN", "abc", "1.2.3", "1,2,3.4.5", "0x10", "1/2", "١٠٠.٥.٥", "😀", "万", ".", ",", "..",
        "1e-3", "1e99", "1e999999999", "100\0", "9" * 41, "1" * 10_000, "½", "Ⅷ", "五",
    ],
)  # fmt: skip
def test_what_means_no_amount_is_no_number(text: str) -> None:
    assert refusal(text, negative=True).code == "amount_not_a_number"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "amount_missing"), ("   ", "amount_missing"), ("\u3000", "amount_missing"), ("0", "amount_zero"),
        ("0.00", "amount_zero"), ("00", "amount_zero"), ("-1", "amount_negative"), ("−1", "amount_negative"),
        ("－1", "amount_negative"), ("-", "amount_negative"), ("10.005", "amount_too_many_digits"),
        ("0.001", "amount_too_many_digits"), ("1000000000000.00", "amount_too_large"),
        (str(10**15), "amount_too_large"), ("9" * 29, "amount_too_large"), ("9" * 40, "amount_too_large"),
    ],
)  # fmt: skip
def test_a_plain_number_that_cannot_be_is_refused_by_its_reason(text: str, code: str) -> None:
    assert refusal(text).code == code


def test_each_currency_has_its_own_digits() -> None:
    assert read("500", "JPY") == Money(500, "JPY")
    assert refusal("500.5", "JPY").facts == {"digits": 0, "currency": "JPY"}
    assert read("1.275", "KWD") == Money(1_275, "KWD")


def test_the_largest_amount_is_taken_and_one_more_is_not() -> None:
    assert read("999999999999.99").minor == MOST_MINOR
    assert refusal("1,000,000,000,000").facts["largest"] == Money(MOST_MINOR, "USD")


# Prices and whole numbers


@given(st.decimals("0.000001", "999999999999", places=6))
def test_a_price_is_read_with_all_its_digits(price: Decimal) -> None:
    assert amounts.read_price(f"{price:f}", field="share_price") == price
    assert amounts.read_price(f"{price:,f}", field="share_price") == price


@pytest.mark.parametrize(
    "text",
    ["", "0", "-1", "1.275,00", "1,2", "1,27,5", "１．２", "1e3", "NaN", "Infinity", "$5", "5 ", "1_0", "9" * 13, "9" * 41],
)  # fmt: skip
def test_a_price_that_could_mean_two_things_is_refused(text: str) -> None:
    if text == "5 ":
        assert amounts.read_price(text, field="share_price") == 5
        return
    with pytest.raises(Refused) as caught:
        amounts.read_price(text, field="share_price")
    assert (caught.value.code, caught.value.field) == ("share_price_out_of_range", "share_price")


@given(st.integers(0, 10**12), languages)
def test_a_whole_number_survives_being_written_and_read(number: int, language: Language) -> None:
    assert amounts.read_whole(amounts.number(number, language), field="shares") == number


@pytest.mark.parametrize("text", ["", " ", "1.5", "-1", "1e3", "１２", "٣", "x", "9" * 16, str(10**12 + 1), "1\0"])
def test_what_is_no_whole_number_is_refused(text: str) -> None:
    with pytest.raises(Refused) as caught:
        amounts.read_whole(text, field="shares")
    assert caught.value.code == ("not_a_whole_number" if text.strip() else "number_missing")


# Writing


@given(st.builds(Money, st.integers(-MOST_MINOR, MOST_MINOR), currencies), languages)
def test_an_amount_is_written_with_all_its_digits_and_its_currency(amount: Money, language: Language) -> None:
    written = amounts.written(amount, language)
    digits = re.sub(r"[^\d.]", "", written.removeprefix("−"))
    assert Decimal(digits.strip(".")) == abs(amount.amount)
    assert written.startswith("−") == (amount.minor < 0)
    assert "-" not in written
    assert re.search(r"[^\d.,−\s]", written)  # the currency is named


def test_two_currencies_are_never_written_alike() -> None:
    for language in LANGUAGES.values():
        written = {amounts.written(Money.of(1000, currency), language).partition(".")[0] for currency in EXPONENTS}
        assert len(written) == len(EXPONENTS)


@pytest.mark.parametrize(
    ("value", "english", "chinese"),
    [("1.2", "$1.20", "US$1.20"), ("0.33333", "$0.33333", "US$0.33333"), ("1275", "$1,275.00", "US$1,275.00")],
)
def test_a_share_price_has_as_many_digits_as_it_has(value: str, english: str, chinese: str) -> None:
    price = SharePrice(Decimal(value), "USD")
    assert (amounts.price(price, ENGLISH), amounts.price(price, CHINESE)) == (english, chinese)


@pytest.mark.parametrize(
    ("amount", "chinese", "english"),
    [
        ("0", "¥0", "CN¥0"), ("9999", "¥9,999", "CN¥9,999"), ("9999.99", "¥10,000", "CN¥10,000"), ("10000", "¥1万", "CN¥10,000"),
        ("12345.67", "¥1.23万", "CN¥12,346"), ("21000000", "¥2,100万", "CN¥21,000,000"),
        ("99999999.99", "¥1亿", "CN¥100,000,000"), ("100000000", "¥1亿", "CN¥100,000,000"),
        ("1234567890", "¥12.35亿", "CN¥1,234,567,890"), ("-50000", "−¥5万", "−CN¥50,000"),
    ],
)  # fmt: skip
def test_a_headline_is_short_in_wan_and_yi(amount: str, chinese: str, english: str) -> None:
    money = Money.of(amount, "CNY")
    assert (amounts.headline(money, CHINESE), amounts.headline(money, ENGLISH)) == (chinese, english)


@given(st.integers(0, 10**13))
def test_a_headline_is_never_off_by_more_than_its_last_digit(minor: int) -> None:
    amount = Money(minor, "CNY")
    shown = amounts.headline(amount, CHINESE).removeprefix("¥").replace(",", "")
    unit = {"万": 10_000, "亿": 100_000_000}.get(shown[-1], 1)
    value = Decimal(shown.rstrip("万亿")) * unit
    assert abs(value - amount.amount) <= (Decimal("0.005") * unit if unit > 1 else Decimal("0.5"))
    assert unit == 1 or Decimal(shown[:-1]) < 10_000 or unit == 100_000_000


@pytest.mark.parametrize(("bps", "written"), [(500, "5%"), (725, "7.25%"), (0, "0%"), (10_000, "100%"), (1, "0.01%")])
def test_basis_points_are_written_as_a_percentage(bps: int, written: str) -> None:
    assert amounts.percent(bps, ENGLISH) == amounts.percent(bps, CHINESE) == written
