"""What did not reach its payee: a refused payout, and a distribution that was not paid in, are told to the company; unwanted money goes to its payer's bank account."""

import re

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None

KIND = "ck_messages_kind_known"
KINDS = ("payout_refused", "distribution_called_off")
#: Not without two people, as for money of nobody (0033).
GUARD = """
CREATE TRIGGER to_payer BEFORE INSERT ON instructions
  FOR EACH ROW WHEN (NEW.kind = 'pay_back' AND starts_with(NEW.business_key, 'refund:unidentified:'))
  EXECUTE FUNCTION receipt_guard('business_key', 'refund:unidentified:');
"""


def _kinds(*, add: tuple[str, ...] = (), drop: tuple[str, ...] = ()) -> None:
    """Other migrations add words, too: what the column may hold by now is asked of it."""
    found = op.get_bind().execute(
        sa.text("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = :name"), {"name": KIND}
    )
    known = [word for word in re.findall(r"'(\w+)'", str(found.scalar_one())) if word not in drop]
    listed = ", ".join(f"'{word}'" for word in (*known, *add))
    op.drop_constraint(KIND, "messages")
    op.create_check_constraint(op.f(KIND), "messages", f"kind IN ({listed})")


def upgrade() -> None:
    _kinds(add=KINDS)
    op.execute(GUARD)


def downgrade() -> None:
    op.execute("DROP TRIGGER to_payer ON instructions")
    op.execute("DELETE FROM messages WHERE kind IN ('payout_refused', 'distribution_called_off')")
    _kinds(drop=KINDS)
