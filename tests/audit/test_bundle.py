"""An examiner's bundle says everything about an offering, checks itself with bare Python, and names one flipped byte."""

from __future__ import annotations

import json
import random
import re
import shutil
import subprocess
import sys
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from app.actor import SYSTEM, Role
from app.audit import verifier
from app.audit.verifier import MANIFEST, SIDECAR, Digest, canonical, faults, sha256
from app.examination import bundle
from app.examination.bundle import Written
from app.examination.contents import FILES
from app.investors.models import ClaimKind
from app.jobs import seal_audit
from app.offerings.models import Offering
from app.payments.sandbox.tables import Token
from app.regimes.registry import BUILT, PACKS
from tests import worlds
from tests.audit.eventful import ask_and_refuse, change_and_hurry, wait_a_moment
from tests.builders import PDF, World
from tests.servers import ROOT, Server

FLIPS = 400


@dataclass(frozen=True)
class Handed:
    """A bundle as the examiner has it, and what they were told."""

    world: World
    offering: Offering
    folder: Path
    told: Written

    def rows(self, name: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.folder / name).read_text().splitlines()]


def written(world: World, offering: Offering, archive: Path) -> Written:
    seal_audit.run_now(world.platform)
    with world.looking() as view, archive.open("wb") as opened:
        return bundle.write(world.platform, view, offering.ref, SYSTEM, opened)


def unpacked(archive: Path, folder: Path) -> Path:
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(folder)
    return folder


@pytest.fixture(scope="module")
def handed(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Handed]:
    """Of an offering in which everything has happened, beside another one."""
    folder = tmp_path_factory.mktemp("bundle")
    with worlds.shared(server, folder) as world:
        other = world.live(target="250")
        world.held(other, investor=world.investor(name="Nobody Here"))
        offering = world.live(target="250", maximum="1000000")
        ada = world.investor(name="Ada 洛芙莱斯")
        world.certify(ada, ClaimKind.ACCREDITED_US)
        world.held(offering, investor=ada)
        world.held(offering, 37)
        ask_and_refuse(world, offering, ada)
        wait_a_moment(world, world.offering(offering.id))
        change_and_hurry(world, offering)
        world.place(world.investor(income="0", net_worth="0"), offering, 39_000)
        world.pay(world.pledged(offering), Token.DECLINE)
        world.cancel(world.held(offering))
        world.settled(offering)
        archive = folder / "bundle.zip"
        told = written(world, offering, archive)
        yield Handed(world, world.offering(offering.id), unpacked(archive, folder / "unpacked"), told)


@pytest.fixture
def copy(handed: Handed, tmp_path: Path) -> Handed:
    """The same bundle, to spoil."""
    folder = shutil.copytree(handed.folder, tmp_path / "copy")
    return Handed(handed.world, handed.offering, folder, handed.told)


def run(folder: Path, *arguments: str) -> tuple[int, str]:
    """As an examiner runs it: no packages, no environment, from somewhere else."""
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(folder / "verify.py"), *arguments], cwd=folder.parent, capture_output=True,
        text=True, env={}, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


# What the examiner does


def test_a_bundle_checks_itself_with_bare_python(handed: Handed) -> None:
    code, said = run(handed.folder, "--manifest", handed.told.manifest)
    assert code == 0, said
    assert f"{handed.told.files} files are as they were written" in said
    assert f"position {handed.told.position} with" in said


def test_without_the_hash_it_says_what_to_compare(handed: Handed) -> None:
    code, said = run(handed.folder)
    assert code == 0 and f"told you: {handed.told.manifest}" in said


def test_where_there_is_no_bundle_the_exit_code_is_2(handed: Handed, tmp_path: Path) -> None:
    code, said = run(handed.folder, str(tmp_path))
    assert code == 2 and "There is no MANIFEST.json" in said


def test_the_verifier_imports_nothing_but_the_standard_library() -> None:
    source = Path(verifier.__file__).read_text()
    imported = set(re.findall(r"^\s*(?:from|import) (\w+)", source, re.MULTILINE))
    assert imported <= set(sys.stdlib_module_names)


# One flipped byte


def flipped(file: Path, at: int, bit: int) -> None:
    content = bytearray(file.read_bytes())
    content[at] ^= 1 << bit
    file.write_bytes(content)


