"""The checklist: which task is open for what, and that nothing incomplete can be handed in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from app.compliance import actions as compliance
from app.errors import Refused
from app.i18n import labels
from app.issuers.models import Issuer
from app.offerings.disclosures import FINANCIALS, SECTIONS, YEARS, checklist, open_tasks
from app.offerings.models import Offering
from app.regimes.registry import BUILT
from tests.builders import World

NOW = datetime(2026, 3, 3, 15, 0, tzinfo=UTC)


def complete() -> tuple[Offering, Issuer]:
    issuer = Issuer(
        legal_name="A, Inc.", legal_form="Corporation", jurisdiction="DE", incorporated_on=NOW.date(), country="US",
        address={"street1": "1 Main Street", "city": "Dover"}, payout_account=b"sealed",
    )  # fmt: skip
    offering = Offering(
        currency="USD", security_type="common_stock", share_price=Decimal("2.5"), minimum_pledge_minor=2_500,
        target_minor=5_000_000, maximum_minor=10_000_000, oversubscription_rule="first_come",
        deadline_at=NOW + timedelta(days=60), deadline_zone="America/New_York", tagline="We make it.",
        disclosure={
            "story": "Long ago.", "risks": ["a", "b", "c"], "use_of_funds": [{"purpose": "All", "percent": 100}],
            "team": [{"name": "Ann", "role": "CEO"}], "statements_level": "certified",
            "financials": {year: dict.fromkeys(FINANCIALS, 0) for year in YEARS},
        },
    )  # fmt: skip
    return offering, issuer


def waiting(offering: Offering, issuer: Issuer, documents: int = 1) -> set[str]:
    return {task.code for task in open_tasks(checklist(offering, issuer, documents, BUILT["US-CF"], NOW))}


def told(name: str, value: Any) -> Callable[[Offering, Issuer], None]:
    def change(offering: Offering, issuer: Issuer) -> None:
        offering.disclosure = {**offering.disclosure, name: value}

    return change


def has(of: str, name: str, value: Any) -> Callable[[Offering, Issuer], None]:
    def change(offering: Offering, issuer: Issuer) -> None:
        setattr(offering if of == "offering" else issuer, name, value)

    return change


def test_a_complete_draft_has_nothing_left_to_do() -> None:
    assert waiting(*complete()) == set()


def test_every_task_has_a_section_and_words() -> None:
    tasks = checklist(*complete(), 1, BUILT["US-CF"], NOW)
    assert {task.section for task in tasks} == set(SECTIONS)
    assert {task.code for task in tasks} == set(labels.TASKS)
    assert [SECTIONS.index(task.section) for task in tasks] == sorted(SECTIONS.index(task.section) for task in tasks)


def test_an_empty_draft_has_everything_to_do_but_no_deadline_to_be_past() -> None:
    nothing = Offering(currency="USD", tagline="", disclosure={}), Issuer(legal_name="A", country="US", address={})
    assert waiting(*nothing, documents=0) == set(labels.TASKS) - {"deadline_ahead"}


YEAR_WITHOUT_CASH = {"latest": dict.fromkeys(FINANCIALS, 0) | {"cash": None}, "prior": dict.fromkeys(FINANCIALS, 0)}


@pytest.mark.parametrize(
    ("change", "tasks"),
    [
        (has("issuer", "legal_form", None), {"company_registered"}),
        (has("issuer", "jurisdiction", ""), {"company_registered"}),
        (has("issuer", "incorporated_on", None), {"company_registered"}),
        (has("issuer", "address", {"street1": "1 Main Street"}), {"company_address"}),
        (has("issuer", "address", {"street1": "", "city": "Dover"}), {"company_address"}),
        (has("issuer", "payout_account", None), {"payout_account"}),
        (has("offering", "security_type", None), {"security_type"}),
        (has("offering", "share_price", None), {"share_price"}),
        (has("offering", "share_price", Decimal("0.0001")), {"share_price"}),
        (has("offering", "minimum_pledge_minor", None), {"minimum_pledge"}),
        (has("offering", "minimum_pledge_minor", 100), {"minimum_pledge"}),
        (has("offering", "target_minor", None), {"target"}),
        (has("offering", "maximum_minor", None), {"maximum"}),
        (has("offering", "maximum_minor", 4_999_999), {"maximum", "target"}),
        (has("offering", "oversubscription_rule", None), {"oversubscription_rule"}),
        (has("offering", "oversubscription_rule", "not_accepted"), {"maximum"}),
        (has("offering", "deadline_at", None), {"deadline"}),
        (has("offering", "deadline_at", NOW), {"deadline_ahead"}),
        (has("offering", "deadline_at", NOW + timedelta(days=20)), {"deadline_ahead"}),
        (has("offering", "deadline_at", NOW + timedelta(days=21)), set()),
        (has("offering", "tagline", "  "), {"tagline"}),
        (told("story", "\n"), {"story"}),
        (told("risks", ["a", "b"]), {"risks"}),
        (told("use_of_funds", [{"purpose": "Most", "percent": 99}]), {"use_of_funds"}),
        (told("use_of_funds", []), {"use_of_funds"}),
        (told("team", []), {"team"}),
        (told("financials", {}), {"financials_latest", "financials_prior"}),
        (told("financials", YEAR_WITHOUT_CASH), {"financials_latest"}),
        (told("statements_level", "trust me"), {"statements_level"}),
    ],
)
def test_what_is_missing_or_contradicts_itself_opens_its_own_task(
    change: Callable[[Offering, Issuer], None], tasks: set[str]
) -> None:
    offering, issuer = complete()
    change(offering, issuer)
    assert waiting(offering, issuer) == tasks


def test_without_a_document_there_is_something_to_do() -> None:
    assert waiting(*complete(), documents=0) == {"documents"}


def test_what_is_incomplete_is_not_handed_in(world: World) -> None:
    offering, actor = world.draft()
    world.sql("UPDATE offerings SET tagline = '', deadline_at = NULL WHERE id = :id", id=offering.id)
    before = world.contents()
    with pytest.raises(Refused) as caught, world.acting(actor) as tx:
        compliance.submit_offering(tx, offering.id, world.platform.regime("US-CF"))
    assert (caught.value.code, caught.value.facts) == ("tasks_open", {"tasks": ["deadline", "tagline"]})
    assert world.contents() == before
