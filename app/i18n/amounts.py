"""Amounts of money for people: writing them, and reading what somebody typed.

Reading is strict about money and kind about people: what is not plainly an amount is refused, with the value that we
think was meant, so that nothing is ever guessed.
"""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal

from babel.numbers import format_currency, format_decimal, format_percent, get_currency_name, get_currency_symbol

from app.errors import Refused
from app.i18n.locales import CHINESE, Language
from app.money import EXPONENTS, MOST_MINOR, Money, SharePrice

#: Longest text that is looked at; an amount has far fewer characters.
LONGEST = 40
_PLAIN = re.compile(r"(\d+|\d{1,3}(,\d{3})+)(\.\d+)?", re.ASCII)
_EUROPEAN = re.compile(r"(\d+|\d{1,3}(\.\d{3})+),\d{1,2}")
#: A currency that has no sign is written by its code; CLDR's `currencySpacing`, which Babel leaves to us, puts a space after it.
_CODE_BEFORE_DIGITS = re.compile(r"(?<=[A-Z])(?=\d)")
_SCIENTIFIC = re.compile(r"\d+(\.\d+)?[eE][+]?\d{1,2}")
_WAN, _YI = 10_000, 100_000_000
_CHINESE_UNITS = {"万": _WAN, "亿": _YI}


def written(amount: Money, language: Language) -> str:
    """With its currency, all digits: "$1,275.00", "KWD 1,275.000"; a minus is a real minus sign."""
    return _set(format_currency(amount.amount, amount.currency, locale=language.locale))


def _set(text: str) -> str:
    """As it is printed: a real minus sign, and nothing that runs a code into its number or breaks between them."""
    return _CODE_BEFORE_DIGITS.sub("\N{NO-BREAK SPACE}", text.replace("-", "\N{MINUS SIGN}"))


def price(of: SharePrice, language: Language) -> str:
    """A share price with as many digits as it has, and at least those of its currency: "$1.20", "$0.3333"."""
    digits = max(EXPONENTS[of.currency], -int(of.value.normalize().as_tuple().exponent))
    pattern = f"¤#,##0.{'0' * digits}" if digits else "¤#,##0"
    return _set(format_currency(of.value, of.currency, pattern, locale=language.locale, currency_digits=False))


def plain(amount: Money) -> str:
    """As it is put into a form field: "1275.00"."""
    return str(amount.amount)


def headline(amount: Money, language: Language) -> str:
    """Short, for headlines; the exact amount must stand beside it: "¥2100万" in Chinese, digits in English."""
    value = amount.amount
    if language is CHINESE and abs(value) >= _WAN:
        # By the rounded number: 99,999,999.99 is 1亿, not 10,000万.
        unit, size = ("亿", _YI) if abs(_rounded(value / _WAN)) >= _WAN else ("万", _WAN)
        number = format_decimal(_rounded(abs(value) / size).normalize(), locale=language.locale)
        sign = "-" if value < 0 else ""
        return _set(f"{sign}{get_currency_symbol(amount.currency, locale=language.locale)}{number}{unit}")
    whole = value.quantize(Decimal(1))
    return _set(format_currency(whole, amount.currency, "¤#,##0", locale=language.locale, currency_digits=False))


def _rounded(value: Decimal) -> Decimal:
    return value.quantize(Decimal("0.01"))


def number(value: int, language: Language) -> str:
    """A whole number with its groups: "741,766"."""
    return format_decimal(value, locale=language.locale)


def percent(bps: int, language: Language) -> str:
    """Basis points as a percentage: 500 is "5%", 725 is "7.25%"."""
    return format_percent(Decimal(bps) / 10_000, "#,##0.##%", locale=language.locale)


def currency_name(currency: str, language: Language) -> str:
    """ "US dollars", "美元"."""
    return get_currency_name(currency, count=2, locale=language.locale)


