"""What countries are called, from the Unicode CLDR."""

from __future__ import annotations

from app.i18n.locales import ENGLISH, Language

#: Two letters in the CLDR that are no country or territory where people live: unions, exceptional reservations, tests.
_NO_COUNTRY = {"AC", "AQ", "BV", "CP", "CQ", "DG", "EA", "EU", "EZ", "HM", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ"}


def name(code: str, language: Language) -> str:
    """ "US" as "United States" or "美国"; a code that is no country's stays as it is."""
    return str(language.locale.territories.get(code, code))


#: ISO 3166-1 alpha-2, in the order of the English names.
COUNTRIES = tuple(
    sorted(
        (str(code) for code in ENGLISH.locale.territories if len(str(code)) == 2 and code not in _NO_COUNTRY),
        key=lambda code: name(code, ENGLISH),
    )
)
