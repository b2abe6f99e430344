"""Two people say what becomes of money that nobody is known to own: it is for a pledge, or goes back."""

import re

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

OLD_RETURNS = (
    "kind NOT IN ('refund', 'cancel') OR (about_id IS NOT NULL AND (pledge_id IS NOT NULL OR investor_id IS NOT NULL))"
)
RETURNS = f"{OLD_RETURNS} OR (kind = 'refund' AND num_nonnulls(about_id, pledge_id, investor_id) = 0 AND instrument IS NOT NULL)"
KIND = "ck_proposals_kind_known"
#: Neither way without two people. What is written is named by the receipt: (its column, what stands before the name there).
GUARD = """
CREATE FUNCTION receipt_guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF NOT EXISTS (SELECT 1 FROM proposals WHERE kind = 'receipt' AND status = 'approved'
      AND starts_with((to_jsonb(NEW)->>TG_ARGV[0]) || ':', TG_ARGV[1] || (payload->>'receipt') || ':')
      AND (payload->>'pledge' IS NULL) = (TG_TABLE_NAME = 'instructions')) THEN
    RAISE EXCEPTION 'what becomes of money of nobody is said by two people' USING ERRCODE = '23514';
  END IF;
  RETURN NEW; END $$;
CREATE TRIGGER receipt BEFORE INSERT ON journal_entries FOR EACH ROW WHEN (NEW.kind = 'receipt_identified')
  EXECUTE FUNCTION receipt_guard('key', 'receipt_identified:');
CREATE TRIGGER receipt BEFORE INSERT ON instructions FOR EACH ROW WHEN (NEW.kind = 'refund' AND NEW.about_id IS NULL)
  EXECUTE FUNCTION receipt_guard('business_key', 'refund:unidentified:');
"""


def _kinds(*, add: tuple[str, ...] = (), drop: tuple[str, ...] = ()) -> None:
    """Other migrations add words, too: what the column may hold by now is asked of it."""
    found = op.get_bind().execute(
        sa.text("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = :name"), {"name": KIND}
    )
    known = [word for word in re.findall(r"'(\w+)'", str(found.scalar_one())) if word not in drop]
    listed = ", ".join(f"'{word}'" for word in (*known, *add))
    op.drop_constraint(KIND, "proposals")
    op.create_check_constraint(op.f(KIND), "proposals", f"kind IN ({listed})")


def _about_a_payment(rule: str) -> None:
    op.drop_constraint(op.f("ck_instructions_about_a_payment"), "instructions", type_="check")
    op.create_check_constraint(op.f("ck_instructions_about_a_payment"), "instructions", rule)


def upgrade() -> None:
    _kinds(add=("receipt",))
    _about_a_payment(RETURNS)
    op.execute(GUARD)


def downgrade() -> None:
    op.execute("DROP FUNCTION receipt_guard() CASCADE")
    _about_a_payment(OLD_RETURNS)
    _kinds(drop=("receipt",))
