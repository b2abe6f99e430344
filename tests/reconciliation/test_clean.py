"""A market in which everything went as it should has no break, day by day, and its figures are the same on all sides."""

from __future__ import annotations

from app.jobs import reconcile
from app.reconciliation import queries
from tests.builders import World
from tests.reconciliation.planting import breaks, listen


def story(world: World) -> None:
    """Sold and paid out, held, refunded."""
    sold, live = world.live(target="250", days=30), world.live()
    world.held(sold)
    world.held(live)
    world.cancel(world.held(live))
    world.run_jobs()
    world.pass_deadline(sold)
    world.run_jobs()
    world.approve_closing(sold)
    world.run_jobs()


def test_a_clean_market_has_no_break_and_a_second_run_changes_nothing(world: World) -> None:
    story(world)
    assert listen(world) == []
    assert world.broken_promises() == []
    before = world.contents()
    assert reconcile.settle(world.platform) == 0
    assert world.contents() == before


def test_books_lines_and_balance_of_every_account_are_the_same(world: World) -> None:
    story(world)
    listen(world)
    with world.looking() as view:
        today = queries.last_compared(view.session)
        assert today is not None
        found = queries.compared(view.session, today)
    assert len(found) == 2 and all(one.is_whole for one in found)
    for one in found:
        assert one.closing_minor == one.line_closing_minor == one.balance_minor
        assert one.closing_minor == one.opening_minor + sum(one.movements.values())
    assert {one.closing_minor for one in found} == {0, 25_000}


def test_every_line_that_the_gateway_lists_is_kept_once(world: World) -> None:
    story(world)
    listen(world)
    ((ours, listed, theirs),) = world.sql(
        "SELECT (SELECT count(*) FROM gateway_transactions), (SELECT count(*) FROM gateway_transactions WHERE listed_at"
        " IS NOT NULL), (SELECT count(*) FROM sandbox.transactions)"
    )
    assert ours == listed == theirs
    assert breaks(world) == []
