"""A company is told when what was held back from it falls due, once."""

import re

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

KIND = "ck_messages_kind_known"


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
    op.add_column("closings", sa.Column("holdback_told_at", sa.DateTime(timezone=True)))
    _kinds(add=("holdback_due",))


def downgrade() -> None:
    op.execute("DELETE FROM messages WHERE kind = 'holdback_due'")
    _kinds(drop=("holdback_due",))
    op.drop_column("closings", "holdback_told_at")
