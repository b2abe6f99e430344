"""Who gets what: pure sums from the register, the offering's own fees, and what was distributed before."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from app.fees.terms import FeeTerms
from app.money import Money, split
from app.share_register.queries import Holding


class Part(NamedTuple):
    """One holder's part; the fields are columns of `DistributionLine`."""

    investor_id: int
    holder_name: str
    shares: int
    paid_in_minor: int
    before_minor: int
    gross_minor: int
    carry_minor: int
    tax_minor: int

    @property
    def net_minor(self) -> int:
        return self.gross_minor - self.carry_minor - self.tax_minor


def parts(
    holdings: Sequence[Holding], fees_paid: Mapping[int, int], before: Mapping[int, int], total: Money,
    terms: FeeTerms, tax_bps: int,
) -> list[Part]:  # fmt: skip
    """The total by shares, the largest remainders first. Carry is taken of what goes to a holder beyond all that they paid
    in, their own fee with it (`fees_paid` by pledge; `before` by investor); tax of what is left to them then.
    """
    shares: dict[int, int] = {}
    paid_in: dict[int, int] = {}
    names: dict[int, str] = {}
    for one in holdings:
        who = one.investor_id
        names[who] = one.holder_name
        shares[who] = shares.get(who, 0) + one.shares
        paid_in[who] = paid_in.get(who, 0) + one.amount_minor + fees_paid.get(one.pledge_id, 0)
    found = []
    for who, gross in zip(shares, split(total.minor, list(shares.values())) if shares else (), strict=True):
        had, paid = before.get(who, 0), paid_in[who]
        carry = terms.carry(*(Money(minor, total.currency) for minor in (gross, had, paid))).minor
        tax = Money(gross - carry, total.currency).share_of(tax_bps).minor
        found.append(Part(who, names[who], shares[who], paid, had, gross, carry, tax))
    return found


def sha256_of(about: Mapping[str, object], found: Sequence[Part]) -> str:
    """What an approval is bound to: `about` is what the distribution says, with every part."""
    return hashlib.sha256(json.dumps([about, found], sort_keys=True, default=str).encode()).hexdigest()
