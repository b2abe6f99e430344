"""What opens no offering is kept, once; and who may hand in what was filed about a company that is here."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from app.actor import Role
from app.errors import Refused
from app.offerings import form_c, queries
from app.offerings.filings import Outcome
from tests.builders import World
from tests.offerings.filings import REAL, as_form, changed
from tests.offerings.taking import about, drafted, refused, taken

KEPT = ["C-U", "C-AR", "C-TR", "C-W", "C/A-W", "C-AR/A", "C-U-W", "C-TR-W"]


@pytest.mark.parametrize("form", KEPT)
def test_a_form_that_opens_no_offering_is_kept_with_the_one_that_is_here(world: World, form: str) -> None:
    assert about(world, as_form(form, filerCik="0000000001"), Outcome.KEPT_ALONE) is None
    offering = drafted(world)
    before = world.contents("filings", "audit_events", "audit_unsealed")
    assert about(world, as_form(form, price="9"), Outcome.KEPT) == offering.id
    assert world.contents("filings", "audit_events", "audit_unsealed") == before
    with world.looking() as view:
        made_from = queries.filing_of(view.session, offering.id)
        assert made_from is not None and made_from.form == "C"
        kept = queries.filings_of(view.session, offering.id)[0]
        assert (kept.form, kept.fields) == (form, form_c.read(as_form(form, price="9")).fields)


@pytest.mark.parametrize("content", [as_form("C/A"), as_form("C-U"), REAL], ids=["C/A", "C-U", "C"])
def test_the_same_file_again_changes_nothing(world: World, content: bytes) -> None:
    offering = drafted(world, changed(city="DOVER"))
    came = taken(world, content)
    assert came.offering is not None
    said = refused(world, content)
    assert (said.code, said.facts) == ("filing_known", {"offering": came.offering.ref})
    assert world.sql("SELECT count(*) FROM offerings") == [(2 if content is REAL else 1,)]
    assert world.sql("SELECT issuer_id FROM offerings LIMIT 1") == [(offering.issuer_id,)]


def test_the_same_file_of_a_filer_without_an_offering_again_says_so(world: World) -> None:
    taken(world, as_form("C-U"))
    assert refused(world, as_form("C-U")).code == "filing_known_alone"


@pytest.mark.parametrize(("form", "outcome"), [("C/A", Outcome.AMENDED), ("C-U", Outcome.KEPT)])
def test_the_same_file_sent_twice_at_once_is_taken_once(world: World, form: str, outcome: Outcome) -> None:
    drafted(world)

    def send(_: int) -> str:
        try:
            return taken(world, as_form(form, price="2")).outcome
        except Refused as no:
            return no.code

    with ThreadPoolExecutor(4) as threads:
        answers = sorted(threads.map(send, range(4)))
    assert answers == sorted([outcome, *["filing_known"] * 3])
    assert world.sql("SELECT form FROM filings ORDER BY id") == [("C",), (form,)]


# Who may do it


def test_only_who_acts_for_the_company_amends_it(world: World) -> None:
    owner, stranger = world.user(Role.ISSUER), world.user(Role.ISSUER)
    offering = drafted(world, REAL, owner.id)
    theirs = world.actor(stranger)
    assert refused(world, as_form("C/A"), stranger.id, theirs).code == "issuer_known"
    for form in KEPT:
        said = refused(world, as_form(form), stranger.id, theirs)
        assert (said.code, said.facts) == ("filing_opens_no_offering", {"form": form, "issuer": "Pickleball Etc. LLC"})
    for form, outcome in (("C/A", Outcome.AMENDED), ("C-U", Outcome.KEPT)):
        came = taken(world, as_form(form), owner.id, world.actor(owner))
        assert came.outcome is outcome and came.offering is not None
        assert came.offering.id == offering.id


def test_a_person_keeps_no_filing_of_a_company_that_is_not_here(world: World) -> None:
    person = world.user(Role.ISSUER)
    assert refused(world, as_form("C-U"), person.id, world.actor(person)).code == "filing_opens_no_offering"


@pytest.mark.parametrize("content", [REAL, as_form("C/A"), as_form("C-U"), changed(city="DOVER")])
def test_the_operator_gives_a_company_without_a_member_to_somebody(world: World, content: bytes) -> None:
    offering = drafted(world)
    person, other = world.user(Role.ISSUER), world.user(Role.ISSUER)
    # Filings are public: having one makes nobody a member of a company that is here.
    taker = refused(world, content, other.id, world.actor(other)).code
    assert taker in ("filing_known", "issuer_known", "filing_opens_no_offering")
    came = taken(world, content, person.id)
    assert (came.outcome is Outcome.GIVEN) == (content is REAL)
    members = world.sql("SELECT issuer_id, user_id FROM issuer_members")
    assert members == [(offering.issuer_id, person.id)]
    assert refused(world, content, other.id).code == "filing_known"
    assert refused(world, as_form("C/A", price="5"), other.id).code == "issuer_known"