def test_one_flipped_byte_anywhere_is_named(copy: Handed) -> None:
    chance = random.Random(11)
    files = sorted(path for path in copy.folder.rglob("*") if path.is_file() and path.stat().st_size)
    # Each file, and the larger ones more often.
    tries = files + chance.choices(files, [path.stat().st_size for path in files], k=FLIPS)
    for file in tries:
        before = file.read_bytes()
        at, bit = chance.randrange(len(before)), chance.randrange(8)
        flipped(file, at, bit)
        name = file.relative_to(copy.folder).as_posix()
        (fault,) = faults(copy.folder, copy.told.manifest)
        assert fault.startswith(f"{name}: "), (name, at, fault)
        if name not in (MANIFEST, SIDECAR):
            place = re.search(r"between byte (\d+) and byte (\d+)$", fault)
            assert place is not None and int(place[1]) <= at <= int(place[2])
            assert int(place[2]) - int(place[1]) < verifier.BLOCK
        file.write_bytes(before)
    assert list(faults(copy.folder, copy.told.manifest)) == []


@pytest.mark.parametrize("name", ["pledges.jsonl", "chain.txt", "documents", MANIFEST, SIDECAR])
def test_the_examiners_own_run_names_the_file(copy: Handed, name: str) -> None:
    file = copy.folder / name
    if file.is_dir():
        file = next(file.iterdir())
    flipped(file, 5, 0)
    code, said = run(copy.folder, "--manifest", copy.told.manifest)
    assert code == 1 and f"WRONG {file.relative_to(copy.folder).as_posix()}: " in said and said.endswith("1 wrong.\n")


def test_without_the_hash_a_manifest_and_its_sidecar_that_disagree_are_both_named(copy: Handed) -> None:
    flipped(copy.folder / MANIFEST, 9, 3)
    assert run(copy.folder) == (1, "WRONG MANIFEST.json or MANIFEST.sha256: they do not agree\n1 wrong.\n")


def test_files_that_are_missing_or_were_added_are_named(copy: Handed) -> None:
    (copy.folder / "register.jsonl").unlink()
    (copy.folder / "packs" / "more.toml").write_text("x")
    with (copy.folder / "offering.jsonl").open("a") as opened:
        opened.write("\n")
    assert [fault.split(":")[0] for fault in faults(copy.folder, copy.told.manifest)] == [
        "packs/more.toml", "offering.jsonl", "offering.jsonl", "register.jsonl",
    ]  # fmt: skip


def test_a_place_is_found_in_a_large_file_however_it_is_cut() -> None:
    content = random.Random(5).randbytes(50_000)
    whole = Digest()
    whole.update(content)
    for sizes in ((1, 7, 4096), (4095, 2), (8192,), (50_000,)):
        digest, rest = Digest(), content
        while rest:
            for size in sizes:
                digest.update(rest[:size])
                rest = rest[size:]
        assert digest.summary() == whole.summary()
    assert len(whole.summary()["blocks"]) == 13 * verifier.SHORT


# A bundle made anew: whoever can write files can write a manifest, too


def forge(copy: Handed, name: str, change: Callable[[list[dict[str, Any]]], object]) -> list[str]:
    """Change rows, bring the manifest up to it, and check as somebody who was told no hash."""
    rows = copy.rows(name)
    change(rows)
    (copy.folder / name).write_bytes(b"".join(canonical(row) + b"\n" for row in rows))
    renew(copy.folder)
    return list(faults(copy.folder))


def renew(folder: Path) -> None:
    manifest = json.loads((folder / MANIFEST).read_bytes())
    for file in manifest["files"]:
        digest = Digest()
        digest.update((folder / file["name"]).read_bytes())
        file |= digest.summary()
    content = canonical(manifest) + b"\n"
    (folder / MANIFEST).write_bytes(content)
    (folder / SIDECAR).write_text(f"{sha256(content)}  {MANIFEST}\n")


def of_status(rows: list[dict[str, Any]], status: str) -> dict[str, Any]:
    return next(row for row in rows if row["status"] == status)


