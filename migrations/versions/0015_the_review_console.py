"""The review console and four eyes."""

import re

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

OLD_MOVES = {"": "open", "open": "claimed withdrawn", "claimed": "open resolved withdrawn"}
MOVES = {
    "": "open", "open": "claimed withdrawn", "claimed": "open waiting resolved withdrawn",
    "waiting": "claimed withdrawn",
}  # fmt: skip


PROPOSAL_MOVES = {
    "": "proposed", "proposed": "approved rejected stale withdrawn", "approved": "done rejected stale withdrawn",
}  # fmt: skip

#: The words that this migration adds to lists.
NEW_WORDS = {
    ("pledges", "stop_reason"): ("platform_ended",),
    ("messages", "kind"): ("case_question", "case_answered", "payee_change"),
}

#: An officer, or one of the people of the company whose account it is; never who made it or whom it is about.
PROPOSALS = """
CREATE FUNCTION may_check(p proposals, who bigint) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT who IS DISTINCT FROM p.made_by AND NOT who = ANY (p.involves)
    AND EXISTS (SELECT 1 FROM users WHERE id = who AND suspended_at IS NULL)
    AND (who = ANY (p.also_by)
      OR EXISTS (SELECT 1 FROM role_grants WHERE user_id = who AND role = 'compliance_officer'))
$$;
CREATE FUNCTION proposal_guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF TG_OP = 'INSERT' THEN
    IF NEW.also_by <> '{}' AND (NEW.kind <> 'payee' OR EXISTS (SELECT 1 FROM unnest(NEW.also_by) one
        WHERE NOT EXISTS (SELECT 1 FROM issuer_members WHERE user_id = one AND 'issuer:' || issuer_id = NEW.subject))) THEN
      RAISE EXCEPTION 'only the people of the company may agree besides officers' USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
  END IF;
  IF (NEW.id, NEW.ref, NEW.kind, NEW.subject, NEW.payload, NEW.state, NEW.sha256, NEW.involves, NEW.also_by,
      NEW.made_by, NEW.made_at, NEW.not_before) IS DISTINCT FROM
     (OLD.id, OLD.ref, OLD.kind, OLD.subject, OLD.payload, OLD.state, OLD.sha256, OLD.involves, OLD.also_by,
      OLD.made_by, OLD.made_at, OLD.not_before) THEN
    RAISE EXCEPTION 'what was proposed stays as it was' USING ERRCODE = '23514';
  END IF;
  IF NEW.status = 'approved' AND OLD.status <> 'approved' AND (SELECT count(*) FROM proposal_approvals a
      WHERE a.proposal_id = NEW.id AND a.sha256 = NEW.sha256 AND may_check(NEW, a.user_id))
      < (CASE WHEN NEW.made_by IS NULL THEN 2 ELSE 1 END) THEN
    RAISE EXCEPTION 'proposal % lacks a second person', NEW.id USING ERRCODE = '23514';
  END IF;
  RETURN NEW; END $$;
CREATE FUNCTION proposal_approval_guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF NOT EXISTS (SELECT 1 FROM proposals p WHERE p.id = NEW.proposal_id AND p.status = 'proposed'
      AND p.sha256 = NEW.sha256 AND may_check(p, NEW.user_id)) THEN
    RAISE EXCEPTION 'proposal % cannot be approved so', NEW.proposal_id USING ERRCODE = '23514';
  END IF;
  RETURN NEW; END $$;
CREATE TRIGGER guard BEFORE INSERT OR UPDATE ON proposals FOR EACH ROW EXECUTE FUNCTION proposal_guard();
CREATE TRIGGER keep BEFORE DELETE ON proposals FOR EACH ROW EXECUTE FUNCTION append_only();
CREATE TRIGGER keep_all BEFORE TRUNCATE ON proposals EXECUTE FUNCTION append_only();
CREATE TRIGGER guard BEFORE INSERT ON proposal_approvals FOR EACH ROW EXECUTE FUNCTION proposal_approval_guard();
CREATE TRIGGER keep BEFORE UPDATE OR DELETE ON proposal_approvals FOR EACH ROW EXECUTE FUNCTION append_only();
CREATE TRIGGER keep_all BEFORE TRUNCATE ON proposal_approvals EXECUTE FUNCTION append_only();
"""

