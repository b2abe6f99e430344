"""Papers of the rules are opened one by one; entities invest through the people who act for them."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0017"
branch_labels = None
depends_on = None

NOW = sa.DateTime(timezone=True)
#: Nobody edits what was opened.
KEPT = ("paper_openings",)
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


def upgrade() -> None:
    _make_paper_openings()
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
