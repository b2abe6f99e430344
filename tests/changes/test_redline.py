"""What goes and what comes, word by word and row by row; both texts can be read out of it again."""

from __future__ import annotations

import random
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.changes.redline import ADDED, CONTEXT, REMOVED, SAME, Piece, redline, shortened, words
from app.changes.texts import FIELDS

TEXTS = st.text(alphabet="ab 面包.\n,é", max_size=60)


def side(pieces: Any, mark: str) -> str:
    return "".join(value for found, value in pieces if found in (SAME, mark))


@given(TEXTS, TEXTS)
def test_both_texts_are_in_it(old: str, new: str) -> None:
    pieces = words(old, new)
    assert (side(pieces, REMOVED), side(pieces, ADDED)) == (old, new)
    assert all(value for _, value in pieces)


def test_words_are_compared_by_word_and_chinese_by_character() -> None:
    assert words("We make small ovens.", "We make large ovens.") == (
        (SAME, "We make "), (REMOVED, "small"), (ADDED, "large"), (SAME, " ovens.")
    )  # fmt: skip
    assert words("我们生产烤箱", "我们制造烤箱") == (
        (SAME, "我们"), (REMOVED, "生产"), (ADDED, "制造"), (SAME, "烤箱")
    )  # fmt: skip


def test_a_space_between_two_changes_is_no_word_that_stays() -> None:
    assert words("old words.", "other text.") == ((REMOVED, "old words"), (ADDED, "other text"), (SAME, "."))


def rows(field: str, old: Any, new: Any) -> list[tuple[str, tuple[Piece, ...]]]:
    (found,) = redline({field: old}, {field: new})
    assert found.field == field
    return [(row.label, row.pieces) for row in found.rows]


def test_paragraphs_and_risks_that_stay_are_left_out() -> None:
    assert rows("story", "One.\nTwo.\nThree.", "One.\nThree.") == [("", ((REMOVED, "Two."),))]
    assert rows("risks", ["a b", "c"], ["a x", "c", "d"]) == [
        ("", ((SAME, "a "), (REMOVED, "b"), (ADDED, "x"))), ("", ((ADDED, "d"),)),
    ]  # fmt: skip


def test_tables_row_by_row() -> None:
    old = [{"purpose": "Machines", "percent": 60}, {"purpose": "Rent", "percent": 40}]
    new = [{"purpose": "Machines", "percent": 60}, {"purpose": "Staff", "percent": 40}]
    assert rows("use_of_funds", old, new) == [("Rent", ((REMOVED, 40),)), ("Staff", ((ADDED, 40),))]
    assert rows("financials", {"latest": {"cash": 0}}, {"latest": {"cash": 5}}) == [
        ("latest.cash", ((REMOVED, 0), (ADDED, 5)))
    ]
    assert rows("team", [{"name": "Ann", "role": ""}], [{"name": "Ann", "role": "CEO"}]) == [
        ("", ((SAME, "Ann"), (ADDED, ", CEO")))
    ]
    assert rows("target", 100, 200) == [("", ((REMOVED, 100), (ADDED, 200)))]


def test_the_same_purpose_twice_is_two_rows() -> None:
    one, two = {"purpose": "Rent", "percent": 50}, {"purpose": "Rent", "percent": 30}
    assert rows("use_of_funds", [one, one], [one, two]) == [("Rent (2)", ((REMOVED, 50), (ADDED, 30)))]


def test_another_order_is_still_told() -> None:
    one, two = {"purpose": "Rent", "percent": 50}, {"purpose": "Staff", "percent": 50}
    assert rows("use_of_funds", [one, two], [two, one]) == []


def test_what_stays_the_same_is_no_change() -> None:
    same = {"story": "One.", "target": 5, "risks": ["a"], "documents": {}}
    assert redline(same, same) == []


@pytest.mark.parametrize("field", FIELDS)
def test_every_field_can_be_redlined_from_nothing(field: str) -> None:
    values = {
        "minimum_pledge": 5, "target": 5, "maximum": 5, "risks": ["a"], "team": [{"name": "A", "role": "B"}],
        "use_of_funds": [{"purpose": "A", "percent": 1}], "financials": {"latest": {"cash": 1}},
        "deadline": {"at": "2026-05-02T19:00:00+00:00", "zone": "UTC"}, "documents": {"A": {"version": 1, "sha256": "0"}},
    }  # fmt: skip
    (found,) = redline({field: None}, {field: values.get(field, "text")})
    assert [mark for row in found.rows for mark, _ in row.pieces] == [ADDED]


def test_long_stretches_are_cut_in_a_message() -> None:
    long = "word " * 200
    ((first, text), *_, (last, end)) = shortened(words(f"{long}old {long}", f"{long}new {long}"))
    assert (first, last) == (SAME, SAME) and text.startswith("…") and end.endswith("…")
    assert len(text) <= CONTEXT + 1 and len(end) <= CONTEXT + 1


@pytest.mark.parametrize("alphabet", ["的一是不了", "ab. ", "x"])
def test_the_longest_texts_are_compared_in_a_moment(alphabet: str) -> None:
    chance = random.Random(7)
    old, new = ("".join(chance.choices(alphabet, k=20_000)) for _ in range(2))
    began = time.monotonic()
    pieces = words(old, new)
    assert (side(pieces, REMOVED), side(pieces, ADDED)) == (old, new)
    assert time.monotonic() - began < 20
