"""R8: money goes back to where it came from. There is no way to say anything else, so no rule has to look for it."""

from __future__ import annotations

import inspect

import pytest
from sqlalchemy.exc import IntegrityError

from app.payments import port
from app.payments.sandbox.tables import Token
from app.pledges.lifecycle import REFUNDED
from tests.builders import World


def test_a_gateway_is_told_which_payment_to_return_and_never_whom_to_pay() -> None:
    assert set(inspect.signature(port.Collector.refund).parameters) == {"self", "op", "payment", "amount"}
    takes_a_payee = {
        name
        for role in (port.Collector, port.Custodian, port.Truth)
        for name, act in inspect.getmembers(role, inspect.isfunction)
        if any("Payee" in str(one.annotation) for one in inspect.signature(act).parameters.values())
    }
    assert takes_a_payee == {"pay_out"}  # what two officers approved for the company


def test_whatever_ends_a_pledge_its_money_goes_back_through_its_own_payment(world: World) -> None:
    offering = world.live(days=25)
    cancelled = world.held(offering)
    world.cancel(cancelled)
    wrong = world.pledged(offering)
    world.pay(wrong, Token.PARTIAL_AMOUNT)
    world.run_jobs()
    failed = world.held(offering)
    world.pass_deadline(offering)
    world.run_jobs()
    assert {world.pledge(one.id).status for one in (cancelled, failed)} == {REFUNDED}
    returned = world.sql(
        "SELECT r.pledge_id, r.about_id = c.id AND c.kind = 'collect' AND c.pledge_id = r.pledge_id,"
        " back.about = paid.id, back.amount_minor = t.amount_minor FROM instructions r"
        " JOIN instructions c ON c.id = r.about_id"
        " JOIN sandbox.objects back ON r.provider_ref = 'refund/' || back.id"
        " JOIN sandbox.objects paid ON c.provider_ref = 'payment/' || paid.id"
        " JOIN sandbox.transactions t ON t.object_id = paid.id WHERE r.kind = 'refund' ORDER BY r.pledge_id"
    )
    assert returned == [(one.id, True, True, True) for one in (cancelled, wrong, failed)]


REFUND = (
    "INSERT INTO instructions (op_id, kind, gateway, business_key, generation, status, offering_id, pledge_id, about_id,"
    " amount_minor, currency, reference, created_at, next_attempt_at, attempts) SELECT gen_random_uuid(), :kind, 'sandbox',"
    " 'made by hand', 1, 'queued', :offering, :pledge, :about, 100, 'USD', 'P', now(), now(), 0"
)


@pytest.mark.parametrize("kind", ["refund", "cancel"])
def test_the_database_knows_no_refund_but_of_a_payment_of_the_same_pledge(world: World, kind: str) -> None:
    offering = world.live()
    one, other = world.held(offering), world.held(offering)
    ((mine,), (theirs,)) = world.sql("SELECT id FROM instructions WHERE kind = 'collect' ORDER BY pledge_id")
    before = world.contents()
    for pledge, about in ((one.id, theirs), (one.id, None), (None, mine), (None, None), (other.id, mine)):
        with pytest.raises(IntegrityError):
            world.sql(REFUND, kind=kind, offering=offering.id, pledge=pledge, about=about)
    assert world.contents() == before
    world.sql(REFUND, kind=kind, offering=offering.id, pledge=one.id, about=mine)
    with pytest.raises(IntegrityError):
        world.sql("UPDATE instructions SET about_id = :about WHERE business_key = 'made by hand'", about=theirs)
