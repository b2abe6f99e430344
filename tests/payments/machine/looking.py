"""Looks at everything at once, and puts everything back: one statement each, because it is done thousands of times."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import psycopg

from tests.payments.machine.model import Seen

#: What no act of a run changes: texts of the law, and the library's own.
LEFT_ALONE = ("editions", "alembic_version")

_FAR = """
WITH objects AS (
    SELECT id, kind, reference, about, status, amount_minor FROM sandbox.objects
    UNION ALL SELECT id, kind, reference, about, status, amount_minor FROM sandbox_cards.objects),
lines AS (
    SELECT object_id, kind, amount_minor FROM sandbox.transactions
    UNION ALL SELECT object_id, kind, amount_minor FROM sandbox_cards.transactions),
payments AS (
    SELECT o.reference, count(*) FILTER (WHERE l.kind = 'payment') AS charges,
        sum(l.amount_minor) FILTER (WHERE l.kind = 'payment') AS charged,
        -sum(l.amount_minor) FILTER (WHERE l.kind <> 'payment') AS taken
    FROM objects o JOIN lines l ON l.object_id = o.id WHERE o.kind = 'payment' GROUP BY o.reference),
refunds AS (
    SELECT p.reference, sum(r.amount_minor) FILTER (WHERE r.status = 'pending') AS refunding,
        -sum((SELECT sum(amount_minor) FROM lines l WHERE l.object_id = r.id)) AS refunded
    FROM objects r JOIN objects p ON p.id = r.about WHERE r.kind = 'refund' GROUP BY p.reference),
booked AS (
    SELECT pledge_id, sum(credits - debits) FILTER (WHERE code IN ('2000', '2010')) AS held,
        sum(credits - debits) FILTER (WHERE code = '2020') AS owed,
        sum(debits - credits) FILTER (WHERE code = '1197') AS disputed
    FROM ledger_accounts WHERE pledge_id > 0 GROUP BY pledge_id),
register AS (
    SELECT pledge_id, count(*) AS entries, sum(amount_minor) AS registered FROM register_entries GROUP BY pledge_id)
"""
_PLEDGES = f"""{_FAR}
SELECT p.id, p.ref, p.offering_id, p.shares, p.amount_minor AS minor, p.status, p.stop_reason,
    coalesce(b.held, 0)::bigint, coalesce(b.owed, 0)::bigint, coalesce(b.disputed, 0)::bigint,
    coalesce(g.registered, 0)::bigint, coalesce(g.entries, 0),
    coalesce(m.charges, 0), coalesce(m.charged, 0)::bigint, coalesce(m.taken, 0)::bigint,
    coalesce(r.refunded, 0)::bigint, coalesce(r.refunding, 0)::bigint
FROM pledges p LEFT JOIN booked b ON b.pledge_id = p.id LEFT JOIN register g ON g.pledge_id = p.id
LEFT JOIN payments m ON m.reference = p.ref LEFT JOIN refunds r ON r.reference = p.ref
"""
#: (whose, currency, at the provider, in the books), where the two differ: the custodian by offering, the collector as a whole.
_CASH = """
SELECT * FROM (
    SELECT account, currency, sum(there), sum(here) FROM (
        SELECT account, currency, amount_minor AS there, 0 AS here FROM sandbox.transactions WHERE account <> 'platform'
        UNION ALL SELECT 'offering-' || offering_id, currency, 0, debits - credits FROM ledger_accounts WHERE code = '1100'
    ) custodian GROUP BY account, currency
    UNION ALL SELECT 'collector', currency, sum(there), sum(here) FROM (
        SELECT t.currency, t.amount_minor - p.fee_minor AS there, 0 AS here
        FROM sandbox_cards.transactions t JOIN sandbox_cards.prices p ON p.line_id = t.id
        UNION ALL SELECT currency, 0, debits - credits FROM ledger_accounts WHERE code IN ('1000', '1010')
    ) collector GROUP BY currency
) both_sides (whose, currency, there, here) WHERE there <> here
"""


def pledges(connection: psycopg.Connection[Any]) -> dict[int, Seen]:
    """Every pledge as the books and the providers show it."""
    return {row[0]: Seen(*row) for row in connection.execute(_PLEDGES)}


def cash(connection: psycopg.Connection[Any]) -> list[str]:
    """Where the provider's balances are not what the books say, once everything was heard."""
    return [
        f"{whose}: {there} {currency}, in the books {here}"
        for whose, currency, there, here in connection.execute(_CASH)
    ]


def broken(connection: psycopg.Connection[Any], promises: Mapping[str, str]) -> list[str]:
    """The promises that do not hold, each with what breaks it."""
    if not promises:
        return []
    parts = [
        f"SELECT {number}, one::text FROM ({query}) AS found(one)" for number, query in enumerate(promises.values())
    ]
    names = list(promises)
    found = connection.execute(" UNION ALL ".join(parts).encode()).fetchall()
    return [f"{names[number]}: {one}" for number, one in found]


def keep(connection: psycopg.Connection[Any], name: str) -> None:
    """Copy every table as it is now, and make the function that brings the copies back."""
    tables = connection.execute(
        "SELECT schemaname, tablename FROM pg_tables WHERE schemaname IN ('public', 'sandbox', 'sandbox_cards')"
        " AND tablename <> ALL (%s) AND tablename NOT LIKE 'procrastinate%%' ORDER BY 1, 2",
        [list(LEFT_ALONE)],
    ).fetchall()
    body = ""
    connection.execute(f"CREATE SCHEMA {name}".encode())
    for schema, table in tables:
        kept = f"{name}.{schema}_{table}"
        connection.execute(f"CREATE TABLE {kept} AS TABLE {schema}.{table}".encode())
        body += f"DELETE FROM {schema}.{table};"
        if connection.execute(f"SELECT FROM {kept} LIMIT 1".encode()).rowcount:
            body += f"INSERT INTO {schema}.{table} OVERRIDING SYSTEM VALUE SELECT * FROM {kept};"
    connection.execute(
        f"CREATE FUNCTION {name}.bring_back() RETURNS void LANGUAGE plpgsql AS $$ BEGIN {body} END $$".encode()
    )
    connection.execute("SET session_replication_role = replica")  # no trigger, no foreign key


def bring_back(connection: psycopg.Connection[Any], name: str) -> None:
    connection.execute(f"SELECT {name}.bring_back()".encode())