#: A case that two officers decide is resolved when two present officers said the same about the same facts, each while
#: it was theirs. Looked at when all is written, so that a rehearsal can show what their decision would do.
OPINIONS = """
CREATE FUNCTION opinion_guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF NOT EXISTS (SELECT 1 FROM review_cases c JOIN users u ON u.id = NEW.user_id AND u.suspended_at IS NULL
      JOIN role_grants g ON g.user_id = u.id AND g.role = 'compliance_officer'
      WHERE c.id = NEW.case_id AND c.status = 'claimed' AND c.claimed_by = u.id AND NOT u.id = ANY (c.involves)) THEN
    RAISE EXCEPTION 'case % is not decided so', NEW.case_id USING ERRCODE = '23514';
  END IF;
  RETURN NEW; END $$;
CREATE FUNCTION opinions_guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF NEW.officers_needed < OLD.officers_needed OR (SELECT coalesce(max(said), 0) FROM (SELECT count(*) AS said
      FROM case_opinions o JOIN users u ON u.id = o.user_id AND u.suspended_at IS NULL
      JOIN role_grants g ON g.user_id = u.id AND g.role = 'compliance_officer'
      WHERE o.case_id = NEW.id AND o.outcome = NEW.outcome GROUP BY o.facts_sha256) same) < NEW.officers_needed THEN
    RAISE EXCEPTION 'case % is decided by % officers', NEW.id, OLD.officers_needed USING ERRCODE = '23514';
  END IF;
  RETURN NULL; END $$;
CREATE TRIGGER guard BEFORE INSERT ON case_opinions FOR EACH ROW EXECUTE FUNCTION opinion_guard();
CREATE TRIGGER keep BEFORE UPDATE OR DELETE ON case_opinions FOR EACH ROW EXECUTE FUNCTION append_only();
CREATE TRIGGER keep_all BEFORE TRUNCATE ON case_opinions EXECUTE FUNCTION append_only();
CREATE CONSTRAINT TRIGGER opinions AFTER UPDATE ON review_cases DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
  WHEN (OLD.officers_needed > 1 AND (NEW.officers_needed < OLD.officers_needed
    OR NEW.status = 'resolved' AND OLD.status <> 'resolved')) EXECUTE FUNCTION opinions_guard();
"""

