"""Which method when: hold the money now, keep a way to pay and charge it near the deadline, or refuse, and why.

One pure function over what a gateway can do and what an offering may still ask for. It is asked again whenever a
deadline moves. The days are the platform's policy (`regimes/platform_policy.toml`), never typed here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from app.errors import Refused
from app.money import Money
from app.payments.port import Gateway, Method, MethodCaps, Role

#: What some gateway calls somebody: "acct_1a2b". No bank's number looks so.
_NAME = re.compile(r"[a-z]+_")


class Pattern(StrEnum):
    #: Charge now; the money lies with a custodian or a collector until the closing.
    HOLD = "hold"
    #: Keep a way to pay now, charge it near the deadline: promised, not funded, until then.
    SAVE = "save"
    REFUSE = "refuse"


class Why(StrEnum):
    """Why a method is refused for a pledge."""

    AMOUNT_TOO_SMALL = "amount_too_small"
    AMOUNT_TOO_LARGE = "amount_too_large"
    #: It wants the last digits to be zero.
    AMOUNT_TOO_FINE = "amount_too_fine"
    #: The law wants a qualified third party to hold the money.
    HOLDER_NOT_QUALIFIED = "holder_not_qualified"
    #: Whether it was paid would be known only when the offering is over.
    TOO_LATE_TO_HEAR = "too_late_to_hear"
    #: The last refund that could become due falls outside its time.
    REFUND_OUT_OF_TIME = "refund_out_of_time"
    HELD_TOO_LONG = "held_too_long"
    #: A closing may allot a part, and give back the rest; it can only give back everything, or no part that is so fine.
    NO_PART_BACK = "no_part_back"


@dataclass(frozen=True, slots=True)
class PaymentWay:
    """One choice on the payment page: a method at a gateway, and what it can do there."""

    gateway: str
    caps: MethodCaps

    @property
    def method(self) -> Method:
        return self.caps.method


def offered(gateways: Iterable[Gateway], currency: str) -> list[PaymentWay]:
    """Every way to pay in a currency, whatever it is good for."""
    return [
        PaymentWay(gateway.name, caps)
        for gateway in gateways
        if Role.COLLECTOR in gateway.caps.roles
        for caps in gateway.methods(currency).values()
    ]


@dataclass(frozen=True, slots=True)
class Needs:
    """What an offering asks of a method, for a pledge that is made `now`.

    `until` is the last instant at which money may arrive; `last_refund` the last at which a refund could become due:
    the latest deadline, the time to change one's mind, and the days of settling. `charge_from` is when kept ways to pay
    are charged. `part_may_return`: more may be pledged than is sold, so that a closing gives a part of the money back.
    """

    now: datetime
    until: datetime
    charge_from: datetime
    last_refund: datetime
    qualified_holder: bool
    part_may_return: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """`charge_at` only where a way to pay is kept; `why` only where it is refused. `refunded_from`: whoever cancels before then
    has to wait for their money until then, at worst; None: it is sent at once.
    """

    pattern: Pattern
    charge_at: datetime | None = None
    why: Why | None = None
    refunded_from: datetime | None = None


def plan(caps: MethodCaps, amount: Money, needs: Needs) -> Plan:
    """What a method is good for."""
    refused = _refused(caps, amount, needs)
    if refused is not None:
        return Plan(Pattern.REFUSE, why=refused)
    misfit = _misfit(caps, needs.now, needs.last_refund)
    if misfit is None:
        return Plan(Pattern.HOLD, refunded_from=_refunded_from(caps, needs.now))
    charge_at = max(needs.charge_from, needs.now)
    in_time = caps.confirmation == "instant" or charge_at + caps.confirm_within <= needs.until
    if caps.reusable_off_session and in_time and _misfit(caps, charge_at, needs.last_refund) is None:
        return Plan(Pattern.SAVE, charge_at=charge_at, refunded_from=_refunded_from(caps, charge_at))
    return Plan(Pattern.REFUSE, why=misfit)


def _refunded_from(caps: MethodCaps, charged_at: datetime) -> datetime | None:
    return charged_at + caps.confirm_within + caps.refund_not_before if caps.refund_not_before else None


def returns_any_part(caps: MethodCaps) -> bool:
    """Whether whatever a closing leaves of a payment can be given back."""
    return caps.partial_refund and caps.step_minor == 1


def refundable_until(caps: MethodCaps, charged_at: datetime) -> datetime | None:
    """How long money charged then can lie at the gateway and be given back. None: without end."""
    windows = [window for window in (caps.refund_window, caps.max_hold) if window is not None]
    return charged_at + min(windows) if windows else None


def require_payee(custodian: Gateway, account: str) -> None:
    """Whether the custodian of offerings could pay a company there. Raises Refused: "payee_not_at_custodian" (it pays nobody
    whom it does not know), "payee_no_bank_account".
    """
    begins, number = custodian.caps.payees, "".join(account.split())
    if begins and not _is_named(number, begins):
        raise Refused("payee_not_at_custodian", field="account", begins=begins)
    if not begins and _NAME.match(number):
        raise Refused("payee_no_bank_account", field="account")


def _is_named(number: str, begins: str) -> bool:
    rest = number.removeprefix(begins)
    return rest != number and rest.isascii() and rest.isalnum()


def _refused(caps: MethodCaps, amount: Money, needs: Needs) -> Why | None:
    """What no other time of charging would mend."""
    if amount.minor < caps.smallest_minor:
        return Why.AMOUNT_TOO_SMALL
    if amount.minor > caps.largest_minor:
        return Why.AMOUNT_TOO_LARGE
    if amount.minor % caps.step_minor:
        return Why.AMOUNT_TOO_FINE
    if needs.qualified_holder and caps.funds_held_by != "qualified_escrow":
        return Why.HOLDER_NOT_QUALIFIED
    if caps.confirmation == "delayed" and needs.now + caps.confirm_within > needs.until:
        return Why.TOO_LATE_TO_HEAR
    if needs.part_may_return and not returns_any_part(caps):
        return Why.NO_PART_BACK
    return None


def _misfit(caps: MethodCaps, charged_at: datetime, last_refund: datetime) -> Why | None:
    """Whether money charged then could not lie, or be given back, for as long as it may have to."""
    if not _covers(caps.refund_window, charged_at, last_refund):
        return Why.REFUND_OUT_OF_TIME
    if not _covers(caps.max_hold, charged_at, last_refund):
        return Why.HELD_TOO_LONG
    return None


def _covers(window: timedelta | None, since: datetime, until: datetime) -> bool:
    return window is None or since + window >= until
