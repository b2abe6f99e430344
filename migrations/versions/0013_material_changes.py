"""Changes of live offerings, and what each investor answered."""

import re

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

MESSAGES = ("change_to_confirm", "change_confirmed", "change_published", "deadline_moved", "change_decided")

#: What is decided or answered stays as it is, and what an answer is about from the beginning.
KEPT = """
CREATE FUNCTION change_guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF OLD.status NOT IN ('drafting', 'proposed', 'awaited', 'announced') AND NEW IS DISTINCT FROM OLD THEN
    RAISE EXCEPTION '% % is decided', TG_TABLE_NAME, OLD.id USING ERRCODE = '23514';
  END IF;
  RETURN NEW; END $$
"""

#: Only a published material change asks, and only those who pledged in its offering.
ASKED = """
CREATE FUNCTION change_answer_guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF NOT EXISTS (SELECT 1 FROM changes c JOIN pledges p ON p.offering_id = c.offering_id
      WHERE c.id = NEW.change_id AND p.id = NEW.pledge_id AND c.status = 'published' AND c.material)
    OR TG_OP = 'UPDATE' AND (NEW.change_id, NEW.pledge_id) <> (OLD.change_id, OLD.pledge_id) THEN
    RAISE EXCEPTION 'nothing asks pledge % about change %', NEW.pledge_id, NEW.change_id USING ERRCODE = '23514';
  END IF;
  RETURN NEW; END $$
"""

#: A pledge is made under the text in force: a change that is being published waits for it, or it for the change.
PINNED = """
CREATE FUNCTION pledge_text_guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  PERFORM 1 FROM offerings WHERE id = NEW.offering_id AND version = NEW.offering_version FOR KEY SHARE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'offering % has another text by now', NEW.offering_id USING ERRCODE = '23514';
  END IF;
  RETURN NEW; END $$
"""

#: What was sold stays what it is; the text of an open offering has a version; nothing ends while somebody may answer.
TEXT = """
CREATE FUNCTION offering_text_guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF (NEW.regime, NEW.currency, NEW.security_type, NEW.share_price, NEW.opened_at) IS DISTINCT FROM
      (OLD.regime, OLD.currency, OLD.security_type, OLD.share_price, OLD.opened_at) THEN
    RAISE EXCEPTION 'offering % is open: what is sold stays what it is', NEW.id USING ERRCODE = '23514';
  END IF;
  IF NEW.version = OLD.version AND (NEW.name, NEW.tagline, NEW.security_description, NEW.minimum_pledge_minor,
        NEW.target_minor, NEW.maximum_minor, NEW.oversubscription_rule, NEW.oversubscription_note, NEW.disclosure)
      IS DISTINCT FROM (OLD.name, OLD.tagline, OLD.security_description, OLD.minimum_pledge_minor,
        OLD.target_minor, OLD.maximum_minor, OLD.oversubscription_rule, OLD.oversubscription_note, OLD.disclosure) THEN
    RAISE EXCEPTION 'offering % is open: its text changes by a change', NEW.id USING ERRCODE = '23514';
  END IF;
  IF NEW.status = 'closing' AND EXISTS (SELECT 1 FROM change_answers a JOIN pledges p ON p.id = a.pledge_id
      WHERE p.offering_id = NEW.id AND a.status = 'awaited'
        AND p.status IN ('in_review', 'reserved', 'processing', 'held')) THEN
    RAISE EXCEPTION 'offering % waits for answers to a change', NEW.id USING ERRCODE = '23514';
  END IF;
  RETURN NEW; END $$
"""

#: At the end of the transaction a new text has its published change, and a new deadline its line for everybody to see.
TOLD = """
CREATE FUNCTION offering_told_guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF NEW.version <> OLD.version AND NOT EXISTS (SELECT 1 FROM changes WHERE offering_id = NEW.id
      AND version = NEW.version AND status = 'published') THEN
    RAISE EXCEPTION 'offering % has a text that no change published', NEW.id USING ERRCODE = '23514';
  END IF;
  IF NEW.deadline_at IS DISTINCT FROM OLD.deadline_at AND NOT EXISTS (SELECT 1 FROM deadline_moves
      WHERE offering_id = NEW.id AND new_deadline_at = NEW.deadline_at) THEN
    RAISE EXCEPTION 'offering % has a deadline that nobody was told of', NEW.id USING ERRCODE = '23514';
  END IF;
  RETURN NULL; END $$
"""

