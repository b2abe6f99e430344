"""The company is told when what was held back from it falls due, and when somebody proposes to pay it out."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from app.closings import holding_back
from app.payments.port import Ref
from tests.payments.test_holdback import Story


def told_due(story: Story) -> list[tuple[int, int, bool]]:
    """(what is left, what was held back, whether it is proposed by now) of each message about a holdback."""
    rows = story.world.sql(
        "SELECT (facts->>'minor')::int, (facts->>'kept_minor')::int, (facts->>'is_proposed')::bool"
        " FROM messages WHERE kind = 'holdback_due' ORDER BY id"
    )
    return [(left, kept, proposed) for left, kept, proposed in rows]


def test_the_company_is_told_when_it_falls_due_and_when_it_is_proposed_and_each_once(story: Story) -> None:
    story.settled()
    settled_at = story.closing().settled_at
    assert settled_at is not None
    due = settled_at + timedelta(days=90)
    story.world.move_clock(seconds=(due - story.world.now()).total_seconds() - 1)
    story.world.run_jobs()
    assert told_due(story) == [] and story.closing().holdback_told_at is None
    story.world.move_clock(seconds=1)
    for _ in range(3):
        story.world.run_jobs()
    assert told_due(story) == [(7_500, 7_500, False)]
    assert story.closing().holdback_told_at == due
    events = "SELECT count(*) FROM audit_events WHERE event = 'holdback_due' AND subject_type = 'closings'"
    assert story.world.sql(events) == [(1,)]
    assert story.world.sql(
        "SELECT m.user_id FROM messages m WHERE kind = 'holdback_due'"
        " AND NOT EXISTS (SELECT 1 FROM issuer_members i WHERE i.user_id = m.user_id)"
    ) == []  # fmt: skip
    story.propose()
    story.world.run_jobs()
    assert told_due(story) == [(7_500, 7_500, False), (7_500, 7_500, True)]


def test_who_proposes_it_before_the_job_ran_tells_once(story: Story) -> None:
    story.settled()
    story.world.move_clock(days=90)
    story.propose()
    story.world.run_jobs()
    assert told_due(story) == [(7_500, 7_500, True)]


def test_that_nothing_is_left_of_it_is_told_too(story: Story) -> None:
    _, payment = story.settled()
    story.days(20)
    story.cards.late_return(payment)
    story.days(3)
    story.term_ends()
    story.world.run_jobs()
    assert told_due(story) == [(0, 7_500, False)]


def test_while_a_payout_is_not_done_nobody_is_told(story: Story) -> None:
    """The payout of the closing came back: what was held back is not spoken of before the company has that."""
    story.settled()
    ((payout,),) = story.world.sql("SELECT provider_ref FROM instructions WHERE kind = 'release'")
    assert story.world.platform.sandbox is not None
    story.world.platform.sandbox.send_back(Ref.read(payout).id)
    story.term_ends()
    assert story.closing().status == "payout_failed"
    assert told_due(story) == []
    with story.world.acting() as tx:
        assert not holding_back.tell_due(tx, story.closing().id)


def test_two_workers_at_once_tell_once(story: Story) -> None:
    story.settled()
    story.world.move_clock(days=90)
    closing = story.closing()

    def tell(_: int) -> bool:
        with story.world.acting() as tx:
            return holding_back.tell_due(tx, closing.id)

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(tell, range(4))) == [False, False, False, True]
    assert told_due(story) == [(7_500, 7_500, False)]
