"""Accounts are also kept per investor and per gateway, in a third book of promises; instructions know the method."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

#: An account keeps its nature; only its totals move, only forward, and only by postings.
ACCOUNT_GUARD = """
CREATE OR REPLACE FUNCTION account_guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF TG_OP = 'DELETE' OR pg_trigger_depth() < 2
    OR (OLD.book, OLD.code, OLD.class, OLD.currency, OLD.offering_id, OLD.pledge_id, OLD.guard{more_old})
      IS DISTINCT FROM (NEW.book, NEW.code, NEW.class, NEW.currency, NEW.offering_id, NEW.pledge_id, NEW.guard{more_new})
    OR NEW.debits < OLD.debits OR NEW.credits < OLD.credits
  THEN RAISE EXCEPTION 'account % changes only by postings', OLD.id USING ERRCODE = '23514'; END IF;
  RETURN NEW; END $$
"""
KINDS = (
    "setup",
    "collect",
    "cancel",
    "refund",
    "to_custody",
    "from_custody",
    "release",
    "fee",
    "top_up",
    "pay_back",
    "from_cash",
)
OLD_KINDS = ("collect", "cancel", "refund", "release", "fee")
METHODS = ("card", "alipay", "wechat_pay", "ach_debit", "sepa_debit", "bank_transfer", "cash_account")


def upgrade() -> None:
    op.drop_constraint("ck_ledger_accounts_book_known", "ledger_accounts")
    op.create_check_constraint(
        op.f("ck_ledger_accounts_book_known"), "ledger_accounts", "book IN ('client', 'platform', 'memo')"
    )
    op.add_column(
        "ledger_accounts", sa.Column("investor_id", sa.BigInteger(), server_default=sa.text("0"), nullable=False)
    )
    op.add_column(
        "ledger_accounts", sa.Column("gateway", sa.String(length=40), server_default=sa.text("''"), nullable=False)
    )
    op.drop_constraint("uq_ledger_accounts_book_code_currency_offering_id_pledge_id", "ledger_accounts")
    op.create_unique_constraint(
        "uq_ledger_accounts_whose", "ledger_accounts",
        ["book", "code", "currency", "offering_id", "pledge_id", "investor_id", "gateway"],
    )  # fmt: skip
    op.create_index(
        "ix_ledger_accounts_investor_id",
        "ledger_accounts",
        ["investor_id"],
        postgresql_where=sa.text("investor_id > 0"),
    )
    op.execute(
        ACCOUNT_GUARD.format(more_old=", OLD.investor_id, OLD.gateway", more_new=", NEW.investor_id, NEW.gateway")
    )
    op.add_column("journal_entries", sa.Column("reverses", sa.BigInteger(), nullable=True))
    op.create_unique_constraint(op.f("uq_journal_entries_reverses"), "journal_entries", ["reverses"])
    op.create_foreign_key(
        op.f("fk_journal_entries_reverses"), "journal_entries", "journal_entries", ["reverses"], ["id"]
    )
    op.drop_constraint("ck_instructions_kind_known", "instructions")
    op.create_check_constraint(op.f("ck_instructions_kind_known"), "instructions", _one_of("kind", KINDS))
    op.add_column("instructions", sa.Column("method", sa.String(), nullable=True))
    op.create_check_constraint(op.f("ck_instructions_method_known"), "instructions", _one_of("method", METHODS))
    op.execute("ALTER TABLE instructions DISABLE TRIGGER USER")
    op.execute("UPDATE instructions SET method = 'card' WHERE kind = 'collect'")
    op.execute("ALTER TABLE instructions ENABLE TRIGGER USER")
    op.create_check_constraint(
        op.f("ck_instructions_collects_by_a_method"), "instructions",
        "kind NOT IN ('setup', 'collect') OR method IS NOT NULL",
    )  # fmt: skip
    op.add_column("instructions", sa.Column("instrument", sa.String(), nullable=True))


def _one_of(column: str, values: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(repr(value) for value in values)})"


def downgrade() -> None:
    op.drop_column("instructions", "instrument")
    op.drop_constraint("ck_instructions_collects_by_a_method", "instructions")
    op.drop_column("instructions", "method")
    op.drop_constraint("ck_instructions_kind_known", "instructions")
    op.create_check_constraint(op.f("ck_instructions_kind_known"), "instructions", _one_of("kind", OLD_KINDS))
    op.drop_column("journal_entries", "reverses")
    op.execute(ACCOUNT_GUARD.format(more_old="", more_new=""))
    op.drop_index("ix_ledger_accounts_investor_id", "ledger_accounts")
    op.drop_constraint("uq_ledger_accounts_whose", "ledger_accounts")
    op.drop_column("ledger_accounts", "gateway")
    op.drop_column("ledger_accounts", "investor_id")
    op.create_unique_constraint(
        op.f("uq_ledger_accounts_book_code_currency_offering_id_pledge_id"), "ledger_accounts",
        ["book", "code", "currency", "offering_id", "pledge_id"],
    )  # fmt: skip
    op.drop_constraint("ck_ledger_accounts_book_known", "ledger_accounts")
    op.create_check_constraint(
        op.f("ck_ledger_accounts_book_known"), "ledger_accounts", "book IN ('client', 'platform')"
    )
