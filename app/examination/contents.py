"""What is in a bundle: one query for each file, with `:offering`, the id of the offering.

Columns are named one by one, so that a new one is never handed out by accident: no password, no second factor, no e-mail
address, no account number. A test demands a place here, or a reason for none, for every table that is about an offering.
"""

from __future__ import annotations

INVESTORS = """(SELECT investor_id FROM pledges WHERE offering_id = :offering
    UNION SELECT investor_id FROM decisions WHERE offering_id = :offering)"""
PLEDGES = "(SELECT id FROM pledges WHERE offering_id = :offering)"
CLOSINGS = "(SELECT id FROM closings WHERE offering_id = :offering)"
CLAIMS = f"(SELECT id FROM claims WHERE investor_id IN {INVESTORS})"
CASES = f"""(SELECT id FROM review_cases WHERE (kind = 'offering' AND subject_id = :offering)
    OR (kind = 'pledge' AND subject_id IN {PLEDGES}) OR (kind = 'investor' AND subject_id IN {CLAIMS}))"""
ENTRIES = """(SELECT p.entry_id FROM postings p JOIN ledger_accounts a ON a.id = p.account_id
    WHERE a.offering_id = :offering)"""
EDITIONS = "(SELECT id FROM editions WHERE id IN (SELECT edition_id FROM decisions WHERE offering_id = :offering))"
#: (subject_type, subject_id) of every event about it.
SUBJECTS = f"""(SELECT 'offerings' AS type, :offering AS id UNION ALL SELECT 'pledges', id FROM {PLEDGES} p
    UNION ALL SELECT 'closings', id FROM {CLOSINGS} c UNION ALL SELECT 'review_cases', id FROM {CASES} r
    UNION ALL SELECT 'claims', id FROM {CLAIMS} m UNION ALL SELECT 'editions', id FROM {EDITIONS} t
    UNION ALL SELECT 'instructions', id FROM instructions WHERE offering_id = :offering
    UNION ALL SELECT 'issuers', issuer_id FROM offerings WHERE id = :offering)"""

