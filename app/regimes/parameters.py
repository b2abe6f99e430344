"""Reads a rule pack and finds the row in force on a day.

A pack is a TOML file: its head (`id`, `zone`, `currency`, …), tables of dated rows (`[[investor_cap]]`), its rules
with their citations (`[rules."US-CF-304a"]`) and the statements that investors must make (`[[statements]]`).
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from app.money import Money

NAMES = ("id", "en", "zh", "country", "zone", "currency", "holidays")
HEAD = {*NAMES, "settings", "words", "rules", "statements"}
#: How sure we are: the text was read, recalled, left open by the text and decided by us, or can be read in two ways.
CONFIDENCES = ("verified", "recalled", "policy", "ambiguous")


class PackError(Exception):
    """A rule pack is not fit to decide anything; the message names the file and the row."""


@dataclass(frozen=True, slots=True)
class Row:
    """One dated row. `values` are what the pack's own schema names."""

    effective_from: date
    source: str
    confidence: str
    values: Mapping[str, Any]
    currency: str

    def money(self, name: str) -> Money:
        """`floor` reads `floor_minor`."""
        return Money(self.values[f"{name}_minor"], self.currency)

    def __getitem__(self, name: str) -> Any:
        return self.values[name]

    @property
    def values_by_name(self) -> Mapping[str, Any]:
        """For templates, where `values` would be a method of mappings."""
        return self.values


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """The same in both languages."""

    en: str
    zh: str

    def text(self, locale: str) -> str:
        return self.zh if locale.startswith("zh") else self.en


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule(Wording):
    """One rule: where it stands, and what it says in plain words."""

    id: str
    cite: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement(Wording):
    """A sentence that an investor must make their own, ticked by itself. The text shown is kept by its hash."""

    id: str
    effective_from: date
    source: str


class Pack:
    """A rule pack, read once. `schema` names every table of rows and the type of each of its values.

    Raises PackError for anything missing, unknown, of another type, or out of order.
    """

    def __init__(self, path: Path, schema: Mapping[str, Mapping[str, type]], settings: Mapping[str, type]) -> None:
        self.file = path.name
        try:
            data = tomllib.loads(path.read_text(encoding="utf-8"))
        except tomllib.TOMLDecodeError as error:
            raise PackError(f"{self.file}: {error}") from None
        unknown = set(data) - HEAD - set(schema)
        if unknown:
            raise PackError(f"{self.file}: unknown table {sorted(unknown)}")
        self._require(data, "the head", dict.fromkeys(NAMES, str))
        self.id: str = data["id"]
        self.name = Wording(en=data["en"], zh=data["zh"])
        self.country: str = data["country"]
        self.zone: str = data["zone"]
        self.currency: str = data["currency"]
        self.holidays: str = data["holidays"]
        self.settings: Mapping[str, Any] = data.get("settings", {})
        self._require(self.settings, "[settings]", settings, only=True)
        self.rules = {id_: self._rule(id_, rule) for id_, rule in data.get("rules", {}).items()}
        self.statements = tuple(self._statement(row) for row in data.get("statements", []))
        self._tables = {
            name: tuple(self._row(name, row, fields) for row in data.get(name, [])) for name, fields in schema.items()
        }
        for name, rows in self._tables.items():
            starts = [row.effective_from for row in rows]
            if not rows or any(later <= earlier for earlier, later in pairwise(starts)):
                raise PackError(f"{self.file}: [[{name}]] needs rows, each from a later day than the one before")
        #: What its tables, their columns and the texts in them are called.
        self.words = self._words(data.get("words", {}), schema)

    def _require(self, data: Mapping[str, Any], where: str, fields: Mapping[str, type], *, only: bool = False) -> None:
        """Every field must be there with its type; with `only`, nothing else."""
        if only and set(data) != set(fields):
            raise PackError(f"{self.file}: {where} has {sorted(data)}, must have {sorted(fields)}")
        for name, kind in fields.items():
            if type(data.get(name)) is not kind:
                raise PackError(f"{self.file}: {where}: {name} must be {kind.__name__}, not {data.get(name)!r}")

    def _rule(self, rule_id: str, data: dict[str, Any]) -> Rule:
        self._require(data, f"rule {rule_id}", dict.fromkeys(("cite", "en", "zh"), str), only=True)
        return Rule(id=rule_id, **data)

    def _words(self, data: Any, schema: Mapping[str, Mapping[str, type]]) -> Mapping[str, Wording]:
        needed = {*schema, *(field for fields in schema.values() for field in fields)}
        for rows in self._tables.values():
            values = [value for row in rows for value in row.values.values()]
            needed |= {value for value in values if isinstance(value, str)}
            needed |= {one for value in values if isinstance(value, list) for one in value}
        self._require(data, "[words]", dict.fromkeys(needed, dict), only=True)
        for name, wording in data.items():
            self._require(wording, f"the word for {name}", {"en": str, "zh": str}, only=True)
        return {name: Wording(**wording) for name, wording in data.items()}

    def _statement(self, data: dict[str, Any]) -> Statement:
        texts = dict.fromkeys(("id", "source", "en", "zh"), str)
        self._require(data, f"statement {data.get('id')}", {**texts, "effective_from": date}, only=True)
        return Statement(**data)

    def _row(self, table: str, data: dict[str, Any], fields: Mapping[str, type]) -> Row:
        where = f"[[{table}]] from {data.get('effective_from')}"
        self._require(data, where, {"effective_from": date, "source": str, "confidence": str, **fields}, only=True)
        if not data["source"] or data["confidence"] not in CONFIDENCES:
            raise PackError(f"{self.file}: {where}: needs a source, and a confidence of {', '.join(CONFIDENCES)}")
        values = {key: data[key] for key in fields}
        return Row(data["effective_from"], data["source"], data["confidence"], values, self.currency)

    def day_of(self, at: datetime) -> date:
        """The local day of an instant where this law counts days. (C1)"""
        return at.astimezone(ZoneInfo(self.zone)).date()

    def in_force(self, table: str, on: date) -> Row | None:
        """The row that is law on this day (the first day of a row is in), or None before the first."""
        found = None
        for row in self._tables[table]:
            if row.effective_from <= on:
                found = row
        return found

    @property
    def tables(self) -> tuple[str, ...]:
        """The names of its tables of dated rows."""
        return tuple(self._tables)

    def rows(self, table: str) -> tuple[Row, ...]:
        """All rows of a table, oldest first."""
        return self._tables[table]

    def statements_on(self, on: date) -> tuple[Statement, ...]:
        """The statements in force on this day: of each id the latest."""
        latest = {
            row.id: row
            for row in sorted(self.statements, key=lambda row: row.effective_from)
            if row.effective_from <= on
        }
        return tuple(latest.values())

    def version(self, on: date) -> str:
        """Names the law of the day: the pack and the last change in any of its tables."""
        changes = [row.effective_from for rows in self._tables.values() for row in rows if row.effective_from <= on]
        return f"{self.id}@{max(changes).isoformat() if changes else 'before'}"
