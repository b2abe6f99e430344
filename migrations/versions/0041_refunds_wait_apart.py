"""A refund that waits for its day stands apart until then, so that no run looks at it."""

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None

NAME = "ix_instructions_due"
DUE = "status IN ('queued', 'sending', 'action_required', 'pending', 'unknown')"


def _due(where: str) -> None:
    op.drop_index(NAME, "instructions")
    op.create_index(NAME, "instructions", ["next_attempt_at"], postgresql_where=sa.text(where))


def upgrade() -> None:
    op.add_column("instructions", sa.Column("waits_until", sa.DateTime(timezone=True), nullable=True))
    op.execute(
        "UPDATE instructions r SET waits_until = c.paid_at + c.refund_not_before FROM instructions c"
        f" WHERE r.kind = 'refund' AND c.id = r.about_id AND r.{DUE} AND c.paid_at + c.refund_not_before > platform_now()"
    )
    op.create_index(
        "ix_instructions_waits_until", "instructions", ["waits_until"],
        postgresql_where=sa.text("waits_until IS NOT NULL"),
    )  # fmt: skip
    _due(f"{DUE} AND waits_until IS NULL")


def downgrade() -> None:
    _due(DUE)
    op.drop_index("ix_instructions_waits_until", "instructions")
    op.drop_column("instructions", "waits_until")
