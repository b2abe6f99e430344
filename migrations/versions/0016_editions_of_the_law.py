"""Editions of the law, and decisions that name theirs."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

#: The text of an edition never changes; it may be adopted, once.
GUARD = """
CREATE FUNCTION edition_guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF TG_OP = 'DELETE' OR OLD.adopted_at IS NOT NULL
     OR (NEW.id, NEW.pack, NEW.sha256, NEW.text, NEW.recorded_at)
        IS DISTINCT FROM (OLD.id, OLD.pack, OLD.sha256, OLD.text, OLD.recorded_at) THEN
    RAISE EXCEPTION 'an edition is kept as it is' USING ERRCODE = '23514';
  END IF;
  RETURN NEW; END $$
"""

STOP_REASONS = (
    "investor expired offering_ended paid_too_late offering_failed offering_withdrawn not_reconfirmed platform_ended"
)


def upgrade() -> None:
    op.create_table(
        "editions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("pack", sa.String(length=20), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("adopted_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_editions")),
        sa.UniqueConstraint("sha256", name=op.f("uq_editions_sha256")),
    )
    op.create_index(op.f("ix_editions_pack_adopted_at"), "editions", ["pack", "adopted_at"])
    op.execute(GUARD)
    op.execute("CREATE TRIGGER keep BEFORE UPDATE OR DELETE ON editions FOR EACH ROW EXECUTE FUNCTION edition_guard()")
    op.execute("CREATE TRIGGER keep_all BEFORE TRUNCATE ON editions EXECUTE FUNCTION append_only()")
    op.add_column("decisions", sa.Column("purpose", sa.String(length=10), nullable=False, server_default="pledge"))
    op.alter_column("decisions", "purpose", server_default=None)
    op.create_check_constraint(op.f("ck_decisions_purpose_known"), "decisions", "purpose IN ('pledge', 'sale')")
    op.add_column("decisions", sa.Column("beside_id", sa.BigInteger(), nullable=True))
    op.add_column("decisions", sa.Column("edition_id", sa.BigInteger(), nullable=True))
    op.add_column("decisions", sa.Column("largest_minor", sa.BigInteger(), nullable=True))
    op.create_foreign_key(op.f("fk_decisions_beside_id"), "decisions", "decisions", ["beside_id"], ["id"])
    op.create_foreign_key(op.f("fk_decisions_edition_id"), "decisions", "editions", ["edition_id"], ["id"])
    op.create_index(
        "ix_decisions_beside_id", "decisions", ["beside_id"], postgresql_where=sa.text("beside_id IS NOT NULL")
    )
    op.add_column("pledges", sa.Column("sale_decision_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(op.f("fk_pledges_sale_decision_id"), "pledges", "decisions", ["sale_decision_id"], ["id"])
    _stop_reasons(f"{STOP_REASONS} not_lawful_at_sale")


def _stop_reasons(names: str) -> None:
    op.drop_constraint(op.f("ck_pledges_stop_reason_known"), "pledges", type_="check")
    listed = ", ".join(f"'{name}'" for name in names.split())
    op.create_check_constraint(op.f("ck_pledges_stop_reason_known"), "pledges", f"stop_reason IN ({listed})")


def downgrade() -> None:
    _stop_reasons(STOP_REASONS)
    op.drop_column("pledges", "sale_decision_id")
    for column in ("largest_minor", "edition_id", "beside_id", "purpose"):
        op.drop_column("decisions", column)
    op.drop_table("editions")
    op.execute("DROP FUNCTION edition_guard()")
