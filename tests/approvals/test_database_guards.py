"""What the code keeps to, the database keeps to by itself: nothing protected changes by one person's statement."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import IntegrityError

from app.actor import Role
from tests.approvals.test_four_eyes import agree, latest, proposed_payee, reviewed
from tests.builders import World


def refused_by_the_database(world: World, statement: str, **values: object) -> None:
    before = world.contents()
    with pytest.raises(IntegrityError):
        world.sql(statement, **values)
    assert world.contents() == before


def test_the_database_publishes_nothing_that_one_officer_saw(world: World) -> None:
    offering, _, _ = reviewed(world)
    refused_by_the_database(world, "UPDATE offerings SET status = 'live' WHERE id = :id", id=offering.id)
    agree(world, world.officer())
    refused_by_the_database(
        world, "UPDATE offerings SET status = 'live', target_minor = 1 WHERE id = :id", id=offering.id
    )
    world.sql("UPDATE issuers SET legal_name = 'Another, Inc.' WHERE id = :id", id=offering.issuer_id)
    refused_by_the_database(world, "UPDATE offerings SET status = 'live' WHERE id = :id", id=offering.id)


def test_the_database_keeps_a_payee_until_a_second_person_agreed(world: World) -> None:
    issuer_id, _, _ = proposed_payee(world)
    for change in ("payout_account = '\\x00'", "payout_holder = 'Thief'", "payout_account = NULL"):
        refused_by_the_database(world, f"UPDATE issuers SET {change} WHERE id = :id", id=issuer_id)
    agree(world, world.officer())
    refused_by_the_database(world, "UPDATE issuers SET payout_holder = 'H' WHERE id = :id", id=issuer_id)
    world.move_clock(days=2)
    refused_by_the_database(world, "UPDATE issuers SET payout_account = '\\x00' WHERE id = :id", id=issuer_id)


def test_the_database_gives_no_role_of_the_staff_alone(world: World) -> None:
    world.officer(), world.officer()
    person = world.user(Role.INVESTOR)
    row = "VALUES (:id, 'operator', now(), 'x')"
    refused_by_the_database(
        world, f"INSERT INTO role_grants (user_id, role, granted_at, granted_by) {row}", id=person.id
    )
    refused_by_the_database(
        world, "UPDATE role_grants SET role = 'compliance_officer' WHERE user_id = :id", id=person.id
    )


def test_the_database_counts_no_approval_that_was_not_given(world: World) -> None:
    _, _, officer = reviewed(world)
    proposal = latest(world)
    investor = world.user(Role.INVESTOR)
    gone = world.user(Role.COMPLIANCE_OFFICER)
    world.sql("UPDATE users SET suspended_at = now() WHERE id = :id", id=gone.id)
    approval = "INSERT INTO proposal_approvals VALUES (:proposal, :who, :sha, now())"
    for who in (officer.user_id, investor.id, gone.id):
        refused_by_the_database(world, approval, proposal=proposal.id, who=who, sha=proposal.sha256)
    other = world.officer().user_id
    refused_by_the_database(world, approval, proposal=proposal.id, who=other, sha="0" * 64)
    refused_by_the_database(world, "UPDATE proposals SET status = 'approved'")
    refused_by_the_database(world, "UPDATE proposals SET made_by = NULL")
    refused_by_the_database(world, "UPDATE proposals SET also_by = ARRAY[:who]::bigint[]", who=investor.id)
    refused_by_the_database(world, "DELETE FROM proposals")


def test_the_database_lifts_no_hold_alone(world: World) -> None:
    world.sql(
        "INSERT INTO alerts (rule, subject_type, subject_id, about, fingerprint, holds, inputs, raised_at, status)"
        " VALUES ('X', 'investors', 1, '', '', true, '{}', now(), 'raised')"
    )
    world.sql("UPDATE alerts SET status = 'confirmed'")
    refused_by_the_database(world, "UPDATE alerts SET status = 'lifted'")


def test_the_database_ends_no_pledge_in_the_platforms_name_alone(world: World) -> None:
    pledge = world.held(world.live())
    refused_by_the_database(world, "UPDATE pledges SET stop_reason = 'platform_ended' WHERE id = :id", id=pledge.id)
