"""When each job last ran."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "job_clocks",
        sa.Column("job", sa.String(length=60), nullable=False),
        sa.Column("ran_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("job", name=op.f("pk_job_clocks")),
    )
    # The text of an error could hold a row of the database; from now on only its kind and place are kept.
    op.execute("UPDATE job_runs SET error = split_part(error, ':', 1) WHERE error IS NOT NULL")


def downgrade() -> None:
    op.drop_table("job_clocks")
