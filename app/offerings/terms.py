"""The terms of an offering, and what can be wrong with them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from app.errors import Refused
from app.money import MOST_MINOR, Money, SharePrice
from app.offerings.models import Offering, OversubscriptionRule
from app.regimes.regime import Regime

#: What the column of prices can hold.
DEAREST_SHARE = Decimal(10) ** 14


@dataclass(frozen=True, slots=True)
class Terms:
    """Everything may be missing in a draft."""

    security_type: str | None
    security_description: str | None
    share_price: Decimal | None
    minimum_pledge: Money | None
    target: Money | None
    maximum: Money | None
    oversubscription_rule: str | None
    oversubscription_note: str | None

    @classmethod
    def of(cls, offering: Offering) -> Terms:
        return cls(
            offering.security_type,
            offering.security_description,
            offering.share_price,
            offering.minimum_pledge,
            offering.target,
            offering.maximum,
            offering.oversubscription_rule,
            offering.oversubscription_note,
        )


def problems(terms: Terms) -> list[Refused]:
    """What contradicts itself in these terms, each with the field to mend. Missing terms are no problem here."""
    found = []
    price = terms.share_price
    if price is not None and not _is_price(price):
        return [Refused("share_price_out_of_range", field="share_price")]
    for field, amount in (
        ("minimum_pledge", terms.minimum_pledge), ("target", terms.target), ("maximum", terms.maximum),
    ):  # fmt: skip
        if amount is not None and not 0 < amount.minor <= MOST_MINOR:
            return [Refused("amount_not_positive", field=field)]
    target, maximum, smallest = terms.target, terms.maximum, terms.minimum_pledge
    if target is not None and maximum is not None:
        if maximum < target:
            found.append(Refused("maximum_below_target", field="maximum", target=target))
        elif terms.oversubscription_rule == OversubscriptionRule.NOT_ACCEPTED and maximum > target:
            found.append(Refused("maximum_needs_rule", field="maximum", target=target))
    if maximum is not None and smallest is not None and smallest > maximum:
        found.append(Refused("minimum_above_maximum", field="minimum_pledge", maximum=maximum))
    amount = maximum or target or smallest
    if price is not None and amount is not None:
        found += _share_problems(SharePrice(price, amount.currency), terms)
    return found


def _is_price(price: Decimal) -> bool:
    if not price.is_finite() or not 0 < price < DEAREST_SHARE:
        return False
    return price.as_tuple().exponent >= -6  # type: ignore[operator]  # it is finite


def _share_problems(price: SharePrice, terms: Terms) -> list[Refused]:
    """Money is only ever whole shares."""
    one = price.times(1)
    found = []
    if one.minor == 0:
        return [Refused("share_price_out_of_range", field="share_price")]
    if terms.minimum_pledge is not None and terms.minimum_pledge < one:
        found.append(Refused("minimum_below_share", field="minimum_pledge", one_share=one))
    if terms.maximum is not None and terms.target is not None:
        shares = price.shares_for(terms.maximum)
        most = price.times(shares)
        if not price.is_whole and terms.minimum_pledge is not None:
            # Each pledge is rounded down by less than a minor unit; sold out must still mean that the target is met.
            pledges = shares // max(price.shares_for(terms.minimum_pledge), 1)
            most = Money(max(most.minor - pledges, 0), most.currency)
        if most < terms.target:
            found.append(Refused("target_out_of_reach", field="target", most=most))
    return found


def deadline_problem(deadline_at: datetime, regime: Regime, now: datetime) -> Refused | None:
    """What keeps an offering from opening now with this deadline: it is over, or the law wants more days, or fewer."""
    if deadline_at <= now:
        return Refused("deadline_past", field="deadline_date")
    earliest = regime.earliest_deadline(regime.pack.day_of(now))
    if regime.pack.day_of(deadline_at) < earliest:
        return Refused("deadline_too_early", field="deadline_date", earliest=earliest)
    latest = regime.latest_deadline(regime.pack.day_of(now))
    if latest is not None and regime.pack.day_of(deadline_at) > latest:
        return Refused("deadline_too_late", field="deadline_date", latest=latest)
    return None
