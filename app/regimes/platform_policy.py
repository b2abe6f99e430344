"""The platform's own rules beyond the law: which pledges an officer looks at first, what a change of an open offering asks
for where the law is silent, and how long money is waited for.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path

from app.money import Money
from app.regimes.calendar import business_days_after, end_of
from app.regimes.parameters import Pack, Row, Schema

FILE = Path(__file__).with_suffix(".toml")
SCHEMA: Schema = {
    "pledge_review": {"usd_minor": int, "cny_minor": int},
    "changes": {
        "reconfirm_business_days": int, "notice_business_days": int, "untold_business_days": int,
        "always_material": list,
    },
    "closing": {"gather_days": int},
}  # fmt: skip

PACK = Pack(FILE.name, FILE.read_text(encoding="utf-8"), SCHEMA, {})


def refers(amount: Money, on: date) -> bool:
    """Whether a pledge of this amount goes to an officer first. Currencies without a row never do."""
    law = PACK.in_force("pledge_review", on)
    threshold = None if law is None else law.values.get(f"{amount.currency.lower()}_minor")
    return threshold is not None and amount.minor >= threshold


def gather_until(closed_at: datetime) -> datetime:
    """Until when money that was on its way at the deadline may still arrive."""
    law = PACK.in_force("closing", closed_at.date())
    return closed_at + timedelta(days=law["gather_days"] if law else 0)


def changes(on: date) -> Row:
    """The days and fields of changes of open offerings; before the first row, those it began with."""
    return PACK.in_force("changes", on) or PACK.rows("changes")[0]


def always_material(on: date) -> frozenset[str]:
    """Fields of an offering whose change no officer can call immaterial."""
    return frozenset(changes(on)["always_material"])


def told_by(published_at: datetime, pack: Pack) -> datetime:
    """When an investor whose mail nobody takes counts as told: the change stood on the site all along."""
    on = pack.day_of(published_at)
    return end_of(business_days_after(on, changes(on)["untold_business_days"], pack.holidays), pack.zone)
