"""Reads a rule pack and finds the row in force on a day.

A pack is a TOML file: its head (`id`, `zone`, `currency`, …), tables of dated rows (`[[investor_cap]]`), its rules
with their citations (`[rules."US-CF-304a"]`) and the statements that investors must make (`[[statements]]`).
A row is law until the day before the next one, or until its own `effective_until`.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from app.money import Money

NAMES = ("id", "en", "zh", "country", "zone", "currency", "holidays")
HEAD = {*NAMES, "notice_holidays", "settings", "words", "rules", "statements"}
#: How sure we are: the text was read, recalled, left open by the text and decided by us, or can be read in two ways.
CONFIDENCES = ("verified", "recalled", "policy", "ambiguous")
#: What a whole number in a row counts, by the end of its name. Rates are hundredths of a percent: 10,000 are the whole.
UNITS = (
    "minor", "bps", "minutes", "hours", "days", "weeks", "months", "years", "heads", "times", "tries", "bytes", "files",
    "lines",
)  # fmt: skip
WHOLE_BPS = 10_000
#: Countries, currencies and laws go by their codes and need no other words.
CODE = re.compile(r"[A-Z][A-Z0-9-]+")

Schema = Mapping[str, Mapping[str, type]]


class PackError(Exception):
    """A rule pack is not fit to decide anything; the message names the file, the line and the row."""


@dataclass(frozen=True, slots=True)
class Row:
    """One dated row. `values` are what the pack's own schema names."""

    effective_from: date
    #: The last day, where the row says so itself; otherwise the next row ends it.
    effective_until: date | None
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
class Paper(Wording):
    """A whole document of the rules, in Markdown, with its title."""

    en_title: str
    zh_title: str

    def title(self, locale: str) -> str:
        return self.zh_title if locale.startswith("zh") else self.en_title


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement(Wording):
    """A sentence that an investor must make their own, ticked by itself. The text shown is kept by its hash."""

    id: str
    effective_from: date
    source: str
    #: Asked only where the law answers a pledge with this rule; empty: always.
    asked_by: str = ""
    #: What must be opened and read first.
    paper: Paper | None = None

    def whole(self, locale: str) -> str:
        """Everything that is acknowledged with one tick: the sentence, and the paper that it is about."""
        sentence = self.text(locale)
        return sentence if self.paper is None else f"{sentence}\n\n{self.paper.text(locale)}"


def _are(kind: type, values: Any) -> bool:
    return isinstance(values, list) and all(isinstance(one, kind) for one in values)


