"""What the database itself refuses, past all of our code: release without two people, and a changed record."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from psycopg import errors

from app.actor import Role
from app.closings import actions as closings
from app.payments.sandbox.tables import REFUSING_ACCOUNT_SUFFIX
from tests import worlds
from tests.builders import World
from tests.closings.conftest import Desk
from tests.servers import Server

REFUSING = f"US00{REFUSING_ACCOUNT_SUFFIX}"


@contextmanager
def undone(world: World) -> Iterator[psycopg.Connection]:
    url = world.platform.database.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url) as connection:
        yield connection
        connection.rollback()


@pytest.fixture
def past_our_code(world: World) -> Iterator[psycopg.Connection]:
    with undone(world) as connection:
        yield connection


@pytest.fixture(scope="module")
def released(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A closing that two officers approved, and another offering."""
    with worlds.shared(server, tmp_path_factory.mktemp("released")) as world:
        world.draft()
        world.approve_closing(Desk(world).proposed())
        yield world


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
    "since", ["UPDATE users SET suspended_at = now() WHERE id = {0}", "DELETE FROM role_grants WHERE user_id = {0}"]
)
def test_who_is_no_officer_any_more_does_not_count(desk: Desk, past_our_code: psycopg.Connection, since: str) -> None:
    desk.proposed()
    first, second, third = (desk.world.user(Role.COMPLIANCE_OFFICER).id for _ in range(3))
    approve(past_our_code, first)
    approve(past_our_code, second)
    desk.world.sql(since.format(first))
    with pytest.raises(errors.CheckViolation, match="lacks approvals"), past_our_code.transaction():
        past_our_code.execute(RELEASE)
    approve(past_our_code, third)
    past_our_code.execute(RELEASE)


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO closing_approvals SELECT id, {user}, repeat('0', 64), now() FROM closings",
        "UPDATE closings SET begun_by = {user}; "
        "INSERT INTO closing_approvals SELECT id, {user}, snapshot_hash, now() FROM closings",
        "UPDATE closings SET payout_proposed_by = {user}; "
        "INSERT INTO closing_approvals SELECT id, {user}, snapshot_hash, now() FROM closings",
        "SET LOCAL session_replication_role = replica; UPDATE closings SET status = 'gathering'; "
        "SET LOCAL session_replication_role = origin; INSERT INTO closing_approvals SELECT id, {user}, snapshot_hash, now() FROM closings",
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
        "UPDATE closings SET offering_id = (SELECT min(id) FROM offerings)",
        "UPDATE closings SET currency = 'CNY'",
        "UPDATE closings SET status = 'gathering'",
        "UPDATE closings SET status = 'payout_failed'",
        "DELETE FROM closings",
        "TRUNCATE closings CASCADE",
        "UPDATE closing_lines SET amount_minor = amount_minor + 1",
        "UPDATE closing_lines SET shares = shares + 1",
        "UPDATE closing_lines SET holder_name = 'Somebody Else'",
        "DELETE FROM closing_lines",
        "TRUNCATE closing_lines",
        "UPDATE instructions SET amount_minor = amount_minor + 1 WHERE kind = 'release'",
        "UPDATE instructions SET document_sha256 = repeat('0', 64) WHERE kind = 'release'",
        "UPDATE instructions SET closing_id = NULL WHERE kind = 'release'",
        "UPDATE instructions SET offering_id = (SELECT min(id) FROM offerings) WHERE kind = 'release'",
        "UPDATE instructions SET kind = 'release' WHERE kind = 'collect'",
        "DELETE FROM instructions WHERE kind = 'release'",
        "TRUNCATE instructions CASCADE",
        "INSERT INTO closing_lines SELECT closing_id, pledge_id + 1, 'A', 1, 1, 0 FROM closing_lines",
    ],
)
def test_what_was_approved_stays_as_it_was(released: World, statement: str) -> None:
    with undone(released) as connection, pytest.raises(errors.CheckViolation):
        connection.execute(statement)


