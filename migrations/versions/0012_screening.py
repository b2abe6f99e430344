"""Alerts and changes are cases; lists of names, monitoring, and related parties."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

SUBJECTS = "subject_type IN ('investors', 'users', 'issuers', 'related_parties', 'offerings')"
LIVE = "status IN ('raised', 'confirmed')"


def upgrade() -> None:
    op.drop_constraint(op.f("ck_review_cases_kind_known"), "review_cases", type_="check")
    op.create_check_constraint(
        op.f("ck_review_cases_kind_known"),
        "review_cases",
        "kind IN ('offering', 'investor', 'pledge', 'alert', 'change')",
    )
    op.add_column("investors", sa.Column("born_on", sa.Date()))
    op.create_table(
        "related_parties",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("issuer_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("relation", sa.String(), nullable=False),
        sa.Column("email", sa.String(254)),
        sa.Column("declared_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("declared_by", sa.BigInteger()),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint(
            "relation IN ('member', 'officer', 'owner', 'family', 'affiliate', 'other')",
            name=op.f("ck_related_parties_relation_known"),
        ),
        sa.ForeignKeyConstraint(["issuer_id"], ["issuers.id"], name=op.f("fk_related_parties_issuer_id")),
        sa.ForeignKeyConstraint(["declared_by"], ["users.id"], name=op.f("fk_related_parties_declared_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_related_parties")),
    )
    op.create_index(op.f("ix_related_parties_issuer_id"), "related_parties", ["issuer_id"])
    op.create_table(
        "alerts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("rule", sa.String(40), nullable=False),
        sa.Column("subject_type", sa.String(), nullable=False),
        sa.Column("subject_id", sa.BigInteger(), nullable=False),
        sa.Column("about", sa.String(300), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("holds", sa.Boolean(), nullable=False),
        sa.Column("inputs", postgresql.JSONB(), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.CheckConstraint(SUBJECTS, name=op.f("ck_alerts_subject_type_known")),
        sa.CheckConstraint(
            "status IN ('raised', 'cleared', 'confirmed', 'lifted')", name=op.f("ck_alerts_status_known")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alerts")),
    )
    op.create_index(
        "uq_alerts_one_live", "alerts", ["rule", "subject_type", "subject_id", "about"], unique=True,
        postgresql_where=sa.text(LIVE),
    )  # fmt: skip
    op.create_index(op.f("ix_alerts_subject_type_subject_id"), "alerts", ["subject_type", "subject_id"])
    op.execute(
        "CREATE TRIGGER moves BEFORE INSERT OR UPDATE OF status ON alerts FOR EACH ROW EXECUTE FUNCTION"
        " status_guard('>raised', 'raised>cleared', 'raised>confirmed', 'confirmed>lifted')"
    )
    op.create_table(
        "list_imports",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("list_name", sa.String(60), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("entries", sa.BigInteger(), nullable=False),
        sa.Column("added", sa.BigInteger(), nullable=False),
        sa.Column("changed", sa.BigInteger(), nullable=False),
        sa.Column("gone", sa.BigInteger(), nullable=False),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_list_imports")),
    )
    op.create_table(
        "listings",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("list_name", sa.String(60), nullable=False),
        sa.Column("entry_id", sa.String(200), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("row", postgresql.JSONB(), nullable=False),
        sa.Column("spellings", postgresql.ARRAY(sa.String()), nullable=False),
        sa.Column("keys", postgresql.ARRAY(sa.String()), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("import_id", sa.BigInteger(), nullable=False),
        sa.Column("is_gone", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('person', 'organisation', 'either', 'thing')", name=op.f("ck_listings_kind_known")
        ),
        sa.ForeignKeyConstraint(["import_id"], ["list_imports.id"], name=op.f("fk_listings_import_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_listings")),
        sa.UniqueConstraint("list_name", "entry_id", name=op.f("uq_listings_list_name_entry_id")),
    )
    op.create_index(op.f("ix_listings_keys"), "listings", ["keys"], postgresql_using="gin")
    op.create_table(
        "screenings",
        sa.Column("subject_type", sa.String(), nullable=False),
        sa.Column("subject_id", sa.BigInteger(), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("import_id", sa.BigInteger(), nullable=False),
        sa.Column("screened_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(SUBJECTS, name=op.f("ck_screenings_subject_type_known")),
        sa.ForeignKeyConstraint(["import_id"], ["list_imports.id"], name=op.f("fk_screenings_import_id")),
        sa.PrimaryKeyConstraint("subject_type", "subject_id", name=op.f("pk_screenings")),
    )
    op.create_table(
        "monitoring_cursor",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_monitoring_cursor_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_monitoring_cursor")),
    )
    op.add_column("pledges", sa.Column("related_as", sa.String()))
    op.add_column("pledges", sa.Column("funding", sa.String()))
    op.create_check_constraint(
        op.f("ck_pledges_related_as_known"),
        "pledges",
        "related_as IN ('member', 'officer', 'owner', 'family', 'affiliate', 'other')",
    )
    op.create_check_constraint(
        op.f("ck_pledges_funding_known"), "pledges", "funding IN ('bank', 'debit', 'credit', 'prepaid', 'unknown')"
    )
    op.add_column(
        "pledges", sa.Column("funding_refused", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
    op.add_column(
        "instructions",
        sa.Column("refused_funding", postgresql.ARRAY(sa.String()), server_default="{}", nullable=False),
    )


def downgrade() -> None:
    op.drop_column("instructions", "refused_funding")
    op.drop_column("pledges", "funding_refused")
    op.drop_column("pledges", "funding")
    op.drop_column("pledges", "related_as")
    for table in ("monitoring_cursor", "screenings", "listings", "list_imports", "alerts", "related_parties"):
        op.drop_table(table)
    op.drop_column("investors", "born_on")
    op.drop_constraint(op.f("ck_review_cases_kind_known"), "review_cases", type_="check")
    op.create_check_constraint(
        op.f("ck_review_cases_kind_known"), "review_cases", "kind IN ('offering', 'investor', 'pledge')"
    )
