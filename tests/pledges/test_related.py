"""Related parties of a company may invest; their pledges are marked, and counted apart."""

from __future__ import annotations

import pytest

from app.actor import Actor
from app.errors import NotFound, Refused
from app.investors.models import Investor
from app.issuers.models import Relation
from app.offerings.models import Offering
from app.pledges import queries, related
from tests.builders import World, usd


def declare(world: World, offering: Offering, name: str, relation: Relation = Relation.FAMILY, email: str = "") -> int:
    with world.acting(Actor("issuer")) as tx:
        return related.declare(tx, offering.issuer_id, name=name, relation=relation, email=email or None).id


def email_of(world: World, investor: Investor) -> str:
    return str(world.sql("SELECT email FROM users WHERE id = :id", id=investor.user_id)[0][0])


def apart(world: World, offering: Offering) -> int:
    with world.looking() as view:
        return queries.from_related(view.session, offering.id)


def test_a_declared_party_is_known_by_the_address_of_their_account(world: World) -> None:
    offering, investor = world.live(), world.investor()
    declare(world, offering, "Written Otherwise", email=email_of(world, investor).upper())
    pledge = world.held(offering, 200, investor)
    assert pledge.related_as == "family"
    assert apart(world, offering) == 50_000


def test_a_declared_party_is_known_by_their_name_in_any_script(world: World) -> None:
    offering = world.live()
    declare(world, offering, "欧阳泉贝", Relation.OWNER)
    assert world.held(offering, 100, world.investor(name="Quanbei OUYANG")).related_as == "owner"
    assert world.held(offering, 100, world.investor(name="Quanbei Ouyan")).related_as is None
    assert apart(world, offering) == 25_000


def test_the_people_whom_the_offering_names_count_by_themselves(world: World) -> None:
    offering = world.live()
    world.force(
        "UPDATE offerings SET disclosure = jsonb_set(disclosure, '{team}', '[{\"name\": \"Ann Brimble\"}]') WHERE id = :id",
        id=offering.id,
    )
    assert world.held(offering, 100, world.investor(name="Ann Brimble")).related_as == "officer"


def test_a_later_declaration_marks_what_was_pledged_before(world: World) -> None:
    offering, investor = world.live(), world.investor(name="Ann Brimble")
    pledge, other = world.held(offering, 100, investor), world.held(offering, 100)
    declare(world, offering, "Ann Brimble")
    assert world.pledge(pledge.id).related_as == "family"
    assert world.pledge(other.id).related_as is None
    assert world.sql("SELECT facts FROM audit_events WHERE event = 'mark_related'") == [({"relation": "family"},)]


def test_the_same_declaration_again_changes_nothing(world: World) -> None:
    offering = world.live()
    declare(world, offering, "Ann Brimble")
    before = world.contents()
    declare(world, offering, " Ann Brimble ")
    assert world.contents() == before


def test_a_declaration_without_a_name_is_refused(world: World) -> None:
    offering = world.live()
    before = world.contents()
    with pytest.raises(Refused, match="field_missing"):
        declare(world, offering, "  ")
    assert world.contents() == before


def test_who_is_related_no_longer_pledges_as_anybody_and_what_they_pledged_stays_apart(world: World) -> None:
    offering, investor = world.live(), world.investor(name="Ann Brimble")
    party = declare(world, offering, "Ann Brimble")
    world.held(offering, 100, investor)
    with world.acting() as tx:
        related.end(tx, offering.issuer_id, party)
    assert world.held(offering, 100, investor).related_as is None
    assert apart(world, offering) == 25_000
    with pytest.raises(NotFound), world.acting() as tx:
        related.end(tx, offering.issuer_id, party)


def test_related_money_does_not_meet_the_target(world: World) -> None:
    offering = world.live(target="1000", days=25)
    declare(world, offering, "Ann Brimble")
    world.held(offering, 200, world.investor(name="Ann Brimble"))
    world.held(offering, 399)
    world.pass_deadline(offering)
    world.run_jobs()
    assert world.offering(offering.id).status == "refunded"  # 1,497.50 were held, 997.50 of others
    assert world.broken_promises() == []


def test_what_others_bring_meets_the_target_and_the_related_are_in_it(world: World) -> None:
    offering = world.live(target="1000", days=25)
    declare(world, offering, "Ann Brimble")
    world.held(offering, 200, world.investor(name="Ann Brimble"))
    world.held(offering, 400)
    world.settled(offering)
    assert world.offering(offering.id).status == "settled"
    assert apart(world, offering) == 50_000
    progress = world.offering(offering.id).progress
    assert progress is not None and progress.settled_minor == usd("1500").minor
    assert world.broken_promises() == []
