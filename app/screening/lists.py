"""Takes in a list in OpenSanctions' simple CSV form: one row of the file at a time, all of the file or nothing of it.

Format: https://www.opensanctions.org/docs/bulk/csv/
"""

from __future__ import annotations

import csv
import hashlib
import itertools
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from sqlalchemy import Column, MetaData, String, Table, select, update
from sqlalchemy.dialects.postgresql import insert

from app.audit import actions as audit
from app.database import Transaction
from app.screening import names
from app.screening.models import ListImport, Listing, ListingKind, several

COLUMNS = (
    "id", "schema", "name", "aliases", "birth_date", "countries", "addresses", "identifiers", "sanctions", "phones",
    "emails", "dataset", "first_seen", "last_seen", "last_change",
)  # fmt: skip
#: Columns that say when the list was made, not whom it names: a row that differs only there is the same.
DATED = ("last_seen", "last_change")
KINDS = {
    "Person": ListingKind.PERSON,
    "Organization": ListingKind.ORGANISATION,
    "Company": ListingKind.ORGANISATION,
    "PublicBody": ListingKind.ORGANISATION,
    "LegalEntity": ListingKind.EITHER,
}
BATCH = 900
LONGEST_ID = 200
LONGEST_CELL = 2**20
BIRTH = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?")
COUNTRY = re.compile(r"[a-z]{2,4}(-[a-z0-9]{1,4})*")
SCHEMA = re.compile(r"[A-Z][A-Za-z]{1,60}")


class BadList(Exception):
    """The file is no such list; the message names the line and the column."""

    def __init__(self, line: int, column: str, what: str) -> None:
        super().__init__(f"line {line}, column {column}: {what}")


@dataclass(frozen=True, slots=True)
class Entry:
    """One row, read and checked."""

    line: int
    row: dict[str, str]

    @property
    def sha256(self) -> str:
        lasting = {name: value for name, value in self.row.items() if name not in DATED}
        return hashlib.sha256(json.dumps(lasting, sort_keys=True).encode()).hexdigest()


def take_in(tx: Transaction, file: Path, list_name: str) -> ListImport:
    """Make the list what the file says: new, changed and gone entries are counted. Reads the file twice.

    Raises BadList; then nothing was changed. Writes: import, listings, audit. Wakes: rescreen.
    """
    tx.one_at_a_time(f"list:{list_name}")
    made = ListImport(
        list_name=list_name, sha256=_sha256(file), entries=0, added=0, changed=0, gone=0, imported_at=tx.now
    )
    tx.session.add(made)
    tx.session.flush()  # the listings refer to it
    seen = _seen_table(tx)
    for batch in _batches(entries(file)):
        _require_new(tx, seen, batch)
        _store(tx, made, batch)
    made.gone = _forget_missing(tx, made, seen)
    audit.record(
        tx, "import_list", "list_imports", made.id, list=list_name, sha256=made.sha256, entries=made.entries,
        added=made.added, changed=made.changed, gone=made.gone,
    )  # fmt: skip
    tx.wake("rescreen")
    return made


def entries(file: Path) -> Iterator[Entry]:
    """Every row of the file, checked. Raises BadList at the first that is wrong."""
    csv.field_size_limit(LONGEST_CELL)
    with file.open("rb") as opened:
        reader = csv.reader(_lines(opened), strict=True)
        try:
            header = next(reader, [])
            _check_header(header)
            for cells in reader:
                yield _entry(reader.line_num, header, cells)
        except csv.Error as error:
            raise BadList(reader.line_num, "-", str(error)) from None


def _lines(opened: BinaryIO) -> Iterator[str]:
    """Line by line, so that what is no text is named by its line, and no line fills the memory."""
    for number, line in enumerate(iter(lambda: opened.readline(LONGEST_CELL), b""), start=1):
        try:
            yield line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            raise BadList(number, "-", f"is not UTF-8 ({error.reason})") from None


def _check_header(header: list[str]) -> None:
    for name in COLUMNS:
        if name not in header:
            raise BadList(1, name, "is missing; this is no list in the simple CSV form")
    if len(set(header)) != len(header):
        twice = next(name for name in header if header.count(name) > 1)
        raise BadList(1, twice, "stands there twice")


