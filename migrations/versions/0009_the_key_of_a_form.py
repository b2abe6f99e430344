"""The key of the form that a company or an offering was entered by."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("issuers", "offerings"):
        op.add_column(table, sa.Column("form_key", sa.Uuid(), nullable=True))
        op.create_unique_constraint(op.f(f"uq_{table}_form_key"), table, ["form_key"])


def downgrade() -> None:
    for table in ("issuers", "offerings"):
        op.drop_constraint(op.f(f"uq_{table}_form_key"), table, type_="unique")
        op.drop_column(table, "form_key")