FORGERIES: list[tuple[str, str, Callable[[list[dict[str, Any]]], object]]] = [
    ("trail.jsonl", "is not the one that was sealed", lambda rows: rows[3]["event"].update(actor="somebody")),
    ("trail.jsonl", "does not fit into the chain", lambda rows: rows[3]["seal"].update(hash="0" * 64)),
    ("trail.jsonl", "events have no seal, not 0", lambda rows: rows[3].update(seal=None)),
    ("trail.jsonl", "rows, not", lambda rows: rows.pop(3)),
    ("checkpoints.jsonl", "is not the one that was signed", lambda rows: rows[-1].update(hash="0" * 64)),
    ("pledges.jsonl", "the trail says settled", lambda rows: of_status(rows, "settled").update(status="held")),
    ("pledges.jsonl", "is not what pledge", lambda rows: of_status(rows, "settled").update(shares=1)),
    ("pledges.jsonl", "stands on no decision", lambda rows: of_status(rows, "failed").update(decision_id=0)),
    ("register.jsonl", "is not what pledge", lambda rows: rows[0].update(amount_minor=1)),
    ("register.jsonl", "has no entry for the settled pledge", lambda rows: rows.pop()),
    ("postings.jsonl", "does not balance", lambda rows: rows[0].update(amount_minor=1)),
    ("postings.jsonl", "belongs to no entry", lambda rows: rows[0].update(entry_id=0)),
    ("accounts.jsonl", "is not the sum of its postings", lambda rows: rows[0].update(debits=1)),
    ("closing_lines.jsonl", "is not the sum of its lines", lambda rows: rows[0].update(fee_share_minor=0)),
    ("documents.jsonl", "is not the document that was added", lambda rows: rows[0].update(sha256="0" * 64)),
    ("editions.jsonl", "is not the file in packs/", lambda rows: rows[0].update(sha256="0" * 64)),
    ("decisions.jsonl", "stands on no decision", lambda rows: [row.update(outcome="deny") for row in rows]),
    ("postings.jsonl", "a file cannot be read: KeyError", lambda rows: rows[0].pop("side")),
]


@pytest.mark.parametrize(("name", "fault", "change"), FORGERIES, ids=[f"{name} {what}" for name, what, _ in FORGERIES])
def test_what_is_forged_with_its_manifest_does_not_add_up(
    copy: Handed, name: str, fault: str, change: Callable[[list[dict[str, Any]]], object]
) -> None:
    found = forge(copy, name, change)
    assert any(fault in one for one in found), found
    assert next(iter(faults(copy.folder, copy.told.manifest))).startswith(f"{MANIFEST}: its SHA-256 is ")


def test_a_chain_that_was_cut_is_named(copy: Handed) -> None:
    chain = copy.folder / "chain.txt"
    lines = chain.read_text().splitlines(keepends=True)
    fifth = lines[4].split()[0]
    for kept, fault in (
        (lines[:-1], "chain.txt: ends at position"),
        (lines[:4] + lines[5:], f"chain.txt: position {fifth} is missing"),
        (lines[:4] + lines[5:4:-1] + lines[6:], f"chain.txt: position {fifth} is missing"),
    ):
        chain.write_text("".join(kept))
        renew(copy.folder)
        found = list(faults(copy.folder))
        assert any(one.startswith(fault) for one in found), found


# What is in it


def test_it_holds_everything_about_the_offering_and_nothing_of_another(handed: Handed) -> None:
    world, id_ = handed.world, handed.offering.id
    for name, table in (
        ("pledges", "pledges"), ("decisions", "decisions"), ("register", "register_entries"), ("closings", "closings"),
        ("instructions", "instructions"), ("accounts", "ledger_accounts"), ("documents", "offering_documents"),
    ):  # fmt: skip
        ((count,),) = world.sql(f"SELECT count(*) FROM {table} WHERE offering_id = :id", id=id_)
        rows = handed.rows(f"{name}.jsonl")
        assert len(rows) == count > 0, name
        assert {row["offering_id"] for row in rows if "offering_id" in row} <= {id_}
    assert {row["outcome"] for row in handed.rows("decisions.jsonl")} == {"allow", "deny"}
    empty = {name for name in FILES if not handed.rows(name)}
    #: Nothing of it was filed, no entity bought, the company chose nobody and paid its holders nothing, nothing was switched off or differed, and no paper, warning or wait belongs to these rules.
    assert empty == {
        "filings.jsonl", "gate_steps.jsonl", "loss_simulations.jsonl", "acknowledgements.jsonl", "paper_openings.jsonl",
        "entities.jsonl", "beneficial_owners.jsonl", "allotment_choices.jsonl",
        "breaks.jsonl", "switches.jsonl", "distributions.jsonl", "distribution_lines.jsonl",
    }  # fmt: skip
    assert len(handed.rows("gateway_events.jsonl")) > 5
    assert "Ada 洛芙莱斯" in (handed.folder / "register.jsonl").read_text()
    everything = "".join(path.read_text(errors="replace") for path in handed.folder.rglob("*") if path.is_file())
    assert "Nobody Here" not in everything


