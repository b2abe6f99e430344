"""How cash comes into an account here, and how a pledge is paid out of it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from app.payments.port import Gateway, Holder, Method, plain
from app.payments.ways import PaymentWay
from app.regimes import platform_policy


def cash_way(custodian: Gateway) -> PaymentWay:
    """Paying from a cash account: the custodian carries the money from one of its accounts to another, at once.

    It can be carried back at any time, for it never left the custodian.
    """
    holder: Holder = "qualified_escrow" if custodian.caps.qualified_third_party else "segregated"
    return PaymentWay(custodian.name, plain(Method.CASH_ACCOUNT, holder))


def ways_in(found: Iterable[PaymentWay], custodian: str, at: datetime) -> list[PaymentWay]:
    """Those ways to pay that may top up an account, by the methods that the policy names; each method once.

    Where the custodian itself collects, it is asked; otherwise a collector, which sends it there.
    """
    methods = platform_policy.cash_accounts(at)["top_up_methods"]
    ways: dict[Method, PaymentWay] = {}
    for way in sorted(found, key=lambda one: one.gateway != custodian):
        if way.method in methods:
            ways.setdefault(way.method, way)
    return list(ways.values())
