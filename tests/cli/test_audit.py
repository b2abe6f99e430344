"""flask audit: the exit code says whether the trail is what it was, and a bundle is told by its hash."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from app.jobs import seal_audit
from tests.cli.conftest import Terminal


@pytest.fixture
def sealed(terminal: Terminal) -> Terminal:
    terminal.world.held(terminal.world.live())
    seal_audit.run_now(terminal.world.platform)
    return terminal


def head(terminal: Terminal) -> tuple[int, str]:
    ((position, found),) = terminal.world.sql("SELECT position, hash FROM audit_seals ORDER BY position DESC LIMIT 1")
    return position, found


def test_a_whole_trail_is_exit_code_0_with_its_head(sealed: Terminal) -> None:
    position, found = head(sealed)
    ((signed,),) = sealed.world.sql("SELECT count(*) FROM audit_checkpoints")
    result = sealed("audit", "verify")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.splitlines() == [
        f"{position} events are sealed, 0 wait for it. {signed} checkpoints.",
        f"The chain ends at position {position} with {found}.",
    ]


def test_an_empty_trail_is_whole(terminal: Terminal) -> None:
    result = terminal("audit", "verify")
    assert result.exit_code == 0 and "The chain ends at position 0" in result.stdout


def test_what_was_edited_is_exit_code_1_and_named(sealed: Terminal) -> None:
    ((event_id,),) = sealed.world.sql("SELECT event_id FROM audit_seals WHERE position = 9")
    sealed.world.force("UPDATE audit_events SET facts = '{}', actor = 'nobody' WHERE id = :id", id=event_id)
    result = sealed("audit", "verify")
    assert result.exit_code == 1
    assert result.stdout.splitlines()[0] == (
        f"WRONG position 9, event {event_id}: the event is not the one that was sealed"
    )


def test_a_copy_of_the_checkpoints_shows_what_the_host_forgot(sealed: Terminal, tmp_path: Path) -> None:
    kept = seal_audit.checkpoint_file(sealed.world.platform)
    copy = kept.rename(tmp_path / "copy.jsonl")
    last, _ = head(sealed)
    sealed.world.force("DELETE FROM audit_checkpoints")
    sealed.world.force("DELETE FROM audit_events WHERE id IN (SELECT event_id FROM audit_seals WHERE position > 5)")
    sealed.world.force("DELETE FROM audit_seals WHERE position > 5")
    assert sealed("audit", "verify").exit_code == 0
    result = sealed("audit", "verify", "--checkpoints", copy)
    assert result.exit_code == 1 and f"WRONG position {last}: the seal is missing, a checkpoint" in result.stdout


def test_a_file_of_checkpoints_that_was_spoilt_is_exit_code_1_and_named(sealed: Terminal) -> None:
    with seal_audit.checkpoint_file(sealed.world.platform).open("a") as opened:
        opened.write("no checkpoint\n")
    result = sealed("audit", "verify")
    assert result.exit_code == 1 and ": this is no checkpoint" in result.stdout.splitlines()[0]


def test_a_bundle_is_written_told_and_recorded(sealed: Terminal, tmp_path: Path) -> None:
    offering = sealed.world.sql("SELECT id, ref FROM offerings")[0]
    target = tmp_path / "bundle.zip"
    result = sealed("audit", "export", offering[1], "--out", target)
    assert result.exit_code == 0, result.output
    told = result.stdout.splitlines()[1].split()[0]
    with zipfile.ZipFile(target) as archive:
        archive.extractall(tmp_path / "bundle")
    done = subprocess.run(
        [sys.executable, "-I", "-S", "bundle/verify.py", "--manifest", told],
        cwd=tmp_path,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    ((subject, facts),) = sealed.world.sql("SELECT subject_id, facts FROM audit_events WHERE event = 'export'")
    assert subject == offering[0] and facts["manifest"] == told
    assert sorted(path.name for path in tmp_path.iterdir() if path.suffix != ".jsonl") == [
        "audit",
        "bundle",
        "bundle.zip",
    ]


def test_a_bundle_of_nothing_is_exit_code_2_and_no_file(terminal: Terminal, tmp_path: Path) -> None:
    terminal.world.draft()  # whose events wait for their seal
    said = terminal.refused("audit", "export", "F-NOTHING", "--out", tmp_path / "bundle.zip", code=2)
    assert said == "there is no offering F-NOTHING\n"
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_there_is_not_written_over(sealed: Terminal, tmp_path: Path) -> None:
    ((ref,),) = sealed.world.sql("SELECT ref FROM offerings")
    (tmp_path / "bundle.zip").write_text("the one from last year")
    said = sealed.refused("audit", "export", ref, "--out", tmp_path / "bundle.zip", code=2)
    assert said == f"{tmp_path / 'bundle.zip'}: there is such a file already\n"
    assert (tmp_path / "bundle.zip").read_text() == "the one from last year"


def test_a_file_that_cannot_be_written_is_exit_code_2(sealed: Terminal, tmp_path: Path) -> None:
    ((ref,),) = sealed.world.sql("SELECT ref FROM offerings")
    said = sealed.refused("audit", "export", ref, "--out", tmp_path / "nowhere" / "bundle.zip", code=2)
    assert said.endswith("bundle.zip.part: No such file or directory\n")
