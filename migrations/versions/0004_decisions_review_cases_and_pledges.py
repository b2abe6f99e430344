"""Decisions, review cases and pledges."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "review_cases",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("ref", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("subject_id", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("why", sa.String(length=60), nullable=False),
        sa.Column("involves", postgresql.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("claimed_by", sa.BigInteger(), nullable=True),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resolved_by", sa.BigInteger(), nullable=True),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("reasons", postgresql.JSONB(), nullable=False),
        sa.Column("note", sa.String(length=2000), nullable=False),
        sa.CheckConstraint(
            "(status = 'resolved') = (resolved_by IS NOT NULL AND outcome IS NOT NULL)",
            name=op.f("ck_review_cases_resolved_whole"),
        ),
        sa.CheckConstraint("kind IN ('offering', 'investor', 'pledge')", name=op.f("ck_review_cases_kind_known")),
        sa.CheckConstraint(
            "outcome IN ('approve', 'request_changes', 'refuse')", name=op.f("ck_review_cases_outcome_known")
        ),
        sa.CheckConstraint(
            "status IN ('open', 'claimed', 'resolved', 'withdrawn')", name=op.f("ck_review_cases_status_known")
        ),
        sa.CheckConstraint(
            "resolved_by IS NULL OR NOT (resolved_by = ANY (involves))", name=op.f("ck_review_cases_never_ones_own")
        ),
        sa.ForeignKeyConstraint(["claimed_by"], ["users.id"], name=op.f("fk_review_cases_claimed_by")),
        sa.ForeignKeyConstraint(["resolved_by"], ["users.id"], name=op.f("fk_review_cases_resolved_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_cases")),
        sa.UniqueConstraint("ref", name=op.f("uq_review_cases_ref")),
    )
    op.create_index("ix_review_cases_queue", "review_cases", ["status", "opened_at"], unique=False)
    op.create_index(
        "uq_review_cases_one_live",
        "review_cases",
        ["kind", "subject_id"],
        unique=True,
        postgresql_where=sa.text("status IN ('open', 'claimed')"),
    )
    op.create_table(
        "decisions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("investor_id", sa.BigInteger(), nullable=False),
        sa.Column("offering_id", sa.BigInteger(), nullable=False),
        sa.Column("regime", sa.String(length=20), nullable=False),
        sa.Column("law", sa.String(length=40), nullable=False),
        sa.Column("facts", postgresql.JSONB(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("rule", sa.String(length=40), nullable=False),
        sa.Column("citation", sa.String(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("requested_minor", sa.BigInteger(), nullable=False),
        sa.Column("cap_minor", sa.BigInteger(), nullable=True),
        sa.Column("used_minor", sa.BigInteger(), nullable=True),
        sa.Column("remaining_minor", sa.BigInteger(), nullable=True),
        sa.Column("frees_on", sa.Date(), nullable=True),
        sa.Column("frees_minor", sa.BigInteger(), nullable=True),
        sa.Column("numbers", postgresql.JSONB(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "outcome IN ('allow', 'deny', 'needs_ack', 'needs_wait')", name=op.f("ck_decisions_outcome_known")
        ),
        sa.ForeignKeyConstraint(["investor_id"], ["investors.id"], name=op.f("fk_decisions_investor_id")),
        sa.ForeignKeyConstraint(["offering_id"], ["offerings.id"], name=op.f("fk_decisions_offering_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decisions")),
    )
    op.create_index(op.f("ix_decisions_investor_id_id"), "decisions", ["investor_id", "id"], unique=False)
    op.create_table(
        "pledges",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("ref", sa.String(length=16), nullable=False),
        sa.Column("form_key", sa.Uuid(), nullable=False),
        sa.Column("investor_id", sa.BigInteger(), nullable=False),
        sa.Column("offering_id", sa.BigInteger(), nullable=False),
        sa.Column("shares", sa.BigInteger(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("decision_id", sa.BigInteger(), nullable=False),
        sa.Column("placed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cancel_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("pay_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("held_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stop_reason", sa.String(), nullable=True),
        sa.CheckConstraint(
            "status IN ('reserved', 'in_review', 'refused', 'processing', 'cancelling', 'held', 'failed', 'cancelled', 'refund_due', 'refunded', 'allotted', 'settled')",
            name=op.f("ck_pledges_status_known"),
        ),
        sa.CheckConstraint(
            "stop_reason IN ('investor', 'expired', 'offering_ended', 'paid_too_late', 'offering_failed',"
            " 'offering_withdrawn')",
            name=op.f("ck_pledges_stop_reason_known"),
        ),
        sa.CheckConstraint(
            "amount_minor > 0 AND amount_minor <= 99999999999999", name=op.f("ck_pledges_amount_in_range")
        ),
        sa.CheckConstraint("shares > 0", name=op.f("ck_pledges_shares_positive")),
        sa.ForeignKeyConstraint(["decision_id"], ["decisions.id"], name=op.f("fk_pledges_decision_id")),
        sa.ForeignKeyConstraint(["investor_id"], ["investors.id"], name=op.f("fk_pledges_investor_id")),
        sa.ForeignKeyConstraint(["offering_id"], ["offerings.id"], name=op.f("fk_pledges_offering_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pledges")),
        sa.UniqueConstraint("form_key", name=op.f("uq_pledges_form_key")),
        sa.UniqueConstraint("ref", name=op.f("uq_pledges_ref")),
    )
    op.create_index(op.f("ix_pledges_decision_id"), "pledges", ["decision_id"], unique=False)
    op.create_index(op.f("ix_pledges_investor_id_placed_at"), "pledges", ["investor_id", "placed_at"], unique=False)
    op.create_index(op.f("ix_pledges_offering_id_id"), "pledges", ["offering_id", "id"], unique=False)
    op.create_table(
        "pledge_consents",
        sa.Column("pledge_id", sa.BigInteger(), nullable=False),
        sa.Column("statement", sa.String(length=60), nullable=False),
        sa.Column("text_sha256", sa.String(length=64), nullable=False),
        sa.Column("locale", sa.String(length=10), nullable=False),
        sa.Column("ticked_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["pledge_id"], ["pledges.id"], name=op.f("fk_pledge_consents_pledge_id")),
        sa.PrimaryKeyConstraint("pledge_id", "statement", name=op.f("pk_pledge_consents")),
    )
    for table in ("decisions", "pledge_consents"):
        op.execute(
            f"CREATE TRIGGER keep BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION append_only()"
        )
        op.execute(f"CREATE TRIGGER keep_all BEFORE TRUNCATE ON {table} EXECUTE FUNCTION append_only()")


def downgrade() -> None:
    op.drop_table("pledge_consents")
    op.drop_index(op.f("ix_pledges_offering_id_id"), table_name="pledges")
    op.drop_index(op.f("ix_pledges_investor_id_placed_at"), table_name="pledges")
    op.drop_index(op.f("ix_pledges_decision_id"), table_name="pledges")
    op.drop_table("pledges")
    op.drop_index(op.f("ix_decisions_investor_id_id"), table_name="decisions")
    op.drop_table("decisions")
    op.drop_index(
        "uq_review_cases_one_live", table_name="review_cases", postgresql_where=sa.text("status IN ('open', 'claimed')")
    )
    op.drop_index("ix_review_cases_queue", table_name="review_cases")
    op.drop_table("review_cases")
