"""Somebody with the whole database in their hands edits, deletes, reorders and inserts: each time it is found and named.

They know the form of the chain and can make all of it anew. They do not have the platform's key.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from app.audit import checkpoints, queries, verification
from app.audit.checkpoints import Checkpoint
from app.audit.verifier import GENESIS, canonical, link, sha256
from app.database import Snapshot
from app.jobs import seal_audit
from tests import worlds
from tests.builders import World
from tests.servers import Server

#: How often each kind of tampering is tried, each time somewhere else.
TRIES = 20
#: A position that the chain does not reach.
FAR = 1_000_000


@pytest.fixture(scope="module")
def history(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with worlds.shared(server, tmp_path_factory.mktemp("world")) as world:
        offering = world.live(target="250")
        for _ in range(3):
            world.held(offering)
        world.cancel(world.pledged(offering))
        world.settled(offering)
        seal_audit.run_now(world.platform)
        yield world


@contextmanager
def tampering(world: World) -> Iterator[Connection]:
    """Past every trigger; undone again."""
    with world.platform.database.engine.connect() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        yield connection
        connection.rollback()


def now(session: Session) -> Snapshot:
    return Snapshot(session, session.execute(text("SELECT platform_now(), clock_timestamp()")).one())


def faults(world: World, connection: Connection) -> list[str]:
    """What the command would say, with the file of checkpoints that lies elsewhere."""
    with Session(connection) as session:
        kept = checkpoints.kept(session)
        copied = checkpoints.read(seal_audit.checkpoint_file(world.platform))
        return verification.verify(now(session), world.platform.audit_signer, [*copied, *kept]).faults


def size(connection: Connection) -> int:
    return int(connection.execute(text("SELECT count(*) FROM audit_seals")).scalar_one())


def run(connection: Connection, statement: str, **values: object) -> None:
    assert connection.execute(text(statement), values).rowcount != 0, statement


# What can be done, at a position of the chain. Each returns what must be named.

AT = "(SELECT event_id FROM audit_seals WHERE position = :at)"
EDITS = (
    "at = at + interval '1 microsecond'", "actor = actor || '.'", "actor_user_id = coalesce(actor_user_id, 0) + 1",
    "event = upper(event)", "subject_type = 'others'", "subject_id = subject_id + 1",
    "from_status = coalesce(from_status, '') || '-'", "to_status = coalesce(to_status, '') || '-'",
    """facts = facts || '{"more": 1}'""", "request_id = request_id || ' '",
)  # fmt: skip


def edit_event(connection: Connection, at: int) -> str:
    run(connection, f"UPDATE audit_events SET {EDITS[at % len(EDITS)]} WHERE id = {AT}", at=at)
    return f"position {at},"


def delete_event(connection: Connection, at: int) -> str:
    run(connection, f"DELETE FROM audit_events WHERE id = {AT}", at=at)
    return f"position {at},"


def delete_seal(connection: Connection, at: int) -> str:
    run(connection, "DELETE FROM audit_seals WHERE position = :at", at=at)
    return f"position {at}:"


def move_the_rest(connection: Connection, behind: int, by: int) -> None:
    """In two steps, for each position is there once."""
    run(
        connection, "UPDATE audit_seals SET position = position + :far WHERE position > :behind", far=FAR, behind=behind
    )
    run(connection, "UPDATE audit_seals SET position = position - :far + :by WHERE position > :far", far=FAR, by=by)


def delete_both(connection: Connection, at: int) -> str:
    delete_event(connection, at)
    return delete_seal(connection, at)


def close_the_gap(connection: Connection, at: int) -> str:
    delete_both(connection, at)
    move_the_rest(connection, at, -1)
    return f"position {at},"


def edit_seal(connection: Connection, at: int) -> str:
    edits = ("hash = reverse(hash)", "event_hash = reverse(event_hash)", "sealed_at = sealed_at + interval '1 hour'")
    run(connection, f"UPDATE audit_seals SET {edits[at % 3]} WHERE position = :at", at=at)
    return f"position {at},"


def reorder(connection: Connection, at: int) -> str:
    for one, other in ((at, FAR), (at + 1, at), (FAR, at + 1)):
        run(connection, "UPDATE audit_seals SET position = :other WHERE position = :one", one=one, other=other)
    return f"position {at},"


def swap_events(connection: Connection, at: int) -> str:
    run(connection, "UPDATE audit_seals SET event_id = -event_id WHERE position IN (:at, :at + 1)", at=at)
    run(
        connection,
        "UPDATE audit_seals s SET event_id = -o.event_id FROM audit_seals o WHERE s.position IN (:at, :at + 1)"
        " AND o.position = 2 * :at + 1 - s.position", at=at,
    )  # fmt: skip
    return f"position {at},"


COPY = (
    "INSERT INTO audit_events (at, actor, event, subject_type, subject_id, facts, request_id)"
    f" SELECT at, actor, 'forged', subject_type, subject_id, facts, request_id FROM audit_events WHERE id = {AT}"
)


def insert_event(connection: Connection, at: int) -> str:
    run(connection, COPY, at=at)
    return f"event {connection.execute(text('SELECT max(id) FROM audit_events')).scalar_one()}:"


def insert_with_seal(connection: Connection, at: int) -> str:
    """In the middle, with its own right hash."""
    insert_event(connection, at)
    move_the_rest(connection, at, 1)
    run(
        connection,
        "INSERT INTO audit_seals SELECT :at + 1, (SELECT max(id) FROM audit_events), sealed_at, event_hash, hash"
        " FROM audit_seals WHERE position = :at", at=at,
    )  # fmt: skip
    return f"position {at + 1},"


def make_anew(connection: Connection, at: int) -> str:
    """Edit an event and make the whole chain anew from there: only the checkpoints show it."""
    edit_event(connection, at)
    previous = GENESIS
    rows = connection.execute(text("SELECT s.position, s.sealed_at, e.* FROM audit_seals s JOIN audit_events e"
                                   " ON e.id = s.event_id ORDER BY s.position"))  # fmt: skip
    for row in rows.all():
        event_hash = sha256(canonical(queries.as_facts(row)))
        previous = link(previous, row.position, queries.moment(row.sealed_at), event_hash)
        connection.execute(
            text("UPDATE audit_seals SET event_hash = :event_hash, hash = :hash WHERE position = :at"),
            {"event_hash": event_hash, "hash": previous, "at": row.position},
        )
    return f"position {size(connection)}, "


def cut_the_tail(connection: Connection, at: int) -> str:
    """Events and seals, as if they had never been."""
    last = size(connection)
    run(
        connection,
        "DELETE FROM audit_events WHERE id IN (SELECT event_id FROM audit_seals WHERE position >= :at)",
        at=at,
    )
    run(connection, "DELETE FROM audit_seals WHERE position >= :at", at=at)
    return f"position {last}: the seal is missing, a checkpoint"


def edit_checkpoint(connection: Connection, at: int) -> str:
    edits = (
        "hash = reverse(hash)",
        "position = position + 1",
        "at = at - interval '1 day'",
        "signature = reverse(signature)",
    )
    run(
        connection,
        f"UPDATE audit_checkpoints SET {edits[at % 4]} WHERE position = (SELECT max(position) FROM audit_checkpoints)",
    )
    return "is not signed with our key"


KINDS: list[Callable[[Connection, int], str]] = [
    edit_event, delete_event, delete_seal, delete_both, close_the_gap, edit_seal, reorder, swap_events, insert_event,
    insert_with_seal, make_anew, cut_the_tail, edit_checkpoint,
]  # fmt: skip


def test_a_trail_that_nobody_touched_is_whole(history: World) -> None:
    with tampering(history) as connection:
        assert size(connection) > 60
        assert faults(history, connection) == []


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_it_is_found_and_named(history: World, kind: Callable[[Connection, int], str]) -> None:
    with tampering(history) as connection:
        last = size(connection)
    places = {1, 2, last - 2, *random.Random(kind.__name__).sample(range(1, last - 1), TRIES)}
    for at in sorted(places):
        with tampering(history) as connection:
            named = kind(connection, at)
            found = faults(history, connection)
            assert any(named in fault for fault in found), (at, named, found)


def test_the_last_one_is_found_as_well(history: World) -> None:
    alone = [edit_event, delete_event, delete_seal, delete_both, edit_seal, insert_event, make_anew, cut_the_tail]
    for kind in alone:
        with tampering(history) as connection:
            named = kind(connection, size(connection))
            assert any(named in fault for fault in faults(history, connection)), kind.__name__


def test_checkpoints_that_are_gone_from_the_database_are_in_the_file(history: World) -> None:
    with tampering(history) as connection:
        run(connection, "DELETE FROM audit_checkpoints")
        make_anew(connection, 5)
        assert "the chain is not the one that was signed" in faults(history, connection)[0]


def test_a_checkpoint_of_another_key_proves_nothing(history: World) -> None:
    forged = Checkpoint(1, "0" * 64, "2026-03-03T15:00:00.000000+00:00", "0" * 128)
    with history.looking() as view:
        report = verification.verify(view, history.platform.audit_signer, [forged])
    assert report.faults == [f"position 1: a checkpoint of {forged.at} is not signed with our key"]


def test_of_many_faults_the_first_are_named_and_the_others_counted(history: World) -> None:
    with tampering(history) as connection, Session(connection) as session:
        run(connection, "UPDATE audit_events SET actor = 'nobody'")
        report = verification.verify(now(session), history.platform.audit_signer, [])
        assert (len(report.faults) + report.unnamed, report.sealed) == (size(connection), size(connection))
    assert report.faults[0].startswith("position 1, event") and len(report.faults) == verification.MOST_NAMED
    assert report.faults[0].endswith("the event is not the one that was sealed")


def test_an_event_that_waits_too_long_is_named(history: World) -> None:
    with tampering(history) as connection:
        run(connection, COPY, at=1)
        queued = (
            "INSERT INTO audit_unsealed SELECT max(id), clock_timestamp() - interval '{} seconds' FROM audit_events"
        )
        run(connection, queued.format(30))
        assert faults(history, connection) == []
        run(connection, "UPDATE audit_unsealed SET since = since - interval '31 seconds'")
        assert [fault for fault in faults(history, connection) if "does the sealer run?" in fault]