#: What a proposal protects: none of it changes without one that was approved and not used yet.
PROTECTED = """
CREATE FUNCTION offering_content(o offerings) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT to_jsonb(o) - ARRAY['status', 'gateway', 'opened_at']
$$;
CREATE FUNCTION offering_seal(which bigint) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT encode(sha256(convert_to(jsonb_build_object(
      'offering', offering_content(o),
      'company', jsonb_build_array(i.legal_name, i.legal_form, i.jurisdiction, i.country, i.incorporated_on, i.address),
      'documents', (SELECT jsonb_agg(jsonb_build_array(d.title, d.version, d.sha256) ORDER BY d.id)
        FROM offering_documents d WHERE d.offering_id = o.id))::text, 'UTF8')), 'hex')
  FROM offerings o JOIN issuers i ON i.id = o.issuer_id WHERE o.id = which
$$;
CREATE FUNCTION publish_guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF offering_content(NEW) IS DISTINCT FROM offering_content(OLD)
      OR NOT EXISTS (SELECT 1 FROM proposals WHERE kind = 'publish' AND subject = 'offering:' || NEW.id
        AND status = 'approved' AND state = offering_seal(NEW.id)) THEN
    RAISE EXCEPTION 'offering % opens as two officers saw it', NEW.id USING ERRCODE = '23514';
  END IF;
  RETURN NEW; END $$;
CREATE FUNCTION payee_guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF NOT EXISTS (SELECT 1 FROM proposals WHERE kind = 'payee' AND subject = 'issuer:' || NEW.id
      AND status = 'approved' AND not_before <= platform_now()
      AND (payload->>'holder', payload->>'account', payload->>'hint')
        IS NOT DISTINCT FROM (NEW.payout_holder, encode(NEW.payout_account, 'hex'), NEW.payout_hint)) THEN
    RAISE EXCEPTION 'the payee of company % changes with a second person only', NEW.id USING ERRCODE = '23514';
  END IF;
  RETURN NEW; END $$;
CREATE FUNCTION role_guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF EXISTS (SELECT 1 FROM role_grants WHERE user_id = NEW.user_id AND role = NEW.role) THEN RETURN NEW; END IF;
  IF (SELECT count(*) FROM role_grants g JOIN users u ON u.id = g.user_id WHERE g.role = 'compliance_officer'
        AND u.suspended_at IS NULL AND u.id <> NEW.user_id) >= 2
      AND NOT EXISTS (SELECT 1 FROM proposals WHERE kind = 'role' AND subject = 'user:' || NEW.user_id
        AND status = 'approved' AND payload->>'role' = NEW.role) THEN
    RAISE EXCEPTION 'a role of the staff is given by two people' USING ERRCODE = '23514';
  END IF;
  RETURN NEW; END $$;
CREATE FUNCTION refund_all_guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF NOT EXISTS (SELECT 1 FROM proposals WHERE kind = 'refund_all' AND subject = 'offering:' || NEW.offering_id
      AND status = 'approved') THEN
    RAISE EXCEPTION 'everything is given back by two people' USING ERRCODE = '23514';
  END IF;
  RETURN NEW; END $$;
CREATE FUNCTION hold_guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF NOT EXISTS (SELECT 1 FROM proposals WHERE kind = 'hold' AND subject = 'alert:' || NEW.id
      AND status = 'approved') THEN
    RAISE EXCEPTION 'a hold is lifted by two people' USING ERRCODE = '23514';
  END IF;
  RETURN NEW; END $$;
CREATE TRIGGER hold BEFORE UPDATE OF status ON alerts
  FOR EACH ROW WHEN (NEW.status = 'lifted' AND OLD.status <> 'lifted') EXECUTE FUNCTION hold_guard();
CREATE TRIGGER publish BEFORE UPDATE OF status ON offerings
  FOR EACH ROW WHEN (NEW.status = 'live' AND OLD.status <> 'live') EXECUTE FUNCTION publish_guard();
CREATE TRIGGER payee BEFORE UPDATE OF payout_holder, payout_account, payout_hint ON issuers
  FOR EACH ROW WHEN (OLD.payout_account IS NOT NULL AND (NEW.payout_holder, NEW.payout_account, NEW.payout_hint)
    IS DISTINCT FROM (OLD.payout_holder, OLD.payout_account, OLD.payout_hint)) EXECUTE FUNCTION payee_guard();
CREATE TRIGGER staff BEFORE INSERT OR UPDATE ON role_grants
  FOR EACH ROW WHEN (NEW.role IN ('compliance_officer', 'operator')) EXECUTE FUNCTION role_guard();
CREATE TRIGGER refund_all BEFORE UPDATE OF stop_reason ON pledges
  FOR EACH ROW WHEN (NEW.stop_reason = 'platform_ended' AND OLD.stop_reason IS DISTINCT FROM NEW.stop_reason)
  EXECUTE FUNCTION refund_all_guard();
"""

TRIGGERS = {
    "publish": "offerings",
    "payee": "issuers",
    "staff": "role_grants",
    "refund_all": "pledges",
    "hold": "alerts",
}


def upgrade() -> None:
    _cases()
    _words_of_officers()
    _proposals()
    for (table, column), words in NEW_WORDS.items():
        _words(table, column, add=words)
    for statement in (PROPOSALS, OPINIONS, PROTECTED):
        op.execute(statement)


