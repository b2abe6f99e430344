"""Fees have terms: fixed when an offering is handed in, stored with each pledge and closing as they were shown."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

#: table -> whole numbers that are 0 where nothing is said.
AMOUNTS = {
    "offerings": ("fee_least_minor", "investor_fee_bps", "carry_bps", "listing_fee_minor"),
    "pledges": ("fee_minor",),
    "closings": ("investor_fee_minor",),
    "closing_lines": ("investor_fee_minor",),
}
#: Limits: none where nothing is said.
LIMITS = ("fee_most_minor", "investor_fee_most_minor")

CHECKS = {
    ("offerings", "fees_in_range"): "fee_bps BETWEEN 0 AND 10000 AND investor_fee_bps BETWEEN 0 AND 10000"
    " AND carry_bps BETWEEN 0 AND 10000 AND fee_least_minor >= 0 AND fee_most_minor >= fee_least_minor"
    " AND investor_fee_most_minor >= 0 AND listing_fee_minor >= 0",
    ("offerings", "least_fee_below_target"): "fee_least_minor < target_minor OR fee_least_minor = 0",
    ("pledges", "fee_in_range"): "fee_minor >= 0 AND fee_minor <= amount_minor",
}
LINE = "shares > 0 AND amount_minor > 0 AND fee_share_minor >= 0"

#: The terms of the fees stay as they were handed in.
FEES = """
CREATE FUNCTION fees_guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  RAISE EXCEPTION 'the fees of offering % are fixed', NEW.id USING ERRCODE = '23514'; END $$;
CREATE TRIGGER fees BEFORE UPDATE ON offerings FOR EACH ROW
  WHEN (OLD.status NOT IN ('draft', 'changes_requested') AND
    (NEW.fee_bps, NEW.fee_least_minor, NEW.fee_most_minor, NEW.investor_fee_bps, NEW.investor_fee_most_minor,
      NEW.carry_bps, NEW.listing_fee_minor) IS DISTINCT FROM
    (OLD.fee_bps, OLD.fee_least_minor, OLD.fee_most_minor, OLD.investor_fee_bps, OLD.investor_fee_most_minor,
      OLD.carry_bps, OLD.listing_fee_minor))
  EXECUTE FUNCTION fees_guard();
"""

#: Money goes nowhere while the account has just changed, and that time is never shortened.
FREEZE = """  IF NEW.status = 'releasing' AND OLD.status <> 'releasing' AND EXISTS (SELECT 1 FROM offerings o
      JOIN issuers i ON i.id = o.issuer_id WHERE o.id = NEW.offering_id AND i.payout_frozen_until > platform_now()) THEN
    RAISE EXCEPTION 'the payee of closing % has just changed', NEW.id USING ERRCODE = '23514';
  END IF;
"""
FROZEN = """
CREATE FUNCTION frozen_guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  RAISE EXCEPTION 'the payee of company % stays frozen', NEW.id USING ERRCODE = '23514'; END $$;
CREATE TRIGGER frozen BEFORE UPDATE OF payout_frozen_until ON issuers FOR EACH ROW
  WHEN (OLD.payout_frozen_until IS NOT NULL
    AND (NEW.payout_frozen_until IS NULL OR NEW.payout_frozen_until < OLD.payout_frozen_until))
  EXECUTE FUNCTION frozen_guard();
"""

#: As in 0005, with the amounts that are fixed once a closing is released.
RELEASE = """
CREATE OR REPLACE FUNCTION release_guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
{freeze}  IF NEW.status = 'releasing' AND OLD.status <> 'releasing' AND (SELECT count(*) FROM closing_approvals a
      JOIN users u ON u.id = a.user_id AND u.suspended_at IS NULL
      JOIN role_grants g ON g.user_id = a.user_id AND g.role = 'compliance_officer'
      WHERE a.closing_id = NEW.id AND a.snapshot_hash = NEW.snapshot_hash
        AND a.user_id IS DISTINCT FROM NEW.begun_by AND a.user_id IS DISTINCT FROM NEW.payout_proposed_by) < 2 THEN
    RAISE EXCEPTION 'closing % lacks approvals', NEW.id USING ERRCODE = '23514';
  END IF;
  IF NEW.status NOT IN ('gathering', 'proposed')
      AND (NEW.offering_id, NEW.currency, NEW.total_minor, NEW.fee_minor{more_new}) IS DISTINCT FROM
        (OLD.offering_id, OLD.currency, OLD.total_minor, OLD.fee_minor{more_old})
    OR NEW.status NOT IN ('proposed', 'payout_proposed') AND NEW.snapshot_hash IS DISTINCT FROM OLD.snapshot_hash
    OR NEW.snapshot_hash IS NOT DISTINCT FROM OLD.snapshot_hash
      AND (NEW.payee_holder, NEW.payee_account, NEW.payee_hint) IS DISTINCT FROM
        (OLD.payee_holder, OLD.payee_account, OLD.payee_hint) THEN
    RAISE EXCEPTION 'closing % is released as approved', NEW.id USING ERRCODE = '23514';
  END IF;
  RETURN NEW; END $$
