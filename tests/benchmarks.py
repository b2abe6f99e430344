"""`make bench`: how much our own rules cost, as ratios of things measured side by side in one run.

Seconds differ from machine to machine, ratios hardly do. Each line compares something with the least that it could be:
the two take turns, and the medians are divided. The database writes as it would in production.
"""

from __future__ import annotations

import itertools
import logging
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import text

from app import create_app, schema
from app.alerts.models import SubjectType
from app.audit import verification
from app.decisions.models import Decision
from app.investors.models import Investor
from app.jobs import seal_audit
from app.ledger import actions as ledger
from app.ledger import entries
from app.ledger.draft import Evidence
from app.offerings.models import Offering
from app.regimes.registry import BUILT
from app.screening import names, queries
from app.screening.models import Named
from app.wiring import build
from tests import closing_at_size
from tests.builders import World, usd
from tests.conftest import environment, settings
from tests.screening import population
from tests.screening.lists import written
from tests.servers import ROOT, running

ROUNDS = 60
CROWD = 8
PAST = 100_000
LISTED = 100_000
POSTINGS = 1_000_000
RECONCILE_S, RECONCILE_MB = 60, 500


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


def past(world: World, folder: Path) -> None:
    """A proposed edition over 100,000 stored decisions, in a process of its own: true seconds, processor time, memory."""
    offering, investor = world.live(price="1", minimum_pledge="1"), world.investor()
    for _ in range(6):  # the last one has five earlier purchases among its facts
        world.place(investor, offering, 1)
    columns = ", ".join(
        one.name
        for one in Decision.__table__.columns
        if one.name not in ("id", "facts", "requested_minor", "beside_id")
    )
    world.sql(
        f"INSERT INTO decisions ({columns}, facts, requested_minor) SELECT {columns}, jsonb_set(facts, '{{pledge,amount}}',"
        " to_jsonb((n % 2000 + 1)::text || '.00')), (n % 2000 + 1) * 100 FROM generate_series(1, :many) AS n JOIN"
        " (SELECT *, row_number() OVER (ORDER BY id DESC) AS place FROM decisions WHERE investor_id = :one) AS kept"
        " ON kept.place = n % 6 + 1",
        many=PAST, one=investor.id,
    )  # fmt: skip
    stricter = folder / "stricter.toml"
    text_now = BUILT["US-CF"].pack.text
    stricter.write_text(text_now.replace("top_cap_minor = 12_400_000", "top_cap_minor = 100_000"), encoding="utf-8")
    asked = ["compliance", "what-if", "US-CF", str(stricter)]
    took = in_a_process(world, folder, *asked)
    said = (folder / "answer").read_text().splitlines()[:2]
    print(f"what if, over the past ({'; '.join(said)}): {took}")


@dataclass(frozen=True)
class Took:
    """What a process of its own needed."""

    seconds: float
    processor_s: float
    megabytes: int

    def __str__(self) -> str:
        return f"{self.seconds:.1f} s, {self.processor_s:.1f} s of processor time, {self.megabytes} MB at most"


