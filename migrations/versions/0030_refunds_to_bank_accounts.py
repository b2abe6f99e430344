"""What could not be refunded goes to a bank account of the very investor whose pledge it was."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

OWN = """
CREATE FUNCTION own_account_guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF NOT EXISTS (SELECT 1 FROM bank_accounts b JOIN pledges p ON p.investor_id = b.investor_id
      WHERE b.id = NEW.payee_id AND p.id = NEW.pledge_id AND p.offering_id = NEW.offering_id) THEN
    RAISE EXCEPTION 'money of a pledge goes back to its own investor' USING ERRCODE = '23514';
  END IF;
  RETURN NEW; END $$;
CREATE TRIGGER own_account BEFORE INSERT OR UPDATE OF kind, payee_id, pledge_id, offering_id ON instructions
  FOR EACH ROW WHEN (NEW.kind = 'pay_back' AND NEW.investor_id IS NULL) EXECUTE FUNCTION own_account_guard();
"""


def _taken_out(condition: str) -> None:
    name = op.f("ck_instructions_taken_out_to_somebody")
    op.drop_constraint(name, "instructions")
    op.create_check_constraint(name, "instructions", sa.text(condition))


def upgrade() -> None:
    _taken_out("kind <> 'pay_back' OR payee_id IS NOT NULL")
    op.execute(OWN)


def downgrade() -> None:
    op.execute("DROP TRIGGER own_account ON instructions; DROP FUNCTION own_account_guard()")
    _taken_out("kind <> 'pay_back' OR investor_id IS NULL OR payee_id IS NOT NULL")
