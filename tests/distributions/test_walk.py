"""From the issuer's money to the holders' cash: what was shown, agreed to and booked is the same, to the cent."""

from __future__ import annotations

from app.ledger.chart import Code
from app.money import Money
from tests.builders import World
from tests.distributions.conftest import TERMS, Payer


def test_each_holder_has_their_part_in_cash_and_the_platform_its_carry(world: World, payer: Payer) -> None:
    offering = payer.sold(100, 33, 67)
    fees = payer.balance(Code.PLATFORM_CASH)
    first = payer.distribute(offering, 30_001)
    assert (first.status, first.carry_minor, first.tax_minor) == ("paid", 0, 0)
    assert sum(part.gross_minor for part in payer.parts(first)) == 30_001
    second = payer.distribute(offering, 70_007, tax_bps=1_500)
    parts = payer.parts(second)
    assert [part.before_minor for part in parts] == [part.gross_minor for part in payer.parts(first)]
    assert [part.paid_in_minor for part in parts] == [25_500, 8_415, 17_085]  # with the investors' own fee
    assert second.status == "paid"
    assert second.carry_minor == sum(
        TERMS.carry(*(Money(minor, "USD") for minor in (part.gross_minor, part.before_minor, part.paid_in_minor))).minor
        for part in parts
    ) > 0  # fmt: skip
    for one, two in zip(payer.parts(first), parts, strict=True):
        net = one.gross_minor + two.gross_minor - two.carry_minor - two.tax_minor
        assert payer.balance(Code.INVESTOR_CASH, investor_id=two.investor_id) == net
        assert payer.balance(Code.DISTRIBUTION_PAYABLE, investor_id=two.investor_id) == 0
    assert payer.balance(Code.DISTRIBUTION_FUND, offering_id=offering.id) == 0
    assert payer.balance(Code.WITHHOLDING_TAX, offering_id=offering.id) == second.tax_minor > 0
    assert payer.balance(Code.ESCROW_CASH, offering_id=offering.id) == second.tax_minor
    assert payer.balance(Code.PLATFORM_CASH) - fees == second.carry_minor
    assert world.broken_promises() == []
