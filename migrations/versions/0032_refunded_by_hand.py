"""A pledge may end because somebody gave its money back at the gateway itself; what was paid twice goes back."""

import re

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

WORDS = (("pledges", "stop_reason", "refunded_by_hand"), ("breaks", "action", "give_back"))


def _know(table: str, column: str, word: str, *, known: bool) -> None:
    """Other migrations add words, too: what the column may hold by now is asked of it."""
    name = op.f(f"ck_{table}_{column}_known")
    found = op.get_bind().execute(
        sa.text("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = :name"), {"name": name}
    )
    words = [one for one in re.findall(r"'(\w+)'", str(found.scalar_one())) if one != word]
    listed = ", ".join(f"'{one}'" for one in (*words, *([word] if known else [])))
    op.drop_constraint(name, table)
    op.create_check_constraint(name, table, f"{column} IN ({listed})")


def upgrade() -> None:
    for table, column, word in WORDS:
        _know(table, column, word, known=True)


def downgrade() -> None:
    for table, column, word in WORDS:
        _know(table, column, word, known=False)
