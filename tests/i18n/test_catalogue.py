"""The Chinese catalogue: every sentence of the site is in it, none is left over, and each says the same."""

from __future__ import annotations

import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

from app.i18n.locales import CHINESE, ENGLISH
from app.i18n.words import FOLDER, said, translations
from tests.servers import ROOT

PO = FOLDER / "zh_Hans_CN" / "LC_MESSAGES" / "messages.po"
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]")
#: The same in both languages.
SAME = {"%(what)s: %(amount)s", "%(what)s: %(why)s", "%(reason)s", "SHA-256", "CIK"}


@cache
def catalogue() -> Catalog:
    with PO.open("rb") as file:
        return read_po(file, locale="zh_Hans_CN")


def entries() -> list[Message]:
    return [entry for entry in catalogue() if entry.id]


def forms(text: str | list[str] | tuple[str, ...]) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text)


def test_the_catalogue_is_in_step_with_the_site(tmp_path: Path) -> None:
    """What `make extract` would collect is what the catalogue has."""
    template = tmp_path / "messages.pot"
    pybabel = Path(sys.executable).with_name("pybabel")
    command = [str(pybabel), "-q", "extract", "-F", "babel.cfg", "-k", "N_", "--no-location", "-o", str(template), "."]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    with template.open("rb") as file:
        fresh = {forms(entry.id) for entry in read_po(file) if entry.id}
    kept = {forms(entry.id) for entry in entries()}
    assert fresh - kept == set(), "run `make extract` and translate"
    assert kept - fresh == set(), "no longer on the site"
    assert len(fresh) > 500


def test_every_sentence_is_translated() -> None:
    missing = [entry.id for entry in entries() if not all(form.strip() for form in forms(entry.string))]
    assert missing == []


def test_nothing_is_fuzzy_or_left_over() -> None:
    assert [entry.id for entry in entries() if entry.fuzzy] == []
    assert list(catalogue().obsolete) == []


def test_a_translation_has_the_same_facts_as_its_sentence() -> None:
    wrong = []
    for entry in entries():
        facts = set(PLACEHOLDER.findall(forms(entry.id)[-1]))
        for form in forms(entry.string):
            given = PLACEHOLDER.findall(form)
            # "%(num)s day left" may be said without its number only where there is one form for all.
            if set(given) != facts or len(given) != len(set(given)):
                wrong.append((entry.id, form))
    assert wrong == []


def test_no_sentence_was_left_in_english() -> None:
    same = {forms(entry.id)[0] for entry in entries() if forms(entry.string)[0] == forms(entry.id)[0]}
    assert same <= SAME
    latin = [entry.id for entry in entries() if not re.search(r"[\u4e00-\u9fff]", "".join(forms(entry.string)))]
    assert set(latin) <= SAME


def test_chinese_sentences_are_set_as_chinese() -> None:
    """Full-width punctuation between Han characters, and never a doubled exclamation."""
    half = re.compile(r"[\u4e00-\u9fff][,;!?:](?=[\u4e00-\u9fff]|$)|！！|[\u4e00-\u9fff]\.(?=\s|$)")
    assert [form for entry in entries() for form in forms(entry.string) if half.search(form)] == []


def test_no_sentence_begs_shouts_or_hurries() -> None:
    """The voice: what is wrong and what would be right, without "please", "sorry", "oops" or "only … left"."""
    banned = re.compile(
        r"\b(please|sorry|invalid|oops|exciting|don't miss|hurry|forbidden)\b|only \S+ left|!", re.IGNORECASE
    )
    assert [entry.id for entry in entries() if banned.search(" ".join(forms(entry.id)))] == []


def test_what_is_compiled_is_what_is_written() -> None:
    compiled = translations(CHINESE)
    for entry in entries():
        one, *many = forms(entry.id)
        if many:
            assert compiled.ngettext(one, many[0], 2) == forms(entry.string)[0]
        else:
            assert compiled.gettext(one) == entry.string


def test_english_is_its_own_catalogue() -> None:
    assert said(ENGLISH, "Nobody translated this") == "Nobody translated this"
    assert said(CHINESE, "Nobody translated this") == "Nobody translated this"


@pytest.mark.parametrize("text", ["100% sure", "%(x)s"])
def test_a_sentence_without_facts_is_said_as_it_is(text: str) -> None:
    assert said(ENGLISH, text) == text
