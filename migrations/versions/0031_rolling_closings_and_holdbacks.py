"""A part is closed while its offering goes on; of what a closing raised something may be kept back and paid out later."""

import re

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

NOW = sa.DateTime(timezone=True)
MESSAGES = ("rolling_announced", "rolling_called_off")
WAITING = ("proposed", "payout_proposed", "holdback_proposed")
OPEN = "status IN ('gathering', 'proposed')"
MOVES = {
    "": "gathering", "gathering": "proposed aborted", "proposed": "releasing aborted",
    "releasing": "payout_failed done", "payout_failed": "payout_proposed", "payout_proposed": "releasing",
    "done": "payout_failed",
}  # fmt: skip
NEW_MOVES = {**MOVES, "done": "payout_failed holdback_proposed", "holdback_proposed": "releasing payout_failed done"}

#: Who began a closing or asked for a payout of it does not approve that, and only what lies on the table can be approved.
APPROVAL = """
CREATE OR REPLACE FUNCTION approval_guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF NOT EXISTS (SELECT 1 FROM closings WHERE id = NEW.closing_id AND status IN ({waiting})
      AND snapshot_hash = NEW.snapshot_hash AND begun_by IS DISTINCT FROM NEW.user_id
      AND payout_proposed_by IS DISTINCT FROM NEW.user_id) THEN
    RAISE EXCEPTION 'closing % cannot be approved so', NEW.closing_id USING ERRCODE = '23514';
  END IF;
  RETURN NEW; END $$
"""

#: As in 0025, with the amounts that are fixed once a closing is released.
RELEASE = """
CREATE OR REPLACE FUNCTION release_guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF NEW.status = 'releasing' AND OLD.status <> 'releasing' AND EXISTS (SELECT 1 FROM offerings o
      JOIN issuers i ON i.id = o.issuer_id WHERE o.id = NEW.offering_id AND i.payout_frozen_until > platform_now()) THEN
    RAISE EXCEPTION 'the payee of closing % has just changed', NEW.id USING ERRCODE = '23514';
  END IF;
  IF NEW.status = 'releasing' AND OLD.status <> 'releasing' AND (SELECT count(*) FROM closing_approvals a
      JOIN users u ON u.id = a.user_id AND u.suspended_at IS NULL
      JOIN role_grants g ON g.user_id = a.user_id AND g.role = 'compliance_officer'
      WHERE a.closing_id = NEW.id AND a.snapshot_hash = NEW.snapshot_hash
        AND a.user_id IS DISTINCT FROM NEW.begun_by AND a.user_id IS DISTINCT FROM NEW.payout_proposed_by) < 2 THEN
    RAISE EXCEPTION 'closing % lacks approvals', NEW.id USING ERRCODE = '23514';
  END IF;
  IF NEW.status NOT IN ('gathering', 'proposed')
      AND (NEW.offering_id, NEW.currency, NEW.total_minor, NEW.fee_minor, NEW.investor_fee_minor{new}) IS DISTINCT FROM
        (OLD.offering_id, OLD.currency, OLD.total_minor, OLD.fee_minor, OLD.investor_fee_minor{old})
    OR NEW.status NOT IN ({waiting}) AND NEW.snapshot_hash IS DISTINCT FROM OLD.snapshot_hash
    {more}OR NEW.snapshot_hash IS NOT DISTINCT FROM OLD.snapshot_hash
      AND (NEW.payee_holder, NEW.payee_account, NEW.payee_hint) IS DISTINCT FROM
        (OLD.payee_holder, OLD.payee_account, OLD.payee_hint) THEN
    RAISE EXCEPTION 'closing % is released as approved', NEW.id USING ERRCODE = '23514';
  END IF;
  RETURN NEW; END $$
"""
#: What is paid changes only with what is proposed, or when it came back; a holdback is given once, with two approvals.
PAID = """OR NEW.status NOT IN ('gathering', 'proposed', 'done', 'holdback_proposed', 'payout_failed')
      AND NEW.payout_minor <> OLD.payout_minor
    OR NEW.holdback_released_at IS DISTINCT FROM OLD.holdback_released_at
      AND NOT (OLD.status = 'holdback_proposed' AND NEW.status = 'releasing' AND OLD.holdback_released_at IS NULL)
    """

