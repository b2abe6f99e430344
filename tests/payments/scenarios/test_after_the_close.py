"""What comes back: refunds, debits, disputes, payouts, before the closing, while officers look at it, and long after."""

from __future__ import annotations

import pytest

from app.closings import actions as closings
from app.errors import Refused
from app.jobs import process_inbox
from app.offerings.models import Offering
from app.payments import actions as payments
from app.payments.port import Method, OpKind, Ref
from app.payments.sandbox.tables import Token
from app.pledges.models import Pledge
from tests.payments.scenarios.scene import Scene


@pytest.mark.scenario(32)
def test_a_refund_that_lacks_balance_for_three_days_is_owed_as_before_and_paid_once(scene: Scene) -> None:
    offering = scene.regulated()
    pledge, payment = scene.paid(offering, token=Token.REFUND_PENDING_NSF)
    scene.world.cancel(pledge)
    scene.until_quiet()
    assert (scene.status(pledge), scene.instructions(pledge, OpKind.REFUND)) == ("refund_due", [("pending", None, 1)])
    scene.days(3)
    scene.until_quiet()
    assert scene.instructions(pledge, OpKind.REFUND) == [("failed", "insufficient_funds", 1)]
    assert (scene.status(pledge), scene.alerts(pledge)) == ("refund_due", ["PLATFORM-REFUND"])
    assert scene.books(offering)["2020"] == -pledge.amount_minor
    assert [promise[:3] for promise in scene.world.broken_promises()] == ["I21"]  # it is not forgotten
    # The platform has paid in what was missing there, and a person has it sent anew.
    scene.world.sql("UPDATE sandbox_cards.objects SET token = 'ok' WHERE id = :id", id=payment.id)
    ((op_id,),) = scene.world.sql(
        "SELECT op_id FROM instructions WHERE kind = 'refund' AND pledge_id = :id", id=pledge.id
    )
    with scene.world.acting() as tx:
        payments.try_again(tx, op_id)
    scene.until_quiet()
    assert scene.instructions(pledge, OpKind.REFUND) == [("succeeded", None, 2)]
    assert scene.status(pledge) == "refunded"
    assert scene.entries(offering.id).count("refund_paid") == 1


@pytest.mark.scenario(32)
def test_a_refund_that_was_paid_and_comes_back_on_the_third_day_is_owed_as_before(scene: Scene) -> None:
    offering = scene.regulated()
    pledge, _ = scene.paid(offering, token=Token.REFUND_FAIL_D3)
    scene.world.cancel(pledge)
    scene.until_quiet()
    assert scene.status(pledge) == "refunded"
    scene.days(4)
    scene.until_quiet()
    assert (scene.status(pledge), scene.alerts(pledge)) == ("refund_due", ["PLATFORM-REFUND"])
    assert scene.books(offering)["2020"] == -pledge.amount_minor


def to_the_officers(scene: Scene, shares: int = 100) -> tuple[Offering, Pledge, Ref, Pledge]:
    """A closing that just meets its target, half of it by a debit; who pays the other half is the last."""
    offering = scene.regulated(target="500")
    debited, debit = scene.paid(offering, Method.ACH_DEBIT)
    other, _ = scene.paid(offering, shares=shares)
    scene.days(4)
    scene.days(10)
    scene.ends(offering)
    assert (scene.closing(offering).status, scene.status(debited)) == ("proposed", "held")
    return offering, debited, debit, other


@pytest.mark.scenario(34)
def test_a_debit_that_comes_back_before_the_deadline_leaves_too_little_and_everybody_is_paid_back(scene: Scene) -> None:
    offering = scene.regulated(target="500")
    debited, debit = scene.paid(offering, Method.ACH_DEBIT)
    other, _ = scene.paid(offering)
    scene.days(5)
    scene.cards.late_return(debit)
    scene.until_quiet()
    assert scene.status(debited) == "returned"
    scene.ends(offering)
    scene.until_quiet()
    assert (scene.closing(offering).status, scene.status(other)) == ("aborted", "refunded")
    assert scene.world.offering(offering.id).status == "refunded"
    assert "payout_instructed" not in scene.entries(offering.id)


@pytest.mark.scenario(34)
@pytest.mark.parametrize("approvals", [0, 1])
def test_a_debit_that_comes_back_while_officers_look_ends_a_closing_that_lacks_it(scene: Scene, approvals: int) -> None:
    offering, debited, debit, other = to_the_officers(scene)
    officers = [scene.world.officer() for _ in range(2)]
    for officer in officers[:approvals]:
        assert scene.approves(offering, officer) == "counted"
    scene.cards.late_return(debit)
    scene.world.deliver_events()
    scene.until_quiet()
    assert (scene.status(debited), scene.closing(offering).status) == ("returned", "aborted")
    with pytest.raises(Refused, match="not_proposed"):
        scene.approves(offering, officers[1])
    scene.until_quiet()
    assert scene.status(other) == "refunded"
    scene.day_by_day(2)
    assert scene.world.offering(offering.id).status == "refunded"
    assert "payout_instructed" not in scene.entries(offering.id)