def read(text: str, currency: str, *, field: str, negative: bool = False) -> Money:
    """Read what somebody typed as an amount of this currency.

    Raises Refused with `field`: "amount_missing", "amount_not_a_number", "amount_too_many_digits", "amount_too_large",
    "amount_negative", "amount_zero", or "amount_unclear" with `suggestion`, the amount we think was meant.
    """
    typed = text.strip()
    if not typed:
        raise Refused("amount_missing", field=field)
    if len(typed) > LONGEST:
        raise Refused("amount_not_a_number", field=field)
    sign = 1
    if typed[0] in "-\N{MINUS SIGN}－":
        if not negative:
            raise Refused("amount_negative", field=field)
        sign, typed = -1, typed[1:].strip()
    if _PLAIN.fullmatch(typed):
        return _amount(Decimal(typed.replace(",", "")) * sign, currency, field, negative)
    suggestion = _meant(typed, currency)
    if suggestion is not None and 0 < suggestion.minor <= MOST_MINOR:
        raise Refused("amount_unclear", field=field, suggestion=Money(sign * suggestion.minor, currency))
    raise Refused("amount_not_a_number", field=field)


def read_price(text: str, *, field: str) -> Decimal:
    """Read what one share costs: plain digits, at most so large as an amount may be; `terms.py` limits its digits.

    Raises Refused("share_price_out_of_range"): also for a spelling that could mean two things, such as 1.275,00.
    """
    typed = text.strip()
    if len(typed) <= LONGEST and _PLAIN.fullmatch(typed):
        price = Decimal(typed.replace(",", ""))
        if 0 < price <= MOST_MINOR // 100:
            return price
    raise Refused("share_price_out_of_range", field=field)


def _amount(value: Decimal, currency: str, field: str, negative: bool) -> Money:
    digits = EXPONENTS[currency]
    if abs(value) > Money(MOST_MINOR, currency).amount:
        raise Refused("amount_too_large", field=field, largest=Money(MOST_MINOR, currency))
    if value != value.quantize(Decimal(1).scaleb(-digits)):
        raise Refused("amount_too_many_digits", field=field, digits=digits, currency=currency)
    amount = Money.of(value, currency)
    if amount.minor == 0 and not negative:
        raise Refused("amount_zero", field=field)
    return amount


def _meant(typed: str, currency: str) -> Money | None:
    """What an unusual spelling most likely means: full-width digits, a decimal comma, 万, a currency sign, 1e3."""
    plain_text = unicodedata.normalize("NFKC", typed).strip()
    plain_text = re.sub(r"^[^\d.,]{0,4}(?=[\d.,])", "", plain_text)
    plain_text = (
        re.sub(r"(?<=\d)\s*[A-Za-z元]{0,3}$", "", plain_text) if not _SCIENTIFIC.fullmatch(plain_text) else plain_text
    )
    unit = Decimal(_CHINESE_UNITS.get(plain_text[-1:], 1))
    if unit != 1:
        plain_text = plain_text[:-1].strip()
    plain_text = re.sub(r"(?<=\d)[\s'’、](?=\d{3})", "", plain_text)
    if _EUROPEAN.fullmatch(plain_text) and not _PLAIN.fullmatch(plain_text):
        plain_text = plain_text.replace(".", "").replace(",", ".")
    try:
        value = Decimal(plain_text.replace(",", "")) * unit
        return Money.of(value, currency) if value.is_finite() else None
    except (ArithmeticError, ValueError):
        return None


def read_whole(text: str, *, field: str, most: int = 10**12) -> int:
    """Read a whole number above or equal to zero. Raises Refused("number_missing", "not_a_whole_number")."""
    typed = text.strip().replace(",", "")
    if not typed:
        raise Refused("number_missing", field=field)
    if not (typed.isascii() and typed.isdigit()) or len(typed) > 15 or int(typed) > most:
        raise Refused("not_a_whole_number", field=field)
    return int(typed)
