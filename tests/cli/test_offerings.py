"""flask offerings import-form-c: a draft and its tasks, a harmless word, or exit code 2."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import app.demo
from app.actor import Role
from app.i18n import labels
from app.offerings.form_c import LARGEST_BYTES
from tests.cli.conftest import Terminal
from tests.offerings.filings import REAL, as_form, changed

FILINGS = Path(app.demo.__file__).parent / "filings"
File = Callable[[str, bytes | str], Path]


def test_a_real_form_c_becomes_a_draft_whose_tasks_are_listed(terminal: Terminal) -> None:
    result = terminal("offerings", "import-form-c", FILINGS / "pickleball.C.xml")
    assert (result.exit_code, result.stderr) == (0, "")
    ((ref, issuer),) = terminal.world.sql("SELECT o.ref, i.ref FROM offerings o JOIN issuers i ON i.id = o.issuer_id")
    first, count, *tasks = result.stdout.splitlines()
    assert first == f"Draft {ref} for Pickleball Etc. LLC ({issuer})."
    assert count == f"{len(tasks)} tasks are open on the checklist:"
    assert f"  - {labels.TASKS['story']}" in tasks
    assert f"  - {labels.TASKS['share_price']}" not in tasks


@pytest.mark.parametrize("name", ["hidden-sea.C-U.xml", "neurotez.C-TR.xml"])
def test_a_real_filing_that_opens_no_offering_says_so_and_is_no_failure(terminal: Terminal, name: str) -> None:
    before = terminal.world.contents()
    result = terminal("offerings", "import-form-c", FILINGS / name)
    assert (result.exit_code, result.stderr) == (0, "")
    assert name.split(".")[1] in result.stdout
    assert terminal.world.contents() == before


@pytest.mark.parametrize("form", ["C-AR", "C-W", "C/A-W", "C-AR/A"])
def test_the_other_forms_are_named(terminal: Terminal, file: File, form: str) -> None:
    result = terminal("offerings", "import-form-c", file("filing.xml", as_form(form)))
    assert result.exit_code == 0
    assert form in result.stdout


def test_the_same_file_again_names_its_draft(terminal: Terminal) -> None:
    path = FILINGS / "pickleball.C.xml"
    terminal("offerings", "import-form-c", path)
    before = terminal.world.contents()
    again = terminal("offerings", "import-form-c", path)
    assert again.exit_code == 0
    assert terminal.world.sql("SELECT ref FROM offerings")[0][0] in again.stdout
    assert terminal.world.contents() == before


def test_what_could_not_be_read_is_listed(terminal: Terminal, file: File) -> None:
    result = terminal("offerings", "import-form-c", file("filing.xml", changed(price="cheap")))
    assert result.exit_code == 0
    assert "  could not be read, kept as filed: formData/offeringInformation/price" in result.stdout.splitlines()
    assert f"  - {labels.TASKS['share_price']}" in result.stdout.splitlines()


@pytest.mark.parametrize(
    "content",
    [
        b"", b"not xml", REAL[:3000], b"<!DOCTYPE x>" + REAL.strip().partition(b"?>")[2], b"<html/>",
        changed(submissionType="D"), changed(nameOfIssuer=None), b" " * (LARGEST_BYTES + 1),
    ],
    ids=lambda content: f"{len(content)} bytes",
)  # fmt: skip
def test_a_file_that_cannot_be_read_is_exit_code_2(terminal: Terminal, file: File, content: bytes) -> None:
    said = terminal.refused("offerings", "import-form-c", file("filing.xml", content), code=2)
    assert said.strip() and "Traceback" not in said


def test_a_file_of_50_megabytes_is_refused_for_its_size(terminal: Terminal, file: File) -> None:
    path = file("huge.xml", REAL)
    with path.open("r+b") as opened:
        opened.truncate(50_000_000)  # nothing of it is on the disk
    said = terminal.refused("offerings", "import-form-c", path, code=2)
    assert str(LARGEST_BYTES // 1000) in said.replace(",", "")


def test_a_missing_file_is_exit_code_2(terminal: Terminal) -> None:
    assert "nowhere.xml" in terminal.refused("offerings", "import-form-c", "nowhere.xml", code=2)


def test_the_owner_may_act_for_the_company(terminal: Terminal) -> None:
    person = terminal.world.user(Role.ISSUER)
    result = terminal("offerings", "import-form-c", FILINGS / "pickleball.C.xml", "--owner", person.email)
    assert result.exit_code == 0
    assert terminal.world.sql("SELECT user_id FROM issuer_members") == [(person.id,)]


def test_an_unknown_owner_is_named(terminal: Terminal) -> None:
    path = FILINGS / "pickleball.C.xml"
    said = terminal.refused("offerings", "import-form-c", path, "--owner", "nobody@example.test", code=1)
    assert "nobody@example.test" in said
