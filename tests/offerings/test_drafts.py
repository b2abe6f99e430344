"""A draft is saved section by section, by one person at a time, and only while it is one's own to change."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

import pytest

from app.audit import queries as audit
from app.compliance import actions as compliance
from app.compliance.models import CaseOutcome
from app.database import Transaction
from app.errors import NotFound, Refused
from app.offerings import actions, queries
from app.offerings.actions import LARGEST_DOCUMENT_BYTES
from app.offerings.models import Offering
from app.offerings.terms import Terms
from app.regimes.registry import BUILT
from tests.builders import PDF, World, usd

PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 64
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + b"\x00" * 64

REGIME = BUILT["US-CF"]
#: Every way to save a part of a draft.
SAVES: dict[str, Callable[[Transaction, int, int], object]] = {
    "terms": lambda tx, id_, version: actions.save_terms(
        tx, id_, version, Terms("debt", None, Decimal(9), usd("90"), usd("900"), usd("900"), "not_accepted", None)
    ),
    "deadline": lambda tx, id_, version: actions.save_deadline(
        tx, id_, version, datetime(2027, 1, 15, 12, 0), "Europe/London", REGIME
    ),
    "disclosure": lambda tx, id_, version: actions.save_disclosure(tx, id_, version, name="Other", story="Another."),
    "document": lambda tx, id_, version: actions.add_document(
        tx, id_, version, title="Plan", filename="plan.pdf", content=PDF
    ),
}  # fmt: skip


def refused(world: World, act: Callable[[Transaction], object]) -> Refused:
    before = world.contents()
    with pytest.raises(Refused) as caught, world.acting() as tx:
        act(tx)
    assert world.contents() == before
    return caught.value


def add(world: World, offering: Offering, title: str, content: bytes, filename: str = "a.pdf") -> Offering:
    with world.acting() as tx:
        actions.add_document(tx, offering.id, offering.version, title=title, filename=filename, content=content)
    return world.offering(offering.id)


@pytest.mark.parametrize("section", SAVES)
def test_a_save_that_was_shown_an_older_version_is_told_so(world: World, section: str) -> None:
    offering, _ = world.draft()
    for version in (offering.version - 1, offering.version + 1, 0):
        said = refused(world, lambda tx, version=version: SAVES[section](tx, offering.id, version))
        assert said.code == "edited_elsewhere"


@pytest.mark.parametrize("section", SAVES)
def test_every_save_makes_a_new_version_and_a_line_in_the_trail(world: World, section: str) -> None:
    offering, _ = world.draft()
    with world.looking() as view:
        before = len(audit.timeline(view.session, "offerings", offering.id))
    with world.acting() as tx:
        SAVES[section](tx, offering.id, offering.version)
    assert world.offering(offering.id).version == offering.version + 1
    with world.looking() as view:
        assert len(audit.timeline(view.session, "offerings", offering.id)) == before + 1


def test_once_handed_in_nothing_can_be_changed_until_changes_are_requested(world: World) -> None:
    offering, _, case = world.submitted()
    officer = world.officer()

    def locked() -> bool:
        now = world.offering(offering.id)
        return all(
            refused(world, lambda tx, save=save: save(tx, now.id, now.version)).code == "terms_locked"
            for save in SAVES.values()
        )

    assert locked()
    with world.acting(officer) as tx:
        compliance.take_case(tx, case)
    assert locked()
    with world.acting(officer) as tx:
        compliance.resolve_offering(
            tx, case, CaseOutcome.REQUEST_CHANGES, ["unclear_terms"], "Please say what the money is for."
        )
    for save in SAVES.values():
        with world.acting() as tx:
            save(tx, offering.id, world.offering(offering.id).version)
    assert world.offering(offering.id).share_price == Decimal(9)


@pytest.mark.parametrize("end", ["live", "withdrawn"])
def test_an_offering_that_is_open_or_over_cannot_be_changed(world: World, end: str) -> None:
    if end == "live":
        offering = world.live()
    else:
        offering, _ = world.draft()
        with world.acting() as tx:
            actions.move(tx, actions.lock(tx, offering.id), "withdraw")
    for save in SAVES.values():
        said = refused(world, lambda tx, save=save: save(tx, offering.id, offering.version))
        assert (said.code, said.facts) == ("terms_locked", {"status": end})


def test_terms_that_contradict_themselves_are_not_saved(world: World) -> None:
    offering, _ = world.draft()
    below = Terms("debt", None, Decimal(1), usd("10"), usd("500"), usd("400"), "first_come", None)
    said = refused(world, lambda tx: actions.save_terms(tx, offering.id, offering.version, below))
    assert (said.code, said.field) == ("maximum_below_target", "maximum")


@pytest.mark.parametrize(
    ("local", "zone", "code"),
    [
        ("2026-03-03 10:00", "America/New_York", "deadline_past"),  # this very minute
        ("2020-01-01 12:00", "America/New_York", "deadline_past"),
        ("2026-03-23 23:59", "America/New_York", "deadline_too_early"),
        ("2027-03-14 02:30", "America/New_York", "time_skipped"),
        ("2027-11-07 01:30", "America/New_York", "time_doubled"),
        ("2027-01-15 12:00", "Mars/Olympus", "unknown_zone"),
        ("9999-12-31 23:59", "America/New_York", "date_not_a_date"),
    ],
)
def test_a_deadline_that_cannot_be_is_not_saved(world: World, local: str, zone: str, code: str) -> None:
    offering, _ = world.draft()
    at = datetime.fromisoformat(local)
    assert (
        refused(world, lambda tx: actions.save_deadline(tx, offering.id, offering.version, at, zone, REGIME)).code
        == code
    )


def test_a_part_of_the_disclosure_leaves_the_others_as_they_are(world: World) -> None:
    offering, _ = world.draft()
    with world.acting() as tx:
        actions.save_disclosure(tx, offering.id, offering.version, story="Another.")
    told = world.offering(offering.id)
    assert told.disclosure == offering.disclosure | {"story": "Another."}
    assert (told.name, told.tagline) == (offering.name, offering.tagline)


# Documents


@pytest.mark.parametrize(
    ("content", "media_type"), [(PDF, "application/pdf"), (PNG, "image/png"), (JPEG, "image/jpeg")]
)
def test_a_document_is_what_its_bytes_are_not_what_its_name_says(world: World, content: bytes, media_type: str) -> None:
    offering, _ = world.draft()
    add(world, offering, "Sheet", content, filename="harmless.txt")
    with world.looking() as view:
        document = queries.documents(view.session, offering.id)[-1]
        assert (document.media_type, document.filename, document.size) == (media_type, "harmless.txt", len(content))
        assert document.sha256 == hashlib.sha256(content).hexdigest()
        assert document.content == content


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "document_empty"),
        (b"just text", "document_type"),
        (b"<html><script>alert(1)</script></html>", "document_type"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "document_type"),
        (b"MZ" + b"\x00" * 100, "document_type"),
        (b"PK\x03\x04" + b"\x00" * 100, "document_type"),
        (b"GIF89a" + b"\x00" * 100, "document_type"),
        (PDF + b" " * LARGEST_DOCUMENT_BYTES, "document_too_large"),
    ],
    ids=lambda value: value if isinstance(value, str) else repr(value[:8]),
)
def test_a_file_that_is_no_document_is_refused(world: World, content: bytes, code: str) -> None:
    offering, _ = world.draft()

    def act(tx: Transaction) -> object:
        return actions.add_document(
            tx, offering.id, offering.version, title="Plan", filename="plan.pdf", content=content
        )

    said = refused(world, act)
    assert (said.code, said.field) == (code, "file")


def test_a_document_of_the_largest_size_is_taken(world: World) -> None:
    offering, _ = world.draft()
    add(world, offering, "Plan", PDF.ljust(LARGEST_DOCUMENT_BYTES))


def test_a_new_version_of_a_document_leaves_the_old_one_where_it_is(world: World) -> None:
    offering, _ = world.draft()
    for content in (PDF, PDF + b"2"):
        offering = add(world, offering, " Plan ", content)
    with world.looking() as view:
        shown = [(one.title, one.version) for one in queries.documents(view.session, offering.id)]
        assert shown == [("Statements", 1), ("Plan", 2)]
    kept = world.sql("SELECT title, version, sha256 FROM offering_documents WHERE title = 'Plan' ORDER BY version")
    assert kept == [("Plan", 1, hashlib.sha256(PDF).hexdigest()), ("Plan", 2, hashlib.sha256(PDF + b"2").hexdigest())]


def test_a_document_is_found_only_with_its_own_offering(world: World) -> None:
    mine, _ = world.draft()
    other, _ = world.draft()
    with world.looking() as view:
        document = queries.documents(view.session, mine.id)[0]
        assert queries.document(view.session, mine.id, document.id) is document
        for offering_id, document_id in ((other.id, document.id), (mine.id, 10**9)):
            with pytest.raises(NotFound):
                queries.document(view.session, offering_id, document_id)
