"""Pledges written in a line, so that a table of them can be read: `9000@0d  7000CNY@2d,back`.

An amount (in USD unless it says otherwise), when it was placed (s, m, h or d after noon) and, after commas, what else is
known: `back` (held, then given back as its investor wished), `unpaid`, `kin` (related to the company), `o2` (the second
offering), `i3` (the third investor), `q180` (days without a pledge before), `CA` (placed from there).
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

from app.money import Money
from app.monitoring.rules import Declared, Seen
from app.regimes.parameters import Row
from app.regimes.platform_policy import PACK

NOON = datetime(2026, 3, 3, 12, tzinfo=UTC)
TODAY = date(2026, 3, 3)
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
PLEDGE = re.compile(r"([\d.]+)([A-Z]{3})?@([\d.]+)([smhd])((?:,\w+)*)")
FIGURES = re.compile(r"(\w+)=(-?[\d.]+)([A-Z]{3})?@(-?[\d.]+)([smhd])")


def policy(table: str) -> Row:
    row = PACK.in_force(table, TODAY)
    assert row is not None
    return row


def when(number: str, unit: str) -> datetime:
    return NOON + timedelta(**{UNITS[unit]: float(number)})


def pledges(line: str) -> list[Seen]:
    found = []
    for number, word in enumerate(line.split()):
        match = PLEDGE.fullmatch(word)
        assert match is not None, word
        amount, currency, at, unit, marks = match.groups()
        known = set(marks.split(",")[1:])
        numbered = {mark[0]: float(mark[1:]) for mark in known if re.fullmatch(r"[oiq][\d]+", mark)}
        countries = [mark for mark in known if mark.isupper()]
        found.append(
            Seen(
                id=number,
                ref=f"P-{number}",
                investor_id=int(numbered.get("i", 1)),
                offering_id=int(numbered.get("o", 1)),
                amount=Money.of(amount, currency or "USD"),
                placed_at=when(at, unit),
                is_held=not known & {"back", "unpaid"},
                is_returned="back" in known,
                is_related="kin" in known,
                placed_from=countries[0] if countries else None,
                quiet_for=timedelta(days=numbered.get("q", 0)),
            )
        )
    return found


def figures(line: str) -> list[Declared]:
    """`income=50000@-8d  worth=90000CNY@0d`: each a declaration of its own."""
    found = []
    for number, word in enumerate(line.split()):
        match = FIGURES.fullmatch(word)
        assert match is not None, word
        name, amount, currency, at, unit = match.groups()
        told = Money.of(amount, currency or "USD")
        found.append(Declared(number, when(at, unit), told.currency, {name: told.minor}))
    return found
