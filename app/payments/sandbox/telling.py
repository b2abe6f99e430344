"""How the pretend provider tells what happened: its events, and whether they come once, late, twice or never."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, Row, delete, func, insert, select, update

from app.payments.sandbox.answers import Event
from app.payments.sandbox.tables import events, settings

#: Delivery of an event is tried so often, each time later.
DELIVERY_ATTEMPTS = 6


class Telling:
    """The part of a provider that keeps its events and hands them out."""

    _engine: Engine

    def _now(self, connection: Connection) -> datetime:
        raise NotImplementedError

    def _settle_due(self, connection: Connection) -> None:
        raise NotImplementedError

    def _tell(self, connection: Connection, row: Row[Any], type_: str) -> None:
        """Keep an event about an object, unless this type is dropped."""
        manner = self._manner(connection)
        if type_ in manner.get("drop", []):
            return
        delay = timedelta(seconds=manner.get("delay_s", 0))
        connection.execute(
            insert(events).values(
                id=f"evt_{secrets.token_hex(10)}",
                type=type_,
                object_kind=row.kind,
                object_id=row.id,
                created_at=self._now(connection),
                deliver_at=func.clock_timestamp() + delay,
                deliveries_left=manner.get("copies", 1),
            )
        )

    def events_to_deliver(self, limit: int) -> list[Event]:
        """Take events whose time has come; each is tried again until its deliveries are confirmed."""
        with self._engine.begin() as connection:
            self._settle_due(connection)
            if self._manner(connection).get("hold"):
                return []
            rows = connection.execute(
                select(events)
                .where(
                    events.c.deliveries_left > 0,
                    events.c.deliver_at <= func.clock_timestamp(),
                    events.c.attempts < DELIVERY_ATTEMPTS,
                )
                .order_by(events.c.deliver_at)
                .limit(limit)
                .with_for_update(skip_locked=True)
            ).all()
            for row in rows:
                connection.execute(
                    update(events)
                    .where(events.c.id == row.id)
                    .values(
                        attempts=row.attempts + 1,
                        deliver_at=func.clock_timestamp() + timedelta(seconds=5) * 2**row.attempts,
                    )
                )
            return [Event(row.id, row.type, row.object_kind, row.object_id, row.created_at) for row in rows]

    def confirm_delivery(self, event_id: str) -> None:
        """The receiver took it. A doubled event goes out again at once."""
        with self._engine.begin() as connection:
            connection.execute(
                update(events)
                .where(events.c.id == event_id)
                .values(deliveries_left=events.c.deliveries_left - 1, deliver_at=func.clock_timestamp(), attempts=0)
            )

    def all_events(self) -> list[Event]:
        """Everything ever told, oldest first: for replaying."""
        with self._engine.begin() as connection:
            rows = connection.execute(select(events).order_by(events.c.created_at, events.c.id))
            return [Event(row.id, row.type, row.object_kind, row.object_id, row.created_at) for row in rows]

    def behave(self, **manner: Any) -> None:
        """Say how events are sent: copies=2, delay_s=60, hold=True, drop=["payment.succeeded"]."""
        with self._engine.begin() as connection:
            connection.execute(delete(settings))
            connection.execute(insert(settings).values(id=1, values=manner))

    def _manner(self, connection: Connection) -> dict[str, Any]:
        return connection.execute(select(settings.c["values"])).scalar_one_or_none() or {}
