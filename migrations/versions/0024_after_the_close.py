"""Money that is taken back, sent back or carried on has its own statuses and dates."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

NOW = sa.DateTime(timezone=True)
STATUSES = (
    "reserved", "in_review", "refused", "processing", "cancelling", "held", "failed", "cancelled", "refund_due",
    "refunded", "allotted", "settled",
)  # fmt: skip
NEW_STATUSES = (*STATUSES[:10], "returned", *STATUSES[10:])
MESSAGES = (
    "verify_email", "account_exists", "reset_password", "security_changed", "pledge_placed", "pledge_referred",
    "pledge_held", "payment_failed", "pledge_cancelled", "pledge_refused", "refund_due", "refund_paid", "shares_issued",
    "claim_decided", "offering_decided", "offering_failed", "funds_released", "closing_proposed", "change_to_confirm",
    "change_confirmed", "change_published", "deadline_moved", "change_decided", "claim_ends_soon", "claim_expired",
    "case_question", "case_answered", "payee_change",
)  # fmt: skip
NEW_MESSAGES = (
    *MESSAGES[:12], "refund_failed", "payment_taken_back", "payment_disputed", *MESSAGES[12:17], "payout_came_back",
    *MESSAGES[17:],
)  # fmt: skip
REASONS = (
    "investor", "expired", "offering_ended", "paid_too_late", "offering_failed", "offering_withdrawn",
    "not_reconfirmed", "platform_ended", "not_lawful_at_sale",
)  # fmt: skip
KINDS = (
    "setup", "collect", "cancel", "refund", "to_custody", "from_custody", "release", "fee", "top_up", "pay_back",
    "from_cash",
)  # fmt: skip
PLEDGES = {
    "": "reserved in_review", "in_review": "reserved refused cancelled",
    "reserved": "processing held failed cancelling cancelled", "processing": "held failed cancelling cancelled",
    "cancelling": "held failed cancelled", "held": "refund_due allotted", "refund_due": "refunded",
    "allotted": "settled",
}  # fmt: skip
CLOSINGS = {
    "": "gathering", "gathering": "proposed aborted", "proposed": "releasing aborted",
    "releasing": "payout_failed done", "payout_failed": "payout_proposed", "payout_proposed": "releasing",
}  # fmt: skip

#: A payout may be proposed anew when the last one failed, or came back after it was paid.
PAYOUT = """
CREATE OR REPLACE FUNCTION payout_guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF EXISTS (SELECT 1 FROM instructions i WHERE closing_id = NEW.id AND kind = 'release'
      AND (status <> 'failed'{came_back}
        OR NEW.status = 'payout_proposed' AND document_sha256 = NEW.snapshot_hash)) THEN
    RAISE EXCEPTION 'closing % is paid out on these approvals', NEW.id USING ERRCODE = '23514';
  END IF;
  RETURN NEW; END $$
"""
CAME_BACK = """ AND NOT EXISTS (
          SELECT 1 FROM journal_entries e WHERE e.instruction_id = i.id AND e.kind = 'payout_returned')"""


def _moves(table: str, moves: dict[str, str]) -> None:
    pairs = ", ".join(f"'{source}>{target}'" for source in moves for target in moves[source].split())
    op.execute(f"DROP TRIGGER moves ON {table}")
    op.execute(
        f"CREATE TRIGGER moves BEFORE INSERT OR UPDATE OF status ON {table}"
        f" FOR EACH ROW EXECUTE FUNCTION status_guard({pairs})"
    )


def _known(table: str, column: str, values: tuple[str, ...]) -> None:
    name = f"ck_{table}_{column}_known"
    op.drop_constraint(name, table)
    listed = ", ".join(f"'{value}'" for value in values)
    op.create_check_constraint(op.f(name), table, f"{column} IN ({listed})")


def upgrade() -> None:
    op.add_column("pledges", sa.Column("clears_at", NOW, nullable=True))
    op.add_column("closings", sa.Column("settled_at", NOW, nullable=True))
    op.add_column("instructions", sa.Column("clearing_hold", sa.Interval(), nullable=True))
    op.add_column("instructions", sa.Column("to_gateway", sa.String(length=40), nullable=True))
    op.add_column("gateway_transactions", sa.Column("available_at", NOW, nullable=True))
    op.execute("UPDATE closings SET settled_at = begun_at WHERE status = 'done'")
    _known("pledges", "status", NEW_STATUSES)
    _known("pledges", "stop_reason", (*REASONS, "disputed"))
    _known("instructions", "kind", (*KINDS[:6], "arrival", *KINDS[6:]))
    _known("messages", "kind", NEW_MESSAGES)
    _moves("pledges", {
        **PLEDGES, "held": "refund_due allotted returned", "refund_due": "refunded returned", "refunded": "refund_due",
    })  # fmt: skip
    op.execute(PAYOUT.format(came_back=CAME_BACK))
    _moves("closings", {**CLOSINGS, "done": "payout_failed"})
    op.create_index("ix_pledges_clears_at", "pledges", ["clears_at"], postgresql_where=sa.text("clears_at IS NOT NULL"))


def downgrade() -> None:
    op.drop_index("ix_pledges_clears_at", "pledges")
    op.execute(PAYOUT.format(came_back=""))
    _moves("closings", CLOSINGS)
    _moves("pledges", PLEDGES)
    _known("messages", "kind", MESSAGES)
    _known("instructions", "kind", KINDS)
    _known("pledges", "stop_reason", REASONS)
    _known("pledges", "status", STATUSES)
    op.drop_column("gateway_transactions", "available_at")
    op.drop_column("instructions", "to_gateway")
    op.drop_column("instructions", "clearing_hold")
    op.drop_column("closings", "settled_at")
    op.drop_column("pledges", "clears_at")
