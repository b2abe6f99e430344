"""The books and their guards."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

#: Totals of an account follow its postings; the account's own checks refuse an overdraft here.
APPLY = """
CREATE FUNCTION posting_apply() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  UPDATE ledger_accounts SET
    debits = debits + CASE NEW.side WHEN 'D' THEN NEW.amount_minor ELSE 0 END,
    credits = credits + CASE NEW.side WHEN 'C' THEN NEW.amount_minor ELSE 0 END
  WHERE id = NEW.account_id;
  RETURN NEW; END $$
"""

#: Only the transaction that wrote an entry may add postings to it; safe inside savepoints.
SEAL = """
CREATE FUNCTION posting_seal() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF (SELECT txid FROM journal_entries WHERE id = NEW.entry_id) <> txid_current() THEN
    RAISE EXCEPTION 'entry % is sealed', NEW.entry_id USING ERRCODE = '23514';
  END IF;
  RETURN NEW; END $$
"""

#: At the end of the transaction every entry has two sides that are equal, in each book and currency.
BALANCED = """
CREATE FUNCTION entry_balanced() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE wanted bigint := coalesce((to_jsonb(NEW) ->> 'entry_id')::bigint, NEW.id); BEGIN
  IF (SELECT count(*) FROM postings WHERE entry_id = wanted) < 2 OR EXISTS (
    SELECT 1 FROM postings WHERE entry_id = wanted GROUP BY book, currency
    HAVING sum(CASE side WHEN 'D' THEN amount_minor ELSE -amount_minor END) <> 0)
  THEN RAISE EXCEPTION 'entry % is unbalanced or empty', wanted USING ERRCODE = '23514'; END IF;
  RETURN NULL; END $$
"""

#: An account keeps its nature; only its totals move, only forward, and only by postings.
ACCOUNT_GUARD = """
CREATE FUNCTION account_guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF TG_OP = 'DELETE' OR pg_trigger_depth() < 2
    OR (OLD.book, OLD.code, OLD.class, OLD.currency, OLD.offering_id, OLD.pledge_id, OLD.guard)
      IS DISTINCT FROM (NEW.book, NEW.code, NEW.class, NEW.currency, NEW.offering_id, NEW.pledge_id, NEW.guard)
    OR NEW.debits < OLD.debits OR NEW.credits < OLD.credits
  THEN RAISE EXCEPTION 'account % changes only by postings', OLD.id USING ERRCODE = '23514'; END IF;
  RETURN NEW; END $$
"""

#: A new account starts at nothing.
ACCOUNT_BIRTH = """
CREATE FUNCTION account_birth() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF NEW.debits <> 0 OR NEW.credits <> 0 THEN
    RAISE EXCEPTION 'an account begins at zero' USING ERRCODE = '23514';
  END IF;
  RETURN NEW; END $$
