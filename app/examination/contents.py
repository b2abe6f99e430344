"""What is in a bundle: one query for each file, with `:offering`, the id of the offering.

Columns are named one by one, so that a new one is never handed out by accident: no password, no second factor, no e-mail
address, no account number. A test demands a place here, or a reason for none, for every table that is about an offering.
"""

from __future__ import annotations

INVESTORS = """(SELECT investor_id FROM pledges WHERE offering_id = :offering
    UNION SELECT investor_id FROM decisions WHERE offering_id = :offering
    UNION SELECT investor_id FROM waitlist_entries WHERE offering_id = :offering)"""
PLEDGES = "(SELECT id FROM pledges WHERE offering_id = :offering)"
CLOSINGS = "(SELECT id FROM closings WHERE offering_id = :offering)"
CLAIMS = f"(SELECT id FROM claims WHERE investor_id IN {INVESTORS})"
ISSUER = "(SELECT issuer_id FROM offerings WHERE id = :offering)"
MEMBERS = f"(SELECT user_id FROM issuer_members WHERE issuer_id = {ISSUER})"
RELATED = f"(SELECT id FROM related_parties WHERE issuer_id = {ISSUER})"
OWNERS = f"(SELECT id FROM beneficial_owners WHERE investor_id IN {INVESTORS})"
CHANGES = "(SELECT id FROM changes WHERE offering_id = :offering)"
ALERTS = f"""(SELECT id FROM alerts WHERE (subject_type = 'offerings' AND subject_id = :offering)
    OR (subject_type = 'investors' AND subject_id IN {INVESTORS}) OR (subject_type = 'issuers' AND subject_id = {ISSUER})
    OR (subject_type = 'users' AND subject_id IN {MEMBERS}) OR (subject_type = 'related_parties' AND subject_id IN {RELATED})
    OR (subject_type = 'beneficial_owners' AND subject_id IN {OWNERS}))"""
CASES = f"""(SELECT id FROM review_cases WHERE (kind = 'offering' AND subject_id = :offering)
    OR (kind = 'pledge' AND subject_id IN {PLEDGES}) OR (kind = 'investor' AND subject_id IN {CLAIMS})
    OR (kind = 'change' AND subject_id IN {CHANGES}) OR (kind = 'alert' AND subject_id IN {ALERTS}))"""
ENTRIES = """(SELECT p.entry_id FROM postings p JOIN ledger_accounts a ON a.id = p.account_id
    WHERE a.offering_id = :offering)"""
#: What four eyes looked at: the offering, its company's account, a hold on somebody in it, money of nobody, what is paid to holders.
PROPOSALS = f"""(SELECT id FROM proposals WHERE subject = 'offering:' || :offering OR subject = 'issuer:' || {ISSUER}
    OR subject IN (SELECT 'alert:' || id FROM {ALERTS} x)
    OR subject IN (SELECT 'distribution:' || id FROM distributions WHERE offering_id = :offering) OR subject IN (SELECT 'receipt:' || entry_id FROM {ENTRIES} n))"""
EDITIONS = "(SELECT id FROM editions WHERE id IN (SELECT edition_id FROM decisions WHERE offering_id = :offering))"
#: (subject_type, subject_id) of every event about it.
SUBJECTS = f"""(SELECT 'offerings' AS type, :offering AS id UNION ALL SELECT 'pledges', id FROM {PLEDGES} p
    UNION ALL SELECT 'waitlist_entries', id FROM waitlist_entries WHERE offering_id = :offering
    UNION ALL SELECT 'closings', id FROM {CLOSINGS} c UNION ALL SELECT 'review_cases', id FROM {CASES} r
    UNION ALL SELECT 'claims', id FROM {CLAIMS} m UNION ALL SELECT 'editions', id FROM {EDITIONS} t
    UNION ALL SELECT 'instructions', id FROM instructions WHERE offering_id = :offering
    UNION ALL SELECT 'changes', id FROM {CHANGES} h
    UNION ALL SELECT 'change_answers', id FROM change_answers WHERE change_id IN {CHANGES}
    UNION ALL SELECT 'early_closes', id FROM early_closes WHERE offering_id = :offering
    UNION ALL SELECT 'alerts', id FROM {ALERTS} f UNION ALL SELECT 'proposals', id FROM {PROPOSALS} v
    UNION ALL SELECT 'distributions', id FROM distributions WHERE offering_id = :offering
    UNION ALL SELECT 'issuers', issuer_id FROM offerings WHERE id = :offering)"""

