"""Papers of the rules are opened one by one; entities invest through the people who act for them."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

NOW = sa.DateTime(timezone=True)
#: Nobody edits what was opened.
KEPT = ("paper_openings",)
SUBJECTS = ("investors", "users", "issuers", "related_parties", "offerings")
ACKNOWLEDGED = ("ack_21_4",)
ONCE_ACKNOWLEDGED = (*ACKNOWLEDGED, "ack_21_7_warning", "ack_21_7_consent", "ack_21_7_understands")


def _one_of(table: str, column: str, values: tuple[str, ...]) -> None:
    name = op.f(f"ck_{table}_{column}_known")
    op.execute(f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {name}")
    listed = ", ".join(f"'{value}'" for value in values)
    op.create_check_constraint(name, table, f"{column} IN ({listed})")


def _refers(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=op.f(f"fk_{table}_{column}"))


def _make_paper_openings() -> None:
    op.create_table(
        "paper_openings",
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("text_sha256", sa.String(64), nullable=False),
        sa.Column("statement", sa.String(60), nullable=False),
        sa.Column("locale", sa.String(10), nullable=False),
        sa.Column("opened_at", NOW, nullable=False),
        _refers("paper_openings", "user_id", "users"),
        sa.PrimaryKeyConstraint("user_id", "text_sha256", name=op.f("pk_paper_openings")),
    )


def _make_entities() -> None:
    op.create_table(
        "entities",
        sa.Column("investor_id", sa.BigInteger(), nullable=False),
        sa.Column("form", sa.String(), nullable=False),
        sa.Column("registered_in", sa.String(2), nullable=False),
        sa.Column("registration_number", sa.String(60), nullable=False),
        sa.Column("capacity", sa.String(100), nullable=False),
        sa.Column("formed_for_purchase", sa.Boolean(), nullable=False),
        sa.CheckConstraint("form IN ('company', 'partnership', 'trust', 'fund')", name=op.f("ck_entities_form_known")),
        _refers("entities", "investor_id", "investors"),
        sa.PrimaryKeyConstraint("investor_id", name=op.f("pk_entities")),
        sa.UniqueConstraint(
            "registered_in", "registration_number", name=op.f("uq_entities_registered_in_registration_number")
        ),
    )
    op.create_table(
        "beneficial_owners",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("investor_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("country", sa.String(2), nullable=False),
        sa.Column("born_on", sa.Date()),
        sa.Column("share_bps", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("share_bps BETWEEN 1 AND 10000", name=op.f("ck_beneficial_owners_share_in_range")),
        _refers("beneficial_owners", "investor_id", "investors"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_beneficial_owners")),
    )
    op.create_index(op.f("ix_beneficial_owners_investor_id"), "beneficial_owners", ["investor_id"])
    # One person is one investor, and may act for entities besides.
    op.drop_constraint(op.f("uq_investors_user_id"), "investors", type_="unique")
    op.create_index(
        "uq_investors_natural_user_id",
        "investors",
        ["user_id"],
        unique=True,
        postgresql_where=sa.text("kind = 'natural'"),
    )
    op.create_index(op.f("ix_investors_user_id"), "investors", ["user_id"])
    for name in ("revenue", "net_assets", "total_assets"):
        op.add_column("figures", sa.Column(f"{name}_minor", sa.BigInteger()))
    for name in ("revenue", "total_assets"):
        op.create_check_constraint(op.f(f"ck_figures_{name}_not_negative"), "figures", f"{name}_minor >= 0")
    for table in ("alerts", "screenings"):
        _one_of(table, "subject_type", (*SUBJECTS, "beneficial_owners"))


def _drop_entities() -> None:
    """Only where no entity is registered: what it bought cannot become somebody else's."""
    for table in ("screenings", "alerts"):
        _one_of(table, "subject_type", SUBJECTS)
    for name in ("revenue", "net_assets", "total_assets"):
        op.drop_column("figures", f"{name}_minor")
    op.drop_index(op.f("ix_investors_user_id"), "investors")
    op.drop_index("uq_investors_natural_user_id", "investors")
    op.create_unique_constraint(op.f("uq_investors_user_id"), "investors", ["user_id"])
    op.drop_table("beneficial_owners")
    op.drop_table("entities")


def upgrade() -> None:
    _make_paper_openings()
    _make_entities()
    # What a single investment asks for is ticked with its pledge.
    _one_of("acknowledgements", "kind", ACKNOWLEDGED)
    for table in KEPT:
        op.execute(
            f"CREATE TRIGGER keep BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION append_only()"
        )
        op.execute(f"CREATE TRIGGER keep_all BEFORE TRUNCATE ON {table} EXECUTE FUNCTION append_only()")


def downgrade() -> None:
    _one_of("acknowledgements", "kind", ONCE_ACKNOWLEDGED)
    op.drop_table("paper_openings")
    _drop_entities()