"""

TRIGGERS = """
CREATE TRIGGER apply AFTER INSERT ON postings FOR EACH ROW EXECUTE FUNCTION posting_apply();
CREATE TRIGGER seal BEFORE INSERT ON postings FOR EACH ROW EXECUTE FUNCTION posting_seal();
CREATE CONSTRAINT TRIGGER balanced AFTER INSERT ON journal_entries DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION entry_balanced();
CREATE CONSTRAINT TRIGGER balanced AFTER INSERT ON postings DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION entry_balanced();
CREATE TRIGGER keep BEFORE UPDATE OR DELETE ON journal_entries FOR EACH ROW EXECUTE FUNCTION append_only();
CREATE TRIGGER keep BEFORE UPDATE OR DELETE ON postings FOR EACH ROW EXECUTE FUNCTION append_only();
CREATE TRIGGER keep_all BEFORE TRUNCATE ON journal_entries EXECUTE FUNCTION append_only();
CREATE TRIGGER keep_all BEFORE TRUNCATE ON postings EXECUTE FUNCTION append_only();
CREATE TRIGGER guard BEFORE UPDATE OR DELETE ON ledger_accounts FOR EACH ROW EXECUTE FUNCTION account_guard();
CREATE TRIGGER birth BEFORE INSERT ON ledger_accounts FOR EACH ROW EXECUTE FUNCTION account_birth();
CREATE TRIGGER keep_all BEFORE TRUNCATE ON ledger_accounts EXECUTE FUNCTION append_only();
"""


def upgrade() -> None:
    op.create_table(
        "journal_entries",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("body_hash", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("instruction_id", sa.BigInteger(), nullable=True),
        sa.Column("evidence", sa.String(), nullable=True),
        sa.Column("txid", sa.BigInteger(), server_default=sa.text("txid_current()"), nullable=False),
        sa.Column("effective_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "recorded_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("actor", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_journal_entries")),
        sa.UniqueConstraint("evidence", name=op.f("uq_journal_entries_evidence")),
        sa.UniqueConstraint("key", name=op.f("uq_journal_entries_key")),
    )
    op.create_index(op.f("ix_journal_entries_instruction_id"), "journal_entries", ["instruction_id"], unique=False)
    op.create_table(
        "ledger_accounts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("book", sa.String(), nullable=False),
        sa.Column("code", sa.String(length=4), nullable=False),
        sa.Column("class", sa.String(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("offering_id", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("pledge_id", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("guard", sa.String(), nullable=False),
        sa.Column("debits", sa.Numeric(precision=20, scale=0), server_default=sa.text("0"), nullable=False),
        sa.Column("credits", sa.Numeric(precision=20, scale=0), server_default=sa.text("0"), nullable=False),
        sa.CheckConstraint(
            "book <> 'client' OR class IN ('asset', 'liability')",
            name=op.f("ck_ledger_accounts_client_book_has_no_result"),
        ),
        sa.CheckConstraint("book IN ('client', 'platform')", name=op.f("ck_ledger_accounts_book_known")),
        sa.CheckConstraint(
            "class IN ('asset', 'liability', 'income', 'expense', 'equity')",
            name=op.f("ck_ledger_accounts_class_known"),
        ),
        sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name=op.f("ck_ledger_accounts_currency_form")),
        sa.CheckConstraint(
            "guard <> 'no_credit_balance' OR debits >= credits", name=op.f("ck_ledger_accounts_no_credit_balance")
        ),
        sa.CheckConstraint(
            "guard <> 'no_debit_balance' OR credits >= debits", name=op.f("ck_ledger_accounts_no_debit_balance")
        ),
        sa.CheckConstraint(
            "guard IN ('none', 'no_credit_balance', 'no_debit_balance')", name=op.f("ck_ledger_accounts_guard_known")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_accounts")),
        sa.UniqueConstraint(
            "book",
            "code",
            "currency",
            "offering_id",
            "pledge_id",
            name=op.f("uq_ledger_accounts_book_code_currency_offering_id_pledge_id"),
        ),
        sa.UniqueConstraint("id", "currency", "book", name=op.f("uq_ledger_accounts_id_currency_book")),
    )
    op.create_index(op.f("ix_ledger_accounts_offering_id"), "ledger_accounts", ["offering_id"], unique=False)
    op.create_index(op.f("ix_ledger_accounts_pledge_id"), "ledger_accounts", ["pledge_id"], unique=False)
    op.create_table(
        "postings",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("entry_id", sa.BigInteger(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("book", sa.String(), nullable=False),
        sa.Column("side", sa.String(length=1), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("side IN ('D', 'C')", name=op.f("ck_postings_side_known")),
        sa.CheckConstraint(
            "amount_minor > 0 AND amount_minor <= 99999999999999", name=op.f("ck_postings_amount_in_range")
        ),
        sa.ForeignKeyConstraint(
            ["account_id", "currency", "book"],
            ["ledger_accounts.id", "ledger_accounts.currency", "ledger_accounts.book"],
            name=op.f("fk_postings_account_id_currency_book"),
        ),
        sa.ForeignKeyConstraint(["entry_id"], ["journal_entries.id"], name=op.f("fk_postings_entry_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_postings")),
        sa.UniqueConstraint("entry_id", "account_id", name=op.f("uq_postings_entry_id_account_id")),
    )
    op.create_index(op.f("ix_postings_account_id"), "postings", ["account_id"], unique=False)
    for statement in (APPLY, SEAL, BALANCED, ACCOUNT_GUARD, ACCOUNT_BIRTH, TRIGGERS):
        op.execute(statement)


def downgrade() -> None:
    op.drop_index(op.f("ix_postings_account_id"), table_name="postings")
    op.drop_table("postings")
    op.drop_index(op.f("ix_ledger_accounts_pledge_id"), table_name="ledger_accounts")
    op.drop_index(op.f("ix_ledger_accounts_offering_id"), table_name="ledger_accounts")
    op.drop_table("ledger_accounts")
    op.drop_index(op.f("ix_journal_entries_instruction_id"), table_name="journal_entries")
    op.drop_table("journal_entries")
    for name in ("posting_apply", "posting_seal", "entry_balanced", "account_guard", "account_birth"):
        op.execute(f"DROP FUNCTION {name}()")
