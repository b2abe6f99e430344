"""An offering whose law counts people has so many seats."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("offering_progress", sa.Column("seats", sa.BigInteger()))
    op.create_check_constraint("seats_positive", "offering_progress", "seats > 0")


def downgrade() -> None:
    op.drop_column("offering_progress", "seats")
