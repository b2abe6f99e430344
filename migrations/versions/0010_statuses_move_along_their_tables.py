"""Statuses move along their tables."""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

#: What may follow what; what follows nothing is where a row begins. A trigger takes its own part as "from>to".
MOVES = {
    "offerings": {
        "": "draft", "draft": "submitted withdrawn", "changes_requested": "submitted withdrawn",
        "submitted": "in_review withdrawn", "in_review": "changes_requested approved refused withdrawn",
        "approved": "changes_requested live withdrawn", "live": "closing withdrawn", "closing": "settled failed",
        "failed": "refunded",
    },
    "claims": {"": "claimed", "claimed": "verified rejected withdrawn", "verified": "withdrawn"},
    "review_cases": {"": "open", "open": "claimed withdrawn", "claimed": "open resolved withdrawn"},
    "pledges": {
        "": "reserved in_review", "in_review": "reserved refused cancelled",
        "reserved": "processing held failed cancelling cancelled", "processing": "held failed cancelling cancelled",
        "cancelling": "held failed cancelled", "held": "refund_due allotted", "refund_due": "refunded",
        "allotted": "settled",
    },
    "closings": {
        "": "gathering", "gathering": "proposed aborted", "proposed": "releasing aborted",
        "releasing": "payout_failed done", "payout_failed": "payout_proposed", "payout_proposed": "releasing",
    },
    "instructions": {
        "": "queued", "queued": "sending cancelled review",
        "sending": "queued action_required pending unknown succeeded failed cancelled review",
        "unknown": "sending action_required pending succeeded failed cancelled review",
        "action_required": "pending succeeded failed cancelled review", "pending": "succeeded failed cancelled review",
        "review": "queued", "failed": "queued",
    },
}  # fmt: skip

GUARD = """
CREATE FUNCTION status_guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF NEW.status IS DISTINCT FROM OLD.status AND NOT concat(OLD.status, '>', NEW.status) = ANY (TG_ARGV) THEN
    RAISE EXCEPTION '% may not go from % to %', TG_TABLE_NAME, OLD.status, NEW.status USING ERRCODE = '23514';
  END IF;
  RETURN NEW; END $$
"""


def upgrade() -> None:
    op.execute(GUARD)
    for table, moves in MOVES.items():
        pairs = ", ".join(f"'{source}>{target}'" for source in moves for target in moves[source].split())
        op.execute(
            f"CREATE TRIGGER moves BEFORE INSERT OR UPDATE OF status ON {table}"
            f" FOR EACH ROW EXECUTE FUNCTION status_guard({pairs})"
        )


def downgrade() -> None:
    for table in MOVES:
        op.execute(f"DROP TRIGGER moves ON {table}")
    op.execute("DROP FUNCTION status_guard()")
