"""D1: the primary dies, and its standby takes over. What was acknowledged is there, or nothing is done a second time for it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.database import normalised
from app.errors import Refused
from app.jobs import reconcile, send_payments
from app.reconciliation import actions
from app.switches import queries as switches
from tests.conftest import TEMPLATE
from tests.payments.crashes import failover
from tests.payments.crashes.failover import Failover
from tests.servers import Server

pytestmark = pytest.mark.processes


@pytest.fixture
def site(server: Server, tmp_path: Path) -> Iterator[Failover]:
    far = server.create(TEMPLATE)
    with failover.pair() as servers:
        made = Failover(servers, normalised(server.url(far)), tmp_path)
        yield made
        made.world.platform.close()
    server.drop(far)


def refund(site: Failover) -> list[tuple[object, ...]]:
    return site.world.sql("SELECT status, attempts FROM instructions WHERE kind = 'refund'")


def release(site: Failover) -> list[tuple[object, ...]]:
    return site.world.sql("SELECT status, attempts FROM instructions WHERE kind = 'release'")


def frozen(site: Failover) -> str | None:
    with site.world.looking() as view:
        found = switches.freeze(view.session)
    return None if found is None else found.why


def test_a_standby_that_every_commit_waits_for_has_everything_that_was_acknowledged(site: Failover) -> None:
    site.servers.wait_for_the_standby()
    pledge = site.world.held(site.world.live())
    site.world.cancel(pledge)
    site.move()
    assert site.world.pledge(pledge.id).status == "refund_due"
    reconcile.run(site.world.platform)
    site.world.run_jobs()
    assert (site.world.pledge(pledge.id).status, site.made("refund")) == ("refunded", 1)
    assert frozen(site) is None and site.world.broken_promises() == []


def test_a_refund_whose_sending_was_lost_is_found_and_not_sent_again(site: Failover) -> None:
    """The standby lags: its last commit is from before the refund was sent, and made."""
    world = site.world
    pledge = world.held(world.live())
    reconcile.run(world.platform)
    world.cancel(pledge)

    def sent() -> None:
        send_payments.run(world.platform)
        assert world.pledge(pledge.id).status == "refunded"

    site.happens(sent)
    assert refund(site) == [("queued", 0)] and site.made("refund") == 1
    send_payments.run(site.world.platform)
    assert refund(site) == [("queued", 0)]  # nothing speaks before it has listened
    reconcile.run(site.world.platform)
    why = frozen(site)
    assert why is not None and why.startswith("operations_lost")
    assert (site.world.pledge(pledge.id).status, refund(site)) == ("refunded", [("succeeded", 0)])  # by its line
    reconcile.run(site.world.platform)
    with site.world.acting() as tx:
        actions.thaw(tx, site.world.platform.environment, ["sandbox"], "Everything is booked again.")
    site.world.run_jobs()
    assert site.made("refund") == 1 and site.world.broken_promises() == []


def test_a_payout_of_which_nothing_is_known_any_more_is_not_made_again_though_two_officers_approve_it_anew(
    site: Failover,
) -> None:
    world = site.world
    offering = world.live(target="250")
    world.held(offering)
    site.pass_deadline(offering)
    world.run_jobs()
    reconcile.run(world.platform)

    def closed() -> None:
        world.approve_closing(offering)
        send_payments.run(world.platform)
        assert site.made("payout") == 1

    site.happens(closed)
    assert site.world.sql("SELECT status FROM closings") == [("proposed",)]
    site.world.approve_closing(offering)
    send_payments.run(site.world.platform)
    assert release(site) == [("queued", 0)]
    reconcile.run(site.world.platform)
    why = frozen(site)
    assert why is not None and why.startswith("operations_lost")
    site.world.run_jobs()
    assert site.made("payout") == 1 and release(site) == [("queued", 0)]
    reconcile.run(site.world.platform)
    with pytest.raises(Refused, match="not_clean"), site.world.acting() as tx:
        actions.thaw(tx, site.world.platform.environment, ["sandbox"], "It looks well.")