@pytest.mark.scenario(34)
def test_who_approves_before_that_was_looked_at_releases_nothing(scene: Scene) -> None:
    """The debit came back, and the timetable has not come by yet."""
    offering, debited, debit, _ = to_the_officers(scene)
    scene.cards.late_return(debit)
    scene.world.deliver_events()
    process_inbox.run(scene.world.platform)
    assert scene.status(debited) == "returned"
    for _ in range(2):
        assert scene.approves(offering, scene.world.officer()) == "changed"
    assert scene.closing(offering).status == "proposed"


@pytest.mark.scenario(34)
@pytest.mark.parametrize("how", ["returned", "disputed"])
def test_what_still_meets_its_target_is_put_to_the_officers_anew_without_it(scene: Scene, how: str) -> None:
    offering, debited, debit, other = to_the_officers(scene, shares=200)
    seen = scene.closing(offering)
    assert scene.approves(offering, scene.world.officer()) == "counted"
    if how == "returned":
        scene.cards.late_return(debit)
    else:
        scene.cards.dispute(debit)
    scene.until_quiet()
    assert scene.status(debited) == {"returned": "returned", "disputed": "refund_due"}[how]
    scene.day_by_day(4)
    anew = scene.closing(offering)
    assert (anew.status, anew.total_minor) == ("proposed", other.amount_minor)
    assert anew.snapshot_hash != seen.snapshot_hash
    scene.world.approve_closing(offering)
    scene.until_quiet()
    assert (scene.status(other), scene.world.offering(offering.id).status) == ("settled", "settled")
    if how == "disputed":
        scene.cards.dispute_lost(debit)
    scene.day_by_day(3)
    assert scene.status(debited) == "returned"
    assert (scene.books(offering), scene.lost(offering)) == ({}, 0)


@pytest.mark.scenario(35)
def test_a_debit_that_comes_back_45_days_after_the_close_is_covered_and_put_to_an_officer(scene: Scene) -> None:
    offering = scene.regulated()
    pledge, debit = scene.paid(offering, Method.ACH_DEBIT)
    scene.days(4)
    scene.days(10)
    scene.settles(offering)
    scene.days(45)
    scene.cards.late_return(debit)
    scene.until_quiet()
    assert (scene.status(pledge), scene.alerts(pledge)) == ("settled", ["PLATFORM-RETURNED"])
    assert scene.lost(offering) == pledge.amount_minor
    scene.day_by_day(3)
    assert scene.books(offering) == {}  # no client is short of anything


@pytest.mark.scenario(37)
def test_a_payout_that_was_paid_and_comes_back_is_made_again_only_by_two_officers(scene: Scene) -> None:
    offering = scene.world.live(target="250")
    pledge = scene.world.held(offering)
    scene.settles(offering)
    ((ref,),) = scene.world.sql(
        "SELECT provider_ref FROM instructions WHERE kind = 'release' AND offering_id = :id", id=offering.id
    )
    scene.world.move_clock(days=4)
    scene.sandbox.send_back(Ref.read(ref).id)
    scene.days(3)
    releases = "SELECT count(*) FROM instructions WHERE kind = 'release' AND offering_id = :id"
    assert scene.world.sql(releases, id=offering.id) == [(1,)]
    assert (scene.closing(offering).status, scene.status(pledge)) == ("payout_failed", "settled")
    assert scene.books(offering)["2100"] == -23_750
    with pytest.raises(Refused, match="not_proposed"):
        scene.approves(offering, scene.world.officer())
    # The company names another account; both officers see it.
    scene.world.change_payee(offering.issuer_id, holder=offering.name, account="US00 3333 4444")
    with scene.world.acting() as tx:
        closings.propose_payout(tx, scene.closing(offering).ref)
    scene.world.approve_closing(offering)
    scene.until_quiet()
    paid = "SELECT about, status FROM sandbox.objects WHERE kind = 'payout' AND account = :account ORDER BY created_at"
    made = scene.world.sql(paid, account=f"offering-{offering.id}")
    assert [status for _, status in made] == ["failed", "succeeded"] and made[1][0] == "US0033334444"
    assert (scene.closing(offering).status, scene.books(offering)) == ("done", {})
    assert scene.world.sql("SELECT count(*) FROM register_entries WHERE offering_id = :id", id=offering.id) == [(1,)]
