"""Reads a rule pack and finds the row in force on a day.

A pack is a TOML file: its head (`id`, `zone`, `currency`, …), tables of dated rows (`[[investor_cap]]`), its rules
with their citations (`[rules."US-CF-304a"]`) and the statements that investors must make (`[[statements]]`).
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from app.money import Money

HEAD = {"id", "name", "country", "zone", "currency", "holidays", "settings", "rules", "statements"}


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


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: where it stands, and what it says in plain words."""

    id: str
    cite: str
    en: str
    zh: str


@dataclass(frozen=True, slots=True)
class Statement:
    """A sentence that an investor must make their own, ticked by itself. The text shown is kept by its hash."""

    id: str
    effective_from: date
    source: str
    en: str
    zh: str

    def text(self, locale: str) -> str:
        return self.zh if locale.startswith("zh") else self.en


class Pack:
    """A rule pack, read once. `schema` names every table of rows and the type of each of its values."""

    def __init__(self, path: Path, schema: Mapping[str, Mapping[str, type]]) -> None:
        self.file = path.name
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        unknown = set(data) - HEAD - set(schema)
        if unknown:
            raise PackError(f"{self.file}: unknown table {sorted(unknown)}")
        self.id: str = data["id"]
        self.name: str = data["name"]
        self.country: str = data["country"]
        self.zone: str = data["zone"]
        self.currency: str = data["currency"]
        self.holidays: str = data["holidays"]
        self.settings: Mapping[str, Any] = data.get("settings", {})
        self.rules = {id_: Rule(id_, rule["cite"], rule["en"], rule["zh"]) for id_, rule in data["rules"].items()}
        self.statements = tuple(Statement(**row) for row in data.get("statements", []))
        self._tables = {
            name: tuple(sorted((self._row(name, row, fields) for row in data.get(name, [])), key=_since))
            for name, fields in schema.items()
        }
        for name, rows in self._tables.items():
            starts = [row.effective_from for row in rows]
            if not rows or len(set(starts)) != len(starts):
                raise PackError(f"{self.file}: [[{name}]] needs rows, each with its own effective_from")

    def _row(self, table: str, data: dict[str, Any], fields: Mapping[str, type]) -> Row:
        where = f"{self.file}: [[{table}]] from {data.get('effective_from')}"
        values = {key: data[key] for key in data if key not in ("effective_from", "source", "confidence")}
        if not isinstance(data.get("effective_from"), date) or not data.get("source") or not data.get("confidence"):
            raise PackError(f"{where}: needs effective_from, source and confidence")
        if set(values) != set(fields):
            raise PackError(f"{where}: has {sorted(values)}, must have {sorted(fields)}")
        for key, kind in fields.items():
            if type(values[key]) is not kind:
                raise PackError(f"{where}: {key} must be {kind.__name__}, not {values[key]!r}")
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


def _since(row: Row) -> date:
    return row.effective_from