TRIGGERS = """
CREATE TRIGGER moves BEFORE INSERT OR UPDATE OF status ON changes FOR EACH ROW EXECUTE FUNCTION status_guard(
  '>drafting', 'drafting>proposed', 'proposed>drafting', 'proposed>published', 'proposed>refused',
  'drafting>withdrawn', 'proposed>withdrawn');
CREATE TRIGGER moves BEFORE INSERT OR UPDATE OF status ON change_answers FOR EACH ROW EXECUTE FUNCTION status_guard(
  '>awaited', 'awaited>confirmed', 'awaited>silent', 'awaited>overtaken');
CREATE TRIGGER moves BEFORE INSERT OR UPDATE OF status ON early_closes FOR EACH ROW EXECUTE FUNCTION status_guard(
  '>announced', 'announced>kept', 'announced>target_lost', 'announced>given_up');
CREATE TRIGGER asked BEFORE INSERT OR UPDATE ON change_answers FOR EACH ROW EXECUTE FUNCTION change_answer_guard();
CREATE TRIGGER pinned BEFORE INSERT ON pledges FOR EACH ROW EXECUTE FUNCTION pledge_text_guard();
CREATE TRIGGER text BEFORE UPDATE ON offerings FOR EACH ROW WHEN (OLD.opened_at IS NOT NULL)
  EXECUTE FUNCTION offering_text_guard();
CREATE CONSTRAINT TRIGGER told AFTER UPDATE ON offerings DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
  WHEN (OLD.opened_at IS NOT NULL) EXECUTE FUNCTION offering_told_guard();
CREATE TRIGGER keep BEFORE UPDATE OR DELETE ON deadline_moves FOR EACH ROW EXECUTE FUNCTION append_only();
CREATE TRIGGER keep BEFORE UPDATE OR DELETE ON change_documents FOR EACH ROW EXECUTE FUNCTION append_only();
"""


def _words(table: str, column: str, add: tuple[str, ...] = (), drop: tuple[str, ...] = ()) -> None:
    """Let the column hold more words, or fewer, than those that it may hold by now."""
    name = f"ck_{table}_{column}_known"
    query = "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = :name"
    known = re.findall(r"'(\w+)'", op.get_bind().execute(sa.text(query), {"name": name}).scalar_one())
    listed = ", ".join(f"'{word}'" for word in [*known, *add] if word not in drop)
    op.drop_constraint(op.f(name), table, type_="check")
    op.create_check_constraint(op.f(name), table, f"{column} IN ({listed})")


