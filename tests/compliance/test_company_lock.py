"""What an officer read of a company stays as it was read, for as long as one of its offerings goes by it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

import pytest

from app.audit import queries as audit
from app.closings import actions as closings
from app.compliance import actions
from app.compliance.models import CaseOutcome
from app.errors import Refused
from app.issuers import queries as issuer_queries
from app.issuers.models import Issuer
from app.offerings import actions as offerings
from app.offerings import form_c
from app.offerings.lifecycle import RAISING
from app.offerings.models import Offering
from tests.builders import World
from tests.offerings.filings import REAL, changed
from tests.offerings.taking import drafted

SOMEBODY_WAITS = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"


def company(world: World, offering: Offering) -> Issuer:
    with world.looking() as view:
        return issuer_queries.issuer(view.session, offering.issuer_id)


def change(world: World, offering: Offering, **changes: Any) -> None:
    known = company(world, offering)
    names = (
        "legal_name",
        "legal_form",
        "jurisdiction",
        "country",
        "incorporated_on",
        "address",
        "website",
        "employees",
    )
    with world.acting() as tx:
        actions.change_issuer(tx, known.id, **{name: getattr(known, name) for name in names} | changes)


def live(world: World) -> Offering:
    return world.live()


def submitted(world: World) -> Offering:
    return world.submitted()[0]


def in_review(world: World) -> Offering:
    offering, _, ref = world.submitted()
    with world.acting(world.officer()) as tx:
        actions.take_case(tx, ref)
    return world.offering(offering.id)


def approved(world: World) -> Offering:
    offering, _, ref = world.submitted()
    world.approve(ref)
    return world.offering(offering.id)


def closing(world: World) -> Offering:
    offering = world.live(target="250")
    world.held(offering)
    world.pass_deadline(offering)
    world.run_jobs()
    return world.offering(offering.id)


LOCKING = (submitted, in_review, approved, live, closing)


def test_every_status_of_raising_is_tried() -> None:
    assert {made.__name__ for made in LOCKING} == set(RAISING)


@pytest.mark.parametrize("made", LOCKING, ids=lambda made: made.__name__)
@pytest.mark.parametrize(
    "changes", [{"legal_name": "Another, Inc."}, {"jurisdiction": "KY"}, {"website": "https://elsewhere.example"}, {}]
)
def test_a_company_that_raises_money_stays_as_it_was_read(
    world: World, made: Callable[[World], Offering], changes: dict[str, Any]
) -> None:
    offering = made(world)
    before = world.contents()
    with pytest.raises(Refused) as caught:
        change(world, offering, **changes)
    assert (caught.value.code, caught.value.facts) == (
        "company_locked",
        {"offering": offering.ref, "status": made.__name__},
    )
    assert world.contents() == before


def test_before_and_after_it_may_be_changed(world: World) -> None:
    draft, actor = world.draft()
    change(world, draft, legal_name="  First, Inc. ")
    with world.acting(actor) as tx:
        actions.submit_offering(tx, draft.id, world.platform.regime("US-CF"))
    with pytest.raises(Refused, match="company_locked"):
        change(world, draft, legal_name="Second, Inc.")
    with world.acting(actor) as tx:
        closings.withdraw_offering(tx, draft.id)
    change(world, draft, legal_name="Second, Inc.")
    assert company(world, draft).legal_name == "Second, Inc."


def test_what_an_officer_wants_changed_may_be_changed(world: World) -> None:
    offering, _, ref = world.submitted()
    officer = world.officer()
    with world.acting(officer) as tx:
        actions.take_case(tx, ref)
    with world.acting(officer) as tx:
        actions.resolve_offering(tx, ref, CaseOutcome.REQUEST_CHANGES, ["other"], "The company is organised elsewhere.")
    change(world, offering, jurisdiction="CA")
    assert company(world, offering).jurisdiction == "CA"


def test_an_approved_offering_that_is_taken_back_frees_its_company(world: World) -> None:
    offering = approved(world)
    with world.acting() as tx:
        offerings.revise(tx, offering.id)
    change(world, offering, website="https://new.example")
    assert company(world, offering).website == "https://new.example"


def test_another_company_is_not_locked_and_the_account_never_is(world: World) -> None:
    offering, (other, _) = world.live(), world.draft()
    change(world, other, legal_name="Free, Inc.")
    world.change_payee(offering.issuer_id, holder="H", account="US00 9876")
    assert company(world, offering).payout_hint == "9876"


def test_a_filing_does_not_fill_in_what_was_read_as_empty(world: World) -> None:
    """Another offering of the same company begins with a filing that says more of it."""
    offering, filer = world.live(), form_c.read(REAL).cik
    world.sql("UPDATE issuers SET cik = :cik WHERE id = :id", cik=filer, id=offering.issuer_id)
    before = company(world, offering)
    assert (before.website, before.employees) == (None, None)
    drafted(world)
    same = company(world, offering)
    assert (same.website, same.employees) == (None, None)
    with world.acting() as tx:
        closings.withdraw_offering(tx, offering.id)
    drafted(world, changed(nameOfIssuer="Another name"))
    assert company(world, offering).website is not None


def test_the_trail_holds_what_stood_there_before(world: World) -> None:
    offering, _ = world.draft()
    before = company(world, offering)
    change(world, offering, legal_name="New, Inc.", incorporated_on=date(2021, 5, 6), address={"city": "Reno"})
    with world.looking() as view:
        event = audit.timeline(view.session, "issuers", before.id)[-1]
    assert (event.event, event.facts) == (
        "change_issuer",
        {
            "changed": {
                "legal_name": {"from": before.legal_name, "to": "New, Inc."},
                "incorporated_on": {"from": "2020-01-02", "to": "2021-05-06"},
                "address": {"from": {"street1": "1 Main Street", "city": "Dover"}, "to": {"city": "Reno"}},
            }
        },
    )


def test_who_submits_and_who_changes_the_company_wait_for_each_other(world: World) -> None:
    draft, actor = world.draft()
    with ThreadPoolExecutor(1) as thread:
        with world.acting(actor) as tx:
            actions.submit_offering(tx, draft.id, world.platform.regime("US-CF"))
            changing = thread.submit(change, world, draft, legal_name="Another, Inc.")
            while not world.sql(SOMEBODY_WAITS):
                assert not changing.done()
        with pytest.raises(Refused, match="company_locked"):
            changing.result()
    assert company(world, draft).legal_name != "Another, Inc."
