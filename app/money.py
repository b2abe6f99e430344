"""Money is a whole number of minor units with its currency; it is never a float and never bare.

Knows nothing of locales: reading and writing amounts for people is `app/i18n/amounts.py`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

from app.errors import Mistake

#: Minor digits of every currency an offering may use. Source: ISO 4217 (SIX, list one).
EXPONENTS = {
    "AUD": 2, "BHD": 3, "CAD": 2, "CHF": 2, "CNY": 2, "DKK": 2, "EUR": 2, "GBP": 2, "HKD": 2, "INR": 2, "JOD": 3,
    "JPY": 0, "KRW": 0, "KWD": 3, "MYR": 2, "NOK": 2, "NZD": 2, "OMR": 3, "SEK": 2, "SGD": 2, "TND": 3, "USD": 2,
}  # fmt: skip

#: The most that one amount may be, in minor units; the database has the same wall.
MOST_MINOR = 99_999_999_999_999


@dataclass(frozen=True, slots=True, order=False)
class Money:
    """An amount; may be negative (a net worth can be). Arithmetic refuses a second currency."""

    minor: int
    currency: str

    def __post_init__(self) -> None:
        if self.currency not in EXPONENTS:
            raise Mistake(f"unknown currency {self.currency!r}")
        if not isinstance(self.minor, int) or isinstance(self.minor, bool):
            raise Mistake(f"money is a whole number of minor units, not {self.minor!r}")

    @classmethod
    def of(cls, amount: Decimal | str | int, currency: str) -> Money:
        """Exactly this amount in major units ("12.50", "USD").

        Raises ValueError when it has more digits than the currency, or is not a finite number.
        """
        value = Decimal(amount).scaleb(EXPONENTS[currency])
        if not value.is_finite() or value != value.to_integral_value():
            raise ValueError(f"{amount} is no amount in {currency}")
        return cls(int(value), currency)

    @classmethod
    def zero(cls, currency: str) -> Money:
        return cls(0, currency)

    @property
    def amount(self) -> Decimal:
        """In major units, with all minor digits: Decimal("12.50")."""
        return Decimal(self.minor).scaleb(-EXPONENTS[self.currency])

    def _same(self, other: Money) -> int:
        if not isinstance(other, Money) or other.currency != self.currency:
            raise Mistake(f"{self} and {other} have different currencies")
        return other.minor

    def __add__(self, other: Money) -> Money:
        return Money(self.minor + self._same(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.minor - self._same(other), self.currency)

    def __lt__(self, other: Money) -> bool:
        return self.minor < self._same(other)

    def __le__(self, other: Money) -> bool:
        return self.minor <= self._same(other)

    def __gt__(self, other: Money) -> bool:
        return self.minor > self._same(other)

    def __ge__(self, other: Money) -> bool:
        return self.minor >= self._same(other)

    def __bool__(self) -> bool:
        return self.minor != 0

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"

    def share_of(self, bps: int) -> Money:
        """This many basis points of the amount, rounded half up once."""
        exact = Decimal(self.minor) * bps / 10_000
        return Money(int(exact.quantize(Decimal(1), ROUND_HALF_UP)), self.currency)


@dataclass(frozen=True, slots=True)
class SharePrice:
    """What one share costs; it may have more digits than the currency (filings give five)."""

    value: Decimal
    currency: str

    def __post_init__(self) -> None:
        if not self.value.is_finite() or self.value <= 0:
            raise Mistake(f"a share price is above zero, not {self.value}")

    def times(self, shares: int) -> Money:
        """The price of so many shares, rounded down to the minor unit.

        Down, so that many small pledges never cost more together than the same shares at once: no rounding can carry
        an offering above its maximum.
        """
        return Money(int(self._minor * shares), self.currency)

    def shares_for(self, amount: Money) -> int:
        """The most whole shares that cost no more than `amount`."""
        if amount.currency != self.currency:
            raise Mistake(f"{amount} against a price in {self.currency}")
        if amount.minor <= 0:
            return 0
        return math.ceil((amount.minor + 1) / self._minor) - 1

    @property
    def is_whole(self) -> bool:
        """Whether a share costs a whole number of minor units, so that nothing is ever rounded."""
        return self._minor.denominator == 1

    @property
    def _minor(self) -> Fraction:
        return Fraction(self.value.scaleb(EXPONENTS[self.currency]))


def split(total: int, weights: Sequence[int]) -> list[int]:
    """Split a whole number by weights so that the parts sum to it: the largest remainder method.

    Ties go to the earlier part. All weights zero: everything is zero unless `total` is not, which is refused.
    """
    whole = sum(weights)
    if total < 0 or any(weight < 0 for weight in weights) or (whole == 0 and total != 0):
        raise Mistake(f"cannot split {total} by {list(weights)}")
    if whole == 0:
        return [0 for _ in weights]
    parts = [total * weight // whole for weight in weights]
    left = total - sum(parts)
    by_remainder = sorted(range(len(weights)), key=lambda i: (-(total * weights[i] % whole), i))
    for i in by_remainder[:left]:
        parts[i] += 1
    return parts
