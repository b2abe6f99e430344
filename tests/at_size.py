"""`make bench-size`: what deciding and placing a pledge asks of a database with 1.5 million investors and 3 million pledges.

The rows come in bulk, past the guards, as copies of ones that real acts made; then real pledges are placed by investors picked
at random, and the server tells how long it worked on each step (planning, binding, running) of their statements.
"""

from __future__ import annotations

import random
import re
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import text

from app import schema
from app.investors import queries as investors
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


#: A line of the server's log: whose transaction, how long, and what.
LINE = re.compile(r"^(\d+/\d+)\|LOG:  duration: ([\d.]+) ms  (?:parse|bind|execute)[^:]*: (.*)$")


@contextmanager
def logged(world: World) -> Iterator[list[list[tuple[str, float]]]]:
    """For each transaction that places a pledge, every step of every statement and the server's own milliseconds of it."""
    found: list[list[tuple[str, float]]] = []
    engine = world.platform.database.engine.execution_options(isolation_level="AUTOCOMMIT")

    def switch(least: int) -> Path:
        with engine.connect() as connection:
            connection.execute(text(f"ALTER SYSTEM SET log_min_duration_statement = {least}"))
            connection.execute(text("SELECT pg_reload_conf()"))
            return Path(connection.execute(text("SHOW data_directory")).scalar_one()) / "log"

    began = switch(0).stat().st_size
    yield found
    with switch(-1).open(encoding="utf-8", errors="replace") as lines:
        lines.seek(began)
        steps: dict[str, list[tuple[str, float]]] = {}
        for line in lines:
            if match := LINE.match(line):
                steps.setdefault(match[1], []).append((match[3], float(match[2])))
    found += [one for one in steps.values() if any(what.startswith("INSERT INTO pledges") for what, _ in one)]


def place(world: World) -> None:
    """Pledges of people picked at random, one after the other."""
    chance = random.Random(20)
    ((first, last),) = world.sql("SELECT min(id), max(id) FROM investors WHERE legal_name LIKE 'Investor %'")
    offerings = [id_ for (id_,) in world.sql("SELECT id FROM offerings WHERE status = 'live'")]
    for _ in range(ASKED):
        with world.looking() as view:
            investor = investors.investor(view.session, chance.randint(first, last))
        assert world.place(investor, world.offering(chance.choice(offerings)), 40).pledge is not None


def tell(placed: list[list[tuple[str, float]]]) -> None:
    """What deciding took, what the whole act, and which statements most."""
    decided = [
        [at for at, (what, _) in enumerate(steps) if what.startswith("INSERT INTO decisions")][-1] for steps in placed
    ]
    parts = {
        "deciding a pledge": [
            sum(ms for _, ms in steps[: end + 1]) for steps, end in zip(placed, decided, strict=True)
        ],
        "placing it, whole": [sum(ms for _, ms in steps) for steps in placed],
    }
    for name, found in parts.items():
        late = sorted(found)[len(found) * 95 // 100]
        print(
            f"{name}: median {statistics.median(found):.2f} ms of the database's time, 95 of 100 under {late:.2f} ms"
            f" ({len(found)} pledges)"
        )
    spent: dict[str, list[float]] = {}
    for steps in placed:
        of_pledge: dict[str, float] = {}
        for what, ms in steps:
            of_pledge[what[:100]] = of_pledge.get(what[:100], 0) + ms
        for what, ms in of_pledge.items():
            spent.setdefault(what, []).append(ms)
    for what, times in sorted(spent.items(), key=lambda pair: -statistics.median(pair[1]))[:8]:
        print(f"{statistics.median(times):8.2f} ms  {what}")


SETTINGS = (
    "max_wal_size = '8GB'", "shared_buffers = '2GB'", "autovacuum = off",
    "log_line_prefix = '%v|'",
)  # fmt: skip


def main() -> None:
    with (
        running(settings=SETTINGS) as server,
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
        with logged(world) as placed:
            place(world)
        tell(placed)
        platform.close()


if __name__ == "__main__":
    main()
