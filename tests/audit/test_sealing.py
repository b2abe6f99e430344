"""Events are sealed soon after they are committed, each once, in a chain that no gap and no crowd breaks."""

from __future__ import annotations

import hashlib
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app.audit import actions as audit
from app.audit import checkpoints, queries, sealing, verification
from app.audit.verification import Report
from app.jobs import seal_audit
from tests.builders import World


def note(world: World, *numbers: int) -> None:
    with world.acting() as tx:
        for number in numbers:
            audit.record(tx, "note", "users", number, text="股份 ✓", amount=1)


def verified(world: World) -> Report:
    with world.looking() as view:
        return verification.verify(view, world.platform.audit_signer, checkpoints.kept(view.session))


def chain(world: World) -> list[tuple[int, int]]:
    """(position, event) in the order of the chain."""
    return [(one, other) for one, other in world.sql("SELECT position, event_id FROM audit_seals ORDER BY position")]


def test_an_event_waits_from_its_own_commit_on_and_is_sealed_once(world: World) -> None:
    note(world, 1, 2)
    assert world.sql("SELECT event_id FROM audit_unsealed") == world.sql("SELECT id FROM audit_events")
    assert seal_audit.run(world.platform) == 2
    assert seal_audit.run(world.platform) == 0
    assert world.sql("SELECT count(*) FROM audit_unsealed") == [(0,)]
    assert [position for position, _ in chain(world)] == [1, 2]
    assert (verified(world).sealed, verified(world).faults) == (2, [])


def test_what_is_undone_leaves_nothing_to_seal(world: World) -> None:
    with world.acting() as tx:
        audit.record(tx, "note", "users", 1)
        tx.session.flush()
        tx.session.rollback()
    assert seal_audit.run(world.platform) == 0
    note(world, 2)
    assert seal_audit.run(world.platform) == 1
    assert verified(world).faults == []


def test_the_hashes_can_be_made_by_hand(world: World) -> None:
    note(world, 7)
    seal_audit.run(world.platform)
    ((event_id, at, sealed_at, event_hash, found),) = world.sql(
        "SELECT e.id, e.at, s.sealed_at, s.event_hash, s.hash FROM audit_events e JOIN audit_seals s ON s.event_id = e.id"
    )
    at, sealed_at = (moment.isoformat(timespec="microseconds") for moment in (at, sealed_at))
    text = (
        f'{{"actor":"system","actor_user_id":null,"at":"{at}","event":"note","facts":{{"amount":1,"text":"股份 ✓"}},'
        f'"from_status":null,"id":{event_id},"request_id":"test","subject_id":7,"subject_type":"users","to_status":null}}'
    )
    assert event_hash == hashlib.sha256(text.encode()).hexdigest()
    line = f"{'0' * 64} 1 {sealed_at} {event_hash}"
    assert found == hashlib.sha256(line.encode()).hexdigest()


def test_everything_that_an_event_says_is_in_its_hash(world: World) -> None:
    note(world, 1)
    with world.looking() as view:
        (row,) = view.session.execute(select(*queries.EVENT))
    assert list(queries.as_facts(row)) == list(row._mapping)


def test_an_event_that_is_committed_late_comes_later_in_the_chain(world: World) -> None:
    with world.acting() as slow:
        audit.record(slow, "note", "users", 1)
        slow.session.flush()  # it has its id already
        note(world, 2)
        seal_audit.run(world.platform)
    seal_audit.run(world.platform)
    ((first,), (second,)) = world.sql("SELECT id FROM audit_events ORDER BY subject_id")
    assert first < second and chain(world) == [(1, second), (2, first)]
    assert verified(world).faults == []


def test_a_heap_is_sealed_in_batches(world: World) -> None:
    note(world, *range(1, 8))
    for left in (4, 1, 0):
        with world.acting() as tx:
            sealing.seal(tx, 3)
        assert world.sql("SELECT count(*) FROM audit_unsealed") == [(left,)]
    assert verified(world).sealed == 7 and verified(world).faults == []


def test_many_sealers_among_many_writers_make_one_chain(world: World) -> None:
    barrier = threading.Barrier(6)

    def write(number: int) -> None:
        barrier.wait()
        for _ in range(20):
            note(world, number)

    def seal() -> None:
        barrier.wait()
        for _ in range(20):
            seal_audit.run(world.platform)

    with ThreadPoolExecutor(6) as pool:
        done = [pool.submit(write, number) for number in range(3)] + [pool.submit(seal) for _ in range(3)]
    for one in done:
        one.result()
    seal_audit.run(world.platform)
    report = verified(world)
    assert (report.sealed, report.waiting, report.faults) == (60, 0, [])
    assert world.sql("SELECT count(*) FROM audit_checkpoints") == [(1,)]


def test_an_event_that_was_queued_again_is_not_sealed_twice_and_holds_nothing_up(world: World) -> None:
    note(world, 1)
    seal_audit.run(world.platform)
    world.sql("INSERT INTO audit_unsealed (event_id) SELECT id FROM audit_events")
    note(world, 2)
    assert seal_audit.run(world.platform) == 1
    assert len(chain(world)) == 2


def test_the_database_refuses_a_second_seal(world: World) -> None:
    note(world, 1)
    seal_audit.run(world.platform)
    for twice, guard in (("position, event_id + 1", "pk_audit_seals"), ("position + 1, event_id", "event_id")):
        with pytest.raises(IntegrityError, match=guard):
            world.sql(f"INSERT INTO audit_seals SELECT {twice}, sealed_at, event_hash, hash FROM audit_seals")


# Checkpoints


def lines(world: World) -> list[dict[str, object]]:
    file = seal_audit.checkpoint_file(world.platform)
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def test_the_head_is_signed_at_first_and_then_every_hour(world: World) -> None:
    seal_audit.run(world.platform)
    assert lines(world) == []  # there is no head
    for hours, signed in ((0, [1]), (0, [1]), (1, [1, 3]), (1, [1, 3, 4])):
        if hours:
            world.force("UPDATE audit_checkpoints SET at = at - interval '1 hour'")
        note(world, 1)
        seal_audit.run(world.platform)
        seal_audit.run(world.platform)
        assert [line["position"] for line in lines(world)] == signed
        assert [position for (position,) in world.sql("SELECT position FROM audit_checkpoints ORDER BY 1")] == signed


def test_the_file_says_what_the_database_says_and_is_signed_with_our_key(world: World) -> None:
    note(world, 1)
    seal_audit.run(world.platform)
    file = seal_audit.checkpoint_file(world.platform)
    (line,) = checkpoints.read(file)
    with world.looking() as view:
        assert [line] == checkpoints.kept(view.session)
    assert line.is_ours(world.platform.audit_signer)
    assert not checkpoints.Checkpoint(2, line.hash, line.at, line.signature).is_ours(world.platform.audit_signer)
    assert not checkpoints.Checkpoint(1, line.hash, line.at, "no signature").is_ours(world.platform.audit_signer)


def test_a_file_that_holds_something_else_is_named_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "checkpoints.jsonl"
    for content in ("nothing", "[]", '{"position": 1}', '{"position": null, "hash": "", "at": "", "signature": ""}'):
        file.write_text(content + "\n")
        with pytest.raises(checkpoints.Unreadable, match=r"checkpoints.jsonl, line 1"):
            list(checkpoints.read(file))
