"""Checks an examiner's bundle, with nothing but Python: python3 -I -S verify.py [--manifest SHA256] [FOLDER]

FOLDER is the unpacked bundle; without it, the folder that this file lies in. SHA256 is the hash of MANIFEST.json, which the
platform told apart from the bundle and keeps in its own trail. Every fault is printed on a line of its own.
Exit code: 0 nothing is wrong, 1 something is, 2 there is no bundle.

This one file is also where the form of the chain is defined: the platform seals its trail with these very functions.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

# The chain

#: What stands before the first seal.
GENESIS = "0" * 64
_JSON = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def canonical(value: object) -> bytes:
    """JSON with sorted keys and no spaces, in UTF-8: the same thing is always the same bytes."""
    return _JSON.encode(value).encode()


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def link(previous: str, position: int, sealed_at: str, event_hash: str) -> str:
    """The hash of a seal: of the seal before it, its position, when it was made (UTC), and the event's own hash."""
    return sha256(f"{previous} {position} {sealed_at} {event_hash}".encode())


# The files

MANIFEST, SIDECAR = "MANIFEST.json", "MANIFEST.sha256"
#: Each block of a file has a short hash of its own, to say where in the file a difference lies.
BLOCK = 4096
SHORT = 16


class Digest:
    """What the manifest says of a file, taken while the file goes by."""

    def __init__(self) -> None:
        self.size = 0
        self._whole = hashlib.sha256()
        self._block = hashlib.sha256()
        self._blocks: list[str] = []

    def update(self, content: bytes) -> None:
        self._whole.update(content)
        for start in self._starts(len(content)):
            part = content[start : start + BLOCK - self.size % BLOCK]
            self._block.update(part)
            self.size += len(part)
            if self.size % BLOCK == 0:
                self._blocks.append(self._block.hexdigest()[:SHORT])
                self._block = hashlib.sha256()

    def _starts(self, length: int) -> Iterable[int]:
        room = BLOCK - self.size % BLOCK
        return [0, *range(room, length, BLOCK)] if length else []

    def summary(self) -> dict[str, Any]:
        rest = [self._block.hexdigest()[:SHORT]] if self.size % BLOCK else []
        return {"size": self.size, "sha256": self._whole.hexdigest(), "blocks": "".join(self._blocks + rest)}


class Bundle:
    """An unpacked bundle whose files are what its manifest says."""

    def __init__(self, folder: Path, manifest: dict[str, Any]) -> None:
        self.folder = folder
        self.manifest = manifest

    def rows(self, name: str) -> Iterator[dict[str, Any]]:
        with (self.folder / name).open(encoding="utf-8", newline="\n") as lines:
            for line in lines:
                yield json.loads(line)


def manifest_faults(folder: Path, told: str) -> Iterator[str]:
    """The manifest against the hash that was told, or else against the file beside it."""
    found = sha256((folder / MANIFEST).read_bytes())
    beside = (folder / SIDECAR).read_bytes() if (folder / SIDECAR).exists() else b""
    if told and found != told:
        yield f"{MANIFEST}: its SHA-256 is {found}, not {told}"
    elif beside != f"{found}  {MANIFEST}\n".encode():
        yield f"{SIDECAR}: is not what {MANIFEST} asks for" if told else f"{MANIFEST} or {SIDECAR}: they do not agree"


def file_faults(folder: Path, manifest: dict[str, Any]) -> Iterator[str]:
    """Every file is there, as it was written, and no other one."""
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()}
    listed = {file["name"]: file for file in manifest["files"]}
    for name in sorted(there - set(listed) - {MANIFEST, SIDECAR}):
        yield f"{name}: is not in the manifest"
    for name, told in listed.items():
        if name not in there:
            yield f"{name}: is missing"
            continue
        digest = Digest()
        with (folder / name).open("rb") as opened:
            while content := opened.read(64 * BLOCK):
                digest.update(content)
        found = digest.summary()
        if found["size"] != told["size"]:
            yield f"{name}: has {found['size']} bytes, not {told['size']}"
        if found["sha256"] != told["sha256"]:
            yield f"{name}: differs, {_place(found, told)}"


def _place(found: dict[str, Any], told: dict[str, Any]) -> str:
    """The first block that is another one; the bytes are counted from 0."""
    for start in range(0, max(len(found["blocks"]), len(told["blocks"])), SHORT):
        if found["blocks"][start : start + SHORT] != told["blocks"][start : start + SHORT]:
            first = start // SHORT * BLOCK
            return f"first between byte {first} and byte {min(first + BLOCK, max(found['size'], told['size'])) - 1}"
    return "but no block of it does"


