"""Our fee: charged once, and split over the pledges to the cent."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from app.money import Money, split
from tests.closings.conftest import Desk
from tests.closings.test_outcomes import cash


def test_an_offering_without_a_fee_pays_everything_out(desk: Desk) -> None:
    world = desk.world
    offering = desk.proposed(100, fee_bps=0)
    world.approve_closing(offering)
    desk.until_quiet()
    assert world.offering(offering.id).status == "settled"
    assert cash(world) == [("payment", 25_000), ("payout", -25_000)]
    assert world.broken_promises() == []


def test_the_fee_is_split_to_the_cent_over_many_pledges(desk: Desk) -> None:
    """3.33 % of amounts that do not divide."""
    world = desk.world
    sizes = [10, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47]
    offering = desk.proposed(*sizes, fee_bps=333)
    total = sum(sizes) * 250
    fee = Money(total, "USD").share_of(333).minor
    lines = world.sql("SELECT amount_minor, fee_share_minor FROM closing_lines ORDER BY pledge_id")
    assert [amount for amount, _ in lines] == [size * 250 for size in sizes]
    assert sum(share for _, share in lines) == fee == desk.closing(offering).fee_minor == 2_672
    assert all(abs(share - amount * 333 / 10_000) < 1 for amount, share in lines)
    world.approve_closing(offering)
    desk.until_quiet()
    assert cash(world) == [("move", 0), ("payment", total), ("payout", -(total - fee))]
    assert world.broken_promises() == []


@given(
    amounts=st.lists(st.integers(1, 10**13), min_size=1, max_size=60),
    bps=st.integers(0, 10_000),
)
def test_the_shares_of_a_fee_sum_to_it_and_none_takes_more_than_its_pledge(amounts: list[int], bps: int) -> None:
    fee = Money(sum(amounts), "USD").share_of(bps)
    shares = split(fee.minor, amounts)
    assert sum(shares) == fee.minor
    assert all(0 <= share <= amount for share, amount in zip(shares, amounts, strict=True))
    # Each is the exact share, rounded one way or the other.
    exact = [fee.minor * amount for amount in amounts]
    assert all(abs(share * sum(amounts) - e) < sum(amounts) for share, e in zip(shares, exact, strict=True))