def upgrade() -> None:
    _words("messages", "kind", add=MESSAGES)
    _words("pledges", "stop_reason", add=("not_reconfirmed",))
    op.add_column("pledges", sa.Column("offering_version", sa.BigInteger(), nullable=True))
    op.execute("UPDATE pledges p SET offering_version = o.version FROM offerings o WHERE o.id = p.offering_id")
    op.alter_column("pledges", "offering_version", nullable=False)
    op.create_table(
        "changes",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("ref", sa.String(length=16), nullable=False),
        sa.Column("offering_id", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("begun_by", sa.BigInteger(), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.String(length=1000), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("old", postgresql.JSONB(), nullable=False),
        sa.Column("new", postgresql.JSONB(), nullable=False),
        sa.Column("material", sa.Boolean(), nullable=True),
        sa.Column("decided_by", sa.BigInteger(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seen_sha256", sa.String(length=64), nullable=True),
        sa.Column("text_sha256", sa.String(length=64), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "status IN ('drafting', 'proposed', 'published', 'refused', 'withdrawn')",
            name=op.f("ck_changes_status_known"),
        ),
        sa.CheckConstraint(
            "(status = 'published') = (material IS NOT NULL AND version IS NOT NULL)",
            name=op.f("ck_changes_published_whole"),
        ),
        sa.CheckConstraint("decided_by <> begun_by", name=op.f("ck_changes_never_ones_own")),
        sa.ForeignKeyConstraint(["begun_by"], ["users.id"], name=op.f("fk_changes_begun_by")),
        sa.ForeignKeyConstraint(["decided_by"], ["users.id"], name=op.f("fk_changes_decided_by")),
        sa.ForeignKeyConstraint(["offering_id"], ["offerings.id"], name=op.f("fk_changes_offering_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_changes")),
        sa.UniqueConstraint("ref", name=op.f("uq_changes_ref")),
    )
    op.create_index(op.f("ix_changes_offering_id_id"), "changes", ["offering_id", "id"], unique=False)
    op.create_index(
        "uq_changes_one_open",
        "changes",
        ["offering_id"],
        unique=True,
        postgresql_where=sa.text("status IN ('drafting', 'proposed')"),
    )
    op.create_table(
        "change_documents",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("change_id", sa.BigInteger(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("filename", sa.String(length=200), nullable=False),
        sa.Column("media_type", sa.String(length=100), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["change_id"], ["changes.id"], name=op.f("fk_change_documents_change_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_change_documents")),
    )
    op.create_index(op.f("ix_change_documents_change_id"), "change_documents", ["change_id"], unique=False)
    op.create_table(
        "change_answers",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("change_id", sa.BigInteger(), nullable=False),
        sa.Column("pledge_id", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("confirm_by", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "status IN ('awaited', 'confirmed', 'silent', 'overtaken')", name=op.f("ck_change_answers_status_known")
        ),
        sa.CheckConstraint(
            "status <> 'confirmed' OR confirm_by IS NULL OR answered_at <= confirm_by",
            name=op.f("ck_change_answers_in_time"),
        ),
        sa.CheckConstraint(
            "status <> 'silent' OR answered_at > confirm_by", name=op.f("ck_change_answers_time_was_given")
        ),
        sa.CheckConstraint("(received_at IS NULL) = (confirm_by IS NULL)", name=op.f("ck_change_answers_clock_whole")),
        sa.ForeignKeyConstraint(["change_id"], ["changes.id"], name=op.f("fk_change_answers_change_id")),
        sa.ForeignKeyConstraint(["pledge_id"], ["pledges.id"], name=op.f("fk_change_answers_pledge_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_change_answers")),
        sa.UniqueConstraint("change_id", "pledge_id", name=op.f("uq_change_answers_change_id_pledge_id")),
    )
    op.create_index(
        "uq_change_answers_one_awaited",
        "change_answers",
        ["pledge_id"],
        unique=True,
        postgresql_where=sa.text("status = 'awaited'"),
    )
    op.create_index(
        "ix_change_answers_awaited",
        "change_answers",
        ["confirm_by"],
        unique=False,
        postgresql_where=sa.text("status = 'awaited'"),
    )
    op.create_table(
        "early_closes",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("offering_id", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("asked_by", sa.BigInteger(), nullable=False),
        sa.Column("announced_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("old_deadline_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("early_deadline_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "status IN ('announced', 'kept', 'target_lost', 'given_up')", name=op.f("ck_early_closes_status_known")
        ),
        sa.CheckConstraint("early_deadline_at < old_deadline_at", name=op.f("ck_early_closes_earlier")),
        sa.ForeignKeyConstraint(["asked_by"], ["users.id"], name=op.f("fk_early_closes_asked_by")),
        sa.ForeignKeyConstraint(["offering_id"], ["offerings.id"], name=op.f("fk_early_closes_offering_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_early_closes")),
    )
    op.create_index(
        "uq_early_closes_one_announced",
        "early_closes",
        ["offering_id"],
        unique=True,
        postgresql_where=sa.text("status = 'announced'"),
    )
    op.create_table(
        "deadline_moves",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("offering_id", sa.BigInteger(), nullable=False),
        sa.Column("change_id", sa.BigInteger(), nullable=True),
        sa.Column("old_deadline_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("new_deadline_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("moved_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "reason IN ('change', 'time_to_answer', 'early_close', 'target_lost')",
            name=op.f("ck_deadline_moves_reason_known"),
        ),
        sa.CheckConstraint("old_deadline_at <> new_deadline_at", name=op.f("ck_deadline_moves_moves")),
        sa.ForeignKeyConstraint(["change_id"], ["changes.id"], name=op.f("fk_deadline_moves_change_id")),
        sa.ForeignKeyConstraint(["offering_id"], ["offerings.id"], name=op.f("fk_deadline_moves_offering_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deadline_moves")),
    )
    op.create_index(op.f("ix_deadline_moves_offering_id_id"), "deadline_moves", ["offering_id", "id"], unique=False)
    for statement in (KEPT, ASKED, PINNED, TEXT, TOLD, TRIGGERS):
        op.execute(statement)
    for table in ("changes", "change_answers", "early_closes"):
        op.execute(f"CREATE TRIGGER kept BEFORE UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION change_guard()")
        op.execute(f"CREATE TRIGGER keep BEFORE DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION append_only()")
    for table in ("changes", "change_documents", "change_answers", "early_closes", "deadline_moves"):
        op.execute(f"CREATE TRIGGER keep_all BEFORE TRUNCATE ON {table} EXECUTE FUNCTION append_only()")


def downgrade() -> None:
    for trigger, table in (("pinned", "pledges"), ("text", "offerings"), ("told", "offerings")):
        op.execute(f"DROP TRIGGER {trigger} ON {table}")
    for table in ("deadline_moves", "early_closes", "change_answers", "change_documents", "changes"):
        op.drop_table(table)
    for function in ("change", "change_answer", "pledge_text", "offering_text", "offering_told"):
        op.execute(f"DROP FUNCTION {function}_guard()")
    op.drop_column("pledges", "offering_version")
    _words("pledges", "stop_reason", drop=("not_reconfirmed",))
    _words("messages", "kind", drop=MESSAGES)
