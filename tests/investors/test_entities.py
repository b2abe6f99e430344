"""Entities invest under their own names, with figures, statuses and limits apart from those of who acts for them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from app.errors import Refused
from app.investors import claims, queries
from app.investors.entities import Owner
from app.investors.models import ClaimKind
from app.regimes import standing
from app.regimes.law_book import LawBook
from app.regimes.registry import BUILT
from tests.builders import World
from tests.investors.entities import ANN, declare, register
from tests.screening.lists import take_in, written


def test_one_person_acts_for_themselves_and_for_entities(world: World) -> None:
    person = world.investor()
    first, second = register(world, person.user_id), register(world, person.user_id)
    with world.looking() as view:
        found = queries.acted_for(view.session, person.user_id)
        assert [one.id for one in found] == [person.id, first.id, second.id]
        alone = queries.of_user(view.session, person.user_id)
        assert alone is not None and alone.id == person.id, "the person is one investor still"
        kept = queries.entity(view.session, first.id)
        assert kept is not None and kept.registration_number.startswith("REG")
        assert [(one.name, one.share_bps) for one in queries.owners(view.session, first.id)] == [("Ann Example", 6_000)]


@pytest.mark.parametrize(
    ("told", "code", "field"),
    [
        ({"owners": []}, "owners_missing", "nobody_owns_so_much"),
        ({"nobody_owns_so_much": True}, "owners_contradict", "nobody_owns_so_much"),
        ({"owners": [ANN, replace(ANN, share_bps=2_499)]}, "owner_below_share", "owner_2_share"),
        ({"owners": [ANN, replace(ANN, share_bps=4_001)]}, "owners_above_whole", "owner_1_share"),
        ({"owners": [replace(ANN, born_on=date(2026, 3, 4))]}, "date_in_future", "owner_1_born_on"),
    ],
)
def test_who_stands_behind_it_is_named_from_the_share_on_that_the_policy_names(
    world: World, told: dict[str, Any], code: str, field: str
) -> None:
    person = world.investor()
    before = world.contents()
    with pytest.raises(Refused) as refused:
        register(world, person.user_id, **told)
    assert (refused.value.code, refused.value.field) == (code, field)
    assert world.contents() == before


def test_exactly_the_share_is_named_and_four_such_owners_are_the_whole(world: World) -> None:
    four = [Owner(f"Owner {number}", "US", 2_500) for number in range(4)]
    assert register(world, world.investor().user_id, owners=four).id
    assert register(world, world.investor().user_id, owners=[], nobody_owns_so_much=True).id


def test_the_same_number_is_the_same_entity_and_nobody_else_registers_it_again(world: World) -> None:
    person, other = world.investor(), world.investor()
    first = register(world, person.user_id, registration_number="5566 ab")
    before = world.contents()
    assert register(world, person.user_id, registration_number="5566AB").id == first.id
    with pytest.raises(Refused, match="entity_known"):
        register(world, other.user_id, registration_number=" 5566ab ")
    assert world.contents() == before
    assert register(world, other.user_id, registration_number="5566AB", country="DE").id != first.id


def test_of_two_who_register_the_same_entity_at_once_one_does(world: World) -> None:
    people = [world.investor().user_id for _ in range(4)]

    def attempt(user_id: int) -> str:
        try:
            register(world, user_id, registration_number="SAME")
        except Refused as refused:
            return refused.code
        return "done"

    with ThreadPoolExecutor(len(people)) as pool:
        assert sorted(pool.map(attempt, people)) == ["done", *["entity_known"] * 3]


def test_the_database_keeps_one_natural_investor_a_person_and_one_entity_a_number(world: World) -> None:
    person = world.investor()
    entity = register(world, person.user_id)
    for statement in (
        "INSERT INTO investors (user_id, kind, legal_name, country, created_at)"
        " SELECT user_id, 'natural', 'Twice', 'US', created_at FROM investors WHERE id = :id",
        "INSERT INTO entities SELECT (SELECT min(id) FROM investors), form, registered_in, registration_number, capacity,"
        " formed_for_purchase FROM entities WHERE investor_id = :id",
        "UPDATE beneficial_owners SET share_bps = 10001 WHERE investor_id = :id",
        "UPDATE entities SET form = 'club' WHERE investor_id = :id",
    ):
        with pytest.raises(IntegrityError):
            world.sql(statement, id=entity.id)


# Limits


def test_its_limit_is_its_own_and_not_that_of_who_acts_for_it(world: World) -> None:
    offering, person = world.live(), world.investor(income="40000", net_worth="40000")  # a cap of 2,500
    entity = register(world, person.user_id)
    declare(world, entity, revenue="9000000", net_assets="9000000", total_assets="4000000")
    assert world.place(person, offering, 1_000).decision.allows
    assert not world.place(person, offering, 10).decision.allows
    placed = world.place(entity, offering, 1_000)
    assert placed.decision.allows and placed.decision.used_minor == 0
    assert placed.decision.facts["investor"]["type"] == "entity"
    denied = world.place(entity, offering, 10).decision
    assert (denied.outcome, denied.cap_minor) == ("deny", 250_000), "the law knows no figures of an entity"


def test_the_setting_lets_revenue_and_net_assets_count_as_regulation_a_does(world: World) -> None:
    text = BUILT["US-CF"].pack.text
    law = LawBook(("US-CF",), {"US-CF": text.replace("net_assets = false", "net_assets = true")})
    offering, entity = world.live(), register(world, world.investor().user_id)
    declare(world, entity, revenue="200000", net_assets="900000", total_assets="4000000")
    decision = world.place(entity, offering, 100, law=law).decision
    assert (decision.outcome, decision.cap_minor) == ("allow", 9_000_000)


def test_regulation_a_takes_a_tenth_of_the_greater_of_revenue_and_net_assets(world: World) -> None:
    offering = world.live(regime_id="US-REGA", price="10", minimum_pledge="10", maximum="1000000")
    entity = register(world, world.investor().user_id)
    declare(world, entity, revenue="300000", net_assets="-5")
    assert not world.place(entity, offering, 3_001).decision.allows
    assert world.place(entity, offering, 3_000).decision.allows


@pytest.mark.parametrize(("net_assets", "outcome"), [("9999999.99", "deny"), ("10000000", "allow")])
def test_in_china_an_entity_qualifies_by_its_net_assets(world: World, net_assets: str, outcome: str) -> None:
    offering = world.live(regime_id="CN-SAC2014", price="10", minimum_pledge="10")
    entity = register(world, world.investor(country="CN").user_id, country="CN")
    declare(world, entity, "CNY", net_assets=net_assets, total_assets="30000000")
    world.certify(entity, ClaimKind.CERTIFIED_CN)
    assert world.place(entity, offering, 100).decision.outcome == outcome


# Statuses


def test_its_status_is_its_own(world: World) -> None:
    offering, person = world.live(), world.investor(income="40000", net_worth="40000")
    entity = register(world, person.user_id)
    declare(world, entity, total_assets="6000000")
    world.certify(entity, ClaimKind.ACCREDITED_US)
    assert world.place(entity, offering, 5_000).decision.rule == "US-CF-100a2-ACC"
    assert not world.place(person, offering, 5_000).decision.allows


def test_some_statuses_are_for_people_only(world: World) -> None:
    entity = register(world, world.investor(country="GB").user_id, country="GB")
    before = world.contents()
    ticked = claims.statement_hash(ClaimKind.HNW_UK, world.now().date(), "en")
    with world.acting() as tx, pytest.raises(Refused, match="status_not_known"):
        claims.sign(tx, entity, ClaimKind.HNW_UK, {"income": "1"}, ticked=ticked, locale="en")
    assert world.contents() == before


def test_a_company_is_sophisticated_in_the_eu_by_its_own_figures(world: World) -> None:
    category = standing.BY_ID["sophisticated_eu"]
    row = category.row(date(2026, 3, 3))
    assert row is not None
    assert category.asked(row, is_entity=True) == (["own_funds", "net_turnover", "balance_sheet"], [])
    offering = world.live(regime_id="EU-ECSPR")
    entity = register(world, world.investor(country="DE").user_id, country="DE")
    assert world.place(entity, offering, 10).decision.rule == "EU-21-1"
    world.certify(entity, ClaimKind.SOPHISTICATED_EU)
    assert world.place(entity, offering, 4_000).decision.rule == "EU-ANNEX2"


# Its pledges


def test_the_register_names_the_entity(world: World) -> None:
    offering, person = world.live(target="250"), world.investor()
    entity = register(world, person.user_id, legal_name="Harbour Trust")
    declare(world, entity, total_assets="1")
    world.held(offering, 100, entity)
    world.settled(offering)
    assert world.sql("SELECT holder_name, investor_id FROM register_entries") == [("Harbour Trust", entity.id)]
    assert world.broken_promises() == []


def test_an_entity_made_for_the_purchase_is_looked_at_by_an_officer(world: World) -> None:
    offering, person = world.live(), world.investor()
    for made_for_it, status in ((True, "in_review"), (False, "reserved")):
        entity = register(world, person.user_id, formed_for_purchase=made_for_it)
        declare(world, entity, total_assets="1")
        assert world.pledged(offering, 100, entity).status == status


def test_who_acts_for_the_company_that_raises_does_not_buy_through_an_entity(world: World) -> None:
    offering = world.live()
    ((user_id,),) = world.sql("SELECT user_id FROM issuer_members WHERE issuer_id = :id", id=offering.issuer_id)
    entity = register(world, user_id)
    declare(world, entity, total_assets="1")
    with pytest.raises(Refused, match="own_offering"):
        world.place(entity, offering, 100)


# Screening


def test_an_owner_who_is_listed_holds_the_entity(world: World, tmp_path: Path) -> None:
    take_in(world, written(tmp_path / "list.csv", {"id": "l-1", "name": "Vandermoosen Zoltrik", "countries": "nl"}))
    offering, person = world.live(), world.investor()
    listed = Owner("Vandermoosen Zoltrik", "NL", 5_000)
    entity = register(world, person.user_id, owners=[listed])
    declare(world, entity, total_assets="1")
    assert world.sql("SELECT subject_type FROM alerts") == [("beneficial_owners",)]
    assert world.pledged(offering, 100, entity).status == "in_review"
    assert world.pledged(offering, 100, person).status == "reserved", "who acts for it is not its owner"
