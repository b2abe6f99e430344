"""What the database refuses by itself, whoever asks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError

from tests import worlds
from tests.changes.story import Story
from tests.servers import Server


@pytest.fixture(scope="module")
def story(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """One answer confirmed, one awaited; a change refused, another one open."""
    with worlds.shared(server, Path(tmp_path_factory.mktemp("world"))) as world:
        told = Story.of(world, world.live(target="500"))
        confirming, _ = world.held(told.offering), world.held(told.offering)
        told.confirm(confirming, told.publish())
        told.tell(tagline="Another line.")
        yield told


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        ("UPDATE changes SET new = '{}' WHERE status = 'published'", "is decided"),
        ("UPDATE changes SET material = false WHERE status = 'published'", "is decided"),
        ("DELETE FROM changes", "append-only"),
        ("UPDATE changes SET status = 'published' WHERE status = 'drafting'", "may not go from"),
        ("INSERT INTO changes (ref, offering_id, status, begun_by, begun_at, reason, revision, old, new)"
         " SELECT 'M-X', offering_id, 'drafting', begun_by, begun_at, '', 1, '{}', '{}' FROM changes LIMIT 1",
         "uq_changes_one_open"),
        ("UPDATE change_answers SET answered_at = now() WHERE status = 'confirmed'", "is decided"),
        ("UPDATE change_answers SET status = 'silent', answered_at = confirm_by WHERE status = 'awaited'",
         "time_was_given"),
        ("UPDATE change_answers SET status = 'confirmed', answered_at = confirm_by + interval '1 microsecond'"
         " WHERE status = 'awaited'", "in_time"),
        ("DELETE FROM change_answers", "append-only"),
        ("INSERT INTO change_answers (change_id, pledge_id, status, asked_at)"
         " SELECT change_id, pledge_id, 'awaited', now() FROM change_answers WHERE status = 'awaited'", "uq_change_answers"),
        ("INSERT INTO change_answers (change_id, pledge_id, status, asked_at)"
         " SELECT c.id, p.id, 'awaited', now() FROM changes c, pledges p WHERE c.status = 'drafting'", "nothing asks"),
        ("UPDATE offerings SET share_price = 3", "what is sold stays"),
        ("UPDATE offerings SET regime = 'CN-MICHOU'", "what is sold stays"),
        ("UPDATE offerings SET disclosure = disclosure || '{\"story\": \"Other\"}'", "changes by a change"),
        ("UPDATE offerings SET target_minor = 1", "changes by a change"),
        ("UPDATE offerings SET target_minor = 1, version = version + 1", "that no change published"),
        ("UPDATE offerings SET deadline_at = deadline_at + interval '1 hour'", "that nobody was told of"),
        ("UPDATE offerings SET status = 'closing'", "waits for answers"),
        ("INSERT INTO pledges (ref, form_key, investor_id, offering_id, shares, amount_minor, currency, status,"
         " decision_id, placed_at, offering_version) SELECT 'P-X', gen_random_uuid(), investor_id, offering_id, shares,"
         " amount_minor, currency, 'reserved', decision_id, placed_at, 1 FROM pledges LIMIT 1", "has another text by now"),
    ],
    ids=lambda text: " ".join(text.split()[:8]),
)  # fmt: skip
def test_refused(story: Story, statement: str, says: str) -> None:
    before = story.world.contents()
    with pytest.raises(IntegrityError, match=says):
        story.world.sql(statement)
    assert story.world.contents() == before


@pytest.mark.parametrize("statement", ["UPDATE deadline_moves SET reason = 'change'", "TRUNCATE deadline_moves"])
def test_a_line_that_everybody_saw_stays(story: Story, statement: str) -> None:
    story.world.force(
        "INSERT INTO deadline_moves (offering_id, old_deadline_at, new_deadline_at, reason, moved_at)"
        " SELECT id, deadline_at, deadline_at + interval '1 day', 'early_close', now() FROM offerings"
    )
    with pytest.raises(IntegrityError, match="append-only"):
        story.world.sql(statement)
