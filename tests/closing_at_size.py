"""A closing of 100,000 pledges, and a failed offering that gives as many back, beside the same rows by plain SQL.

The pledges come in bulk, past the guards, as copies of one that real acts made. Then each of the two is done by a process
of its own, which tells its seconds and the most memory that it took, and once more, for another offering of the same
size, by the fewest statements that write the same rows into the same tables with the same guards.
`python -m tests.closing_at_size` runs it alone; `make bench` has it among the others.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import text

from app import schema
from app.actor import SYSTEM, Role
from app.closings import actions as closings
from app.closings import outcomes
from app.closings import queries as closing_queries
from app.fees.terms import FeeTerms
from app.offerings.models import Offering
from app.payments import actions as payments
from app.payments.port import Outcome, Ref, Txn
from app.wiring import build
from tests.builders import World
from tests.conftest import settings
from tests.servers import ROOT, Server, running

PLEDGES = 100_000
#: What a closing of so many may need: the time of plain SQL that writes the same rows, and memory.
MOST_TIMES, MOST_MB = 2, 500
FEES = FeeTerms(success_bps=500, investor_bps=200)
#: table -> what differs in the copies of its row for the one real pledge
COPIES = {
    "users": {"email": "'size' || n || '-' || :offering || '@example.test'"},
    "investors": {"user_id": "{users} + n", "legal_name": "'Investor ' || n"},
    "pledges": {
        # The law was asked about each before: that is a decision apiece, some hundreds in a transaction of their own.
        "sale_decision_id": "decision_id", "investor_id": "{investors} + n", "ref": "'P-' || :offering || '-' || n", "form_key": "gen_random_uuid()",
    },
    "instructions": {
        "pledge_id": "{pledges} + n", "op_id": "gen_random_uuid()", "business_key": "'collect:pledge:' || {pledges} + n",
        "provider_ref": "provider_ref || n",
    },
    "ledger_accounts": {"id": "{ledger_accounts} + n + :more * (code = '2015')::int", "pledge_id": "{pledges} + n"},
}  # fmt: skip


def crowded(world: World, many: int, target: str) -> Offering:
    """An offering with so many held pledges of 40 dollars and their fees, past its deadline."""
    offering = world.live(price="1", minimum_pledge="1", target=target, maximum="5000000", fees=FEES)
    pledge = world.held(offering, 40)
    ids: dict[str, int] = {}
    with world.platform.database.engine.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        known = {"offering": offering.id, "pledge": pledge.id, "investor": pledge.investor_id, "more": many - 1}
        for table, others in COPIES.items():
            where = {
                "users": "id = (SELECT user_id FROM investors WHERE id = :investor)", "investors": "id = :investor",
                "pledges": "id = :pledge", "instructions": "pledge_id = :pledge", "ledger_accounts": "pledge_id = :pledge",
            }[table]  # fmt: skip
            ids[table] = connection.execute(text(f"SELECT max(id) FROM {table}")).scalar_one()
            names = connection.execute(
                text(
                    "SELECT column_name FROM information_schema.columns WHERE table_schema = 'public'"
                    " AND table_name = :table AND is_generated = 'NEVER'"
                ),
                {"table": table},
            ).scalars().all()  # fmt: skip
            changed = {"id": f"{{{table}}} + n", **others}
            chosen = ", ".join(changed.get(name, name) for name in names).format(**ids)
            connection.execute(
                text(
                    f"INSERT INTO {table} ({', '.join(names)}) OVERRIDING SYSTEM VALUE SELECT {chosen} FROM {table}, generate_series(1, :more) n"
                    f" WHERE {where} ORDER BY n"
                ),
                known,
            )
            connection.execute(
                text(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))")
            )
        connection.execute(
            text(
                "UPDATE ledger_accounts SET debits = debits * :many WHERE offering_id = :offering AND code = '1100'"
            ),
            {"many": many, "offering": offering.id},
        )  # fmt: skip
        connection.execute(
            text(
                "UPDATE offering_progress SET taken_shares = taken_shares * :many, taken_minor = taken_minor * :many,"
                " held_minor = held_minor * :many WHERE offering_id = :offering"
            ),
            {"many": many, "offering": offering.id},
        )
    return world.offering(offering.id)


# Ours, in a process of its own


def child(what: str, url: str, folder: str, offering_id: int) -> None:
    """Do one of the two, and print the seconds of each step."""
    platform = build(settings(url, Path(folder)))
    world = World(platform)
    offering = world.offering(offering_id)
    officers = [
        world.actor(world.user(Role.COMPLIANCE_OFFICER, email=f"officer{n}@{offering.id}.test")) for n in (1, 2)
    ]
    seconds: dict[str, float] = {}

    def step(name: str, act: Callable[[], object]) -> None:
        began = time.perf_counter()
        act()
        seconds[name] = time.perf_counter() - began

    with world.acting(SYSTEM) as tx:
        closing = closings.begin(tx, offering.id)
    regime = platform.regime(offering.regime)

    def propose() -> None:
        with world.acting(SYSTEM) as tx:
            assert closings.propose(tx, closing.id, platform.law)

    def paid() -> None:
        with world.acting(SYSTEM) as tx:
            (due,) = (one for one in payments.lease(tx, 1_000) if one.closing_id == closing.id)
        ref = Ref("payout", f"payout_{closing.id}")
        line = Txn(f"txn_{closing.id}", "payout", ref, due.amount, due.amount - due.amount, datetime.now(UTC))
        with world.acting(SYSTEM) as tx:
            outcomes.released(tx, due.id, Outcome("succeeded", ref, due.amount, evidence=(line,)), regime)

    step("propose" if what == "close" else "give back", propose)
    if what == "close":
        step("first approval", lambda: world.approve_closing(offering, officers[0]))
        step("allot", lambda: world.approve_closing(offering, officers[1]))
        step("settle", paid)
    print(json.dumps(seconds))
    platform.close()


def ours(what: str, url: str, folder: Path, offering: Offering) -> tuple[float, int]:
    """Seconds and megabytes, of a process of its own."""
    answer = folder / "answer"
    with answer.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.closing_at_size", what, url, str(folder), str(offering.id)],
            cwd=ROOT,
            stdout=out,
        )
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    seconds = json.loads(answer.read_text().splitlines()[-1])
    steps = ", ".join(f"{name} {took:.1f} s" for name, took in seconds.items())
    megabytes = usage.ru_maxrss // 1024
    print(f"  {what}: {steps}; {megabytes} MB at most")
    return float(sum(seconds.values())), megabytes


# The same rows by plain SQL

MOVE = """UPDATE pledges SET status = '{after}' WHERE offering_id = :id AND status = '{before}'"""
TRAIL = """INSERT INTO audit_events (at, actor, event, subject_type, subject_id, from_status, to_status, facts, request_id)
    SELECT now(), 'system', '{event}', 'pledges', id, {before}, {after}, jsonb_build_object('shares', shares,
        'closing', 'S-00000000'), 'bench' FROM pledges WHERE offering_id = :id ORDER BY id"""
TOLD = """INSERT INTO messages (user_id, kind, facts, dedupe_key, created_at, next_attempt_at, attempts)
    SELECT v.user_id, '{kind}', jsonb_build_object('ref', p.ref, 'offering', o.name, 'minor', p.amount_minor,
        'fee_minor', p.fee_minor, 'currency', p.currency, 'shares', p.shares, 'stop_reason', p.stop_reason,
        'funding_refused', p.funding_refused, 'cancel_until', p.cancel_until, 'pay_until', p.pay_until,
        'zone', o.deadline_zone), '{kind}:' || v.user_id || ':pledge:' || p.id, now(), now(), 0
    FROM pledges p JOIN investors v ON v.id = p.investor_id JOIN offerings o ON o.id = p.offering_id
    WHERE p.offering_id = :id ORDER BY p.id"""
ENTER = """WITH e AS (INSERT INTO journal_entries (key, body_hash, kind, effective_at, actor)
        SELECT '{kind}:plain:' || id, encode(sha256(('{kind}' || id || amount_minor)::bytea), 'hex'), '{kind}', now(),
            'system' FROM pledges WHERE offering_id = :id ORDER BY id RETURNING id, key)
    INSERT INTO postings (entry_id, account_id, currency, book, side, amount_minor)
    SELECT e.id, a.id, a.currency, a.book, l.side, CASE l.of WHEN 'fee' THEN p.fee_minor WHEN 'both'
        THEN p.fee_minor + p.amount_minor ELSE p.amount_minor END
    FROM pledges p JOIN e ON e.key = '{kind}:plain:' || p.id
    CROSS JOIN (VALUES {lines}) AS l(code, side, whose, of)
    JOIN ledger_accounts a ON a.code = l.code AND a.currency = p.currency AND a.gateway = '' AND a.investor_id = 0
        AND a.offering_id = CASE l.whose WHEN 'nobody' THEN 0 ELSE p.offering_id END
        AND a.pledge_id = CASE l.whose WHEN 'pledge' THEN p.id ELSE 0 END
    WHERE p.offering_id = :id"""
OPEN = """INSERT INTO ledger_accounts (book, code, class, currency, guard, offering_id, pledge_id)
    SELECT book, code, class, currency, guard, :id, {whose} FROM {kinds} ON CONFLICT DO NOTHING"""
CLOSED = "('2010', 'D', 'pledge', 'amount'), ('2100', 'C', 'offering', 'amount')"
EARNED = """('2015', 'D', 'pledge', 'fee'), ('2120', 'C', 'offering', 'fee'), ('3210', 'D', 'offering', 'fee'),
    ('4000', 'C', 'nobody', 'fee')"""
OWED = "('2010', 'D', 'pledge', 'amount'), ('2015', 'D', 'pledge', 'fee'), ('2020', 'C', 'pledge', 'both')"

CLOSE = [
    """INSERT INTO closings (ref, offering_id, seq, status, begun_at, gather_until, currency, total_minor, fee_minor,
        payout_attempts) SELECT 'S-' || :id, :id, 1, 'gathering', now(), now(), 'USD', 0, 0, 0""",
    """INSERT INTO closing_lines (closing_id, pledge_id, holder_name, shares, amount_minor, fee_share_minor,
        investor_fee_minor) SELECT c.id, p.id, v.legal_name, p.shares, p.amount_minor, p.amount_minor / 20, p.fee_minor
        FROM pledges p JOIN investors v ON v.id = p.investor_id JOIN closings c ON c.offering_id = p.offering_id
        WHERE p.offering_id = :id ORDER BY p.id""",
    OPEN.format(whose=0, kinds="(SELECT DISTINCT book, code, class, currency, guard FROM ledger_accounts"
        " WHERE code IN ('2100', '2120', '3210') AND currency = 'USD') k"),
    TRAIL.format(event="allot", before="'held'", after="'allotted'"),
    MOVE.format(before="held", after="allotted"),
    ENTER.format(kind="pledge_closed", lines=CLOSED),
    ENTER.format(kind="investor_fee_earned", lines=EARNED),
    """INSERT INTO register_entries (kind, issuer_id, offering_id, closing_id, pledge_id, investor_id, holder_name,
        security_type, shares, share_price, amount_minor, currency, certificate, resale_restricted_until, entered_at)
        SELECT 'issuance', o.issuer_id, o.id, l.closing_id, p.id, p.investor_id, l.holder_name, o.security_type, p.shares,
            o.share_price, p.amount_minor, p.currency, o.ref || '-1-' || p.id, now()::date + 365, now()
        FROM closing_lines l JOIN pledges p ON p.id = l.pledge_id JOIN offerings o ON o.id = p.offering_id
        WHERE o.id = :id ORDER BY p.id""",
    TRAIL.format(event="issue_shares", before="NULL", after="NULL"),
    TRAIL.format(event="settle", before="'allotted'", after="'settled'"),
    MOVE.format(before="allotted", after="settled"),
    TOLD.format(kind="shares_issued"),
]  # fmt: skip
GIVE_BACK = [
    "UPDATE pledges SET stop_reason = 'offering_failed' WHERE offering_id = :id",
    OPEN.format(whose="p.id", kinds="pledges p, (SELECT DISTINCT book, code, class, guard FROM ledger_accounts"
        " WHERE code = '2020') k WHERE p.offering_id = :id"),
    TRAIL.format(event="owe_refund", before="'held'", after="'refund_due'"),
    MOVE.format(before="held", after="refund_due"),
    """WITH i AS (INSERT INTO instructions (op_id, kind, gateway, business_key, generation, status, offering_id, pledge_id,
            about_id, amount_minor, currency, reference, created_at, next_attempt_at, attempts)
        SELECT gen_random_uuid(), 'refund', c.gateway, 'refund:pledge:' || p.id, 1, 'queued', p.offering_id, p.id, c.id,
            p.amount_minor + p.fee_minor, p.currency, p.ref, now(), now(), 0
        FROM pledges p JOIN instructions c ON c.pledge_id = p.id AND c.kind = 'collect' WHERE p.offering_id = :id
        RETURNING id, amount_minor)
    INSERT INTO audit_events (at, actor, event, subject_type, subject_id, to_status, facts, request_id)
    SELECT now(), 'system', 'instruct', 'instructions', id, 'queued', jsonb_build_object('kind', 'refund', 'amount',
        jsonb_build_object('minor', amount_minor, 'currency', 'USD')), 'bench' FROM i""",
    TOLD.format(kind="refund_due"),
    ENTER.format(kind="refund_owed", lines=OWED),
]  # fmt: skip


def plain(world: World, statements: list[str], offering: Offering) -> float:
    began = time.perf_counter()
    with world.platform.database.engine.begin() as connection:
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        for statement in statements:
            connection.execute(text(statement), {"id": offering.id})
    return time.perf_counter() - began


def measure(server: Server, folder: Path, many: int = PLEDGES) -> None:
    """Print both, each as a ratio. Raises SystemExit where more than `MOST_TIMES` or `MOST_MB` is needed."""
    url = server.url(server.create())
    platform = build(settings(url, folder))
    schema.upgrade(platform.database)
    assert platform.sandbox is not None
    platform.sandbox.install()
    world = World(platform)
    # What opens the accounts that plain SQL only finds.
    small = world.live(price="1", minimum_pledge="1", target="40", fees=FEES)
    world.held(small, 40)
    world.settled(small)
    world.cancel(world.held(world.live(fees=FEES), 40))
    targets = {"close": "50000", "give back": "5000000"}
    ready = {what: [crowded(world, many, target) for _ in range(2)] for what, target in targets.items()}
    with platform.database.engine.connect() as connection:
        connection = connection.execution_options(isolation_level="AUTOCOMMIT")
        connection.execute(text("SET statement_timeout = 0"))
        connection.execute(text("VACUUM ANALYZE"))
        connection.execute(text("CHECKPOINT"))
    world.pass_deadline(ready["close"][0])
    world.move_clock(days=1)
    missed = []
    for what, statements in (("close", CLOSE), ("give back", GIVE_BACK)):
        least = plain(world, statements, ready[what][1])
        took, megabytes = ours(what, url, folder, ready[what][0])
        if took > MOST_TIMES * least or megabytes > MOST_MB:
            missed.append(what)
        print(
            f"{what} {many:,} pledges : the same rows by plain SQL {took:29.1f} s {least:9.1f} s {took / least:7.2f} x"
        )
    with world.looking() as view:
        assert closing_queries.of_offering(view.session, ready["close"][0].id)[0].status == "done"
    platform.close()
    if missed and many >= PLEDGES:  # fewer: what a closing costs once weighs more
        raise SystemExit(f"more than {MOST_TIMES} x plain SQL or {MOST_MB} MB: {', '.join(missed)}")


def main() -> None:
    if len(sys.argv) > 2:
        return child(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]))
    many = int(sys.argv[1]) if len(sys.argv) == 2 else PLEDGES
    with running(settings=("max_connections = 200",)) as server, tempfile.TemporaryDirectory() as folder:
        measure(server, Path(folder), many)
    return None


if __name__ == "__main__":
    main()
