"""Writes the bundle of an offering: a ZIP of files with one JSON row a line, a manifest of their hashes, and a verifier.

Everything is of one instant, and goes by row by row: a large offering needs no more memory than a small one.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path, PurePosixPath
from typing import IO, Any
from uuid import UUID

from sqlalchemy import Row, text

from app import schema
from app.actor import Actor
from app.audit import checkpoints, verifier
from app.audit import queries as audit
from app.audit.verifier import MANIFEST, SIDECAR, Digest, canonical, sha256
from app.database import Snapshot
from app.examination import contents
from app.examination.contents import CHAIN, FILES, TRAIL
from app.offerings import queries as offerings
from app.offerings.models import Offering
from app.payments import queries as payments
from app.payments.errors import GatewayError
from app.payments.port import Envelope, Gateway
from app.regimes import registry
from app.wiring import Platform

FORMAT = "openraise examiner's bundle 1"
#: How many rows are fetched at a time.
ROWS = 1_000
#: Every file has it: the same rows are the same bytes.
NO_TIME = (1980, 1, 1, 0, 0, 0)
README = """An examiner's bundle of an offering on OpenRaise.

Check it with Python 3.9 or newer, in this folder:

    python3 -I -S verify.py --manifest THE-HASH-THAT-YOU-WERE-TOLD