#: The custodian is asked for what two officers approved.
INSTRUCTION = """
CREATE OR REPLACE FUNCTION release_instruction_guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF NOT EXISTS (SELECT 1 FROM closings WHERE id = NEW.closing_id AND status = 'releasing'
      AND snapshot_hash = NEW.document_sha256 AND offering_id = NEW.offering_id
      AND currency = NEW.currency AND {amount} = NEW.amount_minor) THEN
    RAISE EXCEPTION 'a payout is asked for as approved' USING ERRCODE = '23514';
  END IF;
  RETURN NEW; END $$
"""

#: As in 0024, and now that a closing may be paid out twice: what is paid, under way and proposed is never more than the
#: company is owed, without what is still held back; and no approval counts twice.
PAYOUT = """
CREATE OR REPLACE FUNCTION payout_guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF NEW.payout_minor + (SELECT coalesce(sum(amount_minor), 0) FROM instructions i WHERE closing_id = NEW.id
        AND kind = 'release' AND status <> 'failed' AND NOT EXISTS (
          SELECT 1 FROM journal_entries e WHERE e.instruction_id = i.id AND e.kind = 'payout_returned'))
      > NEW.total_minor - NEW.fee_minor - (CASE
        WHEN NEW.holdback_released_at IS NULL AND NEW.status <> 'holdback_proposed' THEN NEW.holdback_minor ELSE 0 END)
    OR NEW.status <> 'payout_failed' AND EXISTS (SELECT 1 FROM instructions WHERE closing_id = NEW.id
        AND kind = 'release' AND document_sha256 = NEW.snapshot_hash) THEN
    RAISE EXCEPTION 'closing % is paid out on these approvals', NEW.id USING ERRCODE = '23514';
  END IF;
  RETURN NEW; END $$;
DROP TRIGGER payout ON closings;
CREATE TRIGGER payout BEFORE UPDATE ON closings FOR EACH ROW
  WHEN (NEW.status IN ('payout_failed', 'payout_proposed', 'holdback_proposed')) EXECUTE FUNCTION payout_guard();
"""
PAYOUT_BEFORE = """
CREATE OR REPLACE FUNCTION payout_guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF EXISTS (SELECT 1 FROM instructions i WHERE closing_id = NEW.id AND kind = 'release'
      AND (status <> 'failed' AND NOT EXISTS (
          SELECT 1 FROM journal_entries e WHERE e.instruction_id = i.id AND e.kind = 'payout_returned')
        OR NEW.status = 'payout_proposed' AND document_sha256 = NEW.snapshot_hash)) THEN
    RAISE EXCEPTION 'closing % is paid out on these approvals', NEW.id USING ERRCODE = '23514';
  END IF;
  RETURN NEW; END $$;
DROP TRIGGER payout ON closings;
CREATE TRIGGER payout BEFORE UPDATE ON closings FOR EACH ROW
  WHEN (NEW.status IN ('payout_failed', 'payout_proposed')) EXECUTE FUNCTION payout_guard();
"""
#: Like the fees, what is held back stays as it was handed in.
TERMS = """
CREATE TRIGGER holdback BEFORE UPDATE OF holdback_bps, holdback_days ON offerings FOR EACH ROW
  WHEN (OLD.status NOT IN ('draft', 'changes_requested') AND
    (NEW.holdback_bps, NEW.holdback_days) IS DISTINCT FROM (OLD.holdback_bps, OLD.holdback_days))
  EXECUTE FUNCTION fees_guard();
"""


def _known(table: str, column: str, *, add: tuple[str, ...] = (), drop: tuple[str, ...] = ()) -> None:
    name = op.f(f"ck_{table}_{column}_known")
    found = op.get_bind().execute(
        sa.text("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = :name"), {"name": name}
    )
    known = [word for word in re.findall(r"'(\w+)'", str(found.scalar_one())) if word not in drop]
    listed = ", ".join(f"'{word}'" for word in (*known, *add))
    op.drop_constraint(name, table)
    op.create_check_constraint(name, table, f"{column} IN ({listed})")


