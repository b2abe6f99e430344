"""What a change takes out and puts in, field by field: a pure function of the old and the new values.

Words are compared by word, Chinese by character; lists line by line; tables of numbers row by row.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache
from itertools import zip_longest
from typing import Any

from app.changes.texts import FIELDS

SAME, REMOVED, ADDED = "same", "removed", "added"
#: What is left of a long stretch that stays the same, on each side of what changes.
CONTEXT = 80
#: A text of more tokens than this is compared by sentence: comparing must not take minutes.
LONGEST_BY_WORD = 2_000

Piece = tuple[str, Any]

_CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_WORD = re.compile(rf"[{_CJK}]|[^\W{_CJK}]+|\s+|.", re.DOTALL)
_SENTENCE = re.compile(r"[^.!?。！？]+[.!?。！？]*|[.!?。！？]+")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a field. `label` names it within the field (a purpose, a figure); each piece has a mark and a value."""

    label: str
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class FieldChange:
    """`kind` says how values are written: text, money (minor units), percent, moment, document, or a table of words.

    Without rows only the order of lines, or the space between them, is another.
    """

    field: str
    kind: str
    rows: tuple[Row, ...]

    def as_plain(self) -> dict[str, Any]:
        """For a message: plain values, and long stretches that stay the same shortened."""
        rows = [{"label": row.label, "pieces": [list(piece) for piece in shortened(row.pieces)]} for row in self.rows]
        return {"field": self.field, "kind": self.kind, "rows": rows}


def redline(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[FieldChange]:
    """What differs between the two, in the order of the fields; both name the same fields."""
    found = []
    for field in FIELDS:
        if field in new and old.get(field) != new[field]:
            kind, compare = _KINDS[field]
            found.append(FieldChange(field, kind, tuple(compare(old.get(field), new[field]))))
    return found


@lru_cache(maxsize=512)
def words(old: str, new: str) -> tuple[Piece, ...]:
    """The pieces of a text: those that stay, those that go, those that come."""
    left, right = _WORD.findall(old), _WORD.findall(new)
    is_long = max(len(left), len(right)) > LONGEST_BY_WORD
    if is_long:
        left, right = _SENTENCE.findall(old), _SENTENCE.findall(new)
    matcher = SequenceMatcher(None, left, right, autojunk=is_long)
    pieces: list[Piece] = []
    gone = come = ""
    for tag, a, b, c, d in matcher.get_opcodes():
        taken, put = "".join(left[a:b]), "".join(right[c:d])
        if tag != "equal" or ((gone or come) and b < len(left) and not taken.strip()):
            gone, come = gone + taken, come + put  # a space between two changes is no word that stays
            continue
        pieces += [*_swap(gone, come), (SAME, taken)]
        gone = come = ""
    return (*pieces, *_swap(gone, come))


def shortened(pieces: Sequence[Piece]) -> Iterator[Piece]:
    """The same, with long stretches that stay the same cut down to what stands beside a change."""
    for at, (mark, value) in enumerate(pieces):
        if mark != SAME or not isinstance(value, str) or len(value) <= 2 * CONTEXT + 1:
            yield mark, value
            continue
        before, after = value[:CONTEXT] if at else "", value[-CONTEXT:] if at + 1 < len(pieces) else ""
        yield SAME, f"{before}…{after}"


def _swap(old: Any, new: Any) -> tuple[Piece, ...]:
    """One value for another; None is no value."""
    return tuple((mark, value) for mark, value in ((REMOVED, old), (ADDED, new)) if value not in (None, ""))


def _value(old: Any, new: Any) -> Iterator[Row]:
    yield Row("", _swap(old, new))


def _text(old: str | None, new: str | None) -> Iterator[Row]:
    yield Row("", words(old or "", new or ""))


def _lines(old: Sequence[str] | None, new: Sequence[str] | None) -> Iterator[Row]:
    """Lines that stay are left out; a line that was rewritten is compared by word."""
    left, right = list(old or ()), list(new or ())
    for tag, a, b, c, d in SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        if tag == "equal":
            continue
        for gone, come in zip_longest(left[a:b], right[c:d]):
            yield Row("", words(gone, come) if gone is not None and come is not None else _swap(gone, come))


def _paragraphs(old: str | None, new: str | None) -> Iterator[Row]:
    return _lines((old or "").splitlines(), (new or "").splitlines())


def _shares(old: Sequence[Mapping[str, Any]] | None, new: Sequence[Mapping[str, Any]] | None) -> Iterator[Row]:
    """Rows of a purpose and its percent; the same purpose twice is two rows."""
    before, after = (_numbered((row["purpose"], row["percent"]) for row in rows or ()) for rows in (old, new))
    return _mapping(before, after)


def _numbered(rows: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in rows:
        times = sum(known == name or known.startswith(f"{name} (") for known in found)
        found[f"{name} ({times + 1})" if times else name] = value
    return found


def _people(old: Sequence[Mapping[str, Any]] | None, new: Sequence[Mapping[str, Any]] | None) -> Iterator[Row]:
    return _lines(*([", ".join(filter(None, (one["name"], one["role"]))) for one in rows or ()] for rows in (old, new)))


def _mapping(old: Mapping[str, Any] | None, new: Mapping[str, Any] | None) -> Iterator[Row]:
    before, after = old or {}, new or {}
    for label in dict.fromkeys([*before, *after]):
        if before.get(label) != after.get(label) or (label in before) != (label in after):
            yield Row(label, _swap(before.get(label), after.get(label)))


def _figures(old: Mapping[str, Any] | None, new: Mapping[str, Any] | None) -> Iterator[Row]:
    """Two years of figures; a label is "latest.cash"."""
    before, after = (
        {f"{y}.{n}": v for y, year in (told or {}).items() for n, v in year.items()} for told in (old, new)
    )
    return _mapping(before, after)


_KINDS: dict[str, tuple[str, Callable[[Any, Any], Iterator[Row]]]] = {
    "name": ("text", _text),
    "tagline": ("text", _text),
    "story": ("text", _paragraphs),
    "security_description": ("text", _text),
    "minimum_pledge": ("money", _value),
    "target": ("money", _value),
    "maximum": ("money", _value),
    "oversubscription_rule": ("OVERSUBSCRIPTION", _value),
    "oversubscription_note": ("text", _text),
    "deadline": ("moment", _value),
    "risks": ("text", _lines),
    "use_of_funds": ("percent", _shares),
    "team": ("text", _people),
    "statements_level": ("STATEMENT_LEVELS", _value),
    "financials": ("money", _figures),
    "documents": ("document", _mapping),
}
