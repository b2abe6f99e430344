"""A heap of events: each tells of the payment of another pledge, and workers drain it together."""

from __future__ import annotations

import time
from contextlib import ExitStack

from sqlalchemy import Connection, text

from app.jobs import queue, seal_audit, send_payments
from app.offerings.models import Offering
from app.payments import inbox
from app.payments.port import Envelope
from app.payments.sandbox.tables import Token
from app.pledges.models import Pledge
from app.regimes.registry import BUILT
from tests.builders import World
from tests.payments.crashes import workers
from tests.payments.crashes.workers import Workers

OFFERINGS = 4
#: A busy machine may take long; how long it took is for whoever asked to judge.
PATIENCE_S = 1_800


def heap(world: World, events: int, *into: Offering) -> None:
    """So many pledges that were paid, and nobody has heard of it: copies of ones that real acts made."""
    sandbox = world.platform.sandbox
    assert sandbox is not None
    offerings = into or [world.live(price="1", minimum_pledge="1", maximum="1000000") for _ in range(OFFERINGS)]
    sources = [world.pledged(one, 1, world.investor(country=BUILT[one.regime].pack.country)) for one in offerings]
    send_payments.run(world.platform)
    for source in sources:
        ((payment,),) = world.sql("SELECT id FROM sandbox.objects WHERE reference = :ref", ref=source.ref)
        sandbox.pay(payment, Token.OK)
    for source in sources:
        _copy(world, source, events // len(offerings) - 1)
    world.sql("UPDATE sandbox.events SET deliveries_left = 0")
    told = world.sql("SELECT id FROM sandbox.objects WHERE kind = 'payment' AND status = 'succeeded' ORDER BY random()")
    with world.acting() as tx:
        for (id_,) in told:
            body = f'{{"object": {{"kind": "payment", "id": "{id_}"}}}}'
            inbox.store(tx, "sandbox", Envelope(f"evt_{id_}", "payment.succeeded", body.encode()))


def _copy(world: World, source: Pledge, many: int) -> None:
    row = {"many": many, "id": source.id, "ref": source.ref, "offering": source.offering_id}
    with world.platform.database.engine.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        _copied(
            connection,
            "pledges",
            "id = :id",
            row,
            id="default",
            ref="'P-' || :id || '-' || n",
            form_key="gen_random_uuid()",
        )
        _copied(
            connection, "instructions", "pledge_id = :id", row, id="default", pledge_id="c.id", op_id="gen_random_uuid()",
            business_key="business_key || '-' || n", reference="c.ref", provider_ref="'payment/pay_' || c.ref",
        )  # fmt: skip
        _copied(
            connection, "sandbox.objects", "reference = :ref", row,
            id="'pay_' || c.ref", op_id="(SELECT op_id FROM instructions i WHERE i.reference = c.ref)", reference="c.ref",
        )  # fmt: skip
        _copied(
            connection, "sandbox.transactions", "object_id = (SELECT id FROM sandbox.objects WHERE reference = :ref)", row,
            id="'txn_' || c.ref", object_id="'pay_' || c.ref",
        )  # fmt: skip
        connection.execute(
            text(
                "UPDATE offering_progress SET taken_minor = taken_minor * (1 + :many), taken_shares = taken_shares * (1 + :many)"
                " WHERE offering_id = :offering"
            ), row,
        )  # fmt: skip
    with world.platform.database.engine.begin() as connection:  # its guards note what waits for its seal
        _copied(
            connection,
            "audit_events",
            "subject_type = 'pledges' AND subject_id = :id",
            row,
            id="default",
            subject_id="c.id",
        )


def _copied(connection: Connection, table: str, which: str, row: dict[str, object], **others: str) -> None:
    """`others`: what differs; n counts the copies, c is the copy of the pledge (once there is one)."""
    schema, _, name = table.rpartition(".")
    columns = connection.execute(
        text("SELECT column_name FROM information_schema.columns WHERE table_schema = :schema AND table_name = :name"),
        {"schema": schema or "public", "name": name},
    ).scalars()
    names = [one for one in columns if others.get(one) != "default"]
    chosen = ", ".join(others.get(one, f"s.{one}") for one in names)
    copies = "generate_series(1, :many) n"
    if table != "pledges":
        copies += " JOIN pledges c ON c.ref = 'P-' || :id || '-' || n"
    connection.execute(
        text(f"INSERT INTO {table} ({', '.join(names)}) SELECT {chosen} FROM {table} s, {copies} WHERE s.{which}"), row
    )


def drain(world: World, processes: int) -> float:
    """Let so many workers at it, which wake other jobs as any do; the seconds until it is gone."""
    site = Workers(world)
    world.platform.database.on_wake = queue.waker(world.platform.database)
    with ExitStack() as stack:
        started = [stack.enter_context(site.one(workers.job, "process_inbox")) for _ in range(processes)]
        began = time.monotonic()
        for worker in started:
            worker.ends(within_s=PATIENCE_S)
        took = time.monotonic() - began
    while seal_audit.run(world.platform):
        pass
    return took


def applied(world: World) -> tuple[int, int, int]:
    """How many events are done, how many pledges are held, and how many entries say that they were paid."""
    ((done, held, booked),) = world.sql(
        "SELECT (SELECT count(*) FROM gateway_events WHERE status = 'done'), (SELECT count(*) FROM pledges WHERE"
        " status = 'held'), (SELECT count(*) FROM journal_entries WHERE kind = 'funds_collected')"
    )
    return int(done), int(held), int(booked)
