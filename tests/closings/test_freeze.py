"""After its payout account changed, nothing is released to a company for some time, and what was approved counts no more."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy.exc import DBAPIError

from app.closings import actions as closings
from app.closings.actions import Approval
from app.errors import Refused
from app.offerings.models import Offering
from app.regimes import platform_policy
from tests.builders import World
from tests.closings.conftest import Desk
from tests.closings.test_approvals import approve

OTHER = "US00 3333 4444"


def changed(world: World, offering: Offering) -> None:
    """Another account is in force, and its time has only begun."""
    world.change_payee(offering.issuer_id, holder=offering.name, account=OTHER, thaw=False)
    cooling = platform_policy.payee_cooling(world.now())
    world.move_clock(seconds=cooling.total_seconds())


@pytest.mark.scenario(26)
def test_nothing_is_released_for_72_hours_and_the_officer_is_told_until_when(desk: Desk) -> None:
    offering, world = desk.proposed(), desk.world
    first, second = world.officer(), world.officer()
    seen = desk.closing(offering).snapshot_hash or ""
    assert approve(desk, offering, first, seen) is Approval.COUNTED
    changed(world, offering)
    until = world.now() + timedelta(hours=72)
    before = world.contents()
    with pytest.raises(Refused) as refused:
        approve(desk, offering, second, seen)
    assert refused.value.code == "payout_frozen" and refused.value.facts["until"] == until
    assert world.contents() == before

    world.move_clock(hours=71.9)
    with pytest.raises(Refused, match="payout_frozen"):
        approve(desk, offering, second, seen)
    world.move_clock(hours=0.2)
    assert approve(desk, offering, second, seen) is Approval.CHANGED  # the first approval was of the old account
    world.approve_closing(offering, first, second)
    desk.until_quiet()
    assert world.sql("SELECT about FROM sandbox.objects WHERE kind = 'payout'") == [("US0033334444",)]
    assert world.broken_promises() == []


def test_the_first_account_of_a_company_freezes_nothing(desk: Desk) -> None:
    offering = desk.proposed()
    assert desk.world.sql("SELECT DISTINCT payout_frozen_until FROM issuers") == [(None,)]
    assert approve(desk, offering, desk.world.officer()) is Approval.COUNTED


def test_the_database_releases_nothing_to_a_frozen_account_and_thaws_none_early(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    offering, world = desk.proposed(), desk.world
    changed(world, offering)
    with pytest.raises(DBAPIError, match="stays frozen"):
        world.sql("UPDATE issuers SET payout_frozen_until = platform_now()")
    with pytest.raises(DBAPIError, match="stays frozen"):
        world.sql("UPDATE issuers SET payout_frozen_until = NULL")
    # Even if our own code forgot to look.
    monkeypatch.setattr("app.issuers.models.Issuer.frozen_until", lambda self, now: None)
    first, second = world.officer(), world.officer()
    assert approve(desk, offering, first) is Approval.CHANGED
    assert approve(desk, offering, first) is Approval.COUNTED
    before = world.contents()
    with pytest.raises(DBAPIError, match="has just changed"), world.acting(second) as tx:
        closings.approve(tx, desk.closing(offering).ref, desk.closing(offering).snapshot_hash or "")
    assert world.contents() == before
