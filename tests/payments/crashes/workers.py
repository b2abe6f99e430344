"""Processes for one round each: forked from the warm one of the test, with connections of their own, and what they do."""

from __future__ import annotations

import logging
import math
import multiprocessing
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any

import structlog

from app import create_app
from app.actor import Actor
from app.closings import actions as closings
from app.investors import queries as investors
from app.jobs import runner
from app.payments.sandbox.signing import SIGNATURE_HEADER, sign
from tests.builders import World
from tests.payments.crashes import dying
from tests.payments.crashes.dying import THERE, End

PATIENCE_S = 90
#: So often are the jobs run by the timetable, also when nobody wakes them.
NET_S = 5

FORKS = multiprocessing.get_context("fork")


# What a process does


def job(world: World, name: str) -> None:
    """What a worker does when it is woken."""
    runner.run(world.platform, name)


def pledge(world: World, investor_id: int, offering_id: int, form_key: uuid.UUID) -> int | None:
    """What the site does when somebody presses the button. The pledge's id is the acknowledgement."""
    with world.looking() as view:
        investor = investors.investor(view.session, investor_id)
    placed = world.place(investor, world.offering(offering_id), 100, form_key=form_key).pledge
    return None if placed is None else placed.id


def cancel(world: World, pledge_id: int) -> None:
    world.cancel(world.pledge(pledge_id))


def approve(world: World, officer: Actor, ref: str, seen: str) -> None:
    """What the site does for the second officer: shares are allotted and the payout is asked for."""
    with world.acting(officer) as tx:
        closings.approve(tx, ref, seen)


def hear(world: World, name: str, event_id: str, body: bytes) -> int:
    """The provider tells the site what happened; the answer's status."""
    app = create_app(world.platform.settings)
    app.extensions["platform"] = world.platform
    signature = sign(body, world.platform.settings.webhook_secret, datetime.now(UTC))
    answer = app.test_client().post(f"/webhooks/{name}", data=body, headers={SIGNATURE_HEADER: signature})
    return answer.status_code


def recover(world: World) -> float:
    """What a new worker does every few seconds until nothing waits; after how many of those seconds the last thing happened.

    The seconds themselves are not waited for: what is due later comes nearer by as much.
    """
    passed, happened_at, end = 0.0, 0.0, time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        before = _length_of_trail(world)
        world.run_jobs()
        if _length_of_trail(world) != before:
            happened_at = passed
        ((wait,),) = world.sql(
            "SELECT extract(epoch FROM min(due) - clock_timestamp())::float FROM ("
            " SELECT next_attempt_at AS due FROM instructions WHERE status IN ('queued', 'sending', 'unknown', 'pending')"
            " UNION ALL SELECT next_attempt_at FROM gateway_events WHERE status = 'new'"
            " UNION ALL SELECT deliver_at FROM sandbox.events WHERE deliveries_left > 0) waiting"
        )
        if wait is None:
            return happened_at
        runs = max(1, math.ceil(wait / NET_S))
        passed += runs * NET_S
        for table, column in (
            ("instructions", "next_attempt_at"),
            ("gateway_events", "next_attempt_at"),
            ("sandbox.events", "deliver_at"),
        ):
            world.sql(f"UPDATE {table} SET {column} = {column} - :by * interval '1 second'", by=runs * NET_S)
    raise AssertionError("it never came to rest")


def _length_of_trail(world: World) -> int:
    ((length,),) = world.sql("SELECT count(*) FROM audit_events")
    return int(length)


# The process itself


def _live(world: World, line: Connection, act: Callable[..., Any], args: Any, end: End | None) -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    platform = world.platform
    # The connections that came with the fork are another's: they are left alone.
    platform.database.engine.dispose(close=False)
    for provider in platform.far_sides.values():
        provider._engine.dispose(close=False)
    if end is not None:
        dying.place(platform, end, line)
    line.send((act(world, *args),))


class Worker:
    """A process that does one thing, and may die of it."""

    def __init__(self, process: BaseProcess, line: Connection) -> None:
        self.process, self._line = process, line
        self._heard: tuple[Any] | None = None

    def comes_there(self) -> bool:
        """Wait until it is at its place; False when it is done, or dead, without."""
        said = self._hear()
        if said == THERE:
            return True
        self._heard = said
        return False

    def wake(self) -> None:
        self._line.send("on with it")

    def kill(self, after_s: float = 0) -> None:
        self.process.join(after_s)
        self.process.kill()

    def ends(self, within_s: float = PATIENCE_S) -> tuple[Any] | None:
        """Wait for its end; what it said of what it did, or None when it did not live to say it."""
        heard = self._heard
        while heard is None and (said := self._hear(within_s)) is not None:
            heard = said if said != THERE else None
        self.process.join(PATIENCE_S)
        assert self.process.exitcode in (0, -9), f"it ended by itself: {self.process.exitcode}"
        return heard

    def _hear(self, within_s: float = PATIENCE_S) -> Any:
        assert self._line.poll(within_s), "it says nothing"
        try:
            return self._line.recv()
        except EOFError:
            return None


class Workers:
    """Starts processes on one platform's database."""

    def __init__(self, world: World) -> None:
        self._world = world

    @contextmanager
    def one(self, act: Callable[..., Any], *args: Any, end: End | None = None) -> Iterator[Worker]:
        """A worker, which does not outlive the block."""
        ours, theirs = FORKS.Pipe()
        process = FORKS.Process(target=_live, args=(self._world, theirs, act, args, end))
        process.start()
        theirs.close()
        try:
            yield Worker(process, ours)
        finally:
            process.kill()
            process.join(PATIENCE_S)
            ours.close()

    def do(self, act: Callable[..., Any], *args: Any) -> Any:
        """Do it in a process that lives."""
        with self.one(act, *args) as worker:
            said = worker.ends()
            assert said is not None
            return said[0]
