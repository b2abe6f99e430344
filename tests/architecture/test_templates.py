"""Templates hold no script and no style, and nothing in them is trusted to be HTML."""

from __future__ import annotations

import re

import pytest

from tests.architecture.sources import name
from tests.servers import ROOT

PAGES = sorted((ROOT / "templates").rglob("*.html"))

FORBIDDEN = {
    "an inline style": r"\sstyle\s*=|<style\b",
    "an inline script": r"<script(?![^>]*\ssrc=)|<script[^>]*>\s*[^<\s]",
    "a handler": r"\son[a-z]+\s*=",
    "an address that is a script": r"javascript:",
    "text that is trusted": r"\|\s*safe\b|autoescape\s+false|Markup\(",
    "another host": r"(?:src|href|action)\s*=\s*[\"'](?:https?:)?//",
    "a length that the code knows": r"\b\d+ characters\b",
    "a form that is not ours": r"<form(?![^>]*method=)",
}


def test_there_are_templates_to_read() -> None:
    assert len(PAGES) > 40


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_template_holds(what: str) -> None:
    pattern = re.compile(FORBIDDEN[what], re.IGNORECASE)
    found = [(name(page), match.group()) for page in PAGES for match in pattern.finditer(page.read_text())]
    assert found == []


def test_every_form_that_posts_carries_a_token() -> None:
    for page in PAGES:
        for form in re.findall(r"<form[^>]*method=\"post\".*?</form>", page.read_text(), re.DOTALL):
            assert "csrf_token" in form, (name(page), form[:80])


def test_every_sentence_of_a_page_is_marked_for_translation() -> None:
    """Letters between tags that stand in no expression are words that nobody would translate."""
    named = {"OpenRaise", "OpenRaise 众启", "众启", "CIK", "kB", "SHA-256"}
    for page in PAGES:
        bare = re.sub(r"\{#.*?#\}|\{\{.*?\}\}|\{%.*?%\}", "\x00", page.read_text(), flags=re.DOTALL)
        for words in re.findall(r">([^<>]*)<", bare):
            left = {part.strip(" ·–:,.()/\n\u2212=%×…") for part in words.split("\x00")}
            left = {part for part in left if re.search(r"[^\W\d_]{2}", part)}
            assert left <= named, (name(page), left - named)
