"""A closing that is killed half-way: it was not begun, or the next one finishes it; nothing is done twice."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy.exc import OperationalError

from app.jobs import send_payments
from app.offerings.models import Offering
from app.pledges.models import Pledge
from tests.payments.scenarios.scene import Scene

LINES = 12


@contextmanager
def killed_at(scene: Scene, pledge: Pledge, status: str) -> Iterator[None]:
    """Whoever brings this pledge to that status is shot by the server in the very statement, with what it did so far."""
    scene.world.sql(
        "CREATE FUNCTION shoot() RETURNS trigger LANGUAGE plpgsql AS"
        " $$BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW; END$$"
    )
    when = f"NEW.id = {pledge.id} AND NEW.status = '{status}'"
    scene.world.sql(f"CREATE TRIGGER shoot AFTER UPDATE ON pledges FOR EACH ROW WHEN ({when}) EXECUTE FUNCTION shoot()")
    yield
    scene.world.sql("DROP FUNCTION shoot CASCADE")


def put_to_officers(scene: Scene) -> tuple[Offering, list[Pledge]]:
    offering = scene.world.live(target="250")
    investor = scene.world.investor()
    pledges = [scene.world.pledged(offering, 10 + number, investor) for number in range(LINES)]
    for pledge in pledges:
        scene.world.pay(pledge)
    scene.world.run_jobs()
    scene.ends(offering)
    assert scene.closing(offering).status == "proposed"
    return offering, pledges


def whole(scene: Scene, offering: Offering, pledges: list[Pledge]) -> bool:
    """Everybody has their shares once, and the money is where it belongs, once."""
    closing, total = scene.closing(offering), sum(pledge.amount_minor for pledge in pledges)
    assert (closing.status, closing.total_minor) == ("done", total)
    kinds = scene.entries(offering.id)
    assert (kinds.count("pledge_closed"), kinds.count("payout_paid"), kinds.count("platform_fee_swept")) == (
        LINES,
        1,
        1,
    )
    register = (
        "SELECT count(*), count(DISTINCT pledge_id), sum(amount_minor) FROM register_entries WHERE offering_id = :id"
    )
    assert scene.world.sql(register, id=offering.id) == [(LINES, LINES, total)]
    made = [(kind, minor) for kind, _, minor in scene.world.at_the_gateway(offering) if kind in ("payout", "move")]
    assert sorted(made) == [("move", closing.fee_minor), ("payout", total - closing.fee_minor)]
    return scene.books(offering) == {}


@pytest.mark.scenario(27)
def test_a_closing_that_is_killed_while_it_allots_has_not_begun(scene: Scene) -> None:
    offering, pledges = put_to_officers(scene)
    first, second = scene.world.officer(), scene.world.officer()
    assert scene.approves(offering, first) == "counted"
    before = scene.world.contents()
    with killed_at(scene, pledges[8], "allotted"), pytest.raises(OperationalError):
        scene.approves(offering, second)
    assert scene.world.contents() == before
    assert scene.approves(offering, second) == "executed"
    scene.until_quiet()
    assert whole(scene, offering, pledges)


@pytest.mark.scenario(27)
def test_a_closing_that_is_killed_while_it_gives_shares_is_finished_by_the_next_worker(scene: Scene) -> None:
    offering, pledges = put_to_officers(scene)
    scene.world.approve_closing(offering)
    with killed_at(scene, pledges[8], "settled"), pytest.raises(ExceptionGroup, match="OperationalError"):
        send_payments.run(scene.world.platform)
    assert {scene.status(pledge) for pledge in pledges} == {"allotted"}  # paid there, and we have not noted it
    assert [kind for kind, _, _ in scene.world.at_the_gateway(offering) if kind == "payout"] == ["payout"]
    scene.until_quiet()
    assert whole(scene, offering, pledges)
