"""A person handles an event of a gateway that could not be handled: once more, or set aside with a reason."""

import re

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

STATUSES = "ck_gateway_events_status_known"
KINDS = "ck_breaks_kind_known"
MOVES = {
    "": "new", "new": "done ignored poison set_aside", "done": "new", "ignored": "new", "poison": "set_aside new",
    "set_aside": "new",
}  # fmt: skip
#: What we know by its name at the gateway is never set aside as nothing of ours.
GUARD = """
CREATE FUNCTION set_aside_guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF EXISTS (SELECT 1 FROM instructions WHERE gateway = NEW.gateway AND provider_ref = ANY (NEW.objects)) THEN
    RAISE EXCEPTION 'event % is about something of ours', NEW.id USING ERRCODE = '23514';
  END IF;
  RETURN NEW; END $$;
CREATE TRIGGER set_aside BEFORE INSERT OR UPDATE ON gateway_events FOR EACH ROW
  WHEN (NEW.status = 'set_aside') EXECUTE FUNCTION set_aside_guard();
"""


def _know(table: str, name: str, column: str, word: str, *, known: bool) -> None:
    """Other migrations add words, too: what the column may hold by now is asked of it."""
    found = op.get_bind().execute(
        sa.text("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = :name"), {"name": name}
    )
    words = [one for one in re.findall(r"'(\w+)'", str(found.scalar_one())) if one != word]
    listed = ", ".join(f"'{one}'" for one in (*words, *([word] if known else [])))
    op.drop_constraint(name, table)
    op.create_check_constraint(op.f(name), table, f"{column} IN ({listed})")


def upgrade() -> None:
    _know("gateway_events", STATUSES, "status", "set_aside", known=True)
    _know("breaks", KINDS, "kind", "R17", known=True)
    op.add_column("gateway_events", sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False))
    op.create_unique_constraint(op.f("uq_gateway_events_id"), "gateway_events", ["id"])
    op.add_column(
        "gateway_events",
        sa.Column("objects", sa.ARRAY(sa.String()), server_default=sa.text("'{}'"), nullable=False),
    )
    op.add_column("gateway_events", sa.Column("note", sa.String(length=2000), nullable=True))
    op.add_column("gateway_events", sa.Column("set_aside_by", sa.BigInteger(), nullable=True))
    op.create_foreign_key(op.f("fk_gateway_events_set_aside_by"), "gateway_events", "users", ["set_aside_by"], ["id"])
    op.create_check_constraint(
        op.f("ck_gateway_events_set_aside_whole"),
        "gateway_events",
        "(status = 'set_aside') = (set_aside_by IS NOT NULL AND note IS NOT NULL)",
    )
    op.create_index("ix_gateway_events_poison", "gateway_events", ["id"], postgresql_where=sa.text("status = 'poison'"))
    op.create_index(op.f("ix_gateway_transactions_gateway_source"), "gateway_transactions", ["gateway", "source"])
    pairs = ", ".join(f"'{source}>{target}'" for source in MOVES for target in MOVES[source].split())
    op.execute(
        "CREATE TRIGGER moves BEFORE INSERT OR UPDATE OF status ON gateway_events"
        f" FOR EACH ROW EXECUTE FUNCTION status_guard({pairs})"
    )
    op.execute(GUARD)


def downgrade() -> None:
    op.execute("DROP TRIGGER set_aside ON gateway_events")
    op.execute("DROP FUNCTION set_aside_guard()")
    op.execute("DROP TRIGGER moves ON gateway_events")
    op.drop_index("ix_gateway_transactions_gateway_source", "gateway_transactions")
    op.drop_index("ix_gateway_events_poison", "gateway_events")
    op.drop_constraint("ck_gateway_events_set_aside_whole", "gateway_events")
    for column in ("set_aside_by", "note", "objects", "id"):
        op.drop_column("gateway_events", column)
    _know("breaks", KINDS, "kind", "R17", known=False)
    _know("gateway_events", STATUSES, "status", "set_aside", known=False)
