"""A line of a gateway's one balance may learn later, once, whose money it is and which of our operations made it; what is not
free yet of an account is found quickly."""

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None

NAME = "ix_gateway_transactions_gateway_account_available_at"
#: A line is never edited. That it stood in the gateway's own list is added once; so is what the gateway did not tell at
#: first: a top-up is nobody's until it is marked as what was awaited.
LEARNS = """
CREATE OR REPLACE FUNCTION gateway_line_guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF TG_OP = 'DELETE' OR (OLD.listed_at IS NOT NULL AND OLD.listed_at IS DISTINCT FROM NEW.listed_at)
    OR (OLD.account <> '' AND OLD.account <> NEW.account) OR (OLD.op_key <> '' AND OLD.op_key <> NEW.op_key)
    OR (OLD.listed_at, OLD.account, OLD.op_key) IS NOT DISTINCT FROM (NEW.listed_at, NEW.account, NEW.op_key)
    OR (OLD.gateway, OLD.transaction_id, OLD.kind, OLD.source, OLD.amount_minor, OLD.fee_minor, OLD.net_minor, OLD.currency,
        OLD.created_at, OLD.available_at)
      IS DISTINCT FROM (NEW.gateway, NEW.transaction_id, NEW.kind, NEW.source, NEW.amount_minor, NEW.fee_minor,
        NEW.net_minor, NEW.currency, NEW.created_at, NEW.available_at)
  THEN RAISE EXCEPTION 'gateway_transactions is append-only' USING ERRCODE = '23514'; END IF;
  RETURN NEW; END $$
"""
ONCE = """
CREATE OR REPLACE FUNCTION gateway_line_guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF TG_OP = 'DELETE' OR OLD.listed_at IS NOT NULL OR NEW.listed_at IS NULL
    OR (OLD.gateway, OLD.transaction_id, OLD.kind, OLD.source, OLD.amount_minor, OLD.fee_minor, OLD.net_minor, OLD.currency,
        OLD.created_at)
      IS DISTINCT FROM (NEW.gateway, NEW.transaction_id, NEW.kind, NEW.source, NEW.amount_minor, NEW.fee_minor,
        NEW.net_minor, NEW.currency, NEW.created_at)
  THEN RAISE EXCEPTION 'gateway_transactions is append-only' USING ERRCODE = '23514'; END IF;
  RETURN NEW; END $$
"""


def upgrade() -> None:
    op.execute(LEARNS)
    op.create_index(
        NAME, "gateway_transactions", ["gateway", "account", "available_at"],
        postgresql_where=sa.text("available_at IS NOT NULL"),
    )  # fmt: skip


def downgrade() -> None:
    op.drop_index(NAME, "gateway_transactions")
    op.execute(ONCE)
