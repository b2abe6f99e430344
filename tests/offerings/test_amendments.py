"""An amendment goes into the draft that it amends, or beside the offering whose terms are locked."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from app.approvals.models import ProposalKind
from app.audit import queries as audit
from app.compliance import actions as compliance
from app.compliance.models import CaseOutcome
from app.issuers import actions as issuer_actions
from app.issuers import queries as issuers
from app.issuers.models import Issuer
from app.offerings import actions, queries
from app.offerings.filings import Outcome
from app.offerings.models import Offering
from app.offerings.terms import Terms
from tests.builders import PDF, World, usd
from tests.offerings.filings import as_form, changed, numbered, signed_by
from tests.offerings.taking import about, drafted, taken

NUMBER, OTHER_NUMBER = "020-11111", "020-22222"


def edited(world: World, offering: Offering, **told: Any) -> Offering:
    """As its issuer goes on with the draft."""
    terms = Terms(
        "membership_interest",
        "Units",
        Decimal("1.2"),
        usd("120"),
        usd("50000"),
        usd("900000"),
        "first_come",
        "In turn.",
    )
    regime = world.platform.regime("US-CF")
    with world.acting() as tx:
        offering = actions.save_terms(tx, offering.id, offering.version, terms)
    with world.acting() as tx:
        local = datetime(2026, 12, 31, 17, 0)
        actions.save_deadline(tx, offering.id, offering.version, local, "America/Los_Angeles", regime)
    with world.acting() as tx:
        version = queries.offering(tx.session, offering.id).version
        actions.save_disclosure(tx, offering.id, version, name="Pickleball for all", tagline="A court.", **told)
    return world.offering(offering.id)


def submitted(world: World) -> tuple[Offering, str]:
    """The filed draft, completed and handed in."""
    offering = edited(
        world, drafted(world), story="We play.", risks=["a", "b", "c"], statements_level="reviewed",
        use_of_funds=[{"purpose": "Courts", "percent": 100}],
    )  # fmt: skip
    with world.acting() as tx:
        company = tx.session.get_one(Issuer, offering.issuer_id)
        issuer_actions.set_payout_account(tx, company, holder="P", account="US00 1", vault=world.platform.vault)
        actions.add_document(tx, offering.id, offering.version, title="Plan", filename="a.pdf", content=PDF)
    with world.acting() as tx:
        case = compliance.submit_offering(tx, offering.id, world.platform.regime("US-CF"))
    return world.offering(offering.id), case.ref


def decided(world: World, case_ref: str, outcome: CaseOutcome) -> None:
    officer = world.officer()
    with world.acting(officer) as tx:
        compliance.take_case(tx, case_ref)
    with world.acting(officer) as tx:
        compliance.resolve_offering(tx, case_ref, outcome, ["other"], "Please say what the money is for.")


# (a) The offering may still be changed


def test_an_amendment_is_written_into_its_draft(world: World) -> None:
    first = drafted(world)
    amendment = as_form(
        "C/A", price="1.50000", offeringAmount="60000.00", maximumOfferingAmount="1200000.00",
        deadlineDate="06-30-2026", compensationAmount="Five percent.", revenueMostRecentFiscalYear="7.50",
    )  # fmt: skip
    assert about(world, amendment, Outcome.AMENDED) == first.id
    found = world.offering(first.id)
    assert world.sql("SELECT count(*) FROM offerings") == [(1,)]
    assert (found.share_price, found.target_minor, found.maximum_minor) == (Decimal("1.5"), 6_000_000, 120_000_000)
    assert found.deadline_at == datetime(2026, 7, 1, 3, 59, tzinfo=UTC)  # the end of the day in New York
    assert found.disclosure["compensation"] == "Five percent."
    assert found.disclosure["financials"]["latest"]["revenue"] == 750
    assert found.version == first.version + 1, "a form that shows the draft as it was is told so"
    with world.looking() as view:
        assert [one.form for one in queries.filings_of(view.session, first.id)] == ["C/A", "C"]
        made_from = queries.filing_of(view.session, first.id)
        assert made_from is not None and made_from.form == "C"
        events = [event.event for event in audit.timeline(view.session, "offerings", first.id)]
        assert events == ["create_draft", "import_filing", "amend_by_filing"]


#: Everything that a filing may leave out and a draft can hold.
SILENT = (
    "securityOfferedType", "securityOfferedOtherDesc", "price", "priceDeterminationMethod", "offeringAmount",
    "overSubscriptionAccepted", "overSubscriptionAllocationType", "maximumOfferingAmount", "deadlineDate",
    "compensationAmount", "financialInterest", "noOfSecurityOffered", "revenueMostRecentFiscalYear", "personSignature",
    "companyName", "commissionFileNumber",
)  # fmt: skip


def test_what_an_amendment_leaves_out_stays(world: World) -> None:
    before = edited(world, drafted(world), story="We play.", risks=["a", "b", "c"])
    for nothing in (None, ""):
        taken(world, as_form("C/A", **dict.fromkeys(SILENT, nothing)))
        after = world.offering(before.id)
        for name in (
            "name", "tagline", "security_type", "security_description", "share_price", "minimum_pledge_minor",
            "target_minor", "maximum_minor", "deadline_at", "deadline_zone", "oversubscription_rule",
            "oversubscription_note", "disclosure",
        ):  # fmt: skip
            assert getattr(after, name) == getattr(before, name), name


def test_what_cannot_be_read_takes_nothing_away_either(world: World) -> None:
    before = drafted(world)
    taken(world, as_form("C/A", price="cheap", offeringAmount="-1", deadlineDate="soon", cashEquiPriorFiscalYear="n/a"))
    after = world.offering(before.id)
    assert (after.share_price, after.target_minor, after.deadline_at) == (
        before.share_price, before.target_minor, before.deadline_at,
    )  # fmt: skip
    assert after.disclosure == before.disclosure


@pytest.mark.parametrize(
    ("target", "maximum", "kept"),
    [
        ("60000", None, 95_000_000),  # the earlier maximum still goes with it
        ("60000", "55000", 95_000_000),  # it contradicts itself: the earlier one goes with the target
        ("1000000", None, None),  # nothing goes with the target: a task
        (None, "40000", 95_000_000),
        (None, "70000", 7_000_000),
    ],
)
def test_a_maximum_always_goes_with_the_target(
    world: World, target: str | None, maximum: str | None, kept: int | None
) -> None:
    offering = drafted(world)
    taken(world, as_form("C/A", offeringAmount=target, maximumOfferingAmount=maximum))
    found = world.offering(offering.id)
    assert found.maximum_minor == kept
    assert found.target_minor == (int(target) * 100 if target else 5_000_000)


def test_a_time_chosen_on_the_filed_day_stays(world: World) -> None:
    offering = edited(world, drafted(world))
    taken(world, as_form("C/A", deadlineDate="12-31-2026"))
    assert world.offering(offering.id).deadline_at == offering.deadline_at
    taken(world, as_form("C/A", deadlineDate="12-30-2026"))
    found = world.offering(offering.id)
    assert (found.deadline_at, found.deadline_zone) == (datetime(2026, 12, 31, 4, 59, tzinfo=UTC), "America/New_York")


def test_who_signs_an_amendment_joins_the_team_that_is_there(world: World) -> None:
    offering = drafted(world)
    team = [
        {"name": "Steven Raack", "role": "Founder"},
        {"name": "Ida", "role": "Coach"},
        {"name": "Bo", "role": "CTO"},
    ]
    edited(world, offering, team=team)
    again = signed_by(("Steven Raack", "President"), ("Bo", None), ("New One", "Director"))
    taken(world, again.replace(b">C<", b">C/A<", 1))
    assert world.offering(offering.id).disclosure["team"] == [
        {"name": "Steven Raack", "role": "President"}, {"name": "New One", "role": "Director"},
        {"name": "Ida", "role": "Coach"}, {"name": "Bo", "role": "CTO"},
    ]  # fmt: skip


def test_an_amendment_fills_gaps_of_the_company_and_changes_nothing_else_of_it(world: World) -> None:
    offering = drafted(world, changed(legalStatusForm=None, dateIncorporation=None))
    taken(world, as_form("C/A", city="DOVER", currentEmployees="12"))
    with world.looking() as view:
        company = issuers.issuer(view.session, offering.issuer_id)
        assert (company.legal_form, company.incorporated_on) == ("Limited Liability Company", date(2023, 12, 11))
        assert (company.address["city"], company.employees) == ("CARSON", 0)


def test_an_amendment_needs_no_name_of_a_company_that_is_known(world: World) -> None:
    offering = drafted(world)
    assert about(world, as_form("C/A", nameOfIssuer=None), Outcome.AMENDED) == offering.id


def test_an_officer_who_wants_changes_leaves_the_draft_open_for_an_amendment(world: World) -> None:
    offering, case = submitted(world)
    decided(world, case, CaseOutcome.REQUEST_CHANGES)
    assert about(world, as_form("C/A", price="2"), Outcome.AMENDED) == offering.id
    found = world.offering(offering.id)
    assert (found.status, found.share_price, found.minimum_pledge_minor) == ("changes_requested", Decimal(2), 12_000)


# (b) The terms are locked


@pytest.mark.parametrize("status", ["submitted", "in_review", "approved", "live"])
def test_an_amendment_of_a_locked_offering_is_kept_beside_it(world: World, status: str) -> None:
    offering, case = submitted(world)
    if status == "in_review":
        with world.acting(world.officer()) as tx:
            compliance.take_case(tx, case)
    if status in ("approved", "live"):
        decided(world, case, CaseOutcome.APPROVE)
    if status == "live":
        world.agree(ProposalKind.PUBLISH)
        with world.acting() as tx:
            actions.open_offering(
                tx,
                offering.id,
                world.platform.regime("US-CF"),
                gateway="sandbox",
                custodian_is_qualified=True,
                seats=None,
            )
    before = world.contents("filings", "audit_events", "audit_unsealed")
    came = taken(world, as_form("C/A", price="2", city="DOVER", legalStatusForm="Corporation"))
    assert came.outcome is Outcome.LOCKED and came.offering is not None
    assert (came.offering.id, came.offering.status) == (offering.id, status)
    assert world.contents("filings", "audit_events", "audit_unsealed") == before
    assert world.sql("SELECT form, offering_id FROM filings ORDER BY id") == [("C", offering.id), ("C/A", offering.id)]
    with world.looking() as view:
        assert audit.timeline(view.session, "offerings", offering.id)[-1].event == "keep_filing"


def test_an_offering_that_was_given_up_is_not_amended(world: World) -> None:
    first = drafted(world)
    with world.acting() as tx:
        actions.move(tx, actions.lock(tx, first.id), "withdraw")
    second = about(world, as_form("C/A"), Outcome.DRAFTED)
    assert second not in (None, first.id)
    assert world.offering(first.id).status == "withdrawn"


# (c) Which offering is meant


def test_an_amendment_of_an_unknown_filer_makes_a_draft_as_before(world: World) -> None:
    assert about(world, as_form("C/A"), Outcome.DRAFTED) is not None
    assert about(world, as_form("C/A", filerCik="0000000001"), Outcome.DRAFTED) is not None
    assert world.sql("SELECT count(*) FROM issuers") == [(2,)]


def test_an_amendment_without_a_cik_makes_a_draft_as_before(world: World) -> None:
    drafted(world)
    about(world, as_form("C/A", filerCik=None), Outcome.DRAFTED)
    assert world.sql("SELECT count(*) FROM issuers") == [(2,)]


def test_the_number_of_the_file_says_which_offering_is_meant(world: World) -> None:
    first = drafted(world, numbered("C", NUMBER))
    second = drafted(world, numbered("C", OTHER_NUMBER))
    assert about(world, numbered("C/A", NUMBER, price="2"), Outcome.AMENDED) == first.id
    assert about(world, numbered("C-U", NUMBER), Outcome.KEPT) == first.id
    assert about(world, numbered("C-U", OTHER_NUMBER), Outcome.KEPT) == second.id
    assert about(world, as_form("C-AR"), Outcome.KEPT) == second.id, "without a number: the newest"
    assert about(world, as_form("C/A"), Outcome.AMENDED) == second.id
    third = about(world, numbered("C/A", "020-33333"), Outcome.DRAFTED)
    assert third not in (first.id, second.id)
    assert about(world, numbered("C-TR", "020-44444"), Outcome.KEPT_ALONE) is None


def test_the_first_amendment_tells_the_number_of_a_filing_that_had_none_yet(world: World) -> None:
    first = drafted(world)
    assert about(world, numbered("C/A", NUMBER), Outcome.AMENDED) == first.id
    other = about(world, numbered("C/A", OTHER_NUMBER), Outcome.DRAFTED)
    assert about(world, numbered("C/A", NUMBER, price="3"), Outcome.AMENDED) == first.id != other


def by_hand(world: World, issuer_id: int, regime_id: str = "US-CF") -> Offering:
    with world.acting() as tx:
        company = issuers.issuer(tx.session, issuer_id)
        return actions.create_draft(tx, company, world.platform.regime(regime_id), name="By hand", fee_bps=500)


def test_a_draft_that_came_by_no_filing_is_not_amended_but_may_be_reported_on(world: World) -> None:
    with world.acting() as tx:
        company = issuer_actions.create(tx, legal_name="Pickleball Etc. LLC", country="US", cik="0002011047")
    mine = by_hand(world, company.id)
    by_hand(world, company.id, "CN-MICHOU")
    assert about(world, as_form("C-U"), Outcome.KEPT) == mine.id
    filed = about(world, as_form("C/A"), Outcome.DRAFTED)
    assert filed not in (None, mine.id)
    assert world.offering(mine.id).share_price is None
    with world.looking() as view:
        assert queries.filing_of(view.session, mine.id) is None, "it was made from nothing that was filed"


def test_another_form_c_of_the_same_filer_is_another_offering(world: World) -> None:
    first = drafted(world)
    assert drafted(world, changed(price="2")).id != first.id