def downgrade() -> None:
    for trigger, table in TRIGGERS.items():
        op.execute(f"DROP TRIGGER {trigger} ON {table}")
    op.execute("DROP FUNCTION may_check(proposals, bigint) CASCADE")
    op.drop_table("proposal_approvals")
    op.drop_table("proposals")
    for function in (
        "proposal_guard()", "proposal_approval_guard()", "publish_guard()", "payee_guard()", "role_guard()",
        "refund_all_guard()", "hold_guard()", "offering_seal(bigint)", "offering_content(offerings)",
    ):  # fmt: skip
        op.execute(f"DROP FUNCTION {function}")
    op.execute("DROP TRIGGER opinions ON review_cases")
    for table in ("case_opinions", "case_questions"):
        op.drop_table(table)
    for function in ("opinion_guard()", "opinions_guard()"):
        op.execute(f"DROP FUNCTION {function}")
    op.drop_column("offerings", "asked_sections")
    op.execute("DELETE FROM messages WHERE kind IN ('payee_change', 'case_question', 'case_answered')")
    for (table, column), words in NEW_WORDS.items():
        _words(table, column, drop=words)
    op.drop_table("saved_filters")
    _statuses_of_cases(("open", "claimed", "resolved", "withdrawn"), "'open', 'claimed'", OLD_MOVES)
    op.drop_index("ix_review_cases_queue", table_name="review_cases")
    op.drop_index("ix_review_cases_involves", table_name="review_cases")
    for column in ("claimed_until", "officers_needed", "left_s", "due_at"):
        op.drop_column("review_cases", column)
    op.create_index("ix_review_cases_queue", "review_cases", ["status", "opened_at"])


