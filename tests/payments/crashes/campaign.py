"""`make campaign`: twenty rounds of every point, by chance around it, and a heap of events; fails upon anything lost or double.

`python -m tests.payments.crashes.campaign O3 C` plays only the points whose names begin so; `heap` only the heap, `crowd` only
closings and refund runs of very many pledges that are killed midway: 5,000, or as many as CROWD says (100,000 take hours).
"""

from __future__ import annotations

import logging
import os
import random
import sys
import tempfile
import time
from pathlib import Path

import structlog

from app import schema
from app.wiring import build, keep_editions
from tests.builders import World
from tests.conftest import settings
from tests.payments.crashes import backlog
from tests.payments.crashes.carrying import BOTH, CarryingArena, at_once
from tests.payments.crashes.crowd import Crowd
from tests.payments.crashes.rounds import LONGEST_RECOVERY_S, Arena, Result
from tests.payments.crashes.spending import SpendingArena
from tests.servers import Server, running

ROUNDS = 20
#: So many events wait, and so long may two workers take.
EVENTS, FEWER, DRAINED_WITHIN_S = 5_000, 1_000, 60
#: So many pledges are closed, and as many given back, by workers that die of it. Their law asks nothing at the sale.
CROWD, QUIET_LAW = 5_000, "NZ-CF"
SEED = 11


def line(name: str, results: list[Result]) -> bool:
    """Print how a point went; whether it went well."""
    lost, doubles = sum(one.lost for one in results), sum(one.doubles for one in results)
    wrong = [text for one in results for text in one.wrong]
    died, longest = sum(one.died for one in results), max(one.waited_s + one.worked_s for one in results)
    waited = max(one.waited_s for one in results)
    print(
        f"{name:<48} {len(results):6} {died:6} {lost:5} {doubles:8} {waited:8.0f} s {longest:8.1f} s",
        *wrong,
        flush=True,
    )
    return not (lost or doubles or wrong) and longest <= LONGEST_RECOVERY_S


def kills(arena: Arena) -> bool:
    """Every point, one after the other. Who sleeps instead of dying wakes by the same rule each time."""
    print(f"{'point':<48} {'rounds':>6} {'killed':>6} {'lost':>5} {'doubles':>8} {'waits':>10} {'recovery':>10}")
    dice, went_well = random.Random(SEED), True
    for name in filter(lambda name: name.startswith(tuple(sys.argv[1:]) or ""), arena.points):
        went_well &= line(name, [arena.play(name, dice) for _ in range(ROUNDS)])
    return went_well


def heap(server: Server, folder: Path) -> bool:
    """A heap for one worker, and one for two; each event is applied once."""
    alone, together = world_on(server, folder), world_on(server, folder)
    rates, went_well = [], True
    for world, events, processes in ((alone, FEWER, 1), (together, EVENTS, 2)):
        backlog.heap(world, events)
        took = backlog.drain(world, processes)
        once = backlog.applied(world) == (events, events, events) and not world.broken_promises()
        rates.append(events / took)
        went_well &= once and (processes == 1 or took <= DRAINED_WITHIN_S)
        print(
            f"{events} events, {processes} at work: {took:.0f} s, {rates[-1]:.0f} a second, each once: {once}",
            flush=True,
        )
        world.platform.close()
    print(f"two workers : one worker, in events a second: {rates[1] / rates[0]:.2f} x")
    return went_well


def crowds(server: Server, folder: Path) -> bool:
    """A closing and a refund run that are killed midway; each line says where."""
    many, went_well = int(os.environ.get("CROWD", CROWD)), True
    for what, target in (("close", many // 2), ("give back", many * 2)):
        world, began = world_on(server, folder), time.monotonic()
        crowd = Crowd(world, many, target, QUIET_LAW)
        ready = time.monotonic()
        try:
            kills = crowd.close() if what == "close" else crowd.give_back()
            crowd.closed_once() if what == "close" else crowd.returned_once()
        except AssertionError as error:
            went_well = False
            print(f"{what} {many:,}: {error}", flush=True)
        else:
            places = ", ".join(f"{one.what} at {one.done:,}" for one in kills)
            print(
                f"{what} {many:,} pledges, killed while {places}: each once, in {time.monotonic() - ready:.0f} s"
                f" (made in {ready - began:.0f} s)", flush=True,
            )  # fmt: skip
        world.platform.close()
    return went_well


def world_on(server: Server, folder: Path, **others: str) -> World:
    platform = build(settings(server.url(server.create()), folder, **others))
    schema.upgrade(platform.database)
    for far_side in platform.far_sides.values():
        far_side.install()
    keep_editions(platform)
    return World(platform)


def main() -> int:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    with running() as server, tempfile.TemporaryDirectory() as folder:
        world = world_on(server, Path(folder))
        went_well = kills(Arena(world))
        went_well &= kills(SpendingArena(world))
        world.platform.close()
        world = world_on(server, Path(folder), **BOTH)
        with at_once():
            went_well &= kills(CarryingArena(world))
        world.platform.close()
        if not sys.argv[1:] or "heap" in sys.argv:
            went_well &= heap(server, Path(folder))
        if not sys.argv[1:] or "crowd" in sys.argv:
            went_well &= crowds(server, Path(folder))
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    return 0 if went_well else 1


if __name__ == "__main__":
    sys.exit(main())
