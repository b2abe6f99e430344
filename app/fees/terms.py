"""The fees of one offering: fixed when it is handed in, shown to everybody before they agree to anything.

Every amount is rounded half up once. A fee that grows with something is measured on all of it so far, less what was
charged before: several closings cost what one would have cost.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from app.errors import Refused
from app.money import Money
from app.regimes import platform_policy


@dataclass(frozen=True, slots=True)
class FeeTerms:
    """Rates are basis points, amounts minor units of the offering's currency. A `most` of None is no limit."""

    #: Of what is closed, paid by the company out of it.
    success_bps: int
    success_least_minor: int = 0
    success_most_minor: int | None = None
    #: Of a pledge, paid by its investor on top of it; the limit is for each pledge.
    investor_bps: int = 0
    investor_most_minor: int | None = None
    #: Of what is distributed above what the holders paid in.
    carry_bps: int = 0
    #: Billed to the company when the offering is published.
    listing_minor: int = 0
    #: No fee: kept back of what is closed for so many days, to cover what banks take back meanwhile.
    holdback_bps: int = 0
    holdback_days: int = 0

    @classmethod
    def of_the_day(cls, success_bps: int, currency: str, at: datetime) -> FeeTerms:
        """What a new offering is offered: the success fee of the installation's settings, the rest of its policy."""
        row, kept = platform_policy.fees(at), platform_policy.holdback(at)

        def minor(name: str) -> int:
            return int(row.values.get(f"{name}_{currency.lower()}_minor", 0))

        return cls(
            success_bps=success_bps,
            success_least_minor=minor("success_least"),
            success_most_minor=minor("success_most") or None,
            investor_bps=row["investor_bps"],
            investor_most_minor=minor("investor_most") or None,
            carry_bps=row["carry_bps"],
            listing_minor=minor("listing"),
            holdback_bps=kept["kept_bps"],
            holdback_days=kept["kept_days"],
        )

    def checked(self, target_minor: int | None) -> FeeTerms:
        """The same, for an offering with this target. Raises Refused("fees_contradict"): the database would refuse it."""
        least, most = self.success_least_minor, self.success_most_minor
        if least and ((most is not None and least > most) or (target_minor is not None and least >= target_minor)):
            raise Refused("fees_contradict")
        return self

    def success_fee(self, closing: Money, closed_before: Money) -> Money:
        """What a closing costs the company, after earlier ones of the same offering."""
        return self._success_fee_of(closed_before + closing) - self._success_fee_of(closed_before)

    def _success_fee_of(self, closed: Money) -> Money:
        """Of all that is closed: never more than it, and nothing of nothing."""
        rate = _at_most(closed.share_of(self.success_bps), self.success_most_minor)
        return Money(min(max(rate.minor, self.success_least_minor), closed.minor), closed.currency)

    def holdback(self, closing: Money, fee: Money) -> Money:
        """What is kept back from the company of a closing, never more than the fee leaves of it."""
        return min(closing.share_of(self.holdback_bps), closing - fee)

    def investor_fee(self, pledge: Money) -> Money:
        """What an investor pays on top of a pledge."""
        return _at_most(pledge.share_of(self.investor_bps), self.investor_most_minor)

    def carry(self, distribution: Money, distributed_before: Money, paid_in: Money) -> Money:
        """The platform's part of a distribution: of what goes beyond all that the holders paid in."""
        return self._carry_of(distributed_before + distribution, paid_in) - self._carry_of(distributed_before, paid_in)

    def _carry_of(self, distributed: Money, paid_in: Money) -> Money:
        return max(distributed - paid_in, Money.zero(paid_in.currency)).share_of(self.carry_bps)


def _at_most(amount: Money, most_minor: int | None) -> Money:
    return amount if most_minor is None else Money(min(amount.minor, most_minor), amount.currency)
