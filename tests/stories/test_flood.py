"""A flood of events at the door: forged ones, real ones many times over, all mixed, while people look at pages."""

from __future__ import annotations

import json
import random
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from itertools import cycle, islice
from pathlib import Path
from threading import Event as Signal

import httpx
import pytest

from app.jobs import process_inbox, send_payments
from app.offerings.models import Offering
from app.payments.conformance.bench import Forgery
from app.payments.sandbox.signing import SIGNATURE_HEADER, forge, sign
from app.pledges.models import Pledge
from app.wiring import Platform
from tests import processes
from tests.builders import World
from tests.paying import choose_way
from tests.processes import PATIENCE_S, Site

REAL, COPIES, FORGED, THREADS = 12, 15, 420, 8
#: An event of the real world has a break of its own to show; these leave nothing at all.
WAYS = (Forgery.SIGNER, Forgery.BODY, Forgery.OLD, Forgery.FUTURE)

#: What is sent, and its headers.
Sent = tuple[bytes, dict[str, str]]


@pytest.fixture(scope="module")
def site(env: dict[str, str], platform: Platform) -> Iterator[Site]:
    """Without workers: what is handled, and when, is the test's to say."""
    with processes.running(env, int(env["PORT"]), Path(env["DATA_DIR"]), workers=0) as found:
        yield found


def paid(world: World, offering: Offering) -> list[Pledge]:
    pledges = [world.pledged(offering, 40) for _ in range(REAL)]
    for pledge in pledges:
        world.pay(pledge)
    return pledges


def asked(world: World, offering: Offering) -> Pledge:
    """A pledge whose payment waits at the provider, and whose payer never comes."""
    pledge = world.pledged(offering, 40)
    choose_way(world.platform, pledge)
    send_payments.run(world.platform)
    return pledge


def real_ones(world: World, at: datetime) -> dict[str, Sent]:
    """What the provider tells of those payments, by the ids of the events."""
    assert world.platform.sandbox is not None
    secret = world.platform.settings.webhook_secret
    told = world.platform.sandbox.events_to_deliver(10 * REAL)
    return {one.id: (one.body(), {SIGNATURE_HEADER: sign(one.body(), secret, at)}) for one in told}


def forged_ones(world: World, unpaid: Pledge, known: list[str], at: datetime) -> list[Sent]:
    """Each says that somebody paid who did not; some under the id of a real event, so that this could not be told any more."""
    ((ref,),) = world.sql("SELECT provider_ref FROM instructions WHERE pledge_id = :id", id=unpaid.id)
    kind, _, number = str(ref).partition("/")
    ids = [f"evt_forged_{each}" if each % 3 else known[each % len(known)] for each in range(FORGED)]
    made = []
    for event_id, way in zip(ids, islice(cycle(WAYS), FORGED), strict=True):
        told = {
            "id": event_id, "type": "payment.succeeded", "livemode": False, "created": int(at.timestamp()),
            "object": {"kind": kind, "id": number, "status": "succeeded"},
        }  # fmt: skip
        made.append(forge(way, json.dumps(told).encode(), world.platform.settings.webhook_secret, at))
    return made


def poured(site: Site, what: list[tuple[str, Sent]]) -> Counter[tuple[str, int]]:
    """Send all of it by several threads; how often each sort was answered how."""

    def pour(part: list[tuple[str, Sent]]) -> Counter[tuple[str, int]]:
        answers: Counter[tuple[str, int]] = Counter()
        with httpx.Client(base_url=site.url, timeout=PATIENCE_S) as door:
            for sort, (body, headers) in part:
                answer = door.post("/webhooks/sandbox", content=body, headers=headers)
                answers[sort, answer.status_code] += 1
        return answers

    with ThreadPoolExecutor(THREADS) as pool:
        return sum(pool.map(pour, (what[each::THREADS] for each in range(THREADS))), Counter())


def visited(site: Site, address: str, over: Signal) -> list[tuple[int, float]]:
    """Somebody looks at a page again and again: how each was answered, and after how many seconds."""
    seen = []
    with httpx.Client(base_url=site.url, timeout=PATIENCE_S) as visitor:
        while not over.is_set():
            began = time.monotonic()
            seen.append((visitor.get(address).status_code, time.monotonic() - began))
            over.wait(0.05)
    return seen


def handled(platform: Platform, over: Signal) -> int:
    """The inbox is worked through all the while, as the site's workers would."""
    number = 0
    while not over.wait(0.05):
        number += process_inbox.run(platform)
    return number


@pytest.mark.scenario(43)
def test_a_flood_of_events_forged_doubled_and_real_is_stored_and_applied_once_each(
    site: Site, world: World, platform: Platform
) -> None:
    offering = world.live()
    pledges, unpaid = paid(world, offering), asked(world, offering)
    with world.looking() as view:
        at = view.wall_now
    real = real_ones(world, at)
    assert len(real) >= REAL
    flood = [("real", one) for one in real.values() for _ in range(COPIES)]
    flood += [("forged", one) for one in forged_ones(world, unpaid, list(real), at)]
    random.Random(43).shuffle(flood)

    over = Signal()
    with ThreadPoolExecutor(3) as around:
        reader = around.submit(visited, site, f"/offerings/{offering.slug}", over)
        workers = [around.submit(handled, platform, over) for _ in range(2)]
        try:
            answers = poured(site, flood)
        finally:
            over.set()
        pages, by_then = reader.result(), sum(one.result() for one in workers)
    world.run_jobs()

    assert answers == {("real", 204): len(real) * COPIES, ("forged", 400): FORGED}
    rows = world.sql("SELECT event_id, status FROM gateway_events ORDER BY event_id")
    assert rows == sorted((event_id, "done") for event_id in real)
    assert by_then > 0, "the inbox was handled while the flood went on"
    assert len(pages) > 3 and {status for status, _ in pages} == {200}
    assert max(seconds for _, seconds in pages) < 5

    entries = "SELECT count(*), count(DISTINCT evidence), count(DISTINCT instruction_id) FROM journal_entries"
    assert world.sql(f"{entries} WHERE kind = 'funds_collected'") == [(REAL, REAL, REAL)]
    assert {world.pledge(one.id).status for one in pledges} == {"held"}
    assert world.sql("SELECT count(*) FROM messages WHERE kind = 'pledge_held'") == [(REAL,)]
    assert world.pledge(unpaid.id).status == "reserved"
    assert world.sql("SELECT count(*) FROM breaks") == [(0,)]
    progress = world.offering(offering.id).progress
    assert progress is not None and progress.held_minor == sum(one.amount_minor for one in pledges)
    assert world.broken_promises() == []
