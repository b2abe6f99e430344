"""Every day: what the custodian holds for cash accounts is what the books say, to the cent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select

from app.cash.models import CashDay
from app.database import Transaction
from app.regimes import platform_policy


@dataclass(frozen=True, slots=True)
class Compared:
    """One currency at one custodian, in minor units."""

    gateway: str
    currency: str
    #: What investors have in their accounts, less what the platform owes to them.
    owed: int
    #: The custodian's account in our books.
    ledger: int
    custodian: int

    @property
    def difference(self) -> int:
        """Above zero: the custodian has more than we know of."""
        return self.custodian - self.ledger


def compare(
    books: Mapping[tuple[str, str], int], owed: Mapping[str, int], told: Mapping[tuple[str, str], int]
) -> list[Compared]:
    """`books` and `told`: (gateway, currency) -> minor units, as we and as the custodians have it; nothing is left out."""
    return [
        Compared(gateway, currency, owed.get(currency, 0), books.get((gateway, currency), 0), told.get((gateway, currency), 0))
        for gateway, currency in sorted({*books, *told})
    ]  # fmt: skip


def keep(tx: Transaction, found: Compared) -> bool:
    """Write the first comparison of a day, and later ones only where the difference is another. Writes: day."""
    tx.one_at_a_time("cash_days")
    day = platform_policy.PACK.day_of(tx.now)
    latest = tx.session.scalars(
        select(CashDay)
        .where(CashDay.gateway == found.gateway, CashDay.currency == found.currency)
        .order_by(CashDay.id.desc())
        .limit(1)
    ).one_or_none()
    if latest is not None and (latest.day, latest.difference_minor) == (day, found.difference):
        return False
    tx.session.add(
        CashDay(
            day=day, gateway=found.gateway, currency=found.currency, owed_minor=found.owed, ledger_minor=found.ledger,
            custodian_minor=found.custodian, difference_minor=found.difference, checked_at=tx.now,
        )
    )  # fmt: skip
    return True
