"""Alerts and changes are cases; lists of names, monitoring, and related parties."""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_constraint(op.f("ck_review_cases_kind_known"), "review_cases", type_="check")
    op.create_check_constraint(
        op.f("ck_review_cases_kind_known"),
        "review_cases",
        "kind IN ('offering', 'investor', 'pledge', 'alert', 'change')",
    )


def downgrade() -> None:
    op.drop_constraint(op.f("ck_review_cases_kind_known"), "review_cases", type_="check")
    op.create_check_constraint(
        op.f("ck_review_cases_kind_known"), "review_cases", "kind IN ('offering', 'investor', 'pledge')"
    )
