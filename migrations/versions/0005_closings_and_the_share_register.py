"""Closings and the share register."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

#: Who began a closing or asked for its payout again does not approve it, and only what lies on the table can be approved.
APPROVAL = """
CREATE FUNCTION approval_guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF NOT EXISTS (SELECT 1 FROM closings WHERE id = NEW.closing_id AND status IN ('proposed', 'payout_proposed')
      AND snapshot_hash = NEW.snapshot_hash AND begun_by IS DISTINCT FROM NEW.user_id
      AND payout_proposed_by IS DISTINCT FROM NEW.user_id) THEN
    RAISE EXCEPTION 'closing % cannot be approved so', NEW.closing_id USING ERRCODE = '23514';
  END IF;
  RETURN NEW; END $$
"""

#: Money leaves escrow only after two people who are officers to this day approved the very same snapshot, and goes where
#: they approved: the payee changes only with the snapshot, and nothing does once released.
RELEASE = """
CREATE FUNCTION release_guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF NEW.status = 'releasing' AND OLD.status <> 'releasing' AND (SELECT count(*) FROM closing_approvals a
      JOIN users u ON u.id = a.user_id AND u.suspended_at IS NULL
      JOIN role_grants g ON g.user_id = a.user_id AND g.role = 'compliance_officer'
      WHERE a.closing_id = NEW.id AND a.snapshot_hash = NEW.snapshot_hash
        AND a.user_id IS DISTINCT FROM NEW.begun_by AND a.user_id IS DISTINCT FROM NEW.payout_proposed_by) < 2 THEN
    RAISE EXCEPTION 'closing % lacks approvals', NEW.id USING ERRCODE = '23514';
  END IF;
  IF NEW.status NOT IN ('gathering', 'proposed')
      AND (NEW.offering_id, NEW.currency, NEW.total_minor, NEW.fee_minor) IS DISTINCT FROM
        (OLD.offering_id, OLD.currency, OLD.total_minor, OLD.fee_minor)
    OR NEW.status NOT IN ('proposed', 'payout_proposed') AND NEW.snapshot_hash IS DISTINCT FROM OLD.snapshot_hash
    OR NEW.snapshot_hash IS NOT DISTINCT FROM OLD.snapshot_hash
      AND (NEW.payee_holder, NEW.payee_account, NEW.payee_hint) IS DISTINCT FROM
        (OLD.payee_holder, OLD.payee_account, OLD.payee_hint) THEN
    RAISE EXCEPTION 'closing % is released as approved', NEW.id USING ERRCODE = '23514';
  END IF;
  RETURN NEW; END $$
"""

#: The lines of a closing are fixed from its release on: neither it nor another one takes or gives any.
LINES = """
CREATE FUNCTION closing_line_guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF EXISTS (SELECT 1 FROM closings WHERE id IN (OLD.closing_id, NEW.closing_id)
      AND status NOT IN ('gathering', 'proposed')) THEN
    RAISE EXCEPTION 'the lines of a released closing are fixed' USING ERRCODE = '23514';
  END IF;
  RETURN coalesce(NEW, OLD); END $$