def in_a_process(world: World, folder: Path, *words: str) -> Took:
    """Run a command by itself. What it said is in `answer`."""
    url = world.platform.settings.database_url
    assert url is not None
    began = time.perf_counter()
    with (folder / "answer").open("wb") as answer:
        process = subprocess.Popen(
            [sys.executable, "-m", "flask", "--app", "wsgi", *words], cwd=ROOT,
            env={**os.environ, **environment(url, folder)}, stdout=answer,
        )  # fmt: skip
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return Took(time.perf_counter() - began, usage.ru_utime + usage.ru_stime, usage.ru_maxrss // 1024)


def listed_names(world: World, folder: Path) -> None:
    """A list of 100,000 names: taken in by a process of its own, and 100 names compared with it."""
    source = random.Random(population.SEED)
    listed = population.listed(LISTED, source)
    people = [one.name for one in population.planted(listed, 50, source)] + population.listed(50, source)
    file = written(folder / "list.csv", *({"id": f"XX-{at}", "name": name} for at, name in enumerate(listed)))
    print(f"take in a list of {LISTED:,} names: {in_a_process(world, folder, 'screening', 'import', str(file))}")
    world.sql("ANALYZE listings")
    turns = itertools.cycle(people)

    def compare(walk: bool = False) -> float:
        person = Named(SubjectType.INVESTOR, 1, next(turns))
        with world.looking() as view:
            began = time.perf_counter()
            if walk:
                spelled = names.spellings(person.name)
                rows = view.session.execute(text("SELECT spellings FROM listings"))
                max(names.likeness(spelled, row.spellings) for row in rows)
            else:
                queries.matches(view.session, person, view.now.date())
            return time.perf_counter() - began

    def look_up() -> None:
        with world.looking() as view:
            view.session.execute(text("SELECT row FROM listings WHERE id = 7")).one()

    ratio("compare a name with the list : read one row of it", compare, look_up, len(people))
    ratio("walk over the whole list instead : compare a name with it", lambda: compare(walk=True), compare, 5)
    print(f"the slowest of {len(people)} names: {max(compare() for _ in people) * 1000:.0f} ms")


def compared(world: World, folder: Path) -> None:
    """A day's reconciliation over a million postings, all of them proved by lines, in a process of its own.

    Rows are written set-based with the triggers off, as a generator may; the totals of the accounts are set afterwards.
    """
    offering = world.live()
    account = f"offering-{offering.id}"
    for statement in (
        "INSERT INTO ledger_accounts (book, code, class, currency, offering_id, pledge_id, guard)"
        " SELECT 'client', '2010', 'liability', 'USD', :offering, 1000000 + n, 'no_debit_balance' FROM generate_series(0, 9999) n",
        "INSERT INTO ledger_accounts (book, code, class, currency, offering_id, guard)"
        " VALUES ('client', '1100', 'asset', 'USD', :offering, 'no_credit_balance')",
        "INSERT INTO gateway_transactions (gateway, transaction_id, kind, source, amount_minor, fee_minor, net_minor, currency,"
        " created_at, account, listed_at) SELECT 'sandbox', 'bench_' || n, 'payment', 'payment/bench_' || n, n % 1000 + 1, 0,"
        " n % 1000 + 1, 'USD', platform_now() - n % 60 * interval '1 day', :account, platform_now()"
        " FROM generate_series(1, :entries) n",
        "INSERT INTO journal_entries (key, body_hash, kind, evidence, effective_at, actor) SELECT 'bench:' || transaction_id, '',"
        " 'funds_collected', 'sandbox:' || transaction_id, created_at, 'bench' FROM gateway_transactions WHERE account = :account",
        *(
            "INSERT INTO postings (entry_id, account_id, currency, book, side, amount_minor)"
            f" SELECT e.id, a.id, 'USD', 'client', '{side}', t.amount_minor FROM gateway_transactions t JOIN journal_entries e"
            f" ON e.evidence = 'sandbox:' || t.transaction_id JOIN ledger_accounts a ON a.code = '{code}' AND a.pledge_id = {whose}"
            " AND a.offering_id = :offering WHERE t.account = :account"
            for side, code, whose in (
                ("D", "1100", "0"), ("C", "2010", "1000000 + CAST(substr(t.transaction_id, 7) AS bigint) % 10000"),
            )
        ),
        "UPDATE ledger_accounts a SET debits = coalesce(p.debits, 0), credits = coalesce(p.credits, 0) FROM (SELECT account_id, sum(amount_minor) FILTER"
        " (WHERE side = 'D') AS debits, sum(amount_minor) FILTER (WHERE side = 'C') AS credits FROM postings GROUP BY 1) p"
        " WHERE p.account_id = a.id AND a.offering_id = :offering",
        "INSERT INTO gateway_balances (gateway, account, currency, day, amount_minor, read_at) SELECT 'sandbox', account, 'USD',"
        " current_date, sum(net_minor), platform_now() FROM gateway_transactions WHERE account = :account GROUP BY account",
    ):  # fmt: skip
        values = {"offering": offering.id, "account": account, "entries": POSTINGS // 2}
        with world.platform.database.engine.begin() as connection:
            connection.execute(text("SET LOCAL session_replication_role = replica"))
            connection.execute(text("SET LOCAL statement_timeout = 0"))
            connection.execute(text(statement), {name: one for name, one in values.items() if f":{name}" in statement})
        world.sql("ANALYZE")  # the next statement joins what this one wrote
    took = in_a_process(world, folder, "books", "reconcile", "--no-ask")
    print(f"reconcile a day over {POSTINGS:,} postings (at most {RECONCILE_S} s and {RECONCILE_MB} MB): {took}")
    if took.seconds > RECONCILE_S or took.megabytes > RECONCILE_MB:
        raise SystemExit("a day's reconciliation needs too much")


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
        past(world, Path(folder))
        compared(world, Path(folder))
        listed_names(world, Path(folder))
        platform.close()
        closing_at_size.measure(server, Path(folder))


if __name__ == "__main__":
    main()
