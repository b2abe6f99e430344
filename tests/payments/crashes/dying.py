"""Places in the code as it is, and what happens to a process that comes by one of them. Production code knows nothing of it."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from enum import StrEnum
from multiprocessing.connection import Connection
from typing import Any

from sqlalchemy import event

from app.actor import Actor
from app.database import Database, Transaction
from app.wiring import Platform


class Moment(StrEnum):
    BEFORE = "before"
    INSIDE = "inside"
    AFTER = "after"


@dataclass(frozen=True, slots=True)
class Place:
    """Around a call of a gateway (`call`), or in a transaction that is signed like `during`: "actor request"."""

    moment: Moment
    call: str = ""
    during: str = ""


class Manner(StrEnum):
    """What comes over a process at its place."""

    AT_ONCE = "at_once"
    #: It says that it is there, and goes on until it is killed from outside.
    SOON = "soon"
    #: It says that it is there, and wakes up when it is told to.
    SLEEPS = "sleeps"


@dataclass(frozen=True, slots=True)
class End:
    """`statement`: before which one of a transaction, counted from 1; at the commit when there are not so many."""

    place: Place
    manner: Manner = Manner.AT_ONCE
    statement: int = 1_000_000


THERE = "there"


def place(platform: Platform, end: End, line: Connection) -> None:
    """Lay it in the way of this process, once."""
    came_by: list[bool] = []

    def reached() -> None:
        if came_by:
            return
        came_by.append(True)
        if end.manner is Manner.AT_ONCE:
            os.kill(os.getpid(), signal.SIGKILL)
        line.send(THERE)
        if end.manner is Manner.SLEEPS:
            line.recv()

    if end.place.call:
        for gateway in platform.gateways.values():
            _around(gateway, end.place, reached)
    else:
        _within(platform.database, end, reached)


def _around(gateway: Any, where: Place, reached: Callable[[], None]) -> None:
    real = getattr(gateway, where.call)

    def call(*args: Any, **kwargs: Any) -> Any:
        if where.moment is Moment.BEFORE:
            reached()
        answer = real(*args, **kwargs)
        if where.moment is Moment.AFTER:
            reached()
        return answer

    setattr(gateway, where.call, call)


def _within(database: Database, end: End, reached: Callable[[], None]) -> None:
    real = database.transaction
    inside, statements = [], []

    @contextmanager
    def transaction(actor: Actor, request_id: str = "-") -> Iterator[Transaction]:
        is_it = re.search(end.place.during, f"{actor.name} {request_id}") is not None
        made: AbstractContextManager[Transaction] = real(actor, request_id)
        with made as tx:
            if is_it and end.place.moment is Moment.INSIDE:
                inside.append(tx)
            yield tx
        inside.clear()
        if is_it and end.place.moment is Moment.AFTER:
            reached()

    def on_statement(*args: Any) -> None:
        if inside:
            statements.append(args)
            if len(statements) >= end.statement:
                reached()

    def on_commit(*args: Any) -> None:
        if inside:
            reached()

    database.transaction = transaction  # type: ignore[method-assign]
    event.listen(database.engine, "before_cursor_execute", on_statement)
    event.listen(database.engine, "commit", on_commit)
