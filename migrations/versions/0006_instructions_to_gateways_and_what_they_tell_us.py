"""Instructions to gateways and what they tell us."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

#: The custodian is asked for what two officers approved, and once: a payout is refused only when none is under way, and
#: is then put to the officers as something new, so that no approval counts twice.
RELEASE = """
CREATE FUNCTION release_instruction_guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF NOT EXISTS (SELECT 1 FROM closings WHERE id = NEW.closing_id AND status = 'releasing'
      AND snapshot_hash = NEW.document_sha256 AND offering_id = NEW.offering_id
      AND currency = NEW.currency AND total_minor - fee_minor = NEW.amount_minor) THEN
    RAISE EXCEPTION 'a payout is asked for as approved' USING ERRCODE = '23514';
  END IF;
  RETURN NEW; END $$;
CREATE FUNCTION payout_guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF EXISTS (SELECT 1 FROM instructions WHERE closing_id = NEW.id AND kind = 'release'
      AND (status <> 'failed' OR NEW.status = 'payout_proposed' AND document_sha256 = NEW.snapshot_hash)) THEN
    RAISE EXCEPTION 'closing % is paid out on these approvals', NEW.id USING ERRCODE = '23514';
  END IF;
  RETURN NEW; END $$;
CREATE TRIGGER release
  BEFORE INSERT OR UPDATE OF kind, offering_id, closing_id, amount_minor, currency, document_sha256 ON instructions
  FOR EACH ROW WHEN (NEW.kind = 'release') EXECUTE FUNCTION release_instruction_guard();
CREATE TRIGGER release_again BEFORE UPDATE OF status ON instructions
  FOR EACH ROW WHEN (NEW.kind = 'release' AND NEW.status = 'queued') EXECUTE FUNCTION release_instruction_guard();
CREATE TRIGGER payout BEFORE UPDATE ON closings
  FOR EACH ROW WHEN (NEW.status IN ('payout_failed', 'payout_proposed')) EXECUTE FUNCTION payout_guard();
