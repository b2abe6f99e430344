"""One query for each kind of a break: what is not as it should be at this moment.

Each finds the columns of `Found`, one row for each difference. `key` is the same as long as it is the same difference.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.payments.port import CASH_ACCOUNTS, PLATFORM_ACCOUNT
from app.reconciliation.classes import Kind
from app.regimes import platform_policy


@dataclass(frozen=True, slots=True)
class Found:
    """A difference, in minor units (zero where no amount is known), and since when there is a cause for it."""

    key: str
    gateway: str
    offering_id: int | None
    pledge_id: int | None
    instruction_id: int | None
    amount_minor: int
    currency: str | None
    since: datetime


#: Before the number of an event that could not be handled.
EVENT_KEY = "inbox:"
COLUMNS = "key, gateway, offering_id, pledge_id, instruction_id, amount_minor, currency, since"
#: A line and the entry that it proves.
PROVES = "e.evidence = t.gateway || ':' || t.transaction_id"
#: An account of ours as a gateway names it that tells one offering's money from another's.
ACCOUNT = f"CASE WHEN a.offering_id > 0 THEN 'offering-' || a.offering_id ELSE '{CASH_ACCOUNTS}' END"
_CASH = f"""
    SELECT a.id, a.code, a.currency, nullif(a.offering_id, 0) AS offering_id, a.debits - a.credits AS balance,
        {ACCOUNT} AS account,
        CASE a.code WHEN '1100' THEN coalesce(o.gateway, '') ELSE a.gateway END AS gateway
    FROM ledger_accounts a LEFT JOIN offerings o ON o.id = a.offering_id
    WHERE a.code IN ('1000', '1010', '1100', '1110')"""
#: Lines that no entry has. Our own money is not in the clients' book, a move between two accounts has one entry for both
#: its lines, and a line that moves nothing needs none.
#: Looked for first (MATERIALIZED): they are few among many, which no planner can know.
UNBOOKED = f"""
    WITH missing AS MATERIALIZED (
        SELECT t.* FROM gateway_transactions t
        WHERE t.account <> '{PLATFORM_ACCOUNT}' AND t.net_minor <> 0
            AND NOT EXISTS (SELECT 1 FROM journal_entries e WHERE {PROVES}))
    SELECT t.* FROM missing t
    WHERE NOT (t.kind = 'move' AND EXISTS (
        SELECT 1 FROM gateway_transactions s JOIN journal_entries e
            ON e.evidence = s.gateway || ':' || s.transaction_id
        WHERE s.gateway = t.gateway AND s.source = t.source AND s.kind = 'move'
            AND s.transaction_id <> t.transaction_id AND s.net_minor = -t.net_minor))"""
#: The same with the instruction that it answers: by the gateway's name of the object, or by ours.
_OPEN_LINES = f"""
    WITH unbooked AS MATERIALIZED ({UNBOOKED})
    SELECT t.*, i.id AS instruction_id, i.pledge_id, coalesce(i.offering_id, o.id) AS offering_id,
        coalesce(i.status, '') = 'pending' AND t.created_at > :arrived_before AS on_its_way,
        split_part(t.op_key, ':', 1) NOT IN ('', :environment) AS foreign_key
    FROM unbooked t
    LEFT JOIN LATERAL (
        SELECT * FROM instructions i WHERE i.id = coalesce(
            (SELECT min(n.id) FROM instructions n
                WHERE n.gateway = t.gateway AND n.kind <> 'cancel' AND n.provider_ref = t.source),
            (SELECT n.id FROM instructions n WHERE n.op_id::text = split_part(t.op_key, ':', 2)))) i ON true
    LEFT JOIN offerings o ON t.account = 'offering-' || o.id"""
_LINE = """
    SELECT t.gateway || ':' || t.transaction_id AS key, t.gateway, t.offering_id, t.pledge_id, t.instruction_id,
        t.net_minor AS amount_minor, t.currency, t.created_at AS since"""
_INSTRUCTION = """
    SELECT 'instruction:' || i.id AS key, i.gateway, i.offering_id, i.pledge_id, i.id AS instruction_id,
        i.amount_minor, i.currency, s.since
    FROM instructions i CROSS JOIN LATERAL (
        SELECT coalesce(max(a.at), i.created_at) AS since FROM audit_events a
        WHERE a.subject_type = 'instructions' AND a.subject_id = i.id AND a.to_status = i.status) s"""


def _aged(codes: str, side: str, since: str, whose: str, amount: str) -> str:
    """Balances that are older than an instant: more than what came to them since."""
    return f"""
    SELECT {whose} AS key, a.gateway, nullif(a.offering_id, 0) AS offering_id, nullif(a.pledge_id, 0) AS pledge_id,
        NULL::bigint AS instruction_id, (a.{amount} - coalesce(late.minor, 0))::bigint AS amount_minor, a.currency,
        CAST(:{since} AS timestamptz) AS since
    FROM (SELECT *, debits - credits AS owed_to, credits - debits AS owed_by FROM ledger_accounts
        WHERE code IN ({codes})) a
    LEFT JOIN LATERAL (SELECT sum(p.amount_minor) AS minor FROM postings p JOIN journal_entries e ON e.id = p.entry_id
        WHERE a.{amount} > 0 AND p.account_id = a.id AND p.side = '{side}' AND e.effective_at > :{since}) late ON true
    WHERE a.{amount} - coalesce(late.minor, 0) > 0"""


#: What the entry of a line moves in the account that the line is in: booked to another offering, it is nothing. A gateway
#: that does not tell has one account for all. (A move has a line in each of two accounts, and one entry.)
_AT_ITS_ACCOUNT = """coalesce(sum(CASE p.side WHEN 'D' THEN p.amount_minor ELSE -p.amount_minor END)
            FILTER (WHERE t.account IN ('', c.account)), 0)::bigint"""
_WHOSE = "concat_ws(':', a.code, a.currency, a.offering_id, a.pledge_id, a.gateway)"

FINDERS: Mapping[Kind, str] = {
    Kind.TIMING: f"{_LINE} FROM ({_OPEN_LINES}) t WHERE (t.created_at > :booked_before OR t.on_its_way) AND NOT t.foreign_key",
    Kind.NOT_BOOKED: f"""{_LINE} FROM ({_OPEN_LINES}) t
        WHERE t.created_at <= :booked_before AND NOT t.on_its_way AND t.instruction_id IS NOT NULL AND NOT t.foreign_key""",
    Kind.NOT_OURS: f"""{_LINE} FROM ({_OPEN_LINES}) t
        WHERE t.created_at <= :booked_before AND t.instruction_id IS NULL AND NOT t.foreign_key""",
    # Booked on the gateway's word, but its own list, which was read for that time, does not have the line.
    Kind.NEVER_CAME: f"""
    SELECT 'entry:' || e.id AS key, r.gateway, i.offering_id, i.pledge_id, e.instruction_id,
        coalesce(t.net_minor, 0) AS amount_minor, t.currency, e.effective_at AS since
    FROM journal_entries e JOIN gateway_readings r ON e.evidence LIKE r.gateway || ':%'
    LEFT JOIN gateway_transactions t ON {PROVES} LEFT JOIN instructions i ON i.id = e.instruction_id
    WHERE t.listed_at IS NULL AND e.effective_at <= :listed_before AND r.read_until > e.effective_at""",
    # Booked otherwise than the line says; or not booked, because it was not what we asked for.
    Kind.AMOUNT: f"""
    SELECT t.gateway || ':' || t.transaction_id AS key, t.gateway, min(c.offering_id) AS offering_id,
        min(i.pledge_id) AS pledge_id, min(e.instruction_id) AS instruction_id,
        t.net_minor - {_AT_ITS_ACCOUNT} AS amount_minor, t.currency, t.created_at AS since
    FROM ({_CASH}) c JOIN postings p ON p.account_id = c.id JOIN journal_entries e ON e.id = p.entry_id
    JOIN gateway_transactions t ON {PROVES} LEFT JOIN instructions i ON i.id = e.instruction_id
    WHERE t.kind <> 'move' OR t.account IN ('', c.account)
    GROUP BY t.gateway, t.transaction_id HAVING t.net_minor <> {_AT_ITS_ACCOUNT}
    UNION ALL {_INSTRUCTION} WHERE i.status = 'review' AND i.code = 'amount_differs' AND NOT EXISTS (
        SELECT 1 FROM gateway_transactions t
        WHERE t.gateway = i.gateway AND t.source = i.provider_ref AND t.currency <> i.currency)""",
    # The fees of a day beside what the days before let expect: a straight line through fee and amount (least squares), as
    # gateways price; of each day only its sums are needed (x the amount, y the fee).
    Kind.FEE: """
    WITH days AS (SELECT gateway, currency, CAST(created_at AT TIME ZONE 'UTC' AS date) AS day, count(*)::numeric AS n,
            sum(amount_minor)::numeric AS x, sum(fee_minor)::numeric AS y, sum(amount_minor::numeric * amount_minor) AS xx,
            sum(amount_minor::numeric * fee_minor) AS xy
        FROM gateway_transactions WHERE kind = 'payment' AND created_at > CAST(:fee_since AS timestamptz) - :fee_window
        GROUP BY 1, 2, 3),
    before AS (SELECT gateway, currency, day, n, x, y, sum(n) OVER past AS pn, sum(x) OVER past AS px, sum(y) OVER past AS py,
            sum(xx) OVER past AS pxx, sum(xy) OVER past AS pxy
        FROM days WINDOW past AS (PARTITION BY gateway, currency ORDER BY day
            RANGE BETWEEN CAST(:fee_window AS interval) PRECEDING AND interval '1 day' PRECEDING)),
    lines AS (SELECT *, coalesce((pn * pxy - px * py) / nullif(pn * pxx - px * px, 0), 0) AS slope FROM before WHERE pn > 0),
    foretold AS (SELECT *, slope * x + (py - slope * px) / pn * n AS fee FROM lines)
    SELECT concat_ws(':', gateway, currency, day) AS key, gateway, NULL::bigint AS offering_id, NULL::bigint AS pledge_id,
        NULL::bigint AS instruction_id, round(y - fee)::bigint AS amount_minor, currency,
        CAST(day AS timestamp) AT TIME ZONE 'UTC' AS since
    FROM foretold WHERE abs(y - fee) * 10000 > abs(fee) * :fee_alert_bps
        AND CAST(day AS timestamp) AT TIME ZONE 'UTC' > :fee_since""",
    Kind.CURRENCY: """
    SELECT t.gateway || ':' || t.transaction_id AS key, t.gateway, i.offering_id, i.pledge_id, i.id AS instruction_id,
        t.net_minor AS amount_minor, t.currency, t.created_at AS since
    FROM gateway_transactions t JOIN instructions i ON i.gateway = t.gateway AND i.provider_ref = t.source
        AND i.kind <> 'cancel' WHERE t.currency <> i.currency""",
    # Two payments under one key of ours, or two payment lines of one payment: the later ones.
    Kind.TWICE: """
    SELECT t.gateway || ':' || t.transaction_id AS key, t.gateway, i.offering_id, i.pledge_id, i.id AS instruction_id,
        t.net_minor AS amount_minor, t.currency, t.created_at AS since
    FROM (SELECT l.*, row_number() OVER (PARTITION BY gateway, split_part(op_key, ':', 1),
            coalesce(nullif(split_part(op_key, ':', 2), ''), source) ORDER BY created_at, transaction_id) AS place
        FROM gateway_transactions l WHERE kind = 'payment' AND net_minor > 0) t
    LEFT JOIN instructions i ON i.op_id::text = split_part(t.op_key, ':', 2)
        OR (t.op_key = '' AND i.gateway = t.gateway AND i.provider_ref = t.source AND i.kind = 'collect')
    WHERE t.place > 1 AND NOT EXISTS (SELECT 1 FROM instructions r WHERE r.status = 'succeeded'
        AND r.business_key = 'refund:unidentified:' || t.gateway || ':' || t.transaction_id)""",
    Kind.UNCLEAR: f"""{_INSTRUCTION} WHERE (i.status = 'unknown' AND s.since <= :unclear_since)
        OR (i.status = 'review' AND s.since <= :review_since AND coalesce(i.code, '') NOT IN ('amount_differs', 'dealt_with', 'paid_otherwise'))""",
    Kind.REFUND_STUCK: f"""{_INSTRUCTION} WHERE i.kind IN ('refund', 'pay_back') AND coalesce(i.code, '') <> 'paid_otherwise'
        AND NOT (i.investor_id IS NOT NULL AND i.kind = 'pay_back' AND i.status = 'failed')  -- it is free in the cash account
        AND (i.status IN ('failed', 'review') OR (i.status = 'pending' AND s.since <= :refund_since))""",
    Kind.PAYOUT_FAILED: """
    SELECT 'closing:' || c.id AS key, coalesce(o.gateway, '') AS gateway, c.offering_id, NULL::bigint AS pledge_id,
        max(i.id) AS instruction_id, max(i.amount_minor) AS amount_minor, c.currency, max(i.created_at) AS since
    FROM closings c JOIN offerings o ON o.id = c.offering_id JOIN instructions i ON i.closing_id = c.id
        AND i.kind = 'release'
    WHERE c.status IN ('payout_failed', 'payout_proposed') OR (EXISTS (
            SELECT 1 FROM gateway_transactions t WHERE t.gateway = i.gateway AND t.source = i.provider_ref
                AND t.kind = 'payout_failed')
        AND NOT EXISTS (SELECT 1 FROM instructions n WHERE n.closing_id = c.id AND n.kind = 'release' AND n.id > i.id
            AND n.status = 'succeeded'))
    GROUP BY c.id, o.gateway""",
    # What a bank took after the shares were given, and nobody has covered.
    Kind.TAKEN_BACK: """
    SELECT concat_ws(':', a.code, a.currency, a.pledge_id) AS key, a.gateway, nullif(a.offering_id, 0) AS offering_id,
        p.id AS pledge_id, NULL::bigint AS instruction_id, (a.debits - a.credits)::bigint AS amount_minor, a.currency,
        coalesce(p.held_at, p.placed_at) AS since
    FROM ledger_accounts a JOIN pledges p ON p.id = a.pledge_id
    WHERE a.code IN ('1195', '1197') AND a.debits > a.credits AND p.status IN ('allotted', 'settled')""",
    # What it says that it holds, beside our books, apart from lines that one of both does not know yet. A gateway that tells
    # no account's balance but one for all ("") is compared with all that the books have there.
    Kind.CUSTODY: f"""
    SELECT concat_ws(':', b.gateway, b.account, b.currency) AS key, b.gateway,
        CASE WHEN NOT b.is_all THEN min(c.offering_id) END AS offering_id,
        NULL::bigint AS pledge_id, NULL::bigint AS instruction_id,
        (b.amount_minor - coalesce(sum(c.balance), 0) + coalesce(max(later.minor), 0) - coalesce(max(open.minor), 0))::bigint
            AS amount_minor, b.currency, b.read_at AS since
    FROM (SELECT DISTINCT ON (gateway, account, currency) *, bool_and(account = '') OVER (PARTITION BY gateway) AS is_all
        FROM gateway_balances
        ORDER BY gateway, account, currency, day DESC) b
    LEFT JOIN ({_CASH}) c ON (c.gateway, c.currency) = (b.gateway, b.currency) AND (b.is_all OR b.account = c.account)
    LEFT JOIN LATERAL (SELECT sum(t.net_minor) AS minor FROM gateway_transactions t JOIN journal_entries e ON {PROVES}
        WHERE (t.gateway, t.currency) = (b.gateway, b.currency) AND (b.is_all OR b.account = t.account) AND t.created_at > b.read_at
        ) later ON true
    LEFT JOIN LATERAL (SELECT sum(t.net_minor) AS minor FROM ({UNBOOKED}) t
        WHERE (t.gateway, t.currency) = (b.gateway, b.currency) AND (b.is_all OR b.account = t.account) AND t.created_at <= b.read_at
        ) open ON true
    WHERE b.account <> '{PLATFORM_ACCOUNT}'
    GROUP BY b.gateway, b.account, b.currency, b.amount_minor, b.read_at, b.is_all
    HAVING b.amount_minor - coalesce(sum(c.balance), 0) + coalesce(max(later.minor), 0)
        - coalesce(max(open.minor), 0) <> 0""",
    Kind.SHORTFALL: _aged("'1190', '1195', '1196', '1197'", "D", "shortfall_since", _WHOSE, "owed_to")
    + """
    UNION ALL SELECT 'below_zero:' || gateway || ':' || currency, gateway, NULL, NULL, NULL,
        sum(credits - debits)::bigint, currency, CAST(:now AS timestamptz)
    FROM (SELECT a.* FROM ledger_accounts a LEFT JOIN offerings o ON o.id = a.offering_id
        WHERE a.code IN ('1000', '1010') AND o.gateway IS DISTINCT FROM a.gateway) c
    GROUP BY gateway, currency HAVING sum(debits - credits) < 0
    UNION ALL SELECT concat_ws(':', 'below_zero', a.gateway, a.currency, o.id), a.gateway, o.id, NULL, NULL, a.credits - a.debits,
        a.currency, CAST(:now AS timestamptz)
    FROM ledger_accounts a JOIN offerings o ON o.id = a.offering_id AND o.gateway = a.gateway
    WHERE a.code = '1010' AND a.credits > a.debits""",
    Kind.UNIDENTIFIED: _aged("'2200'", "C", "unidentified_since", _WHOSE, "owed_by"),
    Kind.OTHER_ENVIRONMENT: f"{_LINE} FROM ({_OPEN_LINES}) t WHERE t.foreign_key",
    Kind.EVENT: f"""
    SELECT '{EVENT_KEY}' || id AS key, gateway, NULL::bigint AS offering_id, NULL::bigint AS pledge_id,
        NULL::bigint AS instruction_id, 0::bigint AS amount_minor, NULL::text AS currency, received_at AS since
    FROM gateway_events WHERE status = 'poison'""",
}

#: Lines of operations that are ours by their key, of which no instruction knows that it was ever sent: only a database
#: that lost its newest rows has them. Those of a present operation may be a moment ahead of us.
LOST = """
    SELECT t.gateway || ':' || t.transaction_id FROM gateway_transactions t
    LEFT JOIN instructions i ON i.op_id::text = split_part(t.op_key, ':', 2)
    WHERE split_part(t.op_key, ':', 1) = :environment AND (i.id IS NULL OR (i.status = 'queued' AND i.first_sent_at IS NULL
        AND i.generation::text = split_part(t.op_key, ':', 3)))
        AND NOT EXISTS (SELECT 1 FROM breaks b WHERE b.key = t.gateway || ':' || t.transaction_id AND b.status = 'explained')
        AND NOT EXISTS (SELECT 1 FROM journal_entries e WHERE e.evidence = t.gateway || ':' || t.transaction_id)"""


#: The entry that made a break whole: what its line proves; what takes back the entry in question; and since it was seen
#: the last of its instruction, or else of the balance that was too old.
RESOLVED_BY = f"""
    SELECT coalesce(
        (SELECT id FROM journal_entries WHERE evidence = :key),
        (SELECT id FROM journal_entries WHERE 'entry:' || reverses = :key),
        (SELECT max(id) FROM journal_entries WHERE instruction_id = :instruction AND effective_at >= :seen),
        (SELECT max(e.id) FROM ledger_accounts a JOIN postings p ON p.account_id = a.id
            JOIN journal_entries e ON e.id = p.entry_id AND e.effective_at >= :seen
            WHERE a.pledge_id = :pledge AND a.offering_id = :offering AND {_WHOSE} = :key))"""


def parameters(now: datetime, environment: str, *, frozen: bool) -> dict[str, Any]:
    """What the queries are asked with, by the policy of the day; a frozen platform waits for nothing."""
    law = platform_policy.reconciling(now)
    return {
        "now": now,
        "environment": environment,
        "booked_before": now if frozen else law.booked_before,
        "arrived_before": now if frozen else law.arrived_before,
        "listed_before": law.listed_before,
        "unclear_since": law.unclear_since,
        "review_since": law.review_since,
        "refund_since": law.refund_since,
        "shortfall_since": law.shortfall_since,
        "unidentified_since": law.unidentified_since,
        "fee_since": now - law.fee_window,
        "fee_window": law.fee_window,
        "fee_alert_bps": law.fee_alert_bps,
    }
