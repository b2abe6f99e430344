"""Gateways' own lines are listed, days compared, breaks kept; what is switched off."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

#: A line is never edited; that it stood in the gateway's own list is added once.
LINE_GUARD = """
CREATE FUNCTION gateway_line_guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF TG_OP = 'DELETE' OR OLD.listed_at IS NOT NULL OR NEW.listed_at IS NULL
    OR (OLD.gateway, OLD.transaction_id, OLD.kind, OLD.source, OLD.amount_minor, OLD.fee_minor, OLD.net_minor, OLD.currency,
        OLD.created_at)
      IS DISTINCT FROM (NEW.gateway, NEW.transaction_id, NEW.kind, NEW.source, NEW.amount_minor, NEW.fee_minor,
        NEW.net_minor, NEW.currency, NEW.created_at)
  THEN RAISE EXCEPTION 'gateway_transactions is append-only' USING ERRCODE = '23514'; END IF;
  RETURN NEW; END $$
"""
#: A switch is lifted once, and changes in no other way.
SWITCH_GUARD = """
CREATE FUNCTION switch_guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF TG_OP = 'DELETE' OR OLD.lifted_at IS NOT NULL OR NEW.lifted_at IS NULL
    OR (OLD.ref, OLD.gateway, OLD.direction, OLD.offering_id, OLD.pledge_id, OLD.frozen, OLD.why, OLD.set_at, OLD.set_by)
      IS DISTINCT FROM (NEW.ref, NEW.gateway, NEW.direction, NEW.offering_id, NEW.pledge_id, NEW.frozen, NEW.why,
        NEW.set_at, NEW.set_by)
  THEN RAISE EXCEPTION 'switch % is lifted once and never changed', OLD.ref USING ERRCODE = '23514'; END IF;
  RETURN NEW; END $$
