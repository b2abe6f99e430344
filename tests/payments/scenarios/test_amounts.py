"""Amounts that cannot be, and parts of a payment: each refund is its own, and none goes beyond what came."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import IntegrityError

from app.money import MOST_MINOR, Money
from app.payments.errors import Rejected
from app.payments.port import Ref
from tests.payments.sandbox.cards import AMOUNT, Cards, op
from tests.payments.scenarios.scene import Scene
from tests.racing import at_once

BY_HAND = (
    "INSERT INTO instructions (op_id, kind, gateway, business_key, generation, status, offering_id, amount_minor, currency,"
    " reference, created_at, next_attempt_at, attempts) VALUES (gen_random_uuid(), 'top_up', 'sandbox', 'by hand', 1,"
    " 'queued', :offering, :minor, 'USD', 'P', now(), now(), 0)"
)


@pytest.mark.scenario(17)
@pytest.mark.parametrize("minor", [0, -1, MOST_MINOR + 1, 10**15])
def test_the_database_is_the_second_wall_against_amounts_that_cannot_be(scene: Scene, minor: int) -> None:
    offering = scene.world.live()
    before = scene.world.contents()
    with pytest.raises(IntegrityError, match="amount_in_range"):
        scene.world.sql(BY_HAND, offering=offering.id, minor=minor)
    assert scene.world.contents() == before


@pytest.mark.scenario(17)
@pytest.mark.parametrize(
    ("typed", "currency"), [("10.005", "USD"), ("NaN", "USD"), ("10.5", "JPY"), ("0.1", "KRW"), ("1e-9", "USD")]
)
def test_parts_of_the_smallest_unit_are_no_amount(typed: str, currency: str) -> None:
    with pytest.raises(ValueError, match="is no amount in"):
        Money.of(typed, currency)


@pytest.mark.scenario(42)
@pytest.mark.parametrize(("regime_id", "country", "currency"), [("JP-ECF", "JP", "JPY"), ("KR-ECF", "KR", "KRW")])
def test_money_without_minor_units_keeps_its_size_from_the_pledge_to_the_payout(
    scene: Scene, regime_id: str, country: str, currency: str
) -> None:
    offering = scene.world.live(regime_id=regime_id, price="10", minimum_pledge="10", target="1000", maximum="100000")
    pledge = scene.world.held(offering, 105, scene.world.investor(country=country))
    assert pledge.amount == Money(1_050, currency)
    scene.settles(offering)
    scene.until_quiet()
    made = [(kind, minor) for kind, _, minor in scene.world.at_the_gateway(offering)]
    assert sorted(made) == [("move", 53), ("payment", 1_050), ("payout", 997)]  # five percent, rounded half up once
    assert scene.books(offering) == {}


HALF = Money(AMOUNT.minor // 2, AMOUNT.currency)


@pytest.mark.scenario(31)
def test_two_equal_parts_of_a_payment_are_two_refunds_and_one_of_them_twice_is_one(cards: Cards) -> None:
    payment = cards.paid().ref
    one, other = op(), op()
    refunds = [cards.refunded(payment, HALF, sent).ref for sent in (one, other, one, other)]
    assert refunds[0] != refunds[1] and refunds[:2] == refunds[2:]
    assert [cards.lines(ref) for ref in refunds[:2]] == [[("refund", -HALF.minor, 0)]] * 2


@pytest.mark.scenario(30)
def test_parts_that_would_go_beyond_their_payment_are_refused_also_all_at_once(cards: Cards) -> None:
    payment = cards.paid().ref
    part = Money(40_000, "USD")

    def refund() -> str:
        try:
            return str(cards.refunded(payment, part).ref)
        except Rejected as rejected:
            return rejected.code

    came = at_once([refund] * 5)
    assert came.count("refund_exceeds_payment") == 3
    made = [Ref.read(str(one)) for one in came if str(one).startswith("refund/")]
    assert sum(-minor for ref in made for _, minor, _ in cards.lines(ref)) == 80_000
