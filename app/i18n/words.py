"""Turns English source sentences into the reader's language; the same for pages, mails and the command line."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from babel.support import NullTranslations, Translations

from app.i18n.locales import ENGLISH, Language

FOLDER = Path(__file__).parent / "translations"


def N_(text: str) -> str:
    """Mark a sentence for the translators; it is translated when it is shown."""
    return text


@cache
def translations(language: Language) -> NullTranslations:
    """The catalogue of a language; English is its own. Raises FileNotFoundError when it was not compiled."""
    if language is ENGLISH:
        return NullTranslations()
    found = Translations.load(FOLDER, [language.babel])
    if not isinstance(found, Translations):
        raise FileNotFoundError(f"no compiled catalogue for {language.babel}: run `make setup`")
    return found


def said(language: Language, text: str, **facts: Any) -> str:
    """The sentence in this language, with its facts put in."""
    sentence = translations(language).gettext(text)
    return sentence % facts if facts else sentence