*.jsonl         one row a line, as the platform's database had them; amounts are in the smallest unit of the currency
trail.jsonl     who did what, each event with its seal; times are the platform's, sealed_at is true time
chain.txt       the chain of seals from the first of these events to its head: position, when, hash of the event
checkpoints.*   heads of the chain, signed (Ed25519) with the key in checkpoints.pem
documents/      what the company published; documents.jsonl says what is what
packs/          the rules that were decided by, as dated data
"""


@dataclass(frozen=True, slots=True)
class Written:
    """What came of it. `manifest` is the SHA-256 that an examiner is told apart from the bundle."""

    offering_id: int
    ref: str
    manifest: str
    files: int
    position: int

    def facts(self) -> dict[str, Any]:
        """For the trail."""
        return {"manifest": self.manifest, "files": self.files, "position": self.position}


@dataclass(slots=True)
class _Zip:
    """Writes files one after the other, and keeps what the manifest says of each."""

    archive: zipfile.ZipFile
    files: list[dict[str, Any]] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)

    @contextmanager
    def _opened(self, name: str) -> Iterator[IO[bytes]]:
        info = zipfile.ZipInfo(name, NO_TIME)
        info.compress_type = zipfile.ZIP_DEFLATED
        with self.archive.open(info, "w", force_zip64=True) as opened:
            yield opened

    def parts(self, name: str, parts: Iterator[bytes]) -> None:
        digest = Digest()
        with self._opened(name) as opened:
            for part in parts:
                digest.update(part)
                opened.write(part)
        self.files.append({"name": name, **digest.summary()})

    def content(self, name: str, content: bytes) -> None:
        self.parts(name, iter([content]))

    def rows(self, name: str, rows: Iterator[dict[str, Any]]) -> None:
        self.counts[name] = 0

        def lines() -> Iterator[bytes]:
            for row in rows:
                self.counts[name] += 1
                yield canonical(plain(row)) + b"\n"

        self.parts(name, lines())

    def manifest(self, facts: dict[str, Any]) -> str:
        content = canonical({**facts, "counts": self.counts, "files": self.files}) + b"\n"
        for name, part in ((MANIFEST, content), (SIDECAR, f"{sha256(content)}  {MANIFEST}\n".encode())):
            with self._opened(name) as opened:
                opened.write(part)
        return sha256(content)


def plain(value: Any) -> Any:
    """A value of the database as JSON has it: instants in UTC, decimals and ids as text."""
    match value:
        case datetime():
            return audit.moment(value)
        case date() | UUID():
            return str(value)
        case Decimal():
            return int(value) if value.as_tuple().exponent == 0 else str(value)
        case dict():
            return {name: plain(one) for name, one in value.items()}
        case list():
            return [plain(one) for one in value]
    return value


def write(platform: Platform, view: Snapshot, ref: str, by: Actor, target: IO[bytes]) -> Written:
    """Write the bundle of an offering as it is at this instant.

    Raises NotFound for a name that no offering has.
    """
    offering = offerings.by_ref(view.session, ref)
    with zipfile.ZipFile(target, "w") as archive:
        out = _Zip(archive)
        out.content("README.txt", README.encode())
        out.content("verify.py", Path(verifier.__file__).read_bytes())
        for name, query in FILES.items():
            rows = (dict(row._mapping) for row in _asked(view, query, offering=offering.id))
            out.rows(name, map(_with_file, rows) if name == "documents.jsonl" else rows)
        out.rows("gateway_events.jsonl", _gateway_events(platform, view, offering))
        for document in offerings.documents(view.session, offering.id):
            name = _with_file({"id": document.id, "filename": document.filename})["file"]
            out.content(name, offerings.document(view.session, offering.id, document.id).content)
        for name, pack in sorted(_packs(view, offering).items()):
            out.content(name, pack.encode())
        chain, unsealed = _trail(platform, view, offering, out)
        manifest = out.manifest(
            {
                "format": FORMAT,
                "offering": offering.ref,
                "at": audit.moment(view.now),
                "true_time": audit.moment(view.wall_now),
                "by": by.name,
                "schema": schema.head(),
                "laws": _laws(view, offering),
                "chain": chain,
                "unsealed": unsealed,
            }
        )
    return Written(offering.id, offering.ref, manifest, len(out.files), chain["position"])


def _asked(view: Snapshot, query: str, **values: Any) -> Iterator[Row[Any]]:
    with view.session.execute(text(query), values, execution_options={"yield_per": ROWS}) as rows:
        yield from rows


def _with_file(row: dict[str, Any]) -> dict[str, Any]:
    """Where a document lies in the bundle. Its own name was given by somebody: only a plain ending of it is used."""
    ending = PurePosixPath(row["filename"]).suffix.lower()
    return {**row, "file": f"documents/{row['id']}{ending if ending[1:].isalnum() and ending.isascii() else ''}"}


def _gateway_events(platform: Platform, view: Snapshot, offering: Offering) -> Iterator[dict[str, Any]]:
    """What the gateway told about its instructions. Only the gateway can read its own events."""
    if offering.gateway is None:
        return
    gateway = platform.gateway_named(offering.gateway)
    ours = payments.refs_of_offering(view.session, offering.id)
    query = """SELECT gateway, event_id, type, body, received_at, status, attempts FROM gateway_events
        WHERE gateway = :gateway ORDER BY received_at, event_id"""
    for row in _asked(view, query, gateway=offering.gateway):
        if _names(gateway, Envelope(row.event_id, row.type, row.body)) & ours:
            yield {**row._mapping, "body": row.body.decode("utf-8", "backslashreplace")}


def _names(gateway: Gateway, event: Envelope) -> set[str]:
    """What an event is about; nothing, when not even its gateway can read it."""
    try:
        return {f"{hint.ref.kind}/{hint.ref.id}" for hint in gateway.parse(event)}
    except (ValueError, KeyError, TypeError, AttributeError, GatewayError):
        return set()


def _trail(platform: Platform, view: Snapshot, offering: Offering, out: _Zip) -> tuple[dict[str, Any], int]:
    """Write the events with their seals, the chain that they stand in, and its checkpoints.

    Returns where the chain begins and ends, and how many events wait for their seal.
    """
    first: int | None = None
    unsealed = 0

    def events() -> Iterator[dict[str, Any]]:
        nonlocal first, unsealed
        for row in _asked(view, TRAIL, offering=offering.id):
            if row.position is None:
                unsealed += 1
            first = first or row.position
            names = ("position", "sealed_at", "event_hash", "hash")
            seal = None if row.position is None else {name: row._mapping[name] for name in names}
            yield {"event": audit.as_facts(row), "seal": seal}

    def links() -> Iterator[bytes]:
        for row in _asked(view, CHAIN, first=begin):
            yield f"{row.position} {audit.moment(row.sealed_at)} {row.event_hash}\n".encode()

    out.rows("trail.jsonl", events())
    head = audit.head(view.session)
    begin = first or head.position + 1
    previous = audit.hash_at(view.session, begin - 1)
    out.parts("chain.txt", links())
    signed = [one for one in checkpoints.kept(view.session) if one.position >= begin]
    out.rows("checkpoints.jsonl", (asdict(one) for one in signed))
    out.content("checkpoints.pem", platform.audit_signer.public_key())
    return {"from": begin, "previous": previous, "position": head.position, "hash": head.hash}, unsealed


def _packs(view: Snapshot, offering: Offering) -> dict[str, str]:
    """The editions that its decisions name, and what is in force today of its own law and of the packs for all of them."""
    packs = {(row.pack, row.sha256): row.text for row in _asked(view, contents.PACKS, offering=offering.id)}
    packs |= {
        (pack.id, pack.sha256): pack.text
        for pack in registry.PACKS
        if pack.id == offering.regime or pack.id not in registry.BUILT
    }
    return {verifier.pack_file(*edition): text for edition, text in packs.items()}


def _laws(view: Snapshot, offering: Offering) -> list[str]:
    """The versions of the law that its decisions name."""
    rows = _asked(
        view, "SELECT DISTINCT law FROM decisions WHERE offering_id = :offering ORDER BY law", offering=offering.id
    )
    return [row.law for row in rows]
