"""What the database itself refuses, past all of our code: release without two people, and a changed record."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from psycopg import errors

from app.actor import Role
from tests.builders import World
from tests.closings.conftest import Desk


@pytest.fixture
def past_our_code(world: World) -> Iterator[psycopg.Connection]:
    url = world.platform.database.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url) as connection:
        yield connection
        connection.rollback()


def approve(connection: psycopg.Connection, user_id: int) -> None:
    connection.execute(
        "INSERT INTO closing_approvals (closing_id, user_id, snapshot_hash, approved_at)"
        " SELECT id, %s, snapshot_hash, now() FROM closings",
        [user_id],
    )


RELEASE = "UPDATE closings SET status = 'releasing'"


def test_a_release_needs_two_approvals(desk: Desk, past_our_code: psycopg.Connection) -> None:
    desk.proposed()
    first, second = desk.world.user(Role.COMPLIANCE_OFFICER), desk.world.user(Role.COMPLIANCE_OFFICER)
    for officer in (first, second):
        with pytest.raises(errors.CheckViolation, match="lacks approvals"), past_our_code.transaction():
            past_our_code.execute(RELEASE)
        approve(past_our_code, officer.id)
    past_our_code.execute(RELEASE)


def test_one_person_approves_once(desk: Desk, past_our_code: psycopg.Connection) -> None:
    desk.proposed()
    officer = desk.world.user(Role.COMPLIANCE_OFFICER)
    approve(past_our_code, officer.id)
    with pytest.raises(errors.UniqueViolation):
        approve(past_our_code, officer.id)


def test_approvals_of_another_snapshot_release_nothing(desk: Desk, past_our_code: psycopg.Connection) -> None:
    desk.proposed()
    for _ in range(2):
        approve(past_our_code, desk.world.user(Role.COMPLIANCE_OFFICER).id)
    past_our_code.execute("UPDATE closings SET snapshot_hash = repeat('0', 64)")
    with pytest.raises(errors.CheckViolation, match="lacks approvals"):
        past_our_code.execute(RELEASE)


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO closing_approvals SELECT id, {user}, repeat('0', 64), now() FROM closings",
        "UPDATE closings SET begun_by = {user}; "
        "INSERT INTO closing_approvals SELECT id, {user}, snapshot_hash, now() FROM closings",
        "UPDATE closings SET payout_proposed_by = {user}; "
        "INSERT INTO closing_approvals SELECT id, {user}, snapshot_hash, now() FROM closings",
        "UPDATE closings SET status = 'gathering'; "
        "INSERT INTO closing_approvals SELECT id, {user}, snapshot_hash, now() FROM closings",
    ],
    ids=["another snapshot", "by who began it", "by who asked for it again", "before it was proposed"],
)
def test_an_approval_that_does_not_count_is_not_taken(
    desk: Desk, past_our_code: psycopg.Connection, statement: str
) -> None:
    desk.proposed()
    with pytest.raises(errors.CheckViolation, match="cannot be approved so"):
        past_our_code.execute(statement.format(user=desk.world.user(Role.COMPLIANCE_OFFICER).id))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE closings SET total_minor = total_minor + 1",
        "UPDATE closings SET fee_minor = 0",
        "UPDATE closings SET snapshot_hash = repeat('0', 64)",
        "UPDATE closings SET payee_account = 'elsewhere'",
        "UPDATE closings SET payee_holder = 'Somebody Else'",
        "UPDATE closings SET status = 'done', payee_account = 'elsewhere'",
        "UPDATE closings SET status = 'payout_failed'; UPDATE closings SET status = 'releasing'",
        "UPDATE closings SET status = 'payout_failed'; UPDATE closings SET status = 'payout_proposed', fee_minor = 0",
        "UPDATE closing_lines SET amount_minor = amount_minor + 1",
        "UPDATE closing_lines SET shares = shares + 1",
        "DELETE FROM closing_lines",
        "INSERT INTO closing_lines SELECT closing_id, pledge_id + 1, 1, 1, 0 FROM closing_lines",
    ],
)
def test_what_was_approved_stays_as_it_was(desk: Desk, past_our_code: psycopg.Connection, statement: str) -> None:
    offering = desk.proposed()
    desk.world.approve_closing(offering)
    with pytest.raises(errors.CheckViolation):
        past_our_code.execute(statement)


RECORDS = [
    "register_entries", "audit_events", "closing_approvals", "journal_entries", "postings", "gateway_transactions",
    "decisions", "pledge_consents",
]  # fmt: skip


def test_a_record_is_never_edited_deleted_or_emptied(desk: Desk, past_our_code: psycopg.Connection) -> None:
    offering = desk.proposed()
    desk.world.approve_closing(offering)
    desk.until_quiet()
    for table in RECORDS:
        assert desk.world.sql(f"SELECT count(*) > 0 FROM {table}") == [(True,)]
        (column,) = desk.world.sql(
            "SELECT column_name FROM information_schema.columns WHERE table_name = :table AND is_identity = 'NO'"
            " AND table_schema = 'public' LIMIT 1",
            table=table,
        )[0]
        for statement in (
            f"UPDATE {table} SET {column} = {column}",
            f"DELETE FROM {table}",
            f"TRUNCATE {table} CASCADE",
        ):
            with pytest.raises(errors.CheckViolation, match="append-only"), past_our_code.transaction():
                past_our_code.execute(statement)
            past_our_code.rollback()


def test_an_offering_has_one_open_closing(desk: Desk, past_our_code: psycopg.Connection) -> None:
    desk.proposed()
    with pytest.raises(errors.UniqueViolation, match="one_open"):
        past_our_code.execute(
            "INSERT INTO closings (ref, offering_id, seq, status, begun_at, gather_until, currency, total_minor,"
            " fee_minor, payout_attempts) SELECT 'S-X', offering_id, 2, 'gathering', now(), now(), currency, 0, 0, 0"
            " FROM closings"
        )


def test_a_pledge_is_in_one_closing_and_becomes_shares_once(desk: Desk, past_our_code: psycopg.Connection) -> None:
    offering = desk.proposed()
    with pytest.raises(errors.UniqueViolation), past_our_code.transaction():
        past_our_code.execute("INSERT INTO closing_lines SELECT closing_id, pledge_id, 1, 1, 0 FROM closing_lines")
    past_our_code.rollback()
    desk.world.approve_closing(offering)
    desk.until_quiet()
    with pytest.raises(errors.UniqueViolation, match="pledge_id"):
        past_our_code.execute(
            "INSERT INTO register_entries (kind, issuer_id, offering_id, closing_id, pledge_id, investor_id, holder_name,"
            " security_type, shares, share_price, amount_minor, currency, certificate, entered_at)"
            " SELECT 'issuance', issuer_id, offering_id, closing_id, pledge_id, investor_id, holder_name, security_type,"
            " shares, share_price, amount_minor, currency, certificate || 'x', entered_at FROM register_entries"
        )


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE offering_progress SET taken_shares = maximum_shares + 1",
        "UPDATE offering_progress SET held_minor = -1",
        "UPDATE offering_progress SET held_minor = taken_minor + 1",
        "UPDATE pledges SET amount_minor = 0",
        "UPDATE pledges SET status = 'lost'",
        "UPDATE instructions SET amount_minor = 0",
        "UPDATE instructions SET status = 'succeeded', provider_ref = NULL",
        "INSERT INTO instructions (op_id, kind, gateway, business_key, generation, status, offering_id, pledge_id,"
        " amount_minor, currency, reference, created_at, next_attempt_at, attempts) SELECT gen_random_uuid(), kind,"
        " gateway, 'second', 1, 'queued', offering_id, pledge_id, 1, currency, reference, now(), now(), 0"
        " FROM instructions",
    ],
    ids=lambda statement: statement[:60],
)
def test_a_number_or_a_status_that_cannot_be_is_refused(
    world: World, past_our_code: psycopg.Connection, statement: str
) -> None:
    world.held(world.live())
    with pytest.raises((errors.CheckViolation, errors.UniqueViolation)):
        past_our_code.execute(statement)