CREATE TRIGGER keep BEFORE DELETE ON instructions FOR EACH ROW EXECUTE FUNCTION append_only();
CREATE TRIGGER keep_all BEFORE TRUNCATE ON instructions EXECUTE FUNCTION append_only();
"""


def upgrade() -> None:
    op.create_table(
        "gateway_events",
        sa.Column("gateway", sa.String(length=40), nullable=False),
        sa.Column("event_id", sa.String(length=255), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_error", sa.String(length=500), nullable=True),
        sa.CheckConstraint(
            "status IN ('new', 'done', 'ignored', 'poison')", name=op.f("ck_gateway_events_status_known")
        ),
        sa.PrimaryKeyConstraint("gateway", "event_id", name=op.f("pk_gateway_events")),
    )
    op.create_index(
        "ix_gateway_events_new",
        "gateway_events",
        ["next_attempt_at"],
        unique=False,
        postgresql_where=sa.text("status = 'new'"),
    )
    op.create_table(
        "gateway_transactions",
        sa.Column("gateway", sa.String(length=40), nullable=False),
        sa.Column("transaction_id", sa.String(length=255), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("fee_minor", sa.BigInteger(), nullable=False),
        sa.Column("net_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "net_minor = amount_minor - fee_minor", name=op.f("ck_gateway_transactions_net_is_amount_less_fee")
        ),
        sa.PrimaryKeyConstraint("gateway", "transaction_id", name=op.f("pk_gateway_transactions")),
    )
    op.create_table(
        "instructions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("op_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("gateway", sa.String(length=40), nullable=False),
        sa.Column("business_key", sa.String(), nullable=False),
        sa.Column("generation", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("offering_id", sa.BigInteger(), nullable=False),
        sa.Column("pledge_id", sa.BigInteger(), nullable=True),
        sa.Column("closing_id", sa.BigInteger(), nullable=True),
        sa.Column("about_id", sa.BigInteger(), nullable=True),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("reference", sa.String(length=40), nullable=False),
        sa.Column("document_sha256", sa.String(length=64), nullable=True),
        sa.Column("provider_ref", sa.String(), nullable=True),
        sa.Column("url", sa.String(), nullable=True),
        sa.Column("code", sa.String(length=80), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("first_sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('collect', 'cancel', 'refund', 'release', 'fee')", name=op.f("ck_instructions_kind_known")
        ),
        sa.CheckConstraint(
            "status IN ('queued', 'sending', 'unknown', 'action_required', 'pending', 'succeeded', 'failed', 'cancelled', 'review')",
            name=op.f("ck_instructions_status_known"),
        ),
        sa.CheckConstraint(
            "status NOT IN ('pending', 'succeeded') OR provider_ref IS NOT NULL",
            name=op.f("ck_instructions_success_has_ref"),
        ),
        sa.CheckConstraint(
            "amount_minor > 0 AND amount_minor <= 99999999999999", name=op.f("ck_instructions_amount_in_range")
        ),
        sa.ForeignKeyConstraint(["about_id"], ["instructions.id"], name=op.f("fk_instructions_about_id")),
        sa.ForeignKeyConstraint(["closing_id"], ["closings.id"], name=op.f("fk_instructions_closing_id")),
        sa.ForeignKeyConstraint(["offering_id"], ["offerings.id"], name=op.f("fk_instructions_offering_id")),
        sa.ForeignKeyConstraint(["pledge_id"], ["pledges.id"], name=op.f("fk_instructions_pledge_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_instructions")),
        sa.UniqueConstraint("business_key", name=op.f("uq_instructions_business_key")),
        sa.UniqueConstraint("gateway", "kind", "provider_ref", name=op.f("uq_instructions_gateway_kind_provider_ref")),
        sa.UniqueConstraint("op_id", name=op.f("uq_instructions_op_id")),
    )
    op.create_index(op.f("ix_instructions_closing_id"), "instructions", ["closing_id"], unique=False)
    op.create_index(
        "ix_instructions_due",
        "instructions",
        ["next_attempt_at"],
        unique=False,
        postgresql_where=sa.text("status IN ('queued', 'sending', 'action_required', 'pending', 'unknown')"),
    )
    op.create_index(op.f("ix_instructions_pledge_id"), "instructions", ["pledge_id"], unique=False)
    op.create_index(
        "uq_instructions_one_live_collect",
        "instructions",
        ["pledge_id"],
        unique=True,
        postgresql_where=sa.text("kind = 'collect' AND status NOT IN ('failed', 'cancelled')"),
    )
    op.create_index(
        "uq_instructions_one_release_of_a_snapshot",
        "instructions",
        ["closing_id", "document_sha256"],
        unique=True,
        postgresql_where=sa.text("kind = 'release'"),
    )
    op.execute(RELEASE)
    op.execute(
        "CREATE TRIGGER keep BEFORE UPDATE OR DELETE ON gateway_transactions FOR EACH ROW EXECUTE FUNCTION append_only()"
    )
    op.execute("CREATE TRIGGER keep_all BEFORE TRUNCATE ON gateway_transactions EXECUTE FUNCTION append_only()")


def downgrade() -> None:
    op.execute("DROP TRIGGER payout ON closings")
    op.drop_index(
        "uq_instructions_one_release_of_a_snapshot",
        table_name="instructions",
        postgresql_where=sa.text("kind = 'release'"),
    )
    op.drop_index(
        "uq_instructions_one_live_collect",
        table_name="instructions",
        postgresql_where=sa.text("kind = 'collect' AND status NOT IN ('failed', 'cancelled')"),
    )
    op.drop_index(op.f("ix_instructions_pledge_id"), table_name="instructions")
    op.drop_index(
        "ix_instructions_due",
        table_name="instructions",
        postgresql_where=sa.text("status IN ('queued', 'sending', 'action_required', 'pending', 'unknown')"),
    )
    op.drop_index(op.f("ix_instructions_closing_id"), table_name="instructions")
    op.drop_table("instructions")
    op.drop_table("gateway_transactions")
    op.drop_index("ix_gateway_events_new", table_name="gateway_events", postgresql_where=sa.text("status = 'new'"))
    op.drop_table("gateway_events")
    for name in ("release_instruction_guard", "payout_guard"):
        op.execute(f"DROP FUNCTION {name}()")
