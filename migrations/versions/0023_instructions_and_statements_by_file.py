"""A custodian may be told by signed files, and tell by bank statements."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

NOW = sa.DateTime(timezone=True)
GUARD = """
CREATE FUNCTION file_instruction_guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF TG_OP = 'DELETE'
    OR to_jsonb(OLD) - 'written_at' - 'cancelled_at' IS DISTINCT FROM to_jsonb(NEW) - 'written_at' - 'cancelled_at'
    OR (OLD.written_at IS NOT NULL AND OLD.written_at IS DISTINCT FROM NEW.written_at)
    OR (OLD.cancelled_at IS NOT NULL AND OLD.cancelled_at IS DISTINCT FROM NEW.cancelled_at)
  THEN RAISE EXCEPTION 'an instruction by file is never edited' USING ERRCODE = '23514'; END IF;
  RETURN NEW; END $$;
CREATE TRIGGER guard BEFORE UPDATE OR DELETE ON file_instructions
  FOR EACH ROW EXECUTE FUNCTION file_instruction_guard();
CREATE TRIGGER keep_all BEFORE TRUNCATE ON file_instructions EXECUTE FUNCTION append_only();
"""
KEPT = ("bank_files", "bank_lines", "bank_matches")


def _made(table: str, *columns: sa.schema.SchemaItem) -> None:
    op.create_table(
        table,
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        *columns,
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    )


def _refers(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=op.f(f"fk_{table}_{column}"))


def upgrade() -> None:
    _made(
        "file_instructions",
        sa.Column("gateway", sa.String(40), nullable=False),
        sa.Column("key", sa.String(120), nullable=False),
        sa.Column("params_mark", sa.String(64), nullable=False),
        sa.Column("op_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("reference", sa.String(40), nullable=False),
        sa.Column("payer_reference", sa.String(40)),
        sa.Column("account", sa.String(60), nullable=False),
        sa.Column("to_account", sa.String(60)),
        sa.Column("about_id", sa.BigInteger()),
        sa.Column("method", sa.String()),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("created_at", NOW, nullable=False),
        sa.Column("written_at", NOW),
        sa.Column("cancelled_at", NOW),
        sa.CheckConstraint(
            "kind IN ('payment', 'refund', 'payout', 'move')", name=op.f("ck_file_instructions_kind_known")
        ),
        sa.CheckConstraint(
            "method IN ('card', 'alipay', 'wechat_pay', 'ach_debit', 'sepa_debit', 'bank_transfer', 'cash_account')",
            name=op.f("ck_file_instructions_method_known"),
        ),
        sa.CheckConstraint(
            "amount_minor > 0 AND amount_minor <= 99999999999999", name=op.f("ck_file_instructions_amount_in_range")
        ),
        sa.CheckConstraint(
            "(kind = 'refund') = (about_id IS NOT NULL)", name=op.f("ck_file_instructions_a_refund_is_of_a_payment")
        ),
        sa.UniqueConstraint("gateway", "key", name=op.f("uq_file_instructions_gateway_key")),
        sa.UniqueConstraint("gateway", "reference", name=op.f("uq_file_instructions_gateway_reference")),
        _refers("file_instructions", "about_id", "file_instructions"),
    )
    _made(
        "bank_files",
        sa.Column("gateway", sa.String(40), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("opening_minor", sa.BigInteger(), nullable=False),
        sa.Column("closing_minor", sa.BigInteger(), nullable=False),
        sa.Column("since", sa.Date()),
        sa.Column("until", sa.Date()),
        sa.Column("new_lines", sa.BigInteger(), nullable=False),
        sa.Column("imported_at", NOW, nullable=False),
        sa.UniqueConstraint("gateway", "sha256", name=op.f("uq_bank_files_gateway_sha256")),
    )
    _made(
        "bank_lines",
        sa.Column("file_id", sa.BigInteger(), nullable=False),
        sa.Column("gateway", sa.String(40), nullable=False),
        sa.Column("line_id", sa.String(200), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("booked_on", sa.Date(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("text", sa.String(500), nullable=False),
        sa.Column("payer", sa.String(500), nullable=False),
        sa.Column("payer_mark", sa.String(64)),
        sa.Column("doubled", sa.Boolean(), nullable=False),
        sa.CheckConstraint("abs(amount_minor) <= 99999999999999", name=op.f("ck_bank_lines_amount_in_range")),
        sa.UniqueConstraint("gateway", "line_id", name=op.f("uq_bank_lines_gateway_line_id")),
        _refers("bank_lines", "file_id", "bank_files"),
    )
    op.create_table(
        "bank_matches",
        sa.Column("line_id", sa.BigInteger(), nullable=False),
        sa.Column("instruction_id", sa.BigInteger()),
        sa.Column("matched_by", sa.String(200), nullable=False),
        sa.Column("matched_at", NOW, nullable=False),
        sa.PrimaryKeyConstraint("line_id", name=op.f("pk_bank_matches")),
        _refers("bank_matches", "line_id", "bank_lines"),
        _refers("bank_matches", "instruction_id", "file_instructions"),
    )
    for table, *columns in (
        ("file_instructions", "payer_reference"), ("file_instructions", "about_id"), ("bank_lines", "file_id"),
        ("bank_matches", "instruction_id"),
    ):  # fmt: skip
        op.create_index(op.f(f"ix_{table}_{'_'.join(columns)}"), table, columns)
    op.create_index("ix_bank_lines_booked_on", "bank_lines", ["gateway", "booked_on"])
    op.execute(GUARD)
    for table in KEPT:
        op.execute(
            f"CREATE TRIGGER keep BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION append_only()"
        )
        op.execute(f"CREATE TRIGGER keep_all BEFORE TRUNCATE ON {table} EXECUTE FUNCTION append_only()")


def downgrade() -> None:
    for table in ("bank_matches", "bank_lines", "bank_files", "file_instructions"):
        op.drop_table(table)
    op.execute("DROP FUNCTION file_instruction_guard()")