@pytest.mark.parametrize("released", ["of", "to"])
def test_a_released_closing_takes_and_gives_no_line(
    desk: Desk, past_our_code: psycopg.Connection, released: str
) -> None:
    closed, waiting = desk.proposed(), desk.proposed()
    desk.world.approve_closing(closed)
    ids = [desk.closing(waiting).id, desk.closing(closed).id]
    with pytest.raises(errors.CheckViolation, match="lines of a released closing"):
        past_our_code.execute(
            "UPDATE closing_lines SET closing_id = %s WHERE closing_id = %s", ids if released == "of" else ids[::-1]
        )


def test_the_payee_changes_only_with_what_is_approved(desk: Desk, past_our_code: psycopg.Connection) -> None:
    desk.proposed()
    with pytest.raises(errors.CheckViolation, match="as approved"):
        past_our_code.execute("UPDATE closings SET payee_account = 'elsewhere'")


@pytest.mark.parametrize("status", ["proposed", "releasing", "payout_proposed", "done"])
def test_a_closing_begins_at_its_beginning(desk: Desk, past_our_code: psycopg.Connection, status: str) -> None:
    offering = desk.world.live()
    with pytest.raises(errors.CheckViolation, match="closings may not go from"):
        past_our_code.execute(
            "INSERT INTO closings (ref, offering_id, seq, status, begun_at, gather_until, currency, total_minor,"
            " fee_minor, payout_attempts) VALUES ('S-X', %s, 1, %s, now(), now(), 'USD', 0, 0, 0)",
            [offering.id, status],
        )


#: A payout of everything, as approved.
PAY = (
    "INSERT INTO instructions (op_id, kind, gateway, business_key, generation, status, offering_id, closing_id,"
    " amount_minor, currency, reference, document_sha256, created_at, next_attempt_at, attempts)"
    " SELECT gen_random_uuid(), 'release', 'sandbox', 'again', 1, 'queued', offering_id, id, total_minor - fee_minor,"
    " currency, ref, snapshot_hash, now(), now(), 0 FROM closings"
)


def test_a_payout_is_asked_for_once_and_only_when_it_is_approved(desk: Desk, past_our_code: psycopg.Connection) -> None:
    offering = desk.proposed()
    with pytest.raises(errors.CheckViolation, match="as approved"), past_our_code.transaction():
        past_our_code.execute(PAY)
    past_our_code.rollback()
    desk.world.approve_closing(offering)
    with pytest.raises(errors.UniqueViolation, match="one_release_of_a_snapshot"):
        past_our_code.execute(PAY)


def test_a_refused_payout_is_not_made_again_on_the_old_approvals(desk: Desk, past_our_code: psycopg.Connection) -> None:
    world = desk.world
    offering = desk.proposed()
    world.change_payee(offering.issuer_id, holder="A", account=REFUSING)
    with world.acting(world.officer()) as tx:
        closings.approve(tx, desk.closing(offering).ref, "")
    world.approve_closing(offering)
    desk.until_quiet()
    approved = desk.closing(offering)
    assert approved.status == "payout_failed"

    back = f"snapshot_hash = '{approved.snapshot_hash}', payee_account = 'elsewhere'"
    new = "snapshot_hash = repeat('0', 64), payee_account = 'elsewhere'"
    for statement, why in (
        ("UPDATE closings SET status = 'payout_proposed'", "on these approvals"),
        ("UPDATE closings SET status = 'payout_proposed', payee_account = 'elsewhere'", "on these approvals"),
        (f"UPDATE closings SET status = 'payout_proposed', {new}; UPDATE closings SET {back}", "on these approvals"),
        (f"UPDATE closings SET status = 'payout_proposed', {new}; {RELEASE}", "lacks approvals"),
        ("UPDATE instructions SET status = 'queued' WHERE kind = 'release'", "as approved|may not go"),
        (RELEASE, "may not go"),
    ):
        with pytest.raises(errors.CheckViolation, match=why), past_our_code.transaction():
            past_our_code.execute(statement)


RECORDS = [
    "register_entries", "audit_events", "closing_approvals", "journal_entries", "postings", "gateway_transactions",
    "decisions", "pledge_consents", "audit_seals", "audit_checkpoints",
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
        past_our_code.execute("INSERT INTO closing_lines SELECT closing_id, pledge_id, 'A', 1, 1, 0 FROM closing_lines")
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
        "UPDATE offering_progress SET taken_minor = maximum_minor + 1",
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
