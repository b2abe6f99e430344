"""A switch: what it stops, who set it and why, who lifted it and why. Kept for ever; the database refuses other changes."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, func, text
from sqlalchemy.orm import Mapped, mapped_column

from app.database import Base, Id, one_of


class Direction(StrEnum):
    #: Money that comes to offerings, and money that leaves them.
    IN = "in"
    OUT = "out"


class Switch(Base):
    """Stops what matches everything that it names; one that names nothing stops everything: the site is read-only."""

    __tablename__ = "switches"
    __table_args__ = (
        one_of("direction", Direction),
        CheckConstraint(
            "(lifted_at IS NULL) = (lifted_by IS NULL) AND (lifted_at IS NULL) = (lifted_why IS NULL)", name="lifted_whole"
        ),
        CheckConstraint(
            "NOT frozen OR (gateway IS NULL AND direction IS NULL AND offering_id IS NULL AND pledge_id IS NULL)",
            name="frozen_is_everything",
        ),
        # The same thing is switched off once.
        Index(
            "uq_switches_one_set", func.coalesce(text("gateway"), text("''")), func.coalesce(text("direction"), text("''")),
            func.coalesce(text("offering_id"), text("0")), func.coalesce(text("pledge_id"), text("0")), "frozen",
            unique=True, postgresql_where=text("lifted_at IS NULL"),
        ),
    )  # fmt: skip

    id: Mapped[Id]
    ref: Mapped[str] = mapped_column(String(16), unique=True)
    gateway: Mapped[str | None] = mapped_column(String(40))
    direction: Mapped[str | None] = mapped_column(String(3))
    offering_id: Mapped[int | None] = mapped_column(ForeignKey("offerings.id"))
    pledge_id: Mapped[int | None] = mapped_column(ForeignKey("pledges.id"))
    #: Set after a restore; it is thawed when books and gateways are the same again, and lifted in no other way.
    frozen: Mapped[bool] = mapped_column(server_default=text("false"))
    #: What the operator wrote, or the code of the check that set it.
    why: Mapped[str] = mapped_column(String(500))
    set_at: Mapped[datetime]
    #: The name of an actor: "user:7", "system".
    set_by: Mapped[str]
    lifted_at: Mapped[datetime | None]
    lifted_by: Mapped[str | None]
    lifted_why: Mapped[str | None] = mapped_column(String(500))

    @property
    def is_set(self) -> bool:
        return self.lifted_at is None

    @property
    def is_everything(self) -> bool:
        return self.gateway is None and self.direction is None and self.offering_id is None and self.pledge_id is None
