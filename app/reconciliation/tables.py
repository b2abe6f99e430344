"""The reports as plain tables, for a file or a terminal: amounts in major units, times in UTC, names as codes."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from app.money import Money
from app.reconciliation.dormant import Dormant
from app.reconciliation.models import Break, ComparedDay

Row = Sequence[object]

DAY = (
    "day", "gateway", "currency", "account", "opening", "movements", "closing", "gateway_opening", "gateway_movements",
    "gateway_closing", "waiting", "balance", "unexplained",
)  # fmt: skip
BREAKS = (
    "ref", "kind", "day", "gateway", "amount", "currency", "key", "first_seen_at", "owner", "action", "status", "entry",
    "ended_at", "note",
)  # fmt: skip
DORMANT = ("account", "why", "amount", "currency", "untouched_since", "offering", "pledge", "investor", "gateway")


def days(found: Iterable[ComparedDay]) -> list[Row]:
    return [
        (
            one.day, one.gateway, one.currency, one.account, *_sides(one), _amount(one.waiting_minor, one.currency),
            "" if one.balance_minor is None else _amount(one.balance_minor, one.currency),
            _amount(one.unexplained_minor, one.currency),
        )
        for one in found
    ]  # fmt: skip


def _sides(one: ComparedDay) -> tuple[str, ...]:
    ours = (one.opening_minor, one.movements, one.closing_minor)
    theirs = (one.line_opening_minor, one.line_movements, one.line_closing_minor)
    return tuple(
        text
        for opening, moved, closing in (ours, theirs)
        for text in (
            _amount(opening, one.currency),
            " ".join(f"{kind}={_amount(minor, one.currency)}" for kind, minor in sorted(moved.items())),
            _amount(closing, one.currency),
        )
    )


def breaks(found: Iterable[Break]) -> list[Row]:
    return [
        (
            one.ref, one.kind, one.day, one.gateway, "" if one.currency is None else _amount(one.amount_minor, one.currency),
            one.currency or "", one.key, one.first_seen_at.isoformat(), one.owner, one.action, one.status,
            one.entry_id or "", one.ended_at.isoformat() if one.ended_at else "", _plain(one.note or ""),
        )
        for one in found
    ]  # fmt: skip


def dormant(found: Iterable[Dormant]) -> list[Row]:
    return [
        (
            one.code, one.why, one.amount.amount, one.amount.currency, one.untouched_since.isoformat(),
            one.offering_ref or "", one.pledge_ref or "", one.investor_id or "", one.gateway,
        )
        for one in found
    ]  # fmt: skip


def as_csv(*tables: tuple[Sequence[str], Iterable[Row]]) -> str:
    """RFC 4180; two tables are parted by an empty line."""
    written = io.StringIO()
    for number, (head, rows) in enumerate(tables):
        if number:
            written.write("\r\n")
        csv.writer(written).writerows([head, *rows])
    return written.getvalue()


def _amount(minor: int, currency: str) -> str:
    return str(Money(minor, currency).amount)


def _plain(text: str) -> str:
    """What a person wrote is no formula to a spreadsheet."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
