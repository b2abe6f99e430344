"""`make bench-size`: what deciding and placing a pledge asks of a database with 1.5 million investors and 3 million pledges.

The rows come in bulk, past the guards, as copies of ones that real acts made; then real pledges are placed by investors picked
at random, and the time of their statements is taken where they leave the process and come back.
"""

from __future__ import annotations

import random
import statistics
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import event, text

from app import schema
from app.actor import Actor
from app.investors import queries as investors
from app.pledges import actions as pledges
from app.wiring import build
from tests.builders import World
from tests.conftest import settings
from tests.servers import running

INVESTORS, PLEDGES, OFFERINGS, ASKED = 1_500_000, 3_000_000, 200, 400
#: table -> what differs from the row that is copied; n counts from 1
COPIES: dict[str, tuple[int, dict[str, str]]] = {
    "users": (INVESTORS, {"id": "{base} + n", "email": "'size' || n || '@example.test'"}),
    "investors": (INVESTORS, {"id": "{base} + n", "user_id": "{users} + n", "legal_name": "'Investor ' || n"}),
    "figures": (INVESTORS, {"id": "{base} + n", "investor_id": "{investors} + n"}),
    "decisions": (PLEDGES, {
        "id": "{base} + n", "investor_id": "{investors} + 1 + n % {many}", "offering_id": "offerings[1 + n % {offerings}]",
        "facts": """jsonb_build_object('investor', facts->'investor')""",
    }),
    "pledges": (PLEDGES, {
        "id": "{base} + n", "ref": "'P-SIZE' || n", "form_key": "gen_random_uuid()", "decision_id": "{decisions} + n",
        "investor_id": "{investors} + 1 + n % {many}", "offering_id": "offerings[1 + n % {offerings}]",
        "placed_at": "placed_at - (n % 700) * interval '1 day'",
    }),
}  # fmt: skip


def fill(world: World) -> None:
    """Copy the one investor, and their pledge and decision, a million times."""
    offerings = [world.live(maximum="5000000") for _ in range(OFFERINGS)]
    investor = world.investor(income="200000", net_worth="300000")
    pledge = world.held(offerings[0], 40, investor)
    sources = {
        "users": investor.user_id, "investors": investor.id, "pledges": pledge.id, "decisions": pledge.decision_id,
        "figures": world.sql("SELECT max(id) FROM figures WHERE investor_id = :id", id=investor.id)[0][0],
    }  # fmt: skip
    known: dict[str, Any] = {"many": INVESTORS, "offerings": OFFERINGS}
    with world.platform.database.engine.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        for table, (many, others) in COPIES.items():
            ((base,),) = connection.execute(text(f"SELECT max(id) FROM {table}")).all()
            known |= {table: base}
            columns = connection.execute(
                text(
                    "SELECT column_name FROM information_schema.columns WHERE table_schema = 'public'"
                    " AND table_name = :table AND is_generated = 'NEVER'"
                ),
                {"table": table},
            ).scalars()
            names = list(columns)
            chosen = [others.get(one, one).replace("{base}", str(base)) for one in names]
            query = ", ".join(chosen)
            for name, value in known.items():
                query = query.replace("{" + name + "}", str(value))
            connection.execute(
                text(
                    f"INSERT INTO {table} ({', '.join(names)}) OVERRIDING SYSTEM VALUE SELECT {query} FROM {table},"
                    f" generate_series(1, {many}) n, (SELECT CAST(:offerings AS bigint[]) AS offerings) o"
                    f" WHERE {table}.id = :source"
                ),
                {"source": sources[table], "offerings": [one.id for one in offerings]},
            )
            connection.execute(
                text(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))")
            )
    with world.platform.database.engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(text("SET statement_timeout = 0"))
        connection.execute(text("VACUUM ANALYZE"))
        connection.execute(text("CHECKPOINT"))  # what was filled in is not written while we measure


@contextmanager
def timed(world: World) -> Iterator[list[tuple[str, float]]]:
    """Every statement and how many milliseconds it took, from leaving the process until its answer came."""
    took: list[tuple[str, float]] = []
    began = 0.0

    def before(*_: object) -> None:
        nonlocal began
        began = time.perf_counter()

    def after(_c: object, _u: object, statement: str, *_: object) -> None:
        took.append((statement, (time.perf_counter() - began) * 1000))

    engine = world.platform.database.engine
    event.listen(engine, "before_cursor_execute", before)
    event.listen(engine, "after_cursor_execute", after)
    yield took
    event.remove(engine, "before_cursor_execute", before)
    event.remove(engine, "after_cursor_execute", after)


def place(world: World) -> list[list[tuple[str, float]]]:
    """The statements of each pledge, from the lock on its investor on."""
    chance = random.Random(20)
    ((first, last),) = world.sql("SELECT min(id), max(id) FROM investors WHERE legal_name LIKE 'Investor %'")
    offerings = [id_ for (id_,) in world.sql("SELECT id FROM offerings WHERE status = 'live'")]
    asked = []
    for _ in range(ASKED):
        with world.looking() as view:
            investor = investors.investor(view.session, chance.randint(first, last))
        offering = world.offering(chance.choice(offerings))
        read = world.open_documents(investor, offering)
        said = world.said(offering, {**world.ticks(), **read})
        with timed(world) as took, world.acting(Actor(f"user:{investor.user_id}", investor.user_id)) as tx:
            placement = pledges.place(
                tx, investor_id=investor.id, offering_id=offering.id, shares=40, form_key=uuid.uuid4(), said=said,
                law=world.platform.law, payment_window=world.platform.payment_window,
            )  # fmt: skip
        assert placement.pledge is not None
        asked.append(took)
    return asked


def tell(asked: list[list[tuple[str, float]]]) -> None:
    """What deciding took, what the whole act, and which statements most."""
    ends = [next(at for at, (one, _) in enumerate(took) if one.startswith("INSERT INTO decisions")) for took in asked]
    parts = {
        "deciding a pledge": [
            sum(spent for _, spent in took[: end + 1]) for took, end in zip(asked, ends, strict=True)
        ],
        "placing it, whole": [sum(spent for _, spent in took) for took in asked],
    }
    for name, found in parts.items():
        late = sorted(found)[len(found) * 95 // 100]
        print(f"{name}: median {statistics.median(found):.2f} ms of database time, 95 of 100 under {late:.2f} ms")
    print(f"statements until the decision is written: {statistics.median(ends) + 1:.0f}")
    spent: dict[str, list[float]] = {}
    for took in asked:
        for statement, one in took:
            spent.setdefault(" ".join(statement.split())[:110], []).append(one)
    for statement, times in sorted(spent.items(), key=lambda pair: -statistics.median(pair[1]))[:8]:
        print(f"{statistics.median(times):8.2f} ms  {statement}")


def main() -> None:
    with (
        running(settings=("max_wal_size = '8GB'", "shared_buffers = '2GB'", "autovacuum = off")) as server,
        tempfile.TemporaryDirectory() as folder,
    ):
        platform = build(settings(server.url(server.create()), Path(folder)))
        schema.upgrade(platform.database)
        assert platform.sandbox is not None
        platform.sandbox.install()
        world = World(platform)
        began = time.perf_counter()
        fill(world)
        counts = world.sql("SELECT (SELECT count(*) FROM investors), (SELECT count(*) FROM pledges)")
        print(f"investors and pledges: {counts[0]}; filled in {time.perf_counter() - began:.0f} s")
        tell(place(world))
        platform.close()


if __name__ == "__main__":
    main()