#: file -> its rows
FILES: dict[str, str] = {
    "offering.jsonl": """
        SELECT id, ref, slug, issuer_id, status, regime, name, tagline, currency, security_type, security_description,
            share_price, minimum_pledge_minor, target_minor, maximum_minor, deadline_at, deadline_zone,
            oversubscription_rule, oversubscription_note, fee_bps, gateway, opened_at, disclosure, version, created_at
        FROM offerings WHERE id = :offering""",
    "progress.jsonl": """
        SELECT offering_id, accepting, accepts_until, maximum_shares, maximum_minor, taken_shares, taken_minor, held_minor,
            settled_minor
        FROM offering_progress WHERE offering_id = :offering""",
    "issuer.jsonl": """
        SELECT id, ref, legal_name, legal_form, jurisdiction, country, incorporated_on, address, website, cik, employees,
            payout_holder, payout_hint, created_at
        FROM issuers WHERE id = (SELECT issuer_id FROM offerings WHERE id = :offering)""",
    "issuer_members.jsonl": """
        SELECT issuer_id, user_id, since FROM issuer_members
        WHERE issuer_id = (SELECT issuer_id FROM offerings WHERE id = :offering) ORDER BY user_id""",
    "documents.jsonl": """
        SELECT id, offering_id, title, filename, media_type, size, sha256, version, added_at
        FROM offering_documents WHERE offering_id = :offering ORDER BY id""",
    "filings.jsonl": """
        SELECT id, offering_id, form, sha256, cik, file_number, fields, received_at
        FROM filings WHERE offering_id = :offering ORDER BY id""",
    "investors.jsonl": f"""
        SELECT id, user_id, kind, legal_name, country, created_at FROM investors WHERE id IN {INVESTORS} ORDER BY id""",
    "claims.jsonl": f"""
        SELECT id, investor_id, kind, status, claimed_at FROM claims WHERE id IN {CLAIMS} ORDER BY id""",
    "pledges.jsonl": """
        SELECT id, ref, investor_id, offering_id, shares, amount_minor, currency, status, decision_id, placed_at,
            cancel_until, pay_until, held_at, stop_reason, sale_decision_id
        FROM pledges WHERE offering_id = :offering ORDER BY id""",
    "consents.jsonl": f"""
        SELECT pledge_id, statement, text_sha256, locale, ticked_at
        FROM pledge_consents WHERE pledge_id IN {PLEDGES} ORDER BY pledge_id, statement""",
    "decisions.jsonl": """
        SELECT id, investor_id, offering_id, purpose, beside_id, regime, law, edition_id, facts, outcome, rule, citation, currency, requested_minor,
            cap_minor, used_minor, remaining_minor, frees_on, frees_minor, largest_minor, numbers, decided_at
        FROM decisions WHERE offering_id = :offering ORDER BY id""",
    "editions.jsonl": f"""
        SELECT id, pack, sha256, recorded_at, adopted_at FROM editions WHERE id IN {EDITIONS} ORDER BY id""",
    "review_cases.jsonl": f"""
        SELECT id, ref, kind, subject_id, status, why, involves, opened_at, claimed_by, claimed_at, resolved_by,
            resolved_at, outcome, reasons, note
        FROM review_cases WHERE id IN {CASES} ORDER BY id""",
    "closings.jsonl": """
        SELECT id, ref, offering_id, seq, status, begun_by, begun_at, payout_proposed_by, gather_until, currency,
            total_minor, fee_minor, snapshot_hash, payout_attempts, payee_holder, payee_hint
        FROM closings WHERE offering_id = :offering ORDER BY id""",
    "closing_lines.jsonl": f"""
        SELECT closing_id, pledge_id, holder_name, shares, amount_minor, fee_share_minor
        FROM closing_lines WHERE closing_id IN {CLOSINGS} ORDER BY closing_id, pledge_id""",
    "closing_approvals.jsonl": f"""
        SELECT closing_id, user_id, snapshot_hash, approved_at
        FROM closing_approvals WHERE closing_id IN {CLOSINGS} ORDER BY closing_id, approved_at, user_id""",
    "instructions.jsonl": """
        SELECT id, op_id, kind, gateway, business_key, generation, status, offering_id, pledge_id, closing_id, about_id,
            amount_minor, currency, reference, document_sha256, provider_ref, code, created_at, first_sent_at, attempts
        FROM instructions WHERE offering_id = :offering ORDER BY id""",
    "gateway_transactions.jsonl": """
        SELECT t.gateway, t.transaction_id, t.kind, t.source, t.amount_minor, t.fee_minor, t.net_minor, t.currency,
            t.created_at
        FROM gateway_transactions t WHERE (t.gateway, t.source) IN (
            SELECT gateway, provider_ref FROM instructions WHERE offering_id = :offering)
        ORDER BY t.gateway, t.transaction_id""",
    "accounts.jsonl": """
        SELECT id, book, code, class, currency, offering_id, pledge_id, guard, debits, credits
        FROM ledger_accounts WHERE offering_id = :offering ORDER BY id""",
    "entries.jsonl": f"""
        SELECT id, key, body_hash, kind, instruction_id, evidence, effective_at, recorded_at, actor
        FROM journal_entries WHERE id IN {ENTRIES} ORDER BY id""",
    "postings.jsonl": f"""
        SELECT p.id, p.entry_id, p.account_id, a.code, p.currency, p.book, p.side, p.amount_minor
        FROM postings p JOIN ledger_accounts a ON a.id = p.account_id WHERE p.entry_id IN {ENTRIES} ORDER BY p.id""",
    "register.jsonl": """
        SELECT id, kind, issuer_id, offering_id, closing_id, pledge_id, investor_id, holder_name, security_type, shares,
            share_price, amount_minor, currency, certificate, resale_restricted_until, entered_at
        FROM register_entries WHERE offering_id = :offering ORDER BY id""",
    # What a message is about stands at the end of its key: a pledge, the offering, a case, a closing, or its snapshot.
    "messages.jsonl": f"""
        SELECT id, user_id, kind, facts, created_at, attempts, sent_at FROM messages
        WHERE split_part(dedupe_key, ':', 3) || ':' || split_part(dedupe_key, ':', 4) IN (
            SELECT 'pledge:' || id FROM {PLEDGES} p UNION ALL SELECT 'offering:' || :offering)
        OR split_part(dedupe_key, ':', 3) IN (
            SELECT ref FROM review_cases WHERE id IN {CASES}
            UNION ALL SELECT unnest(ARRAY[ref, snapshot_hash]) FROM closings WHERE offering_id = :offering)
        ORDER BY id""",
    # Who invested, acts for the company, decided or approved.
    "people.jsonl": f"""
        SELECT u.id AS user_id, u.name, array(SELECT role FROM role_grants WHERE user_id = u.id ORDER BY role) AS roles
        FROM users u WHERE u.id IN (
            SELECT user_id FROM investors WHERE id IN {INVESTORS}
            UNION SELECT user_id FROM issuer_members
                WHERE issuer_id = (SELECT issuer_id FROM offerings WHERE id = :offering)
            UNION SELECT user_id FROM closing_approvals WHERE closing_id IN {CLOSINGS}
            UNION SELECT resolved_by FROM review_cases WHERE id IN {CASES}
            UNION SELECT actor_user_id FROM audit_events JOIN {SUBJECTS} s ON subject_type = s.type AND subject_id = s.id)
        ORDER BY u.id""",
}  # fmt: skip

#: The very texts that its decisions name.
PACKS = f"SELECT pack, sha256, text FROM editions WHERE id IN {EDITIONS} ORDER BY id"

#: Each event with its seal; an event that was written a moment ago may have none yet.
TRAIL = f"""
    SELECT e.id, e.at, e.actor, e.actor_user_id, e.event, e.subject_type, e.subject_id, e.from_status, e.to_status, e.facts,
        e.request_id, s.position, s.sealed_at, s.event_hash, s.hash
    FROM {SUBJECTS} about JOIN audit_events e ON e.subject_type = about.type AND e.subject_id = about.id
    LEFT JOIN audit_seals s ON s.event_id = e.id ORDER BY s.position NULLS LAST, e.id"""

#: The chain from the first of these events to the head: of others' events nothing but the hash.
CHAIN = "SELECT position, sealed_at, event_hash, hash FROM audit_seals WHERE position >= :first ORDER BY position"