# What the files say

#: Rows with a status, and what the trail calls them.
LIVES = {
    "offering.jsonl": "offerings", "pledges.jsonl": "pledges", "closings.jsonl": "closings",
    "instructions.jsonl": "instructions", "review_cases.jsonl": "review_cases", "claims.jsonl": "claims",
    "changes.jsonl": "changes", "change_answers.jsonl": "change_answers", "early_closes.jsonl": "early_closes",
    "alerts.jsonl": "alerts", "proposals.jsonl": "proposals",
}  # fmt: skip


def count_faults(bundle: Bundle) -> Iterator[str]:
    """As many rows as the manifest says."""
    for name, told in bundle.manifest["counts"].items():
        found = sum(1 for _ in bundle.rows(name))
        if found != told:
            yield f"{name}: has {found} rows, not {told}"


def trail_faults(bundle: Bundle) -> Iterator[str]:
    """Every event has the hash in its seal, and every seal stands in the chain that ends in the manifest's head."""
    seals, unsealed = {}, 0
    for row in bundle.rows("trail.jsonl"):
        event, seal = row["event"], row["seal"]
        if seal is None:
            unsealed += 1
        elif sha256(canonical(event)) != seal["event_hash"]:
            yield f"trail.jsonl: event {event['id']} at position {seal['position']} is not the one that was sealed"
        else:
            seals[seal["position"]] = seal
    if unsealed != bundle.manifest["unsealed"]:
        yield f"trail.jsonl: {unsealed} events have no seal, not {bundle.manifest['unsealed']}"
    yield from _chain_faults(bundle, seals)


def _chain_faults(bundle: Bundle, seals: dict[int, dict[str, Any]]) -> Iterator[str]:
    told = bundle.manifest["chain"]
    checkpoints = {row["position"]: row["hash"] for row in bundle.rows("checkpoints.jsonl")}
    position, previous = told["from"] - 1, told["previous"]
    with (bundle.folder / "chain.txt").open(encoding="ascii", newline="\n") as lines:
        for line in lines:
            number, sealed_at, event_hash = line.split()
            position += 1
            previous = link(previous, position, sealed_at, event_hash)
            if int(number) != position:
                yield f"chain.txt: position {position} is missing"
                return
            seal = seals.pop(position, None)
            if seal is not None and (seal["event_hash"], seal["hash"]) != (event_hash, previous):
                yield f"trail.jsonl: the seal at position {position} does not fit into the chain"
            if checkpoints.pop(position, previous) != previous:
                yield f"checkpoints.jsonl: the chain is not the one that was signed at position {position}"
    if (position, previous) != (told["position"], told["hash"]):
        yield f"chain.txt: ends at position {position} with {previous}, not at {told['position']} with {told['hash']}"
    for position in sorted({*seals, *checkpoints}):
        yield f"chain.txt: position {position} is missing"


def status_faults(bundle: Bundle) -> Iterator[str]:
    """The trail tells every present status."""
    latest: dict[tuple[str, int], tuple[int, str]] = {}
    for row in bundle.rows("trail.jsonl"):
        event = row["event"]
        if event["to_status"] is not None:
            subject = (event["subject_type"], event["subject_id"])
            latest[subject] = max(latest.get(subject, (0, "")), (event["id"], event["to_status"]))
    for name, subject_type in LIVES.items():
        for row in bundle.rows(name):
            told = latest.get((subject_type, row["id"]), (0, "nothing"))[1]
            if told != row["status"]:
                yield f"{name}: {row['id']} is {row['status']}, the trail says {told}"


def book_faults(bundle: Bundle) -> Iterator[str]:
    """Double entry: each entry balances in each book and currency; each account is the sum of its postings."""
    balances: dict[int, Counter[tuple[str, str]]] = {row["id"]: Counter() for row in bundle.rows("entries.jsonl")}
    sides: Counter[tuple[int, str]] = Counter()
    numbers: Counter[int] = Counter()
    for row in bundle.rows("postings.jsonl"):
        if row["entry_id"] not in balances:
            yield f"postings.jsonl: posting {row['id']} belongs to no entry"
            continue
        signed = row["amount_minor"] if row["side"] == "D" else -row["amount_minor"]
        balances[row["entry_id"]][row["book"], row["currency"]] += signed
        sides[row["account_id"], row["side"]] += row["amount_minor"]
        numbers[row["entry_id"]] += 1
    for entry, balance in balances.items():
        if any(balance.values()) or numbers[entry] < 2:
            yield f"entries.jsonl: entry {entry} does not balance"
    for row in bundle.rows("accounts.jsonl"):
        if (row["debits"], row["credits"]) != (sides[row["id"], "D"], sides[row["id"], "C"]):
            yield f"accounts.jsonl: account {row['id']} ({row['code']}) is not the sum of its postings"


