"""The platform's one clock: the database's, so that any number of hosts agree to the microsecond.

`platform_now()` is a function in the database (migration 0001). It is the true time, unless a demo or a test
has moved or stopped it through the single row of `platform_clock`. Security (sessions, second factors,
leases) never uses it: see `Transaction.wall_now`.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import CheckConstraint, Interval, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.database import Base


class PlatformClock(Base):
    """One row. `frozen_at` stops the clock there; `shift` is added to whatever it shows."""

    __tablename__ = "platform_clock"
    __table_args__ = (CheckConstraint("id", name="one_row"),)

    id: Mapped[bool] = mapped_column(primary_key=True, server_default=text("true"))
    shift: Mapped[timedelta] = mapped_column(Interval, server_default=text("'0'"))
    frozen_at: Mapped[datetime | None]


def advance(session: Session, by: timedelta) -> None:
    """Move the platform's clock on."""
    session.execute(text("UPDATE platform_clock SET shift = shift + :by"), {"by": by})


def freeze(session: Session, at: datetime) -> None:
    """Stop the platform's clock at this instant."""
    session.execute(text("UPDATE platform_clock SET frozen_at = :at, shift = '0'"), {"at": at})


def run_true(session: Session) -> None:
    """Let the platform's clock show the true time again."""
    session.execute(text("UPDATE platform_clock SET frozen_at = NULL, shift = '0'"))


def is_stopped(session: Session) -> bool:
    """Whether the clock stands still."""
    return session.execute(text("SELECT frozen_at IS NOT NULL FROM platform_clock")).scalar_one() is True


def is_true(session: Session) -> bool:
    """Whether the clock shows the true time; production starts only then."""
    row = session.execute(text("SELECT shift = '0' AND frozen_at IS NULL FROM platform_clock")).scalar_one()
    return bool(row)
