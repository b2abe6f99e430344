"""Which account paid a pledge and from where it was placed; a refund names the payment that it returns."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

RETURNS = "kind NOT IN ('refund', 'cancel') OR (about_id IS NOT NULL AND pledge_id IS NOT NULL)"


def upgrade() -> None:
    op.add_column("pledges", sa.Column("paid_from", sa.String(64)))
    op.add_column("pledges", sa.Column("placed_from", sa.String(2)))
    op.create_index("ix_pledges_paid_from", "pledges", ["paid_from"], postgresql_where=sa.text("paid_from IS NOT NULL"))
    op.create_unique_constraint(op.f("uq_instructions_id_pledge_id"), "instructions", ["id", "pledge_id"])
    op.drop_constraint(op.f("fk_instructions_about_id"), "instructions", type_="foreignkey")
    op.create_foreign_key(
        op.f("fk_instructions_about_id_pledge_id"), "instructions", "instructions", ["about_id", "pledge_id"],
        ["id", "pledge_id"],
    )  # fmt: skip
    op.create_check_constraint(op.f("ck_instructions_about_a_payment"), "instructions", RETURNS)


def downgrade() -> None:
    op.drop_constraint(op.f("ck_instructions_about_a_payment"), "instructions", type_="check")
    op.drop_constraint(op.f("fk_instructions_about_id_pledge_id"), "instructions", type_="foreignkey")
    op.create_foreign_key(op.f("fk_instructions_about_id"), "instructions", "instructions", ["about_id"], ["id"])
    op.drop_constraint(op.f("uq_instructions_id_pledge_id"), "instructions", type_="unique")
    op.drop_index("ix_pledges_paid_from", table_name="pledges")
    op.drop_column("pledges", "placed_from")
    op.drop_column("pledges", "paid_from")