"""

#: The postings that one statement adds, looked at together: they belong to entries of this very transaction, move the
#: totals of their accounts (locked in the order of their ids), and balance in each entry, book and currency.
ARRIVED = """
CREATE FUNCTION postings_arrived() RETURNS trigger LANGUAGE plpgsql
  SET enable_hashjoin = off SET enable_mergejoin = off AS $$ BEGIN
  IF EXISTS (SELECT 1 FROM fresh f
      WHERE (SELECT txid FROM journal_entries WHERE id = f.entry_id) IS DISTINCT FROM txid_current()) THEN
    RAISE EXCEPTION 'an entry is sealed' USING ERRCODE = '23514';
  END IF;
  PERFORM 1 FROM ledger_accounts WHERE id IN (SELECT account_id FROM fresh) ORDER BY id FOR NO KEY UPDATE;
  UPDATE ledger_accounts a SET debits = a.debits + moved.debits, credits = a.credits + moved.credits
    FROM (SELECT account_id, coalesce(sum(amount_minor) FILTER (WHERE side = 'D'), 0) AS debits,
        coalesce(sum(amount_minor) FILTER (WHERE side = 'C'), 0) AS credits FROM fresh GROUP BY account_id) moved
    WHERE a.id = moved.account_id;
  IF EXISTS (SELECT 1 FROM fresh GROUP BY entry_id, book, currency
      HAVING sum(CASE side WHEN 'D' THEN amount_minor ELSE -amount_minor END) <> 0) THEN
    RAISE EXCEPTION 'an entry is unbalanced' USING ERRCODE = '23514';
  END IF;
  RETURN NULL; END $$;
DROP TRIGGER balanced ON postings;
DROP TRIGGER balanced ON journal_entries;
DROP TRIGGER apply ON postings;
DROP TRIGGER seal ON postings;
CREATE TRIGGER arrived AFTER INSERT ON postings REFERENCING NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION postings_arrived();
"""
#: At the end of the transaction no entry is empty.
WRITTEN = """
CREATE FUNCTION entry_written() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF NOT EXISTS (SELECT 1 FROM postings WHERE entry_id = NEW.id) THEN
    RAISE EXCEPTION 'entry % is empty', NEW.id USING ERRCODE = '23514';
  END IF;
  RETURN NULL; END $$;
CREATE CONSTRAINT TRIGGER written AFTER INSERT ON journal_entries DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION entry_written();
"""
BEFORE = """
DROP TRIGGER written ON journal_entries;
DROP TRIGGER arrived ON postings;
DROP FUNCTION entry_written();
DROP FUNCTION postings_arrived();
CREATE TRIGGER apply AFTER INSERT ON postings FOR EACH ROW EXECUTE FUNCTION posting_apply();
CREATE TRIGGER seal BEFORE INSERT ON postings FOR EACH ROW EXECUTE FUNCTION posting_seal();
CREATE CONSTRAINT TRIGGER balanced AFTER INSERT ON journal_entries DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION entry_balanced();
CREATE CONSTRAINT TRIGGER balanced AFTER INSERT ON postings DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION entry_balanced();
"""


def upgrade() -> None:
    for table, columns in AMOUNTS.items():
        for column in columns:
            op.add_column(table, sa.Column(column, sa.BigInteger(), server_default=sa.text("0"), nullable=False))
    for column in LIMITS:
        op.add_column("offerings", sa.Column(column, sa.BigInteger(), nullable=True))
    for (table, name), check in CHECKS.items():
        op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, check)
    _line_check(f"{LINE} AND investor_fee_minor >= 0")
    op.execute(FEES)
    op.add_column("issuers", sa.Column("payout_frozen_until", sa.DateTime(timezone=True), nullable=True))
    op.execute(FROZEN)
    op.execute(_release_guard("investor_fee_minor", freeze=FREEZE))
    op.execute(ARRIVED)
    op.execute(WRITTEN)


def _line_check(check: str) -> None:
    op.drop_constraint("ck_closing_lines_line_positive", "closing_lines")
    op.create_check_constraint(op.f("ck_closing_lines_line_positive"), "closing_lines", check)


def _release_guard(*fixed: str, freeze: str = "") -> str:
    more = {f"more_{row.lower()}": "".join(f", {row}.{column}" for column in fixed) for row in ("NEW", "OLD")}
    return RELEASE.format(freeze=freeze, **more)


def downgrade() -> None:
    op.execute(BEFORE)
    op.execute(_release_guard())
    op.execute("DROP TRIGGER frozen ON issuers")
    op.execute("DROP FUNCTION frozen_guard()")
    op.drop_column("issuers", "payout_frozen_until")
    op.execute("DROP TRIGGER fees ON offerings")
    op.execute("DROP FUNCTION fees_guard()")
    _line_check(LINE)
    for table, name in CHECKS:
        op.drop_constraint(f"ck_{table}_{name}", table)
    for column in LIMITS:
        op.drop_column("offerings", column)
    for table, columns in AMOUNTS.items():
        for column in columns:
            op.drop_column(table, column)
