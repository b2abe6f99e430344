"""The platform's own rules beyond the law: which pledges an officer looks at first."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path

from app.money import Money
from app.regimes.parameters import Pack, Schema

FILE = Path(__file__).with_suffix(".toml")
SCHEMA: Schema = {"pledge_review": {"usd_minor": int, "cny_minor": int}, "closing": {"gather_days": int}}

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