def _proposals() -> None:
    op.create_table(
        "proposals",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("ref", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("subject", sa.String(length=80), nullable=False),
        sa.Column("payload", postgresql.JSONB(), nullable=False),
        sa.Column("state", sa.String(length=200), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("involves", postgresql.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("also_by", postgresql.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("made_by", sa.BigInteger(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=True),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("note", sa.String(length=2000), nullable=False),
        sa.CheckConstraint(
            "kind IN ('publish', 'payee', 'role', 'refund_all', 'pack', 'hold')", name=op.f("ck_proposals_kind_known")
        ),
        sa.CheckConstraint(
            "status IN ('proposed', 'approved', 'done', 'rejected', 'stale', 'withdrawn')",
            name=op.f("ck_proposals_status_known"),
        ),
        sa.ForeignKeyConstraint(["made_by"], ["users.id"], name=op.f("fk_proposals_made_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proposals")),
        sa.UniqueConstraint("ref", name=op.f("uq_proposals_ref")),
    )
    op.create_index(
        "uq_proposals_one_unfinished",
        "proposals",
        ["kind", "subject"],
        unique=True,
        postgresql_where=sa.text("status IN ('proposed', 'approved')"),
    )
    op.create_table(
        "proposal_approvals",
        sa.Column("proposal_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["proposal_id"], ["proposals.id"], name=op.f("fk_proposal_approvals_proposal_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_proposal_approvals_user_id")),
        sa.PrimaryKeyConstraint("proposal_id", "user_id", name=op.f("pk_proposal_approvals")),
    )
    _guard_moves("proposals", PROPOSAL_MOVES)


def _words(table: str, column: str, *, add: tuple[str, ...] = (), drop: tuple[str, ...] = ()) -> None:
    """As in 0013: add words to a list that the database knows, or drop them, whatever else is in it by now."""
    name = f"ck_{table}_{column}_known"
    query = "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = :name"
    known = re.findall(r"'(\w+)'", op.get_bind().execute(sa.text(query), {"name": name}).scalar_one())
    listed = ", ".join(f"'{word}'" for word in [*known, *add] if word not in drop)
    op.drop_constraint(op.f(name), table, type_="check")
    op.create_check_constraint(op.f(name), table, f"{column} IN ({listed})")


def _cases() -> None:
    """Cases know until when they are to be decided, who keeps them, and that a person was asked for more."""
    op.add_column("review_cases", sa.Column("due_at", sa.DateTime(timezone=True)))
    op.add_column("review_cases", sa.Column("left_s", sa.BigInteger()))
    op.add_column("review_cases", sa.Column("officers_needed", sa.BigInteger()))
    op.add_column("review_cases", sa.Column("claimed_until", sa.DateTime(timezone=True)))
    op.execute("UPDATE review_cases SET due_at = opened_at, officers_needed = 1")
    op.execute("UPDATE review_cases SET claimed_until = clock_timestamp() WHERE status = 'claimed'")
    op.alter_column("review_cases", "due_at", nullable=False)
    op.alter_column("review_cases", "officers_needed", nullable=False)
    op.drop_index("ix_review_cases_queue", table_name="review_cases")
    op.create_index("ix_review_cases_queue", "review_cases", ["status", "due_at", "id"])
    op.create_index("ix_review_cases_involves", "review_cases", ["involves"], postgresql_using="gin")
    _statuses_of_cases(("open", "claimed", "waiting", "resolved", "withdrawn"), "'open', 'claimed', 'waiting'", MOVES)


def _words_of_officers() -> None:
    """Opinions, questions, saved views, and the sections that a company may change."""
    op.add_column("offerings", sa.Column("asked_sections", postgresql.JSONB()))
    op.create_table(
        "case_opinions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("facts_sha256", sa.String(length=64), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("reasons", postgresql.JSONB(), nullable=False),
        sa.Column("note", sa.String(length=2000), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "outcome IN ('approve', 'request_changes', 'refuse')", name=op.f("ck_case_opinions_outcome_known")
        ),
        sa.ForeignKeyConstraint(["case_id"], ["review_cases.id"], name=op.f("fk_case_opinions_case_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_case_opinions_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_opinions")),
        sa.UniqueConstraint(
            "case_id", "user_id", "facts_sha256", name=op.f("uq_case_opinions_case_id_user_id_facts_sha256")
        ),
    )
    op.create_table(
        "case_questions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("asked_by", sa.BigInteger(), nullable=False),
        sa.Column("asked_of", sa.BigInteger(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reasons", postgresql.JSONB(), nullable=False),
        sa.Column("question", sa.String(length=2000), nullable=False),
        sa.Column("answer", sa.String(length=4000), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(answer IS NULL) = (answered_at IS NULL)", name=op.f("ck_case_questions_answered_whole")),
        sa.ForeignKeyConstraint(["asked_by"], ["users.id"], name=op.f("fk_case_questions_asked_by")),
        sa.ForeignKeyConstraint(["asked_of"], ["users.id"], name=op.f("fk_case_questions_asked_of")),
        sa.ForeignKeyConstraint(["case_id"], ["review_cases.id"], name=op.f("fk_case_questions_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_questions")),
    )
    op.create_index(op.f("ix_case_questions_asked_of"), "case_questions", ["asked_of"])
    op.create_index(op.f("ix_case_questions_case_id"), "case_questions", ["case_id"])
    op.create_table(
        "saved_filters",
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("query", sa.String(length=500), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_saved_filters_user_id")),
        sa.PrimaryKeyConstraint("user_id", "name", name=op.f("pk_saved_filters")),
    )


def _statuses_of_cases(statuses: tuple[str, ...], undecided: str, moves: dict[str, str]) -> None:
    listed = ", ".join(f"'{status}'" for status in statuses)
    op.drop_constraint(op.f("ck_review_cases_status_known"), "review_cases", type_="check")
    op.create_check_constraint(op.f("ck_review_cases_status_known"), "review_cases", f"status IN ({listed})")
    op.drop_index("uq_review_cases_one_live", table_name="review_cases")
    op.create_index(
        "uq_review_cases_one_live",
        "review_cases",
        ["kind", "subject_id"],
        unique=True,
        postgresql_where=sa.text(f"status IN ({undecided})"),
    )
    _guard_moves("review_cases", moves)


def _guard_moves(table: str, moves: dict[str, str]) -> None:
    """As in 0010: what may follow what."""
    pairs = ", ".join(f"'{source}>{target}'" for source in moves for target in moves[source].split())
    op.execute(f"DROP TRIGGER IF EXISTS moves ON {table}")
    op.execute(
        f"CREATE TRIGGER moves BEFORE INSERT OR UPDATE OF status ON {table}"
        f" FOR EACH ROW EXECUTE FUNCTION status_guard({pairs})"
    )
