"""Issuers, investors and offerings."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "issuers",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("ref", sa.String(length=16), nullable=False),
        sa.Column("legal_name", sa.String(length=300), nullable=False),
        sa.Column("legal_form", sa.String(length=100), nullable=True),
        sa.Column("jurisdiction", sa.String(length=20), nullable=True),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("incorporated_on", sa.Date(), nullable=True),
        sa.Column("address", postgresql.JSONB(), nullable=False),
        sa.Column("website", sa.String(length=300), nullable=True),
        sa.Column("cik", sa.String(length=10), nullable=True),
        sa.Column("employees", sa.BigInteger(), nullable=True),
        sa.Column("payout_holder", sa.String(length=200), nullable=True),
        sa.Column("payout_account", sa.LargeBinary(), nullable=True),
        sa.Column("payout_hint", sa.String(length=4), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_issuers")),
        sa.UniqueConstraint("cik", name=op.f("uq_issuers_cik")),
        sa.UniqueConstraint("ref", name=op.f("uq_issuers_ref")),
    )
    op.create_table(
        "investors",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("legal_name", sa.String(length=200), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('natural', 'entity')", name=op.f("ck_investors_kind_known")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_investors_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_investors")),
        sa.UniqueConstraint("user_id", name=op.f("uq_investors_user_id")),
    )
    op.create_table(
        "issuer_members",
        sa.Column("issuer_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["issuer_id"], ["issuers.id"], name=op.f("fk_issuer_members_issuer_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_issuer_members_user_id")),
        sa.PrimaryKeyConstraint("issuer_id", "user_id", name=op.f("pk_issuer_members")),
    )
    op.create_index(op.f("ix_issuer_members_user_id"), "issuer_members", ["user_id"], unique=False)
    op.create_table(
        "offerings",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("ref", sa.String(length=16), nullable=False),
        sa.Column("slug", sa.String(length=80), nullable=False),
        sa.Column("issuer_id", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("regime", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("tagline", sa.String(length=200), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("security_type", sa.String(), nullable=True),
        sa.Column("security_description", sa.String(length=300), nullable=True),
        sa.Column("share_price", sa.Numeric(precision=20, scale=6), nullable=True),
        sa.Column("minimum_pledge_minor", sa.BigInteger(), nullable=True),
        sa.Column("target_minor", sa.BigInteger(), nullable=True),
        sa.Column("maximum_minor", sa.BigInteger(), nullable=True),
        sa.Column("deadline_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deadline_zone", sa.String(length=64), nullable=False),
        sa.Column("oversubscription_rule", sa.String(), nullable=True),
        sa.Column("oversubscription_note", sa.String(length=1000), nullable=True),
        sa.Column("fee_bps", sa.BigInteger(), nullable=False),
        sa.Column("gateway", sa.String(length=40), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("disclosure", postgresql.JSONB(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "oversubscription_rule IN ('not_accepted', 'first_come', 'pro_rata', 'issuers_choice')",
            name=op.f("ck_offerings_oversubscription_rule_known"),
        ),
        sa.CheckConstraint(
            "security_type IN ('common_stock', 'preferred_stock', 'membership_interest', 'debt', 'other')",
            name=op.f("ck_offerings_security_type_known"),
        ),
        sa.CheckConstraint(
            "status IN ('draft', 'changes_requested', 'submitted', 'in_review', 'approved', 'refused', 'live', 'closing', 'settled', 'failed', 'refunded', 'withdrawn')",
            name=op.f("ck_offerings_status_known"),
        ),
        sa.CheckConstraint(
            "status IN ('draft', 'changes_requested', 'withdrawn') OR (security_type IS NOT NULL AND share_price IS NOT NULL AND minimum_pledge_minor IS NOT NULL AND target_minor IS NOT NULL AND maximum_minor IS NOT NULL AND deadline_at IS NOT NULL AND oversubscription_rule IS NOT NULL)",
            name=op.f("ck_offerings_terms_complete"),
        ),
        sa.CheckConstraint(
            "maximum_minor >= target_minor AND maximum_minor <= 99999999999999",
            name=op.f("ck_offerings_maximum_in_range"),
        ),
        sa.CheckConstraint("minimum_pledge_minor > 0", name=op.f("ck_offerings_minimum_pledge_positive")),
        sa.CheckConstraint("share_price > 0", name=op.f("ck_offerings_share_price_positive")),
        sa.CheckConstraint("target_minor > 0", name=op.f("ck_offerings_target_positive")),
        sa.ForeignKeyConstraint(["issuer_id"], ["issuers.id"], name=op.f("fk_offerings_issuer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_offerings")),
        sa.UniqueConstraint("ref", name=op.f("uq_offerings_ref")),
        sa.UniqueConstraint("slug", name=op.f("uq_offerings_slug")),
    )
    op.create_index("ix_offerings_by_deadline", "offerings", ["status", "deadline_at", "id"], unique=False)
    op.create_index(op.f("ix_offerings_issuer_id"), "offerings", ["issuer_id"], unique=False)
    op.create_table(
        "claims",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("investor_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("basis", sa.String(length=1000), nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('accredited_us', 'certified_cn')", name=op.f("ck_claims_kind_known")),
        sa.CheckConstraint(
            "status IN ('claimed', 'verified', 'rejected', 'withdrawn')", name=op.f("ck_claims_status_known")
        ),
        sa.ForeignKeyConstraint(["investor_id"], ["investors.id"], name=op.f("fk_claims_investor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claims")),
    )
    op.create_index(
        "uq_claims_one_live",
        "claims",
        ["investor_id", "kind"],
        unique=True,
        postgresql_where=sa.text("status IN ('claimed', 'verified')"),
    )
    op.create_table(
        "figures",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("investor_id", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("declared_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("annual_income_minor", sa.BigInteger(), nullable=True),
        sa.Column("net_worth_minor", sa.BigInteger(), nullable=True),
        sa.Column("other_platform_12m_minor", sa.BigInteger(), nullable=True),
        sa.Column("financial_assets_minor", sa.BigInteger(), nullable=True),
        sa.Column("income_3y_minor", postgresql.JSONB(), nullable=True),
        sa.Column("joint_with_spouse", sa.Boolean(), nullable=False),
        sa.CheckConstraint("annual_income_minor >= 0", name=op.f("ck_figures_annual_income_not_negative")),
        sa.CheckConstraint("financial_assets_minor >= 0", name=op.f("ck_figures_financial_assets_not_negative")),
        sa.CheckConstraint("other_platform_12m_minor >= 0", name=op.f("ck_figures_other_platform_not_negative")),
        sa.ForeignKeyConstraint(["investor_id"], ["investors.id"], name=op.f("fk_figures_investor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_figures")),
    )
    op.create_index(
        op.f("ix_figures_investor_id_currency_id"), "figures", ["investor_id", "currency", "id"], unique=False
    )
    op.create_table(
        "filings",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("offering_id", sa.BigInteger(), nullable=True),
        sa.Column("form", sa.String(length=10), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("cik", sa.String(length=10), nullable=True),
        sa.Column("file_number", sa.String(length=20), nullable=True),
        sa.Column("fields", postgresql.JSONB(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["offering_id"], ["offerings.id"], name=op.f("fk_filings_offering_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_filings")),
        sa.UniqueConstraint("sha256", name=op.f("uq_filings_sha256")),
    )
    op.create_index(op.f("ix_filings_offering_id"), "filings", ["offering_id"], unique=False)
    op.create_table(
        "offering_documents",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("offering_id", sa.BigInteger(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("filename", sa.String(length=200), nullable=False),
        sa.Column("media_type", sa.String(length=100), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["offering_id"], ["offerings.id"], name=op.f("fk_offering_documents_offering_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_offering_documents")),
        sa.UniqueConstraint(
            "offering_id", "title", "version", name=op.f("uq_offering_documents_offering_id_title_version")
        ),
    )
    op.create_index(op.f("ix_offering_documents_offering_id"), "offering_documents", ["offering_id"], unique=False)
    op.create_table(
        "offering_progress",
        sa.Column("offering_id", sa.BigInteger(), nullable=False),
        sa.Column("accepting", sa.Boolean(), nullable=False),
        sa.Column("accepts_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("maximum_shares", sa.BigInteger(), nullable=False),
        sa.Column("maximum_minor", sa.BigInteger(), nullable=False),
        sa.Column("taken_shares", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("taken_minor", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("held_minor", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("settled_minor", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.CheckConstraint(
            "held_minor + settled_minor <= taken_minor", name=op.f("ck_offering_progress_held_is_taken")
        ),
        sa.CheckConstraint("held_minor >= 0 AND settled_minor >= 0", name=op.f("ck_offering_progress_not_negative")),
        sa.CheckConstraint(
            "taken_shares >= 0 AND taken_shares <= maximum_shares", name=op.f("ck_offering_progress_never_oversold")
        ),
        sa.CheckConstraint(
            "taken_minor >= 0 AND taken_minor <= maximum_minor", name=op.f("ck_offering_progress_never_above_maximum")
        ),
        sa.ForeignKeyConstraint(["offering_id"], ["offerings.id"], name=op.f("fk_offering_progress_offering_id")),
        sa.PrimaryKeyConstraint("offering_id", name=op.f("pk_offering_progress")),
        postgresql_with={"fillfactor": "50"},
    )


def downgrade() -> None:
    op.drop_table("offering_progress")
    op.drop_index(op.f("ix_offering_documents_offering_id"), table_name="offering_documents")
    op.drop_table("offering_documents")
    op.drop_index(op.f("ix_filings_offering_id"), table_name="filings")
    op.drop_table("filings")
    op.drop_index(op.f("ix_figures_investor_id_currency_id"), table_name="figures")
    op.drop_table("figures")
    op.drop_index(
        "uq_claims_one_live", table_name="claims", postgresql_where=sa.text("status IN ('claimed', 'verified')")
    )
    op.drop_table("claims")
    op.drop_index(op.f("ix_offerings_issuer_id"), table_name="offerings")
    op.drop_index("ix_offerings_by_deadline", table_name="offerings")
    op.drop_table("offerings")
    op.drop_index(op.f("ix_issuer_members_user_id"), table_name="issuer_members")
    op.drop_table("issuer_members")
    op.drop_table("investors")
    op.drop_table("issuers")
