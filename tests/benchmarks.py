"""`make bench`: how much our own rules cost, as ratios of things measured side by side in one run.

Seconds differ from machine to machine, ratios hardly do. Each line compares something with the least that it could be:
the two take turns, and the medians are divided. The database writes as it would in production.
"""

from __future__ import annotations

import logging
import statistics
import tempfile
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from sqlalchemy import text

from app import create_app, schema
from app.audit import verification
from app.investors.models import Investor
from app.jobs import seal_audit
from app.ledger import actions as ledger
from app.ledger import entries
from app.ledger.entries import Evidence
from app.offerings.models import Offering
from app.wiring import build
from tests.builders import World, usd
from tests.conftest import settings
from tests.servers import running

ROUNDS = 60
CROWD = 8


def ratio(name: str, measured: Callable[[], object], least: Callable[[], object], rounds: int = ROUNDS) -> None:
    """Print the medians of both, in milliseconds, and what the first costs in units of the second."""
    times: dict[str, list[float]] = {"measured": [], "least": []}
    for _ in range(rounds):
        for which, act in (("measured", measured), ("least", least)):
            began = time.perf_counter()
            act()
            times[which].append((time.perf_counter() - began) * 1000)
    one, other = (statistics.median(times[which]) for which in ("measured", "least"))
    print(f"{name:<72} {one:8.2f} ms {other:8.2f} ms  {one / other:6.2f} x")


def books(world: World) -> None:
    database = world.platform.database

    def post() -> None:
        name = uuid.uuid4().hex
        with world.acting() as tx:
            ledger.post(tx, entries.funds_collected(1, 7, usd("100"), Evidence(f"sandbox:{name}", 1)))

    def insert() -> None:
        with database.engine.begin() as connection:
            entry = connection.execute(
                text(
                    "INSERT INTO journal_entries (key, body_hash, kind, effective_at, actor)"
                    " VALUES (:key, '', 'bench', now(), 'bench') RETURNING id"
                ),
                {"key": uuid.uuid4().hex},
            ).scalar_one()
            connection.execute(
                text(
                    "INSERT INTO postings (entry_id, account_id, currency, book, side, amount_minor) SELECT :entry, id,"
                    " currency, book, CASE code WHEN '1100' THEN 'D' ELSE 'C' END, 10000 FROM ledger_accounts"
                    " WHERE offering_id = 1 AND code IN ('1100', '2010')"
                ),
                {"entry": entry},
            )

    post()
    ratio("post an entry : the same three rows by bare SQL", post, insert)


def pledges(world: World) -> None:
    offering, investor = world.live(price="1", minimum_pledge="1"), world.investor()

    def place() -> None:
        world.place(investor, offering, 1)

    def update() -> None:
        with world.platform.database.engine.begin() as connection:
            connection.execute(text("UPDATE one_row SET at = now()"))

    with world.platform.database.engine.begin() as connection:
        connection.execute(text("CREATE TABLE one_row AS SELECT now() AS at"))
    ratio("place a pledge, with its decision, instruction, message and trail : one commit", place, update)


def crowds(world: World) -> None:
    investors = [world.investor() for _ in range(CROWD)]
    crowded = world.live(price="1", minimum_pledge="1")
    apart = [world.live(price="1", minimum_pledge="1") for _ in range(CROWD)]

    def all_in(offerings: list[Offering]) -> Callable[[], None]:
        def go(pair: tuple[Investor, Offering]) -> None:
            world.place(*pair, 1)

        def act() -> None:
            with ThreadPoolExecutor(CROWD) as pool:
                list(pool.map(go, zip(investors, offerings, strict=True)))

        return act

    ratio(f"{CROWD} pledges at once, one offering : {CROWD} offerings", all_in([crowded] * CROWD), all_in(apart), 20)


def trail(world: World) -> None:
    database = world.platform.database

    def write() -> None:
        with database.engine.begin() as connection:
            connection.execute(
                text(
                    "INSERT INTO audit_events (at, actor, event, subject_type, subject_id, facts, request_id)"
                    " SELECT now(), 'bench', 'bench', 'bench', n, '{}', md5(n::text) FROM generate_series(1, 1000) n"
                )
            )

    def verify() -> None:
        with world.looking() as view:
            verification.verify(view, world.platform.audit_signer, [])

    def read() -> None:
        with world.looking() as view:
            view.session.execute(text("SELECT * FROM audit_events e JOIN audit_seals s ON s.event_id = e.id")).all()

    seal_audit.run(world.platform)
    ratio("seal 1,000 events : write them", lambda: seal_audit.run(world.platform), write, 20)
    write()
    seal_audit.run(world.platform)
    ratio("verify the trail of some 20,000 events : read it", verify, read, 5)


def pages(world: World) -> None:
    offering = world.live()
    app = create_app(world.platform.settings)
    logging.disable(logging.INFO)  # a line for each request would hide the figures
    browser = app.test_client()
    ratio("the list of offerings : /healthz", lambda: browser.get("/"), lambda: browser.get("/healthz"))
    page = f"/offerings/{offering.slug}"
    ratio("an offering's page : /healthz", lambda: browser.get(page), lambda: browser.get("/healthz"))
    app.extensions["platform"].close()


def main() -> None:
    with running(settings=("max_connections = 200",)) as server, tempfile.TemporaryDirectory() as folder:
        platform = build(settings(server.url(server.create()), Path(folder)))
        schema.upgrade(platform.database)
        assert platform.sandbox is not None
        platform.sandbox.install()
        world = World(platform)
        print(f"{'what : the least that it could be':<72} {'what':>11} {'least':>11}  {'ratio':>8}")
        for bench in (books, pledges, crowds, trail, pages):
            bench(world)
        platform.close()


if __name__ == "__main__":
    main()
