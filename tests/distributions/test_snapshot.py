"""The sums of a distribution: parts, carry and tax, to the cent, however it is distributed."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from app.distributions.snapshot import Part, parts
from app.fees.terms import FeeTerms
from app.money import Money
from app.share_register.queries import Holding

AMOUNTS = st.integers(1, 5_000_000)


@st.composite
def registers(draw: st.DrawFn) -> list[Holding]:
    """Some holders, of whom one may have pledged twice."""
    made = draw(st.lists(st.tuples(st.integers(1, 6), st.integers(1, 9_999), AMOUNTS), min_size=1, max_size=8))
    return [Holding(n, who, f"Holder {who}", shares, minor) for n, (who, shares, minor) in enumerate(made)]


@given(
    registers(), st.lists(AMOUNTS, min_size=1, max_size=6), st.integers(0, 10_000), st.integers(0, 10_000), st.data()
)
def test_carry_over_several_distributions_is_what_one_would_have_cost_each_holder(
    held: list[Holding], totals: list[int], carry_bps: int, tax_bps: int, data: st.DataObject
) -> None:
    terms = FeeTerms(0, carry_bps=carry_bps)
    fees = {one.pledge_id: data.draw(st.integers(0, 700)) for one in held}
    before: dict[int, int] = {}
    carried: dict[int, int] = {}
    found: list[Part] = []
    for total in totals:
        found = parts(held, fees, before, Money(total, "USD"), terms, tax_bps)
        assert sum(one.gross_minor for one in found) == total
        whole = sum(one.shares for one in held)
        for one in found:
            assert abs(one.gross_minor - total * one.shares / whole) < 1
            assert min(one.carry_minor, one.tax_minor, one.gross_minor - one.carry_minor - one.tax_minor) >= 0
            assert one.tax_minor == Money(one.gross_minor - one.carry_minor, "USD").share_of(tax_bps).minor
            before[one.investor_id] = before.get(one.investor_id, 0) + one.gross_minor
            carried[one.investor_id] = carried.get(one.investor_id, 0) + one.carry_minor
    for one in found:
        paid_in = sum(own.amount_minor + fees[own.pledge_id] for own in held if own.investor_id == one.investor_id)
        assert one.paid_in_minor == paid_in
        sums = (Money(minor, "USD") for minor in (before[one.investor_id], 0, paid_in))
        assert carried[one.investor_id] == terms.carry(*sums).minor