#: file -> its rows
FILES: dict[str, str] = {
    "offering.jsonl": """
        SELECT id, ref, slug, issuer_id, status, regime, name, tagline, currency, security_type, security_description,
            share_price, minimum_pledge_minor, target_minor, maximum_minor, deadline_at, deadline_zone,
            oversubscription_rule, oversubscription_note, fee_bps, fee_least_minor,
            fee_most_minor, investor_fee_bps, investor_fee_most_minor, carry_bps, listing_fee_minor, holdback_bps, holdback_days, gateway, opened_at, disclosure, asked_sections, version,
            created_at
        FROM offerings WHERE id = :offering""",
    "progress.jsonl": """
        SELECT offering_id, accepting, accepts_until, maximum_shares, maximum_minor, seats, taken_shares, taken_minor, held_minor,
            settled_minor, promised_minor, book_shares, book_minor, kept_shares, kept_seats, waiting
        FROM offering_progress WHERE offering_id = :offering""",
    "issuer.jsonl": """
        SELECT id, ref, legal_name, legal_form, jurisdiction, country, incorporated_on, address, website, cik, employees,
            payout_holder, payout_hint, payout_frozen_until, created_at
        FROM issuers WHERE id = (SELECT issuer_id FROM offerings WHERE id = :offering)""",
    "issuer_members.jsonl": f"""
        SELECT issuer_id, user_id, since FROM issuer_members
        WHERE issuer_id = {ISSUER} ORDER BY user_id""",
    "documents.jsonl": """
        SELECT id, offering_id, title, filename, media_type, size, sha256, version, added_at
        FROM offering_documents WHERE offering_id = :offering ORDER BY id""",
    "filings.jsonl": """
        SELECT id, offering_id, form, sha256, cik, file_number, fields, received_at
        FROM filings WHERE offering_id = :offering ORDER BY id""",
    "investors.jsonl": f"""
        SELECT id, user_id, kind, legal_name, country, created_at FROM investors WHERE id IN {INVESTORS} ORDER BY id""",
    "entities.jsonl": f"""
        SELECT investor_id, form, registered_in, registration_number, capacity, formed_for_purchase
        FROM entities WHERE investor_id IN {INVESTORS} ORDER BY investor_id""",
    "beneficial_owners.jsonl": f"""
        SELECT id, investor_id, name, country, share_bps FROM beneficial_owners WHERE id IN {OWNERS} ORDER BY id""",
    "claims.jsonl": f"""
        SELECT id, investor_id, kind, status, claimed_at, figures, statement_sha256, locale, given_on, valid_until,
            reminded_at
        FROM claims WHERE id IN {CLAIMS} ORDER BY id""",
    "pledges.jsonl": """
        SELECT id, ref, investor_id, offering_id, shares, amount_minor, fee_minor, currency, status, decision_id,
            placed_at, cancel_until, pay_until, held_at, stop_reason, sale_decision_id,
            offering_version, funding, funding_refused, related_as, charge_at, refundable_until, clears_at,
            wished_shares, wished_minor, wished_fee_minor, closes_at
        FROM pledges WHERE offering_id = :offering ORDER BY id""",
    "breaks.jsonl": """
        SELECT id, ref, kind, key, gateway, offering_id, pledge_id, instruction_id, amount_minor, currency,
            day, first_seen_at, owner, action, status, ended_at, entry_id, explained_by, note
        FROM breaks WHERE offering_id = :offering ORDER BY id""",
    "switches.jsonl": """
        SELECT id, ref, gateway, direction, offering_id, pledge_id, frozen, why, set_at, set_by, lifted_at, lifted_by,
            lifted_why
        FROM switches WHERE offering_id = :offering ORDER BY id""",
    "allotment_choices.jsonl": f"""
        SELECT closing_id, pledge_id, shares, chosen_by, chosen_at
        FROM allotment_choices WHERE closing_id IN {CLOSINGS} ORDER BY closing_id, pledge_id""",
    "waitlist.jsonl": """
        SELECT id, offering_id, investor_id, status, shares, joined_at, offered_shares, keeps_seat, offered_at,
            offered_until, pledge_id
        FROM waitlist_entries WHERE offering_id = :offering ORDER BY id""",
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
            resolved_at, outcome, reasons, note, officers_needed, due_at, left_s, claimed_until
        FROM review_cases WHERE id IN {CASES} ORDER BY id""",
    "case_questions.jsonl": f"""
        SELECT id, case_id, asked_by, asked_of, asked_at, reasons, question, answer, answered_at
        FROM case_questions WHERE case_id IN {CASES} ORDER BY id""",
    "case_opinions.jsonl": f"""
        SELECT id, case_id, user_id, facts_sha256, outcome, reasons, note, given_at
        FROM case_opinions WHERE case_id IN {CASES} ORDER BY id""",
    "alerts.jsonl": f"""
        SELECT id, rule, subject_type, subject_id, about, fingerprint, holds, inputs, raised_at, status
        FROM alerts WHERE id IN {ALERTS} ORDER BY id""",
    "proposals.jsonl": f"""
        SELECT id, ref, kind, subject, state, sha256, involves, also_by, made_by, made_at, not_before, status, note
        FROM proposals WHERE id IN {PROPOSALS} ORDER BY id""",
    "proposal_approvals.jsonl": f"""
        SELECT proposal_id, user_id, sha256, approved_at
        FROM proposal_approvals WHERE proposal_id IN {PROPOSALS} ORDER BY proposal_id, approved_at, user_id""",
    "related_parties.jsonl": f"""
        SELECT id, issuer_id, name, relation, declared_at, declared_by, ended_at
        FROM related_parties WHERE id IN {RELATED} ORDER BY id""",
    "changes.jsonl": """
        SELECT id, ref, offering_id, status, begun_by, begun_at, reason, revision, old, new, material, decided_by,
            decided_at, seen_sha256, text_sha256, version
        FROM changes WHERE offering_id = :offering ORDER BY id""",
    "change_documents.jsonl": f"""
        SELECT id, change_id, title, filename, media_type, size, sha256, added_at
        FROM change_documents WHERE change_id IN {CHANGES} ORDER BY id""",
    "change_answers.jsonl": f"""
        SELECT id, change_id, pledge_id, status, asked_at, received_at, confirm_by, answered_at
        FROM change_answers WHERE change_id IN {CHANGES} ORDER BY id""",
    "early_closes.jsonl": """
        SELECT id, offering_id, status, asked_by, announced_at, old_deadline_at, early_deadline_at
        FROM early_closes WHERE offering_id = :offering ORDER BY id""",
    "deadline_moves.jsonl": """
        SELECT id, offering_id, change_id, old_deadline_at, new_deadline_at, reason, moved_at
        FROM deadline_moves WHERE offering_id = :offering ORDER BY id""",
    # What an investor read, passed and was warned of before the pledge.
    "document_openings.jsonl": """
        SELECT o.user_id, o.document_id, o.opened_at FROM document_openings o
        JOIN offering_documents d ON d.id = o.document_id
        WHERE d.offering_id = :offering ORDER BY o.user_id, o.document_id, o.opened_at""",
    "paper_openings.jsonl": f"""
        SELECT user_id, text_sha256, statement, locale, opened_at FROM paper_openings
        WHERE user_id IN (SELECT user_id FROM investors WHERE id IN {INVESTORS}) ORDER BY user_id, text_sha256""",
    "acknowledgements.jsonl": f"""
        SELECT id, investor_id, kind, about, text_sha256, locale, at
        FROM acknowledgements WHERE investor_id IN {INVESTORS} ORDER BY id""",
    "gate_steps.jsonl": f"""
        SELECT id, investor_id, regime, step, at FROM gate_steps WHERE investor_id IN {INVESTORS} ORDER BY id""",
    "test_attempts.jsonl": f"""
        SELECT id, investor_id, test, bank_sha256, locale, answers, right_answers, asked, outcome, answered_at
        FROM test_attempts WHERE investor_id IN {INVESTORS} ORDER BY id""",
    "loss_simulations.jsonl": f"""
        SELECT id, investor_id, regime, currency, net_annual_income_minor, liquid_assets_minor,
            annual_commitments_minor, bearable_minor, acknowledged_at
        FROM loss_simulations WHERE investor_id IN {INVESTORS} ORDER BY id""",
    # The files themselves stay sealed: an examiner asks for the one with this hash.
    "evidence.jsonl": f"""
        SELECT e.id, c.claim_id, e.user_id, e.status, e.filename, e.media_type, e.size, e.sha256, e.added_at
        FROM evidence_files e JOIN claim_evidence c ON e.id = c.file_id
        WHERE c.claim_id IN {CLAIMS} ORDER BY e.id, c.claim_id""",
    "distributions.jsonl": """
        SELECT id, ref, offering_id, status, why, record_day, currency, total_minor, carry_minor, tax_minor, tax_bps, sha256,
            begun_at, begun_by
        FROM distributions WHERE offering_id = :offering ORDER BY id""",
    "distribution_lines.jsonl": """
        SELECT l.distribution_id, l.investor_id, l.holder_name, l.shares, l.paid_in_minor, l.before_minor, l.gross_minor,
            l.carry_minor, l.tax_minor
        FROM distribution_lines l JOIN distributions d ON d.id = l.distribution_id
        WHERE d.offering_id = :offering ORDER BY l.distribution_id, l.investor_id""",
    "closings.jsonl": """
        SELECT id, ref, offering_id, seq, status, begun_by, begun_at, payout_proposed_by, gather_until, currency,
            total_minor, fee_minor, investor_fee_minor, snapshot_hash, payout_attempts, payee_holder, payee_hint,
            settled_at, is_rolling, holdback_minor, holdback_told_at, holdback_released_at, payout_minor
        FROM closings WHERE offering_id = :offering ORDER BY id""",
    "closing_lines.jsonl": f"""
        SELECT closing_id, pledge_id, holder_name, shares, amount_minor, fee_share_minor, investor_fee_minor
        FROM closing_lines WHERE closing_id IN {CLOSINGS} ORDER BY closing_id, pledge_id""",
    "closing_approvals.jsonl": f"""
        SELECT closing_id, user_id, snapshot_hash, approved_at
        FROM closing_approvals WHERE closing_id IN {CLOSINGS} ORDER BY closing_id, approved_at, user_id""",
    "instructions.jsonl": """
        SELECT id, op_id, kind, gateway, business_key, generation, status, offering_id, pledge_id, closing_id, about_id,
            amount_minor, currency, reference, document_sha256, provider_ref, code, created_at, first_sent_at, attempts,
            refused_funding, method, instrument, clearing_hold, refund_not_before, reversible_for, refunds_whole, paid_at, waits_until, investor_id, payee_id, to_gateway
        FROM instructions WHERE offering_id = :offering ORDER BY id""",
    "gateway_transactions.jsonl": """
        SELECT t.gateway, t.transaction_id, t.kind, t.source, t.amount_minor, t.fee_minor, t.net_minor, t.currency,
            t.created_at, t.available_at, t.account, t.op_key, t.listed_at
        FROM gateway_transactions t WHERE (t.gateway, t.source) IN (
            SELECT gateway, provider_ref FROM instructions WHERE offering_id = :offering)
        ORDER BY t.gateway, t.transaction_id""",
    "accounts.jsonl": """
        SELECT id, book, code, class, currency, offering_id, pledge_id, investor_id, gateway, guard, debits, credits
        FROM ledger_accounts WHERE offering_id = :offering ORDER BY id""",
    "entries.jsonl": f"""
        SELECT id, key, body_hash, kind, instruction_id, evidence, reverses, effective_at, recorded_at, actor
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
            SELECT 'pledge:' || id FROM {PLEDGES} p UNION ALL SELECT 'offering:' || :offering
            UNION ALL SELECT 'change:' || id FROM {CHANGES} h UNION ALL SELECT 'claim:' || id FROM {CLAIMS} m
            UNION ALL SELECT 'move:' || id FROM deadline_moves WHERE offering_id = :offering
            UNION ALL SELECT 'question:' || id FROM case_questions WHERE case_id IN {CASES}
            UNION ALL SELECT 'distribution:' || id FROM distributions WHERE offering_id = :offering)
        OR split_part(dedupe_key, ':', 3) IN (
            SELECT ref FROM review_cases WHERE id IN {CASES} UNION ALL SELECT ref FROM proposals WHERE id IN {PROPOSALS}
            UNION ALL SELECT unnest(ARRAY[ref, snapshot_hash]) FROM closings WHERE offering_id = :offering)
        ORDER BY id""",
    # Who invested, acts for the company, decided or approved.
    "people.jsonl": f"""
        SELECT u.id AS user_id, u.name, array(SELECT role FROM role_grants WHERE user_id = u.id ORDER BY role) AS roles
        FROM users u WHERE u.id IN (
            SELECT user_id FROM investors WHERE id IN {INVESTORS}
            UNION SELECT user_id FROM issuer_members WHERE issuer_id = {ISSUER}
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