def register_faults(bundle: Bundle) -> Iterator[str]:
    """The register holds the settled pledges, share by share, and the closings what was allotted."""
    settled = {}
    decisions = {row["id"]: row for row in bundle.rows("decisions.jsonl")}
    for row in bundle.rows("pledges.jsonl"):
        decision = decisions.get(row["decision_id"])
        if decision is None or (decision["outcome"], decision["requested_minor"]) != ("allow", row["amount_minor"]):
            yield f"pledges.jsonl: pledge {row['id']} stands on no decision that allowed it"
        if row["status"] == "settled":
            settled[row["id"]] = (row["shares"], row["amount_minor"], row["currency"])
    for row in bundle.rows("register.jsonl"):
        if settled.pop(row["pledge_id"], None) != (row["shares"], row["amount_minor"], row["currency"]):
            yield f"register.jsonl: entry {row['id']} is not what pledge {row['pledge_id']} became"
    for pledge in settled:
        yield f"register.jsonl: has no entry for the settled pledge {pledge}"
    lines: dict[int, Counter[str]] = defaultdict(Counter)
    for row in bundle.rows("closing_lines.jsonl"):
        lines[row["closing_id"]] += Counter(total=row["amount_minor"], fee=row["fee_share_minor"])
    for row in bundle.rows("closings.jsonl"):
        held = lines[row["id"]]
        if lines[row["id"]] and (held["total"], held["fee"]) != (row["total_minor"], row["fee_minor"]):
            yield f"closings.jsonl: closing {row['id']} is not the sum of its lines"


def pack_file(pack: str, edition: str) -> str:
    """Where an edition of a pack of rules lies, by the hash of its text."""
    return f"packs/{pack}-{edition[:SHORT]}.toml"


def document_faults(bundle: Bundle) -> Iterator[str]:
    """Each document is the very file that was added, and each pack the edition that decided."""
    listed = {file["name"]: file["sha256"] for file in bundle.manifest["files"]}
    for row in bundle.rows("documents.jsonl"):
        if listed.get(row["file"]) != row["sha256"]:
            yield f"{row['file']}: is not the document that was added"
    for row in bundle.rows("editions.jsonl"):
        if listed.get(pack_file(row["pack"], row["sha256"])) != row["sha256"]:
            yield f"editions.jsonl: edition {row['id']} of {row['pack']} is not the file in packs/"


CHECKS = (
    count_faults, trail_faults, status_faults, book_faults, register_faults, document_faults,
)  # fmt: skip


def faults(folder: Path, told: str = "") -> Iterator[str]:
    """Everything that is wrong. What the files say is looked at only when all of them are as they were written."""
    found = False
    for fault in manifest_faults(folder, told):
        found = True
        yield fault
    if found:
        return
    manifest = json.loads((folder / MANIFEST).read_bytes())
    for fault in file_faults(folder, manifest):
        found = True
        yield fault
    if found:
        return
    for check in CHECKS:
        try:
            yield from check(Bundle(folder, manifest))
        except (ValueError, KeyError, TypeError, AttributeError, OSError) as error:
            yield f"{check.__name__}: a file cannot be read: {type(error).__name__}: {error}"


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description="Check an examiner's bundle.")
    parser.add_argument("folder", nargs="?", type=Path, default=Path(__file__).resolve().parent)
    parser.add_argument(
        "--manifest", default="", metavar="SHA256", help="the hash that the platform told of MANIFEST.json"
    )
    given = parser.parse_args(arguments)
    if not (given.folder / MANIFEST).is_file():
        print(f"There is no {MANIFEST} in {given.folder}.", file=sys.stderr)
        return 2
    wrong = 0
    for fault in faults(given.folder, given.manifest.strip().lower()):
        wrong += 1
        print(f"WRONG {fault}")
    if wrong:
        print(f"{wrong} wrong.")
        return 1
    manifest = json.loads((given.folder / MANIFEST).read_bytes())
    head = manifest["chain"]
    print(f"{len(manifest['files'])} files are as they were written, and what they say adds up.")
    print(f"The chain of the trail ends at position {head['position']} with {head['hash']}.")
    if not given.manifest:
        print(f"Compare with what the platform told you: {sha256((given.folder / MANIFEST).read_bytes())}  {MANIFEST}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