"""
MOVES = ("'>open'", "'open>cleared'", "'open>explained'")
ROLES = ("investor", "issuer", "compliance_officer", "operator")
ACTIONS = ("wait", "ask", "set_apart", "freeze_pledge", "freeze_payouts", "order_top_up", "call", "refuse")
PROPOSALS = ("publish", "payee", "role", "refund_all", "pack", "hold")
AT = sa.DateTime(timezone=True)


def _one_of(table: str, column: str, values: tuple[str, ...]) -> sa.CheckConstraint:
    listed = ", ".join(repr(value) for value in values)
    return sa.CheckConstraint(f"{column} IN ({listed})", name=op.f(f"ck_{table}_{column}_known"))


def _proposals(kinds: tuple[str, ...]) -> None:
    op.drop_constraint("ck_proposals_kind_known", "proposals")
    op.create_check_constraint(
        op.f("ck_proposals_kind_known"), "proposals", f"kind IN ({', '.join(repr(kind) for kind in kinds)})"
    )


def upgrade() -> None:
    _proposals((*PROPOSALS, "switch"))
    op.add_column("gateway_transactions", sa.Column("account", sa.String(255), server_default="", nullable=False))
    op.add_column("gateway_transactions", sa.Column("op_key", sa.String(255), server_default="", nullable=False))
    op.add_column("gateway_transactions", sa.Column("listed_at", AT, nullable=True))
    op.execute(LINE_GUARD)
    op.execute("DROP TRIGGER keep ON gateway_transactions")
    op.execute(
        "CREATE TRIGGER keep BEFORE UPDATE OR DELETE ON gateway_transactions FOR EACH ROW"
        " EXECUTE FUNCTION gateway_line_guard()"
    )
    op.create_table(
        "gateway_readings",
        sa.Column("gateway", sa.String(40), nullable=False),
        sa.Column("read_until", AT, nullable=True),
        sa.Column("read_at", AT, nullable=True),
        sa.Column("failed_at", AT, nullable=True),
        sa.Column("error", sa.String(200), nullable=True),
        sa.PrimaryKeyConstraint("gateway", name=op.f("pk_gateway_readings")),
    )
    op.create_table(
        "gateway_balances",
        sa.Column("gateway", sa.String(40), nullable=False),
        sa.Column("account", sa.String(255), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("read_at", AT, nullable=False),
        sa.PrimaryKeyConstraint("gateway", "account", "currency", "day", name=op.f("pk_gateway_balances")),
    )
    op.create_table(
        "compared_days",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("gateway", sa.String(40), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("account", sa.String(255), nullable=False),
        sa.Column("opening_minor", sa.BigInteger(), nullable=False),
        sa.Column("movements", postgresql.JSONB(), nullable=False),
        sa.Column("closing_minor", sa.BigInteger(), nullable=False),
        sa.Column("line_opening_minor", sa.BigInteger(), nullable=False),
        sa.Column("line_movements", postgresql.JSONB(), nullable=False),
        sa.Column("line_closing_minor", sa.BigInteger(), nullable=False),
        sa.Column("waiting_minor", sa.BigInteger(), nullable=False),
        sa.Column("balance_minor", sa.BigInteger(), nullable=True),
        sa.Column("balance_at", AT, nullable=True),
        sa.Column("compared_at", AT, nullable=False),
        sa.PrimaryKeyConstraint("day", "gateway", "currency", "account", name=op.f("pk_compared_days")),
    )
    op.create_table(
        "breaks",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("ref", sa.String(16), nullable=False),
        sa.Column("kind", sa.String(3), nullable=False),
        sa.Column("key", sa.String(320), nullable=False),
        sa.Column("gateway", sa.String(40), nullable=False),
        sa.Column("offering_id", sa.BigInteger(), nullable=True),
        sa.Column("pledge_id", sa.BigInteger(), nullable=True),
        sa.Column("instruction_id", sa.BigInteger(), nullable=True),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(3), nullable=True),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("first_seen_at", AT, nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("ended_at", AT, nullable=True),
        sa.Column("entry_id", sa.BigInteger(), nullable=True),
        sa.Column("explained_by", sa.BigInteger(), nullable=True),
        sa.Column("note", sa.String(2000), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_breaks")),
        sa.UniqueConstraint("ref", name=op.f("uq_breaks_ref")),
        sa.ForeignKeyConstraint(["offering_id"], ["offerings.id"], name=op.f("fk_breaks_offering_id")),
        sa.ForeignKeyConstraint(["pledge_id"], ["pledges.id"], name=op.f("fk_breaks_pledge_id")),
        sa.ForeignKeyConstraint(["instruction_id"], ["instructions.id"], name=op.f("fk_breaks_instruction_id")),
        sa.ForeignKeyConstraint(["entry_id"], ["journal_entries.id"], name=op.f("fk_breaks_entry_id")),
        sa.ForeignKeyConstraint(["explained_by"], ["users.id"], name=op.f("fk_breaks_explained_by")),
        _one_of("breaks", "kind", tuple(f"R{number}" for number in range(1, 17))),
        _one_of("breaks", "owner", ROLES),
        _one_of("breaks", "action", ACTIONS),
        _one_of("breaks", "status", ("open", "cleared", "explained")),
        sa.CheckConstraint("(status = 'open') = (ended_at IS NULL)", name=op.f("ck_breaks_ended_whole")),
        sa.CheckConstraint(
            "(status = 'explained') = (explained_by IS NOT NULL AND note IS NOT NULL)",
            name=op.f("ck_breaks_explained_whole"),
        ),
    )
    op.create_index("ix_breaks_kind_key", "breaks", ["kind", "key"])
    op.create_index(
        "uq_breaks_one_open", "breaks", ["kind", "key"], unique=True, postgresql_where=sa.text("status = 'open'")
    )
    op.execute(
        "CREATE TRIGGER moves BEFORE INSERT OR UPDATE OF status ON breaks"
        f" FOR EACH ROW EXECUTE FUNCTION status_guard({', '.join(MOVES)})"
    )
    op.execute("CREATE TRIGGER keep BEFORE DELETE ON breaks FOR EACH ROW EXECUTE FUNCTION append_only()")
    op.create_table(
        "switches",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("ref", sa.String(16), nullable=False),
        sa.Column("gateway", sa.String(40), nullable=True),
        sa.Column("direction", sa.String(3), nullable=True),
        sa.Column("offering_id", sa.BigInteger(), nullable=True),
        sa.Column("pledge_id", sa.BigInteger(), nullable=True),
        sa.Column("frozen", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("why", sa.String(500), nullable=False),
        sa.Column("set_at", AT, nullable=False),
        sa.Column("set_by", sa.String(), nullable=False),
        sa.Column("lifted_at", AT, nullable=True),
        sa.Column("lifted_by", sa.String(), nullable=True),
        sa.Column("lifted_why", sa.String(500), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_switches")),
        sa.UniqueConstraint("ref", name=op.f("uq_switches_ref")),
        sa.ForeignKeyConstraint(["offering_id"], ["offerings.id"], name=op.f("fk_switches_offering_id")),
        sa.ForeignKeyConstraint(["pledge_id"], ["pledges.id"], name=op.f("fk_switches_pledge_id")),
        _one_of("switches", "direction", ("in", "out")),
        sa.CheckConstraint(
            "(lifted_at IS NULL) = (lifted_by IS NULL) AND (lifted_at IS NULL) = (lifted_why IS NULL)",
            name=op.f("ck_switches_lifted_whole"),
        ),
        sa.CheckConstraint(
            "NOT frozen OR (gateway IS NULL AND direction IS NULL AND offering_id IS NULL AND pledge_id IS NULL)",
            name=op.f("ck_switches_frozen_is_everything"),
        ),
    )
    op.execute(
        "CREATE UNIQUE INDEX uq_switches_one_set ON switches (coalesce(gateway, ''), coalesce(direction, ''),"
        " coalesce(offering_id, 0), coalesce(pledge_id, 0), frozen) WHERE lifted_at IS NULL"
    )
    op.execute(SWITCH_GUARD)
    op.execute("CREATE TRIGGER guard BEFORE UPDATE OR DELETE ON switches FOR EACH ROW EXECUTE FUNCTION switch_guard()")
    op.execute("CREATE TRIGGER keep_all BEFORE TRUNCATE ON switches EXECUTE FUNCTION append_only()")
    op.execute("CREATE TRIGGER keep_all BEFORE TRUNCATE ON breaks EXECUTE FUNCTION append_only()")


def downgrade() -> None:
    _proposals(PROPOSALS)
    op.drop_table("switches")
    op.execute("DROP FUNCTION switch_guard()")
    op.drop_table("breaks")
    op.drop_table("compared_days")
    op.drop_table("gateway_balances")
    op.drop_table("gateway_readings")
    op.execute("DROP TRIGGER keep ON gateway_transactions")
    op.execute("DROP FUNCTION gateway_line_guard()")
    op.execute(
        "CREATE TRIGGER keep BEFORE UPDATE OR DELETE ON gateway_transactions FOR EACH ROW EXECUTE FUNCTION append_only()"
    )
    for column in ("listed_at", "op_key", "account"):
        op.drop_column("gateway_transactions", column)