"""

TRIGGERS = """
CREATE TRIGGER guard BEFORE INSERT ON closing_approvals FOR EACH ROW EXECUTE FUNCTION approval_guard();
CREATE TRIGGER keep BEFORE UPDATE OR DELETE ON closing_approvals FOR EACH ROW EXECUTE FUNCTION append_only();
CREATE TRIGGER keep_all BEFORE TRUNCATE ON closing_approvals EXECUTE FUNCTION append_only();
CREATE TRIGGER release BEFORE UPDATE ON closings FOR EACH ROW EXECUTE FUNCTION release_guard();
CREATE TRIGGER keep BEFORE DELETE ON closings FOR EACH ROW EXECUTE FUNCTION append_only();
CREATE TRIGGER keep_all BEFORE TRUNCATE ON closings EXECUTE FUNCTION append_only();
CREATE TRIGGER guard BEFORE INSERT OR UPDATE OR DELETE ON closing_lines FOR EACH ROW EXECUTE FUNCTION closing_line_guard();
CREATE TRIGGER keep_all BEFORE TRUNCATE ON closing_lines EXECUTE FUNCTION append_only();
CREATE TRIGGER keep BEFORE UPDATE OR DELETE ON register_entries FOR EACH ROW EXECUTE FUNCTION append_only();
CREATE TRIGGER keep_all BEFORE TRUNCATE ON register_entries EXECUTE FUNCTION append_only();
"""


def upgrade() -> None:
    op.create_table(
        "closings",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("ref", sa.String(length=16), nullable=False),
        sa.Column("offering_id", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("begun_by", sa.BigInteger(), nullable=True),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("payout_proposed_by", sa.BigInteger(), nullable=True),
        sa.Column("gather_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("total_minor", sa.BigInteger(), nullable=False),
        sa.Column("fee_minor", sa.BigInteger(), nullable=False),
        sa.Column("snapshot_hash", sa.String(length=64), nullable=True),
        sa.Column("payout_attempts", sa.BigInteger(), nullable=False),
        sa.Column("payee_holder", sa.String(length=200), nullable=True),
        sa.Column("payee_account", sa.LargeBinary(), nullable=True),
        sa.Column("payee_hint", sa.String(length=4), nullable=True),
        sa.CheckConstraint(
            "status IN ('gathering', 'proposed', 'releasing', 'payout_failed', 'payout_proposed', 'done', 'aborted')",
            name=op.f("ck_closings_status_known"),
        ),
        sa.CheckConstraint("fee_minor <= total_minor", name=op.f("ck_closings_fee_within_total")),
        sa.ForeignKeyConstraint(["begun_by"], ["users.id"], name=op.f("fk_closings_begun_by")),
        sa.ForeignKeyConstraint(["offering_id"], ["offerings.id"], name=op.f("fk_closings_offering_id")),
        sa.ForeignKeyConstraint(["payout_proposed_by"], ["users.id"], name=op.f("fk_closings_payout_proposed_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_closings")),
        sa.UniqueConstraint("offering_id", "seq", name=op.f("uq_closings_offering_id_seq")),
        sa.UniqueConstraint("ref", name=op.f("uq_closings_ref")),
    )
    op.create_index(
        "uq_closings_one_open",
        "closings",
        ["offering_id"],
        unique=True,
        postgresql_where=sa.text("status NOT IN ('done', 'aborted')"),
    )
    op.create_table(
        "closing_approvals",
        sa.Column("closing_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("snapshot_hash", sa.String(length=64), nullable=False),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["closing_id"], ["closings.id"], name=op.f("fk_closing_approvals_closing_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_closing_approvals_user_id")),
        sa.PrimaryKeyConstraint("closing_id", "user_id", "snapshot_hash", name=op.f("pk_closing_approvals")),
    )
    op.create_table(
        "closing_lines",
        sa.Column("closing_id", sa.BigInteger(), nullable=False),
        sa.Column("pledge_id", sa.BigInteger(), nullable=False),
        sa.Column("holder_name", sa.String(length=200), nullable=False),
        sa.Column("shares", sa.BigInteger(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("fee_share_minor", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "shares > 0 AND amount_minor > 0 AND fee_share_minor >= 0", name=op.f("ck_closing_lines_line_positive")
        ),
        sa.ForeignKeyConstraint(["closing_id"], ["closings.id"], name=op.f("fk_closing_lines_closing_id")),
        sa.ForeignKeyConstraint(["pledge_id"], ["pledges.id"], name=op.f("fk_closing_lines_pledge_id")),
        sa.PrimaryKeyConstraint("closing_id", "pledge_id", name=op.f("pk_closing_lines")),
        sa.UniqueConstraint("pledge_id", name=op.f("uq_closing_lines_pledge_id")),
    )
    op.create_table(
        "register_entries",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("issuer_id", sa.BigInteger(), nullable=False),
        sa.Column("offering_id", sa.BigInteger(), nullable=False),
        sa.Column("closing_id", sa.BigInteger(), nullable=False),
        sa.Column("pledge_id", sa.BigInteger(), nullable=False),
        sa.Column("investor_id", sa.BigInteger(), nullable=False),
        sa.Column("holder_name", sa.String(length=200), nullable=False),
        sa.Column("security_type", sa.String(), nullable=False),
        sa.Column("shares", sa.BigInteger(), nullable=False),
        sa.Column("share_price", sa.Numeric(precision=20, scale=6), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("certificate", sa.String(length=40), nullable=False),
        sa.Column("resale_restricted_until", sa.Date(), nullable=True),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('issuance', 'transfer', 'cancellation')", name=op.f("ck_register_entries_kind_known")
        ),
        sa.CheckConstraint("shares > 0", name=op.f("ck_register_entries_shares_positive")),
        sa.ForeignKeyConstraint(["closing_id"], ["closings.id"], name=op.f("fk_register_entries_closing_id")),
        sa.ForeignKeyConstraint(["investor_id"], ["investors.id"], name=op.f("fk_register_entries_investor_id")),
        sa.ForeignKeyConstraint(["issuer_id"], ["issuers.id"], name=op.f("fk_register_entries_issuer_id")),
        sa.ForeignKeyConstraint(["offering_id"], ["offerings.id"], name=op.f("fk_register_entries_offering_id")),
        sa.ForeignKeyConstraint(["pledge_id"], ["pledges.id"], name=op.f("fk_register_entries_pledge_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_register_entries")),
        sa.UniqueConstraint("certificate", name=op.f("uq_register_entries_certificate")),
        sa.UniqueConstraint("pledge_id", name=op.f("uq_register_entries_pledge_id")),
    )
    op.create_index(op.f("ix_register_entries_closing_id"), "register_entries", ["closing_id"], unique=False)
    op.create_index(op.f("ix_register_entries_investor_id"), "register_entries", ["investor_id"], unique=False)
    op.create_index(op.f("ix_register_entries_issuer_id"), "register_entries", ["issuer_id"], unique=False)
    op.create_index(op.f("ix_register_entries_offering_id"), "register_entries", ["offering_id"], unique=False)
    for statement in (APPROVAL, RELEASE, LINES, TRIGGERS):
        op.execute(statement)


def downgrade() -> None:
    op.drop_index(op.f("ix_register_entries_offering_id"), table_name="register_entries")
    op.drop_index(op.f("ix_register_entries_issuer_id"), table_name="register_entries")
    op.drop_index(op.f("ix_register_entries_investor_id"), table_name="register_entries")
    op.drop_index(op.f("ix_register_entries_closing_id"), table_name="register_entries")
    op.drop_table("register_entries")
    op.drop_table("closing_lines")
    op.drop_table("closing_approvals")
    op.drop_index(
        "uq_closings_one_open", table_name="closings", postgresql_where=sa.text("status NOT IN ('done', 'aborted')")
    )
    op.drop_table("closings")
    for name in ("approval_guard", "release_guard", "closing_line_guard"):
        op.execute(f"DROP FUNCTION {name}()")
