"""How the pretend provider tells what happened: its events, and whether they come once, late, twice or never."""

from __future__ import annotations

import hashlib
import secrets
from abc import ABC, abstractmethod
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, Row, delete, func, insert, select, update

from app.payments.sandbox.answers import Event
from app.payments.sandbox.tables import events, objects, settings

#: Delivery of an event is tried so often, each time later.
DELIVERY_ATTEMPTS = 6


class Telling(ABC):
    """The part of a provider that keeps its events and hands them out."""

    _engine: Engine

    @abstractmethod
    def _now(self, connection: Connection) -> datetime:
        """The provider's time."""

    @abstractmethod
    def _settle_due(self, connection: Connection) -> None:
        """Let happen what the clock brings."""

    def _new_id(self, connection: Connection, prefix: str) -> str:
        """Ids sort as they were made: under a clock that stands still, nothing else tells what came first."""
        made_at = func.to_char(func.timezone("UTC", func.clock_timestamp()), "YYYYMMDDHH24MISSUS")
        return f"{prefix}_{connection.execute(select(made_at)).scalar_one()}{secrets.token_hex(4)}"

    def _tell(self, connection: Connection, row: Row[Any], type_: str) -> None:
        """Keep an event about an object, unless this type is dropped."""
        manner = self._manner(connection)
        if type_ in manner.get("drop", []):
            return
        delay = timedelta(seconds=manner.get("delay_s", 0))
        connection.execute(
            insert(events).values(
                id=self._new_id(connection, "evt"),
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
            manner = self._manner(connection)
            if manner.get("hold"):
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
            told = [self._event(connection, row, manner) for row in rows]
            seed = manner.get("seed")
            return told if seed is None else _shuffled(told, seed)

    def _event(self, connection: Connection, row: Row[Any], manner: Mapping[str, Any]) -> Event:
        snapshot = None
        if manner.get("snapshot"):
            about = connection.execute(select(objects).where(objects.c.id == row.object_id)).one()
            snapshot = {"status": about.status, "amount_minor": about.amount_minor, "currency": about.currency}
        return Event(row.id, row.type, row.object_kind, row.object_id, row.created_at, snapshot)

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

    # How events are sent, until `behave()` makes an end of it

    def behave(self, **manner: Any) -> None:
        """Say it all at once: copies=2, delay_s=60, hold=True, drop=["payment.succeeded"], seed=7, snapshot=True."""
        with self._engine.begin() as connection:
            connection.execute(delete(settings))
            connection.execute(insert(settings).values(id=1, values=manner))

    def _also(self, **manner: Any) -> None:
        with self._engine.begin() as connection:
            before = self._manner(connection)
        self.behave(**{**before, **manner})

    def dup(self, copies: int) -> None:
        """Send every event so often, from the next one on."""
        self._also(copies=copies)

    def drop(self, *types: str) -> None:
        """Never tell of these types, from the next one on."""
        self._also(drop=list(types))

    def delay(self, seconds: int) -> None:
        self._also(delay_s=seconds)

    def hold(self) -> None:
        """Send nothing until `release`."""
        self._also(hold=True)

    def release(self) -> None:
        self._also(hold=False)

    def reorder(self, seed: int) -> None:
        """Send what is due in another order: the same for the same seed."""
        self._also(seed=seed)

    def thin(self) -> None:
        """Events name their object and tell nothing about it."""
        self._also(snapshot=False)

    def snapshot(self) -> None:
        """Events tell how their object stands while they are sent."""
        self._also(snapshot=True)

    def replay(self, event_id: str, at: datetime | None = None) -> None:
        """Send an event once more, now or at this true time."""
        again = {"deliveries_left": func.greatest(events.c.deliveries_left, 0) + 1, "attempts": 0}
        with self._engine.begin() as connection:
            when = func.clock_timestamp() if at is None else at
            connection.execute(update(events).where(events.c.id == event_id).values(**again, deliver_at=when))

    def _manner(self, connection: Connection) -> dict[str, Any]:
        return connection.execute(select(settings.c["values"])).scalar_one_or_none() or {}


def _shuffled(told: list[Event], seed: int) -> list[Event]:
    order = sorted(range(len(told)), key=lambda place: hashlib.sha256(f"{seed} {place}".encode()).hexdigest())
    return [told[place] for place in order]
