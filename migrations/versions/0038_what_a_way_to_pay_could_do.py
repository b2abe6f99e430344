"""A collection keeps what its way to pay could do, for as long as its money may have to go back."""

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("instructions", sa.Column("refund_not_before", sa.Interval(), nullable=True))
    op.add_column("instructions", sa.Column("reversible_for", sa.Interval(), nullable=True))
    op.add_column("instructions", sa.Column("refunds_whole", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("instructions", sa.Column("paid_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    for column in ("paid_at", "refunds_whole", "reversible_for", "refund_not_before"):
        op.drop_column("instructions", column)