def _moves(moves: dict[str, str]) -> None:
    pairs = ", ".join(f"'{source}>{target}'" for source in moves for target in moves[source].split())
    op.execute("DROP TRIGGER moves ON closings")
    op.execute(
        "CREATE TRIGGER moves BEFORE INSERT OR UPDATE OF status ON closings"
        f" FOR EACH ROW EXECUTE FUNCTION status_guard({pairs})"
    )


def _one_open(condition: str) -> None:
    op.drop_index("uq_closings_one_open", "closings")
    op.create_index(
        "uq_closings_one_open", "closings", ["offering_id"], unique=True, postgresql_where=sa.text(condition)
    )


def _fee_within_total(condition: str) -> None:
    op.drop_constraint(op.f("ck_closings_fee_within_total"), "closings")
    op.create_check_constraint(op.f("ck_closings_fee_within_total"), "closings", condition)


def _guards(waiting: tuple[str, ...], fixed: tuple[str, ...], more: str) -> None:
    listed = ", ".join(f"'{status}'" for status in waiting)
    new, old = ("".join(f", {row}.{column}" for column in fixed) for row in ("NEW", "OLD"))
    op.execute(APPROVAL.format(waiting=listed))
    op.execute(RELEASE.format(waiting=listed, new=new, old=old, more=more))


def upgrade() -> None:
    op.add_column("pledges", sa.Column("closes_at", NOW))
    for table, column in (
        ("offerings", "holdback_bps"), ("offerings", "holdback_days"), ("closings", "holdback_minor"),
        ("closings", "payout_minor"),
    ):  # fmt: skip
        op.add_column(table, sa.Column(column, sa.BigInteger(), server_default=sa.text("0"), nullable=False))
    op.add_column("closings", sa.Column("holdback_released_at", NOW))
    op.add_column("closings", sa.Column("is_rolling", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.execute("ALTER TABLE closings DISABLE TRIGGER USER")
    op.execute("UPDATE closings SET payout_minor = total_minor - fee_minor")
    op.execute("ALTER TABLE closings ENABLE TRIGGER USER")
    op.create_check_constraint(
        op.f("ck_offerings_holdback_in_range"), "offerings", "holdback_bps BETWEEN 0 AND 10000 AND holdback_days >= 0"
    )
    op.create_check_constraint(
        op.f("ck_closings_payout_not_negative"), "closings", "holdback_minor >= 0 AND payout_minor >= 0"
    )
    _fee_within_total("fee_minor + holdback_minor <= total_minor")
    _known("closings", "status", add=("holdback_proposed",))
    _known("messages", "kind", add=MESSAGES)
    _one_open(OPEN)
    _moves(NEW_MOVES)
    _guards(WAITING, ("is_rolling", "holdback_minor"), PAID)
    op.execute(INSTRUCTION.format(amount="payout_minor"))
    op.execute(PAYOUT)
    op.execute(TERMS)


def downgrade() -> None:
    """Only where nothing is held back, and no offering has two closings under way."""
    op.execute("DROP TRIGGER holdback ON offerings")
    op.execute(PAYOUT_BEFORE)
    op.execute(INSTRUCTION.format(amount="total_minor - fee_minor"))
    _guards(WAITING[:2], (), "")
    _moves(MOVES)
    _one_open("status NOT IN ('done', 'aborted')")
    op.execute("DELETE FROM messages WHERE kind IN ('rolling_announced', 'rolling_called_off')")
    _known("messages", "kind", drop=MESSAGES)
    _known("closings", "status", drop=("holdback_proposed",))
    _fee_within_total("fee_minor <= total_minor")
    op.drop_constraint(op.f("ck_closings_payout_not_negative"), "closings")
    op.drop_constraint(op.f("ck_offerings_holdback_in_range"), "offerings")
    for table, column in (
        ("closings", "is_rolling"), ("closings", "holdback_released_at"), ("closings", "payout_minor"),
        ("closings", "holdback_minor"), ("offerings", "holdback_days"), ("offerings", "holdback_bps"),
        ("pledges", "closes_at"),
    ):  # fmt: skip
        op.drop_column(table, column)
