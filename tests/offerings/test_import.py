"""A filing becomes a draft: what it says is kept, what it lacks is a task, what opens no offering changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.actor import Role
from app.audit import queries as audit
from app.database import Transaction
from app.errors import Refused
from app.issuers import queries as issuers
from app.offerings import filings, form_c, queries
from app.offerings.disclosures import checklist, open_tasks
from app.offerings.filings import Outcome
from app.offerings.models import Offering
from app.regimes.registry import BUILT
from tests.builders import World
from tests.offerings.filings import REAL, as_form, changed, leaves, parsed, written


def imported(world: World, content: bytes, owner_id: int | None = None) -> Offering:
    with world.acting() as tx:
        return _import(tx, world, content, owner_id)


def _import(tx: Transaction, world: World, content: bytes, owner_id: int | None = None) -> Offering:
    came = filings.import_form_c(
        tx, form_c.read(content), world.platform.regime("US-CF"), fee_bps=500, owner_id=owner_id
    )
    assert came.outcome in (Outcome.DRAFTED, Outcome.KEPT_ALONE)
    if came.offering is None:
        raise NoDraft
    return came.offering


class NoDraft(Exception):
    """The filing opens no offering."""


def refused(world: World, content: bytes, owner_id: int | None = None) -> Refused:
    """Import what must be refused, and see that nothing changed."""
    before = world.contents()
    with pytest.raises(Refused) as caught:
        imported(world, content, owner_id)
    assert world.contents() == before
    return caught.value


def tasks_left(tx: Transaction, offering: Offering) -> set[str]:
    issuer = issuers.issuer(tx.session, offering.issuer_id)
    documents = len(queries.documents(tx.session, offering.id))
    return {task.code for task in open_tasks(checklist(offering, issuer, documents, BUILT[offering.regime], tx.now))}


#: What no Form C tells, and the deadline of the real one, which is over.
NEVER_TOLD = {
    "minimum_pledge", "tagline", "story", "risks", "use_of_funds", "statements_level", "documents", "payout_account",
    "deadline_ahead",
}  # fmt: skip


class Undone(Exception):
    """Ends a transaction that was only tried."""


@contextmanager
def tried(world: World, content: bytes) -> Iterator[tuple[Transaction, Offering]]:
    """Import and look, and leave nothing behind."""
    try:
        with world.acting() as tx:
            yield tx, _import(tx, world, content)
            tx.session.flush()
            raise Undone
    except Undone:
        pass


def test_the_real_filing_becomes_a_draft_with_everything_it_says(world: World) -> None:
    person = world.user(Role.ISSUER)
    offering = world.offering(imported(world, REAL, person.id).id)
    assert (offering.status, offering.regime, offering.currency, offering.version) == ("draft", "US-CF", "USD", 1)
    assert (offering.name, offering.security_type) == ("Pickleball Etc. LLC", "membership_interest")
    assert offering.security_description == "Membership Interests"
    assert (offering.share_price, offering.target_minor, offering.maximum_minor) == (
        Decimal("1.2"),
        5_000_000,
        95_000_000,
    )
    assert (offering.oversubscription_rule, offering.fee_bps) == ("first_come", 500)
    assert offering.deadline_at == datetime(2025, 1, 1, 4, 59, tzinfo=UTC)  # the end of the day in New York
    assert offering.disclosure == form_c.read(REAL).disclosure
    with world.looking() as view:
        filing = queries.filing_of(view.session, offering.id)
        issuer = issuers.issuer(view.session, offering.issuer_id)
        assert filing is not None
        assert (filing.form, filing.cik, filing.fields) == ("C", "0002011047", form_c.read(REAL).fields)
        assert (issuer.legal_name, issuer.cik, issuer.employees) == ("Pickleball Etc. LLC", "0002011047", 0)
        assert issuer.address_line == "19401 SOUTH MAIN STREET, CARSON, CA, 90248"
        assert issuers.members(view.session, issuer.id) == [person.id]
        events = [event.event for event in audit.timeline(view.session, "offerings", offering.id)]
        assert events == ["create_draft", "import_filing"]
    with tried(world, changed(filerCik="0000000001")) as (tx, draft):
        assert tasks_left(tx, draft) == NEVER_TOLD


def test_the_same_file_again_names_the_draft_it_made(world: World) -> None:
    offering = imported(world, REAL)
    said = refused(world, REAL)
    assert (said.code, said.facts["offering"]) == ("filing_known", offering.ref)


def test_the_same_file_sent_twice_at_once_is_one_draft(world: World) -> None:
    def send(_: int) -> str:
        try:
            return imported(world, REAL).ref
        except Refused as no:
            return no.code

    with ThreadPoolExecutor(4) as threads:
        answers = sorted(threads.map(send, range(4)))
    assert answers[1:] == ["filing_known"] * 3
    assert [row[0] for row in world.sql("SELECT ref FROM offerings")] == answers[:1]
    assert world.sql("SELECT count(*) FROM issuers") == [(1,)]


def test_a_company_that_is_here_already_is_not_taken_over(world: World) -> None:
    owner, stranger = world.user(Role.ISSUER), world.user(Role.ISSUER)
    offering = imported(world, REAL, owner.id)
    for form in ("C", "C/A", "C-U"):
        assert refused(world, as_form(form, city="DOVER"), stranger.id).code == "issuer_known"
    again = imported(world, changed(city="DOVER"), owner.id)
    assert again.issuer_id == offering.issuer_id


def test_a_filing_without_the_companys_name_is_refused(world: World) -> None:
    for name in (None, "", "  ", "\u202e"):
        assert refused(world, changed(nameOfIssuer=name)).code == "filing_without_name"


def test_a_very_long_name_is_kept_with_the_company_and_cut_for_the_offering(world: World) -> None:
    with tried(world, changed(nameOfIssuer="Long " * 59)) as (tx, offering):
        assert offering.name == ("Long " * 40).strip()
        assert issuers.issuer(tx.session, offering.issuer_id).legal_name == ("Long " * 59).strip()


@pytest.mark.parametrize(
    ("element", "texts", "task"),
    [
        ("legalStatusForm", (None,), "company_registered"),
        ("jurisdictionOrganization", (None,), "company_registered"),
        ("dateIncorporation", (None, "then"), "company_registered"),
        ("street1", (None,), "company_address"),
        ("city", (None,), "company_address"),
        ("securityOfferedType", (None, "Tokens"), "security_type"),
        ("price", (None, "0", "-1", "cheap", "1.2345678"), "share_price"),
        ("offeringAmount", (None, "0", "-1", "50.000,00", "0.001"), "target"),
        ("maximumOfferingAmount", (None, "much", "49999.99"), "maximum"),
        ("overSubscriptionAllocationType", (None, "By lot"), "oversubscription_rule"),
        ("deadlineDate", (None, "soon", "12-31-9999"), "deadline"),
        ("revenueMostRecentFiscalYear", (None, "n/a"), "financials_latest"),
        ("taxPaidPriorFiscalYear", (None, "n/a"), "financials_prior"),
        ("personSignature", (None, ""), "team"),
    ],
)
def test_what_a_filing_lacks_becomes_a_task(
    world: World, element: str, texts: tuple[str | None, ...], task: str
) -> None:
    for text in texts:
        with tried(world, changed(**{element: text})) as (tx, offering):
            left = tasks_left(tx, offering)
            assert task in left - NEVER_TOLD
            # With the terms contradicting each other or the deadline gone, others may open or close; none else.
            assert left - {task, "target", "maximum"} <= NEVER_TOLD


def test_a_maximum_below_the_target_stays_in_the_filing(world: World) -> None:
    with tried(world, changed(maximumOfferingAmount="40000")) as (tx, offering):
        assert (offering.target_minor, offering.maximum_minor) == (5_000_000, None)
        filing = queries.filing_of(tx.session, offering.id)
        assert filing is not None
        assert filing.fields["formData/offeringInformation/maximumOfferingAmount"] == "40000"


def test_whichever_element_is_missing_there_is_a_draft_or_a_clear_no(world: World) -> None:
    places = range(sum(1 for _ in parsed().iter()))
    seen = set()
    for place in places[1:]:
        root = parsed()
        element = list(root.iter())[place]
        above = element.getparent()
        assert above is not None
        above.remove(element)
        seen.add(_outcome(world, written(root)))
    assert seen == {"a draft", "filing_unknown_form", "filing_without_name"}


def _outcome(world: World, content: bytes) -> str:
    try:
        with tried(world, content) as (tx, offering):
            assert tasks_left(tx, offering) >= NEVER_TOLD - {"deadline_ahead"}
            filing = queries.filing_of(tx.session, offering.id)
            assert filing is not None and filing.fields == form_c.read(content).fields
            return "a draft"
    except NoDraft:
        return "kept"
    except Refused as no:
        return no.code
    raise AssertionError("neither a draft nor a refusal")


#: What people, programs and attackers put where something else belongs.
GARBLED = st.one_of(
    st.text(st.characters(blacklist_categories=("Cs", "Cc"), blacklist_characters="\ufffe\uffff"), max_size=40),
    st.decimals(allow_nan=True, allow_infinity=True).map(str),
    st.integers().map(str),
    st.dates().map(lambda day: f"{day:%m-%d-%Y}"),
    st.sampled_from(
        ["-0", "1e400", "٣", "9" * 5_000, "A" * 10_000, "'; DROP TABLE offerings; --", "%s", "{}", "\u202e"]
    ),
)


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(0, len(leaves(parsed())) - 1), text=GARBLED)
def test_whichever_element_is_garbled_there_is_a_draft_or_a_clear_no(world: World, place: int, text: str) -> None:
    root = parsed()
    leaves(root)[place].text = text
    assert _outcome(world, written(root)) in {
        "a draft",
        "filing_unknown_form",
        "kept",
        "filing_without_name",
    }
