"""What comes back of a loss and lies apart is paid to who had borne it, when two people have said so."""

import re

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

KIND = "ck_instructions_kind_known"
#: Neither way without two people, as for money of nobody (0033).
GUARD = """
CREATE TRIGGER to_issuer BEFORE INSERT ON instructions FOR EACH ROW WHEN (NEW.kind = 'to_issuer')
  EXECUTE FUNCTION receipt_guard('business_key', 'to_issuer:');
CREATE TRIGGER to_investor BEFORE INSERT ON instructions FOR EACH ROW
  WHEN (NEW.kind = 'refund' AND starts_with(NEW.business_key, 'refund:unidentified:loss_owed_to_'))
  EXECUTE FUNCTION receipt_guard('business_key', 'refund:unidentified:');
"""


def _kinds(*, add: tuple[str, ...] = (), drop: tuple[str, ...] = ()) -> None:
    """Other migrations add words, too: what the column may hold by now is asked of it."""
    found = op.get_bind().execute(
        sa.text("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = :name"), {"name": KIND}
    )
    known = [word for word in re.findall(r"'(\w+)'", str(found.scalar_one())) if word not in drop]
    listed = ", ".join(f"'{word}'" for word in (*known, *add))
    op.drop_constraint(KIND, "instructions")
    op.create_check_constraint(op.f(KIND), "instructions", f"kind IN ({listed})")


def upgrade() -> None:
    _kinds(add=("to_issuer",))
    op.execute(GUARD)


def downgrade() -> None:
    op.execute("DROP TRIGGER to_investor ON instructions")
    op.execute("DROP TRIGGER to_issuer ON instructions")
    _kinds(drop=("to_issuer",))
