"""What is switched off."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from app.errors import NotFound
from app.switches.models import Direction, Switch


def by_ref(session: Session, ref: str) -> Switch:
    """Raises NotFound."""
    found = session.scalars(select(Switch).where(Switch.ref == ref)).one_or_none()
    if found is None:
        raise NotFound
    return found


def all_set(session: Session) -> list[Switch]:
    """Every switch that stops something now, the oldest first."""
    return list(session.scalars(select(Switch).where(Switch.lifted_at.is_(None)).order_by(Switch.id)))


def history(session: Session, limit: int) -> list[Switch]:
    """What was ever set, the newest first."""
    return list(session.scalars(select(Switch).order_by(Switch.id.desc()).limit(limit)))


def stopping_everything(session: Session) -> Switch | None:
    """The switch that makes the whole site read-only, if one is set; a freeze comes first."""
    found = [one for one in all_set(session) if one.is_everything]
    return max(found, key=lambda one: one.frozen, default=None)


def freeze(session: Session) -> Switch | None:
    return session.scalars(select(Switch).where(Switch.lifted_at.is_(None), Switch.frozen)).one_or_none()


def covering(gateway: Any, direction: Any, offering_id: Any, pledge_id: Any) -> ColumnElement[bool]:
    """The condition on a switch that stops this; each may be a value, a column, or None for what is not known yet."""
    named = ((Switch.gateway, gateway), (Switch.direction, direction), (Switch.offering_id, offering_id),
             (Switch.pledge_id, pledge_id))  # fmt: skip
    return and_(
        Switch.lifted_at.is_(None),
        *(column.is_(None) if one is None else or_(column.is_(None), column == one) for column, one in named),
    )


def stopping(
    session: Session,
    direction: Direction,
    *,
    offering_id: int,
    gateway: str | None = None,
    pledge_id: int | None = None,
) -> Switch | None:
    """A switch that stops this, the widest first; without a `gateway` only what stops it at every gateway counts."""
    return session.scalars(
        select(Switch)
        .where(covering(gateway, direction.value, offering_id, pledge_id))
        .order_by(func.num_nonnulls(Switch.gateway, Switch.direction, Switch.offering_id, Switch.pledge_id), Switch.id)
        .limit(1)
    ).one_or_none()
