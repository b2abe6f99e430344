"""Every promise that the books, the register and the public numbers must keep, each as a query that finds no row.

`flask books check` runs them all, and so do a job and every story test. I-numbers are those of `docs/ledger.md`.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.i18n.words import N_
from app.reconciliation.finders import UNBOOKED
from app.regimes import platform_policy

#: name -> a query for whatever breaks the promise
INVARIANTS: dict[str, str] = {
    N_("I1 every entry balances in each book and currency"): """
        SELECT entry_id FROM postings GROUP BY entry_id, book, currency
        HAVING sum(CASE side WHEN 'D' THEN amount_minor ELSE -amount_minor END) <> 0""",
    N_("I2 every entry has at least two postings"): """
        SELECT e.id FROM journal_entries e LEFT JOIN postings p ON p.entry_id = e.id
        GROUP BY e.id HAVING count(p.id) < 2""",
    N_("I3 account totals are the sums of their postings"): """
        SELECT a.id FROM ledger_accounts a LEFT JOIN postings p ON p.account_id = a.id GROUP BY a.id
        HAVING a.debits <> coalesce(sum(p.amount_minor) FILTER (WHERE side = 'D'), 0)
            OR a.credits <> coalesce(sum(p.amount_minor) FILTER (WHERE side = 'C'), 0)""",
    N_("I4 client assets equal client liabilities"): """
        SELECT currency FROM ledger_accounts WHERE book = 'client' GROUP BY currency HAVING sum(debits - credits) <> 0""",
    N_("I5 no guarded account is overdrawn"): """
        SELECT id FROM ledger_accounts WHERE (guard = 'no_debit_balance' AND debits > credits)
            OR (guard = 'no_credit_balance' AND credits > debits)""",
    N_("I6 what the platform owes to clients' money stands alike in both books"): """
        SELECT offering_id FROM ledger_accounts WHERE code IN ('1190', '3100')
        GROUP BY offering_id, currency HAVING sum(debits - credits) <> 0""",
    N_("I7 our fee in escrow equals our claim to it"): """
        SELECT offering_id FROM ledger_accounts WHERE code IN ('2120', '3210')
        GROUP BY offering_id, currency HAVING sum(debits - credits) <> 0""",
    N_("I8 no pledge is refunded more than it paid"): """
        SELECT pledge_id FROM instructions WHERE pledge_id IS NOT NULL AND business_key NOT LIKE 'refund:unidentified:%'
        GROUP BY pledge_id HAVING coalesce(sum(amount_minor) FILTER (
                WHERE kind IN ('refund', 'pay_back') AND status NOT IN ('failed', 'cancelled')
                    AND NOT EXISTS (SELECT 1 FROM journal_entries e
                        WHERE e.instruction_id = instructions.id AND e.kind = 'refund_failed')), 0)
            > coalesce(sum(amount_minor) FILTER (WHERE kind IN ('collect', 'from_cash') AND status = 'succeeded'), 0)""",
    N_("I9 every done instruction is in the books"): """
        SELECT id FROM instructions i WHERE status = 'succeeded' AND kind NOT IN ('setup', 'cancel')
            AND NOT EXISTS (SELECT 1 FROM journal_entries e WHERE e.instruction_id = i.id)""",
    N_("I10 cash moves only on evidence"): """
        SELECT DISTINCT e.id FROM journal_entries e JOIN postings p ON p.entry_id = e.id
        JOIN ledger_accounts a ON a.id = p.account_id
        WHERE a.code IN ('1000', '1010', '1100', '1110', '3000') AND e.evidence IS NULL
            AND e.kind NOT IN ('funds_available', 'overdraft_covered')""",
    N_("I11 every line of the gateway is in the books, or stands as a break"): f"""
        SELECT t.transaction_id FROM ({UNBOOKED}) t WHERE NOT EXISTS (
            SELECT 1 FROM breaks b WHERE b.key = t.gateway || ':' || t.transaction_id)""",
    N_("I12 every evidence is a line of the gateway"): """
        SELECT e.id FROM journal_entries e WHERE e.evidence IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM gateway_transactions t WHERE e.evidence = t.gateway || ':' || t.transaction_id)""",
    # Then the gateway may forget the key: what it did not do by then is a person's, or ended.
    N_("I13 nothing is in doubt for longer than 23 hours after it was first sent"): """
        SELECT id FROM instructions WHERE kind NOT IN ('setup', 'cancel') AND status IN ('queued', 'sending', 'unknown')
            AND first_sent_at < clock_timestamp() - interval '23 hours'""",
    N_("I14 a closing's lines add up to its totals"): """
        SELECT c.id FROM closings c LEFT JOIN closing_lines l ON l.closing_id = c.id
        WHERE c.status NOT IN ('gathering', 'aborted') GROUP BY c.id
        HAVING (coalesce(sum(l.amount_minor), 0), coalesce(sum(l.fee_share_minor), 0),
            coalesce(sum(l.investor_fee_minor), 0)) <> (c.total_minor, c.fee_minor, c.investor_fee_minor)""",
    N_("I15 no release without two independent approvals of the same snapshot"): """
        SELECT c.id FROM closings c LEFT JOIN LATERAL (SELECT document_sha256 FROM instructions i
            WHERE i.closing_id = c.id AND i.kind = 'release' ORDER BY i.id DESC LIMIT 1) paid ON true
        LEFT JOIN closing_approvals a ON a.closing_id = c.id AND a.user_id IS DISTINCT FROM c.begun_by
            AND a.snapshot_hash = coalesce(paid.document_sha256, c.snapshot_hash)
            AND (a.snapshot_hash <> c.snapshot_hash OR a.user_id IS DISTINCT FROM c.payout_proposed_by)
        WHERE c.status IN ('releasing', 'payout_failed', 'payout_proposed', 'holdback_proposed', 'done')
        GROUP BY c.id HAVING count(a.user_id) < 2""",
    N_("I16 nothing is released below the target"): """
        SELECT o.id FROM offerings o JOIN closings c ON c.offering_id = o.id
            AND c.status IN ('releasing', 'payout_failed', 'payout_proposed', 'holdback_proposed', 'done')
        GROUP BY o.id HAVING sum(c.total_minor) < o.target_minor""",
    N_("I17 oversold: nothing is sold above the maximum"): """
        SELECT o.id FROM offerings o JOIN offering_progress g ON g.offering_id = o.id
        JOIN pledges p ON p.offering_id = o.id
        WHERE p.status IN ('in_review', 'reserved', 'authorised', 'processing', 'cancelling', 'held', 'allotted', 'settled')
        GROUP BY o.id, g.offering_id HAVING sum(p.amount_minor) FILTER (WHERE p.status IN ('allotted', 'settled')) > o.maximum_minor
            OR sum(p.amount_minor) > CASE WHEN o.oversubscription_rule IN ('pro_rata', 'issuers_choice')
                THEN g.book_minor ELSE o.maximum_minor END""",
    N_("I18 what is held and owed back for a pledge is what its status says"): """
        SELECT p.id FROM pledges p LEFT JOIN (
            SELECT pledge_id, sum(credits - debits) FILTER (WHERE code IN ('2000', '2010')) AS held,
                   sum(credits - debits) FILTER (WHERE code = '2020') AS owed
            FROM ledger_accounts WHERE pledge_id > 0 GROUP BY pledge_id) b ON b.pledge_id = p.id
        WHERE (coalesce(held, 0), coalesce(owed, 0)) IS DISTINCT FROM (
            CASE WHEN p.status = 'held' THEN p.amount_minor ELSE 0 END::numeric,
            CASE WHEN p.status = 'refund_due' THEN p.amount_minor + p.fee_minor ELSE coalesce((
                SELECT p.wished_minor + p.wished_fee_minor - p.amount_minor - p.fee_minor
                WHERE NOT EXISTS (SELECT 1 FROM instructions i
                    WHERE i.pledge_id = p.id AND (i.business_key LIKE 'refund:part:%' OR i.kind = 'pay_back')
                    AND i.business_key NOT LIKE 'refund:unidentified:%' AND i.status = 'succeeded'
                    AND NOT EXISTS (SELECT 1 FROM journal_entries e
                        WHERE e.instruction_id = i.id AND e.kind = 'refund_failed'))
                AND NOT EXISTS (SELECT 1 FROM journal_entries e WHERE e.key IN ('loss_covered_by_refund:pledge:' || p.id,
                    'loss_recovered_from_refund:pledge:' || p.id, 'loss_owed_to_issuer:pledge:' || p.id))), 0) END::numeric)""",
    N_("I19 settled pledges are exactly those of finished closings"): """
        SELECT p.id FROM pledges p LEFT JOIN closing_lines l ON l.pledge_id = p.id
        LEFT JOIN closings c ON c.id = l.closing_id
        WHERE (p.status = 'settled') IS DISTINCT FROM (c.settled_at IS NOT NULL)""",
    N_("I20 no event of the gateway is stuck"): """
        SELECT event_id FROM gateway_events WHERE status = 'poison'
            OR (status = 'new' AND next_attempt_at < clock_timestamp() - interval '15 minutes')""",
    N_("I21 stranded: no money waits for an instruction that nobody sends"): """
        SELECT id FROM instructions WHERE kind NOT IN ('setup', 'collect', 'cancel')
            AND code IS DISTINCT FROM 'paid_otherwise'
            AND (status = 'review' OR (status = 'failed' AND kind NOT IN ('release', 'to_issuer', 'from_cash', 'pay_back')))""",
    N_("I22 an investor's fee is held as long as the pledge is"): """
        SELECT p.id FROM pledges p LEFT JOIN ledger_accounts a ON a.pledge_id = p.id AND a.code = '2015'
        GROUP BY p.id HAVING coalesce(sum(a.credits - a.debits), 0)
            <> CASE WHEN p.status = 'held' THEN p.fee_minor ELSE 0 END""",
    N_("I23 no offering's accounts are overdrawn"): """
        SELECT offering_id FROM ledger_accounts WHERE offering_id > 0
            AND ((class = 'asset' AND credits > debits AND code NOT IN ('1000', '1010')) OR (class = 'liability' AND debits > credits))""",
    # What is put to officers is with the custodian, who pays to a bank account what no collector could refund any more.
    N_("I24 held money can be given back for as long as it may have to be"): """
        SELECT p.id FROM pledges p WHERE p.status = 'held'
            AND p.refundable_until < platform_now() + make_interval(days => :grace_days)
            AND NOT EXISTS (SELECT 1 FROM closings c WHERE c.offering_id = p.offering_id AND c.status = 'proposed')""",
    N_("I25 what is promised for a pledge is what its status says"): """
        SELECT p.id FROM pledges p LEFT JOIN ledger_accounts a ON a.pledge_id = p.id AND a.code = '9000'
        GROUP BY p.id HAVING coalesce(sum(a.debits - a.credits), 0)
            <> CASE WHEN p.status = 'authorised' THEN p.amount_minor ELSE 0 END""",
    N_(
        "I26 what is held back from companies is what their closings kept, less what was released and covered losses"
    ): """
        SELECT o.id FROM offerings o LEFT JOIN (
            SELECT offering_id, sum(holdback_minor) AS kept,
                sum(holdback_minor) FILTER (WHERE holdback_released_at IS NULL) AS still
            FROM closings WHERE status NOT IN ('gathering', 'proposed', 'aborted') GROUP BY offering_id) c
            ON c.offering_id = o.id
        LEFT JOIN (SELECT offering_id, sum(credits - debits) AS still, sum(credits - coalesce((
                SELECT sum(p.amount_minor) FROM postings p JOIN journal_entries e ON e.id = p.entry_id
                WHERE p.account_id = a.id AND p.side = 'C'
                AND e.kind IN ('loss_made_good', 'loss_recovered_from_refund')), 0)) AS kept
            FROM ledger_accounts a WHERE code = '2110' GROUP BY offering_id) a ON a.offering_id = o.id
        WHERE coalesce(a.kept, 0) <> coalesce(c.kept, 0) OR coalesce(a.still, 0) > coalesce(c.still, 0)""",
    N_("I27 a rolling closing takes only pledges whose investors were told and may not cancel any more"): """
        SELECT l.pledge_id FROM closing_lines l JOIN closings c ON c.id = l.closing_id AND c.is_rolling
            AND c.status NOT IN ('gathering', 'proposed', 'aborted')
        JOIN pledges p ON p.id = l.pledge_id
        WHERE p.closes_at IS NULL OR p.cancel_until IS NULL OR p.cancel_until > c.gather_until
            OR p.held_at > c.begun_at""",
    N_("I28 no more is swept to the platform than its fees and what came back of its losses"): """
        SELECT i.offering_id FROM instructions i WHERE i.kind = 'fee' AND i.status <> 'cancelled'
        AND NOT EXISTS (SELECT 1 FROM journal_entries e
                WHERE e.instruction_id = i.id AND e.kind = 'platform_fee_returned' AND i.status = 'succeeded')
        GROUP BY i.offering_id, i.currency HAVING sum(i.amount_minor) > (
            SELECT coalesce(sum(a.credits), 0) FROM ledger_accounts a
            WHERE a.code = '2120' AND a.offering_id = i.offering_id AND a.currency = i.currency)""",
    N_("I29 what a distribution owes, charges, keeps and pays is what was agreed to"): """
        SELECT d.id FROM distributions d LEFT JOIN (SELECT distribution_id, sum(gross_minor) AS gross,
            sum(carry_minor) AS carry, sum(tax_minor) AS tax FROM distribution_lines GROUP BY 1) l ON l.distribution_id = d.id
        WHERE (l.gross, l.carry, l.tax) IS DISTINCT FROM (d.total_minor::numeric, d.carry_minor::numeric, d.tax_minor::numeric)
        UNION ALL SELECT d.offering_id FROM (SELECT offering_id, sum(total_minor) AS total, sum(carry_minor) AS carry,
                sum(tax_minor) AS tax FROM distributions WHERE status IN ('funded', 'paid') GROUP BY 1) d
            FULL JOIN (SELECT offering_id, sum(credits) FILTER (WHERE code = '2140') AS total,
                sum(debits) FILTER (WHERE code = '2140') AS used, sum(credits) FILTER (WHERE code = '2310') AS tax
                FROM ledger_accounts WHERE code IN ('2140', '2310') GROUP BY 1) a ON a.offering_id = d.offering_id
            FULL JOIN (SELECT a.offering_id, sum(p.amount_minor) AS carry FROM journal_entries e
                JOIN postings p ON p.entry_id = e.id AND p.side = 'C' JOIN ledger_accounts a ON a.id = p.account_id
                WHERE e.kind = 'carry_charged' AND a.code = '2120' GROUP BY 1) c ON c.offering_id = d.offering_id
        WHERE (a.total, a.used, coalesce(a.tax, 0), coalesce(c.carry, 0)) IS DISTINCT FROM (d.total, d.total, d.tax, d.carry)
        UNION ALL SELECT coalesce(l.investor_id, a.investor_id) FROM (SELECT l.investor_id, d.currency,
                sum(l.gross_minor - l.carry_minor - l.tax_minor) AS net, coalesce(sum(l.gross_minor - l.carry_minor - l.tax_minor)
                    FILTER (WHERE d.status = 'funded'), 0) AS owed
                FROM distribution_lines l JOIN distributions d ON d.id = l.distribution_id AND d.status IN ('funded', 'paid')
                GROUP BY 1, 2) l
            FULL JOIN (SELECT investor_id, currency, credits, credits - debits AS owed FROM ledger_accounts
                WHERE code = '2300') a ON (a.investor_id, a.currency) = (l.investor_id, l.currency)
        WHERE (coalesce(a.credits, 0), coalesce(a.owed, 0)) <> (coalesce(l.net, 0), coalesce(l.owed, 0))""",
    N_("P1 public counter = ledger: held"): """
        SELECT g.offering_id FROM offering_progress g JOIN offerings o ON o.id = g.offering_id
        WHERE g.held_minor <> coalesce((SELECT sum(credits - debits) FROM ledger_accounts a
                WHERE a.offering_id = g.offering_id AND a.code IN ('2000', '2010') AND a.currency = o.currency), 0)
            + coalesce((SELECT sum(total_minor) FROM closings c
                WHERE c.offering_id = g.offering_id AND c.settled_at IS NULL
                AND c.status IN ('releasing', 'payout_failed', 'payout_proposed')), 0)""",
    N_("P2 public counter = register: settled"): """
        SELECT g.offering_id FROM offering_progress g WHERE g.settled_minor <>
            coalesce((SELECT sum(amount_minor) FROM register_entries r WHERE r.offering_id = g.offering_id), 0)""",
    N_("P3 public counter = pledges: taken"): """
        SELECT g.offering_id FROM offering_progress g LEFT JOIN (
            SELECT offering_id, sum(amount_minor) AS minor, sum(shares) AS shares FROM pledges WHERE status IN
                ('in_review', 'reserved', 'authorised', 'processing', 'cancelling', 'held', 'allotted', 'settled')
            GROUP BY offering_id) p ON p.offering_id = g.offering_id
        WHERE g.taken_minor <> coalesce(p.minor, 0) OR g.taken_shares <> coalesce(p.shares, 0)""",
    N_("P4 no more people than the law has seats for"): """
        SELECT g.offering_id FROM offering_progress g JOIN pledges p ON p.offering_id = g.offering_id
        WHERE g.seats IS NOT NULL AND p.status IN
            ('in_review', 'reserved', 'authorised', 'processing', 'cancelling', 'held', 'allotted', 'settled')
        GROUP BY g.offering_id, g.seats, g.kept_seats HAVING count(DISTINCT p.investor_id) + g.kept_seats > g.seats""",
    N_("P5 public counter = pledges: promised"): """
        SELECT g.offering_id FROM offering_progress g WHERE g.promised_minor <> coalesce((SELECT sum(amount_minor)
            FROM pledges p WHERE p.offering_id = g.offering_id AND p.status = 'authorised'), 0)""",
    N_("P6 kept room = offers to those in line"): """
        SELECT g.offering_id FROM offering_progress g LEFT JOIN (
            SELECT offering_id, count(*) FILTER (WHERE status = 'waiting') AS waiting,
                sum(offered_shares) FILTER (WHERE status = 'offered') AS shares,
                count(*) FILTER (WHERE status = 'offered' AND keeps_seat) AS seats
            FROM waitlist_entries GROUP BY offering_id) w ON w.offering_id = g.offering_id
        WHERE g.waiting <> coalesce(w.waiting, 0) OR g.kept_shares <> coalesce(w.shares, 0)
            OR g.kept_seats <> coalesce(w.seats, 0)""",
    N_("P7 nobody waits for an offering that is not open"): """
        SELECT w.id FROM waitlist_entries w JOIN offerings o ON o.id = w.offering_id
        WHERE w.status IN ('waiting', 'offered') AND o.status <> 'live'""",
    N_("R1 register = allotments"): """
        SELECT l.pledge_id FROM closing_lines l JOIN closings c ON c.id = l.closing_id AND c.settled_at IS NOT NULL
        LEFT JOIN register_entries r ON r.pledge_id = l.pledge_id AND r.kind = 'issuance'
        WHERE r.id IS NULL OR (r.shares, r.amount_minor, r.holder_name) <> (l.shares, l.amount_minor, l.holder_name)
        UNION ALL SELECT r.pledge_id FROM register_entries r LEFT JOIN closing_lines l ON l.pledge_id = r.pledge_id
        WHERE l.pledge_id IS NULL""",
    N_("T1 a pledge reaches at most one terminal state, once"): """
        SELECT subject_id FROM audit_events WHERE subject_type = 'pledges'
            AND (to_status IN ('settled', 'refunded', 'cancelled', 'failed', 'refused', 'returned') OR event = 'bounce')
        GROUP BY subject_id HAVING sum(CASE WHEN event = 'bounce' THEN -1 ELSE 1 END) > 1""",
    N_("T2 the trail tells every pledge's present status"): """
        SELECT p.id FROM pledges p WHERE p.status IS DISTINCT FROM (
            SELECT to_status FROM audit_events e WHERE e.subject_type = 'pledges' AND e.subject_id = p.id
                AND e.to_status IS NOT NULL ORDER BY e.id DESC LIMIT 1)""",
    N_("K1 investors' cash in the books is what their accounts say"): """
        SELECT currency FROM ledger_accounts WHERE offering_id = 0
            AND code IN ('1000', '1010', '1110', '1150', '1190', '2030', '2032', '2035', '2200')
        GROUP BY currency HAVING sum(debits - credits) <> 0""",
    N_("K2 the custodian held as much of investors' cash as the books said, when it was asked last"): """
        SELECT gateway FROM (SELECT DISTINCT ON (gateway, currency) gateway, difference_minor FROM cash_days
            ORDER BY gateway, currency, id DESC) latest WHERE difference_minor <> 0""",
    N_("K3 what is set aside in cash accounts is what is on its way"): """
        SELECT coalesce(a.investor_id, i.investor_id) FROM (
            SELECT investor_id, currency, sum(credits - debits) AS minor FROM ledger_accounts
            WHERE code = '2035' GROUP BY investor_id, currency) a
        FULL JOIN (
            SELECT coalesce(o.investor_id, p.investor_id) AS investor_id, o.currency, sum(o.amount_minor) AS minor
            FROM instructions o LEFT JOIN pledges p ON p.id = o.pledge_id
            WHERE o.status NOT IN ('succeeded', 'failed', 'cancelled')
                AND (o.kind = 'from_cash' OR (o.kind = 'pay_back' AND o.investor_id IS NOT NULL))
            GROUP BY 1, 2) i ON (i.investor_id, i.currency) = (a.investor_id, a.currency)
        WHERE coalesce(a.minor, 0) <> coalesce(i.minor, 0)""",
    N_("A1 every event of the trail has its seal or waits for it"): """
        SELECT e.id FROM audit_events e WHERE NOT EXISTS (SELECT 1 FROM audit_seals s WHERE s.event_id = e.id)
            AND NOT EXISTS (SELECT 1 FROM audit_unsealed u
                WHERE u.event_id = e.id AND u.since > clock_timestamp() - interval '15 minutes')""",
    # The last ten thousand; `flask audit verify` follows the whole chain and takes the hash of every event anew.
    N_("A2 the newest seals of the trail form a chain"): """
        SELECT position FROM (
            SELECT *, count(*) OVER () AS seals, lag(position, 1, 0::bigint) OVER chain AS before,
                lag(hash, 1, repeat('0', 64)) OVER chain AS previous
            FROM (SELECT position, event_id, sealed_at, event_hash, hash::text FROM audit_seals
                ORDER BY position DESC LIMIT 10000) newest WINDOW chain AS (ORDER BY position)) s
        WHERE (before > 0 OR seals < 10000) AND (position <> before + 1
            OR NOT EXISTS (SELECT 1 FROM audit_events e WHERE e.id = s.event_id)
            OR hash <> encode(sha256(convert_to(concat_ws(' ', previous, position,
                to_char(sealed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"'), event_hash), 'UTF8')), 'hex'))""",
    N_("C1 no shares on a change that its investor did not confirm"): """
        SELECT p.id FROM pledges p JOIN change_answers a ON a.pledge_id = p.id
        WHERE p.status IN ('allotted', 'settled') AND a.status IN ('awaited', 'silent')""",
    N_("C2 every material change was put to everybody who had pledged before"): """
        SELECT p.id FROM pledges p JOIN changes c ON c.offering_id = p.offering_id AND c.material
            AND c.version > p.offering_version
        WHERE p.status IN ('in_review', 'reserved', 'authorised', 'processing', 'held', 'allotted', 'settled')
            AND NOT EXISTS (SELECT 1 FROM change_answers a WHERE a.change_id = c.id AND a.pledge_id = p.id)""",
    N_("C3 pledges are taken until the deadline that is shown"): """
        SELECT o.id FROM offerings o JOIN offering_progress g ON g.offering_id = o.id
        WHERE o.status = 'live' AND g.accepts_until <> o.deadline_at""",
    N_("D1 every pledge stands on a decision that allowed it"): """
        SELECT p.id FROM pledges p JOIN decisions d ON d.id = p.decision_id
        WHERE d.outcome <> 'allow' OR d.investor_id <> p.investor_id OR d.offering_id <> p.offering_id
            OR d.requested_minor <> coalesce(p.wished_minor, p.amount_minor)""",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """How many rows break a promise, and the first of them."""

    name: str
    rows: int
    examples: tuple[str, ...]

    @property
    def holds(self) -> bool:
        return self.rows == 0


def check(session: Session) -> list[Finding]:
    """Run every invariant in one snapshot."""
    now = session.execute(text("SELECT platform_now()")).scalar_one()
    days = {"grace_days": platform_policy.settling(now)["grace_days"]}
    findings = []
    for name, query in INVARIANTS.items():
        broken = session.execute(text(query), days).scalars().all()
        findings.append(Finding(name, len(broken), tuple(str(row) for row in broken[:5])))
    return findings
