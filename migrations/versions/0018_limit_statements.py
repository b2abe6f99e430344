"""Limit statements of other installations."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

NOW = sa.DateTime(timezone=True)
#: Of one account at an installation each statement is newer than the one before: nothing older can bring a limit back.
GUARD = """
CREATE FUNCTION newer_statement() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF EXISTS (SELECT 1 FROM limit_statements WHERE investor_id = NEW.investor_id
      AND installation_key = NEW.installation_key AND account = NEW.account AND issued_at >= NEW.issued_at) THEN
    RAISE EXCEPTION 'a newer limit statement is here already' USING ERRCODE = '23514';
  END IF;
  RETURN NEW; END $$;
CREATE TRIGGER newer BEFORE INSERT ON limit_statements FOR EACH ROW EXECUTE FUNCTION newer_statement();
"""


def _refers(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=op.f(f"fk_{table}_{column}"))


def _made(table: str, *columns: sa.schema.SchemaItem) -> None:
    op.create_table(
        table,
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        *columns,
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    )


def upgrade() -> None:
    _made(
        "limit_statements",
        sa.Column("investor_id", sa.BigInteger(), nullable=False),
        sa.Column("installation", sa.String(60), nullable=False),
        sa.Column("installation_key", sa.String(64), nullable=False),
        sa.Column("account", sa.String(100), nullable=False),
        sa.Column("issued_at", NOW, nullable=False),
        sa.Column("expires_at", NOW, nullable=False),
        sa.Column("accepted_at", NOW, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("expires_at > issued_at", name=op.f("ck_limit_statements_expires_later")),
        sa.UniqueConstraint(
            "investor_id", "installation_key", "account", "issued_at",
            name=op.f("uq_limit_statements_investor_id_installation_key_account_issued_at"),
        ),
        _refers("limit_statements", "investor_id", "investors"),
    )  # fmt: skip
    _made(
        "stated_purchases",
        sa.Column("statement_id", sa.BigInteger(), nullable=False),
        sa.Column("regime", sa.String(100), nullable=False),
        sa.Column("bought_on", sa.Date(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("reference", sa.String(100), nullable=False),
        sa.Column("issuer", sa.String(300), nullable=False),
        sa.Column("is_settled", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "amount_minor > 0 AND amount_minor <= 99999999999999", name=op.f("ck_stated_purchases_amount_in_range")
        ),
        _refers("stated_purchases", "statement_id", "limit_statements"),
    )
    op.create_index(op.f("ix_stated_purchases_statement_id"), "stated_purchases", ["statement_id"])
    op.execute(GUARD)
    for table in ("limit_statements", "stated_purchases"):
        op.execute(
            f"CREATE TRIGGER keep BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION append_only()"
        )
        op.execute(f"CREATE TRIGGER keep_all BEFORE TRUNCATE ON {table} EXECUTE FUNCTION append_only()")


def downgrade() -> None:
    op.drop_table("stated_purchases")
    op.drop_table("limit_statements")
    op.execute("DROP FUNCTION newer_statement()")