class Pack:
    """A rule pack, read once. `schema` names every table of rows and the type of each of its values.

    Raises PackError for anything missing, unknown, of another type or unit, overlapping, or out of order.
    """

    def __init__(self, file: str, text: str, schema: Schema, settings: Mapping[str, type]) -> None:
        self.file, self.text = file, text
        #: Names this very edition of the file.
        self.sha256 = hashlib.sha256(text.encode()).hexdigest()
        data = self._parsed()
        for name in sorted(set(data) - HEAD - set(schema)):
            raise self._fault(name, f"unknown table or key {name}", key=name)
        self._require_shape(data, schema)
        self._require(data, "the head", dict.fromkeys(NAMES, str))
        self.id: str = data["id"]
        self.name = Wording(en=data["en"], zh=data["zh"])
        self.country: str = data["country"]
        self.zone: str = data["zone"]
        try:
            ZoneInfo(self.zone)
        except (ValueError, OSError, ZoneInfoNotFoundError):
            raise self._fault("the head", f"zone: there is no {self.zone}", key="zone") from None
        self.currency: str = data["currency"]
        self.holidays: str = data["holidays"]
        #: For notice periods, which must not be too short: a day counts only if all of these calendars work.
        self.notice_holidays: tuple[str, ...] = tuple(data.get("notice_holidays", (self.holidays,)))
        self.settings: Mapping[str, Any] = data.get("settings", {})
        self._require(self.settings, "settings", settings, only=True)
        self.rules = {id_: self._rule(id_, rule) for id_, rule in data.get("rules", {}).items()}
        self.statements = tuple(self._statement(number, row) for number, row in enumerate(data.get("statements", [])))
        self._tables = {name: self._table(name, data.get(name, []), fields) for name, fields in schema.items()}
        #: What its tables, their columns and the texts in them are called.
        self.words = self._words(data.get("words", {}), schema)

    def _parsed(self) -> dict[str, Any]:
        try:
            return tomllib.loads(self.text)
        except (ValueError, RecursionError) as error:  # also a number of thousands of digits, and brackets without end
            line = re.search(r"at line (\d+)", str(error))
            raise PackError(f"{self.file}:{line[1] if line else len(self.text.splitlines())}: {error}") from None

    def _require_shape(self, data: Mapping[str, Any], schema: Schema) -> None:
        """Tables where tables must be, before anything looks into them."""
        for name in ("settings", "words", "rules"):
            if not isinstance(data.get(name, {}), dict):
                raise self._fault(name, f"{name} must be a table", key=name)
        for name in ("statements", *schema):
            if not _are(dict, data.get(name, [])):
                raise self._fault(name, f"{name} must be [[{name}]], one for each row", key=name)
        if not _are(dict, list(data.get("rules", {}).values())):
            raise self._fault("rules", "a rule must be a table")
        if not _are(str, data.get("notice_holidays", [])):
            raise self._fault("the head", "notice_holidays must be a list of texts", key="notice_holidays")

    def _fault(self, section: str, what: str, *, number: int = 0, key: str | None = None) -> PackError:
        """Name the file, and the line where the section (its `number`-th, or a key in it) stands."""
        lines = [line.split("#")[0].strip() for line in self.text.splitlines()]
        heads = [at for at, line in enumerate(lines) if line in (f"[{section}]", f"[[{section}]]")]
        at = heads[number] if number < len(heads) else 0
        for below in range(at + 1 if heads else 0, len(lines)):
            if lines[below].startswith("[") or key is None:
                break
            if lines[below].split("=")[0].strip().strip('"') == key:
                at = below
                break
        return PackError(f"{self.file}:{at + 1}: {what}")

    def _require(
        self, data: Mapping[str, Any], section: str, fields: Mapping[str, type], *, only: bool = False, number: int = 0
    ) -> None:
        """Every field must be there with its type; with `only`, nothing else."""
        for name in sorted(set(data) - set(fields)) if only else ():
            raise self._fault(section, f"{section}: unknown key {name}", number=number, key=name)
        for name, kind in fields.items():
            value = data.get(name)
            if type(value) is not kind:
                fault = f"{section}: {name} must be {kind.__name__}, not {value!r}"
                raise self._fault(section, fault, number=number, key=name)

    def _rule(self, rule_id: str, data: dict[str, Any]) -> Rule:
        self._require(data, f'rules."{rule_id}"', dict.fromkeys(("cite", "en", "zh"), str), only=True)
        return Rule(id=rule_id, **data)

    def _words(self, data: Any, schema: Schema) -> Mapping[str, Wording]:
        needed = {*schema, *(field for fields in schema.values() for field in fields)}
        for rows in self._tables.values():
            values = [value for row in rows for value in row.values.values()]
            needed |= {value for value in values if isinstance(value, str)}
            needed |= {one for value in values if isinstance(value, list) for one in value}
        needed = {name for name in needed if not CODE.fullmatch(name)}
        self._require(data, "words", dict.fromkeys(needed, dict), only=True)
        for name, wording in data.items():
            if set(wording) != {"en", "zh"} or not all(isinstance(one, str) and one for one in wording.values()):
                raise self._fault("words", f"words: {name} needs en and zh", key=name)
        return {name: Wording(**wording) for name, wording in data.items()}

    def _statement(self, number: int, data: dict[str, Any]) -> Statement:
        needed = {**dict.fromkeys(("id", "source", "en", "zh"), str), "effective_from": date}
        needed |= {name: kind for name, kind in (("asked_by", str), ("paper", dict)) if name in data}
        self._require(data, "statements", needed, only=True, number=number)
        if data.get("asked_by", "") not in {"", *self.rules}:
            raise self._fault("statements", "statements: asked_by is no rule", number=number, key="asked_by")
        paper = data.get("paper")
        if paper is None:
            return Statement(**data)
        texts = dict.fromkeys(("en_title", "zh_title", "en", "zh"), str)
        self._require(paper, "statements.paper", texts, only=True)
        return Statement(**{**data, "paper": Paper(**paper)})

    def _table(self, name: str, data: list[dict[str, Any]], fields: Mapping[str, type]) -> tuple[Row, ...]:
        """The rows of a table, each from the day after the one before: none overlaps, no day between them is missing."""
        rows = tuple(self._row(name, number, row, fields) for number, row in enumerate(data))
        if not rows:
            raise self._fault(name, f"[[{name}]] needs rows")
        for number, (earlier, later) in enumerate(pairwise(rows), start=1):
            ended = earlier.effective_until
            if later.effective_from <= earlier.effective_from or (ended and later.effective_from <= ended):
                fault = f"[[{name}]] from {later.effective_from} overlaps the row before it"
                raise self._fault(name, fault, number=number, key="effective_from")
            if ended and later.effective_from > ended + timedelta(days=1):
                fault = f"[[{name}]] has no row between {ended} and {later.effective_from}"
                raise self._fault(name, fault, number=number, key="effective_from")
        return rows

    def _row(self, table: str, number: int, data: dict[str, Any], fields: Mapping[str, type]) -> Row:
        said = {"effective_from": date, "source": str, "confidence": str, **fields}
        until = data.get("effective_until")
        if until is not None:
            said["effective_until"] = date
        self._require(data, table, said, only=True, number=number)
        if not data["source"] or data["confidence"] not in CONFIDENCES:
            fault = f"[[{table}]] needs a source, and a confidence of {', '.join(CONFIDENCES)}"
            raise self._fault(table, fault, number=number, key="confidence")
        if until is not None and until < data["effective_from"]:
            raise self._fault(table, f"[[{table}]] ends before it begins", number=number, key="effective_until")
        values = {key: data[key] for key in fields}
        for key, value in values.items():
            if type(value) is int and not self._has_unit(key, value):
                fault = f"[[{table}]] {key} = {value}: the name must end in a unit that the number fits"
                raise self._fault(table, fault, number=number, key=key)
            if type(value) is list and not _are(str, value):
                raise self._fault(table, f"[[{table}]] {key} must be a list of texts", number=number, key=key)
        currency = values.get("currency", self.currency)
        return Row(data["effective_from"], until, data["source"], data["confidence"], values, currency)

    def _has_unit(self, name: str, value: int) -> bool:
        unit = name.rpartition("_")[2]
        return unit in UNITS and value >= 0 and (unit != "bps" or value <= WHOLE_BPS)

    def day_of(self, at: datetime) -> date:
        """The local day of an instant where this law counts days. (C1)"""
        return at.astimezone(ZoneInfo(self.zone)).date()

    def end_of(self, day: date) -> datetime:
        """The last instant of a day where this law counts days."""
        return datetime.combine(day, time.max, ZoneInfo(self.zone))

    def in_force(self, table: str, on: date) -> Row | None:
        """The row that is law on this day (its first and last day are in), or None before the first and after the end."""
        found = None
        for row in self._tables[table]:
            if row.effective_from <= on:
                found = row
        if found is not None and found.effective_until is not None and found.effective_until < on:
            return None
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

    def word(self, name: str) -> Wording:
        """What a value in a row is called; a code is its own name."""
        return self.words.get(name) or Wording(en=name, zh=name)

    def version(self, on: date) -> str:
        """Names the law of the day: the pack and the last change in any of its tables."""
        rows = [row for rows in self._tables.values() for row in rows]
        ends = [row.effective_until + timedelta(days=1) for row in rows if row.effective_until]
        changes = [day for day in (*(row.effective_from for row in rows), *ends) if day <= on]
        return f"{self.id}@{max(changes).isoformat() if changes else 'before'}"