def test_messages_are_those_about_it(handed: Handed) -> None:
    assert {row["kind"] for row in handed.rows("messages.jsonl")} == {
        "offering_decided", "claim_decided", "pledge_placed", "pledge_held", "payment_failed", "refund_due", "refund_paid", "shares_issued",
        "closing_proposed", "funds_released", "case_question", "case_answered", "pledge_refused", "change_to_confirm",
        "change_confirmed", "change_decided", "deadline_moved", "pledge_referred",
    }  # fmt: skip
    placed = [row for row in handed.rows("messages.jsonl") if row["kind"] in ("pledge_placed", "pledge_referred")]
    assert len(placed) == len(handed.rows("pledges.jsonl"))


def test_nobodys_secret_is_in_it(handed: Handed) -> None:
    world = handed.world
    person = world.user(Role.COMPLIANCE_OFFICER)
    ((password,),) = world.sql("SELECT password_hash FROM users WHERE id = :id", id=person.id)
    everything = b"".join(path.read_bytes() for path in handed.folder.rglob("*") if path.is_file())
    for canary in (
        password,
        "example.test",
        "1111 2222",
        "password_hash",
        '"totp',
        '"payout_account"',
        '"payee_account"',
    ):
        assert canary.encode() not in everything, canary


def test_documents_and_packs_are_the_very_bytes(handed: Handed) -> None:
    documents = handed.rows("documents.jsonl")
    assert len(documents) == 2  # one of them came with a change
    for document in documents:
        assert (handed.folder / document["file"]).read_bytes() == PDF
    (edition,) = handed.rows("editions.jsonl")
    assert {row["edition_id"] for row in handed.rows("decisions.jsonl")} == {edition["id"]}
    packs = {path.name.rsplit("-", 1)[0]: path.read_bytes() for path in (handed.folder / "packs").iterdir()}
    assert sha256(packs["US-CF"]) == edition["sha256"]
    assert packs["US-CF"] == (ROOT / "app" / "regimes" / "us_reg_cf.toml").read_bytes()
    assert set(packs) == {"US-CF", *(pack.id for pack in PACKS if pack.id not in BUILT)}


def test_an_offering_that_nobody_saw_yet_has_a_bundle_too(world: World, tmp_path: Path) -> None:
    offering, _ = world.draft()
    told = written(world, offering, tmp_path / "b.zip")
    assert list(faults(unpacked(tmp_path / "b.zip", tmp_path / "b"), told.manifest)) == []


def test_events_that_were_written_a_moment_ago_have_no_seal_yet(world: World, tmp_path: Path) -> None:
    offering, _ = world.draft()
    with world.looking() as view, (tmp_path / "b.zip").open("wb") as opened:
        told = bundle.write(world.platform, view, offering.ref, SYSTEM, opened)
    folder = unpacked(tmp_path / "b.zip", tmp_path / "b")
    assert list(faults(folder, told.manifest)) == []
    assert json.loads((folder / MANIFEST).read_bytes())["unsealed"] > 3


def test_the_same_rows_are_the_same_bytes(handed: Handed, tmp_path: Path) -> None:
    again = tmp_path / "again.zip"
    written(handed.world, handed.offering, again)
    folder = unpacked(again, tmp_path / "again")
    # The other test people may have come since: their events are further links of the chain.
    leave_out = {MANIFEST, SIDECAR, "chain.txt", "checkpoints.jsonl"}
    for path in folder.rglob("*"):
        if path.is_file() and path.name not in leave_out:
            assert path.read_bytes() == (handed.folder / path.relative_to(folder)).read_bytes(), path.name


def test_a_hostile_file_name_stays_a_name(world: World, tmp_path: Path) -> None:
    offering, _ = world.draft()
    world.sql("UPDATE offering_documents SET filename = '../../../etc/passwd.p/d'")
    written(world, offering, tmp_path / "b.zip")
    with zipfile.ZipFile(tmp_path / "b.zip") as opened:
        names = [name for name in opened.namelist() if name.startswith("documents/")]
    assert len(names) == 1 and re.fullmatch(r"documents/\d+", names[0])


def test_a_large_offering_needs_no_more_memory(world: World, tmp_path: Path) -> None:
    offering, _ = world.draft()

    def peak() -> int:
        tracemalloc.start()
        with world.looking() as view, (tmp_path / "b.zip").open("wb") as opened:
            bundle.write(world.platform, view, offering.ref, SYSTEM, opened)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    small = peak()
    world.sql(
        "INSERT INTO audit_events (at, actor, event, subject_type, subject_id, facts, request_id)"
        " SELECT now(), 'system', 'note', 'offerings', :id, jsonb_build_object('text', repeat('x', 500)), '-'"
        " FROM generate_series(1, 20000)", id=offering.id,
    )  # fmt: skip
    assert peak() < small + 8_000_000  # the rows alone are more
