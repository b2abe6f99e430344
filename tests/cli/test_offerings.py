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


def refs(terminal: Terminal) -> tuple[str, str]:
    """The references of the only offering and of its company."""
    ((offering, issuer),) = terminal.world.sql(
        "SELECT o.ref, i.ref FROM offerings o JOIN issuers i ON i.id = o.issuer_id"
    )
    return offering, issuer


def test_a_real_form_c_becomes_a_draft_whose_tasks_are_listed(terminal: Terminal) -> None:
    person = terminal.world.user(Role.ISSUER)
    result = terminal("offerings", "import-form-c", FILINGS / "pickleball.C.xml", "--owner", person.email)
    assert (result.exit_code, result.stderr) == (0, "")
    ref, issuer = refs(terminal)
    first, count, *tasks = result.stdout.splitlines()
    assert first == f"Draft {ref} for Pickleball Etc. LLC ({issuer})."
    assert count == f"{len(tasks)} tasks are open on the checklist:"
    assert f"  - {labels.TASKS['story']}" in tasks
    assert f"  - {labels.TASKS['share_price']}" not in tasks


def test_a_draft_that_nobody_sees_comes_with_the_command_that_gives_it_away(terminal: Terminal) -> None:
    path = FILINGS / "pickleball.C.xml"
    first = terminal("offerings", "import-form-c", path).stdout.splitlines()
    ref, issuer = refs(terminal)
    assert first[0] == f"Draft {ref} for Pickleball Etc. LLC ({issuer})."
    assert first[-1] == f"  flask --app wsgi issuers add-member {issuer} EMAIL"
    again = terminal("offerings", "import-form-c", path).stdout.splitlines()
    assert again[-2:] == first[-2:], "the one who lost the first answer is told again"

    person = terminal.world.user(Role.ISSUER)
    command = first[-1].removeprefix("  flask --app wsgi ").replace("EMAIL", person.email)
    assert terminal(*command.split()).exit_code == 0
    assert terminal.world.sql("SELECT user_id FROM issuer_members") == [(person.id,)]
    assert "add-member" not in terminal("offerings", "import-form-c", path).stdout


def test_a_known_filing_that_nobody_acts_for_is_given_to_its_owner_once(terminal: Terminal) -> None:
    path = FILINGS / "pickleball.C.xml"
    terminal("offerings", "import-form-c", path)
    first, second = terminal.world.user(Role.ISSUER), terminal.world.user(Role.ISSUER)
    given = terminal("offerings", "import-form-c", path, "--owner", first.email)
    assert (given.exit_code, given.stderr) == (0, "")
    assert refs(terminal)[0] in given.stdout and "now the owner that you named does" in given.stdout
    before = terminal.world.contents()
    again = terminal("offerings", "import-form-c", path, "--owner", second.email)
    assert (again.exit_code, again.stdout) == (0, f"This very file was imported before: see {refs(terminal)[0]}\n")
    assert terminal.world.contents() == before
    assert terminal.world.sql("SELECT user_id FROM issuer_members") == [(first.id,)]


@pytest.mark.parametrize("name", ["hidden-sea.C-U.xml", "neurotez.C-TR.xml"])
def test_a_real_filing_that_opens_no_offering_says_so_and_is_kept_once(terminal: Terminal, name: str) -> None:
    result = terminal("offerings", "import-form-c", FILINGS / name)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.startswith(name.split(".")[1])
    assert "This form opens no offering, so no draft was made. It is kept; nothing of this filer" in result.stdout
    assert terminal.world.sql("SELECT count(*) FROM offerings") == [(0,)]
    assert terminal.world.sql("SELECT form, offering_id FROM filings") == [(name.split(".")[1], None)]
    before = terminal.world.contents()
    again = terminal("offerings", "import-form-c", FILINGS / name)
    assert (again.exit_code, again.stderr) == (0, "")
    assert "imported before" in again.stdout
    assert terminal.world.contents() == before


@pytest.mark.parametrize("form", ["C-AR", "C-U", "C-W", "C/A-W", "C-AR/A"])
def test_the_other_forms_are_kept_with_their_offering(terminal: Terminal, file: File, form: str) -> None:
    person = terminal.world.user(Role.ISSUER)
    terminal("offerings", "import-form-c", FILINGS / "pickleball.C.xml", "--owner", person.email)
    result = terminal("offerings", "import-form-c", file("filing.xml", as_form(form)))
    assert result.exit_code == 0
    assert result.stdout == (
        f"{form} of Pickleball Etc. LLC was recognised. This form opens no offering, so no draft was made."
        f" It is kept with {refs(terminal)[0]}.\n"
    )


def test_an_amendment_names_the_draft_that_it_was_written_into(terminal: Terminal, file: File) -> None:
    person = terminal.world.user(Role.ISSUER)
    terminal("offerings", "import-form-c", FILINGS / "pickleball.C.xml", "--owner", person.email)
    result = terminal("offerings", "import-form-c", file("filing.xml", as_form("C/A", price="dear")))
    assert (result.exit_code, result.stderr) == (0, "")
    ref, issuer = refs(terminal)
    first, second, third, *_ = result.stdout.splitlines()
    assert first == f"C/A amends {ref}: the draft now says what the filing says."
    assert second == f"Draft {ref} for Pickleball Etc. LLC ({issuer})."
    assert third == "  could not be read, kept as filed: formData/offeringInformation/price"


def test_an_amendment_of_a_locked_offering_names_it_and_its_status(terminal: Terminal, file: File) -> None:
    terminal("offerings", "import-form-c", FILINGS / "pickleball.C.xml")
    ref, _ = refs(terminal)
    world = terminal.world
    other, _, _ = world.submitted()
    world.sql(
        "UPDATE offerings o SET status = s.status, security_type = s.security_type, deadline_at = s.deadline_at,"
        " minimum_pledge_minor = s.minimum_pledge_minor FROM offerings s WHERE o.ref = :ref AND s.id = :other",
        ref=ref, other=other.id,
    )  # fmt: skip
    result = terminal("offerings", "import-form-c", file("filing.xml", as_form("C/A")))
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.splitlines()[0] == (
        f"C/A amends {ref}, whose terms are locked: its status is Submitted."
        " The filing is kept with it; nothing else was changed."
    )


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