def _entry(line: int, header: list[str], cells: list[str]) -> Entry:
    if len(cells) != len(header):
        at = header[min(len(cells), len(header) - 1)]
        raise BadList(line, at, f"the row has {len(cells)} cells, the header has {len(header)}")
    row = dict(zip(header, cells, strict=True))
    for name, value in row.items():
        if "\0" in value:
            raise BadList(line, name, "holds a zero character")
    if not row["id"] or len(row["id"]) > LONGEST_ID:
        raise BadList(line, "id", f"must have 1 to {LONGEST_ID} characters")
    if not row["name"].strip():
        raise BadList(line, "name", "is empty")
    for name, form, example in (
        ("schema", SCHEMA, "Person"), ("birth_date", BIRTH, "1970-01-31"), ("countries", COUNTRY, "us"),
    ):  # fmt: skip
        for value in several(row[name]) or ([""] if name == "schema" else []):
            if not form.fullmatch(value):
                raise BadList(line, name, f"{value[:40]!r} is not of the form {example}")
    return Entry(line, row)


def _batches(rows: Iterator[Entry]) -> Iterator[list[Entry]]:
    while batch := list(itertools.islice(rows, BATCH)):
        yield batch


def _sha256(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _seen_table(tx: Transaction) -> Table:
    """Which ids the file had so far, kept by the database: a long list fits no memory. Gone with the transaction."""
    table = Table(
        "seen_entries", MetaData(), Column("entry_id", String, primary_key=True), prefixes=["TEMPORARY"],
        postgresql_on_commit="DROP",
    )  # fmt: skip
    table.create(tx.session.connection())
    return table


def _require_new(tx: Transaction, seen: Table, batch: list[Entry]) -> None:
    made = set(
        tx.session.scalars(
            insert(seen).on_conflict_do_nothing().returning(seen.c.entry_id), [{"entry_id": e.row["id"]} for e in batch]
        )
    )
    for entry in batch:
        if entry.row["id"] not in made:
            raise BadList(entry.line, "id", f"{entry.row['id']!r} stands there twice")
        made.discard(entry.row["id"])


def _store(tx: Transaction, made: ListImport, batch: list[Entry]) -> None:
    """Write what is new or changed; what is the same stays as it is."""
    ids = [entry.row["id"] for entry in batch]
    stored = select(Listing.entry_id, Listing.sha256, Listing.is_gone)
    known = {
        entry_id: None if is_gone else sha
        for entry_id, sha, is_gone in tx.session.execute(
            stored.where(Listing.list_name == made.list_name, Listing.entry_id.in_(ids))
        )
    }
    fresh = [entry for entry in batch if known.get(entry.row["id"]) != entry.sha256]
    made.entries += len(batch)
    made.changed += sum(known.get(entry.row["id"]) is not None for entry in fresh)
    made.added += sum(known.get(entry.row["id"]) is None for entry in fresh)
    if fresh:
        rows = [_columns(entry, made) for entry in fresh]
        statement = insert(Listing)
        changes = {name: statement.excluded[name] for name in rows[0] if name not in ("list_name", "entry_id")}
        tx.session.execute(
            statement.on_conflict_do_update(index_elements=["list_name", "entry_id"], set_=changes), rows
        )


def _columns(entry: Entry, made: ListImport) -> dict[str, Any]:
    kind = KINDS.get(entry.row["schema"], ListingKind.THING)
    spelled: dict[str, None] = {}
    if kind is not ListingKind.THING:
        for name in (entry.row["name"], *several(entry.row["aliases"])):
            spelled |= dict.fromkeys(names.spellings(name, of_company=kind is ListingKind.ORGANISATION))
    return {
        "list_name": made.list_name, "entry_id": entry.row["id"], "kind": kind.value, "row": entry.row,
        "spellings": list(spelled), "keys": sorted(names.keys(spelled)), "sha256": entry.sha256,
        "import_id": made.id, "is_gone": False,
    }  # fmt: skip


def _forget_missing(tx: Transaction, made: ListImport, seen: Table) -> int:
    gone = tx.session.scalars(
        update(Listing)
        .where(Listing.list_name == made.list_name, ~Listing.is_gone, Listing.entry_id.not_in(select(seen.c.entry_id)))
        .values(is_gone=True)
        .returning(Listing.id)
        .execution_options(synchronize_session=False)
    ).all()
    return len(gone)
