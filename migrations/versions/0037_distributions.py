"""Issuers pay their holders: distributions, each holder's part, and what the database itself keeps of them."""

import re

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

STATUSES = ("proposed", "approved", "rejected", "funded", "called_off", "paid")
MOVES = [">proposed", "proposed>approved", "proposed>rejected", "approved>funded", "approved>called_off", "funded>paid"]
WORDS = (
    ("instructions", "kind", ("deposit", "to_cash")),
    ("proposals", "kind", ("distribution",)),
    ("messages", "kind", ("distribution_agreed", "distribution_paid")),
)

#: What was proposed stays; two people agreed to these very parts, which are all of it.
GUARD = """
CREATE FUNCTION distribution_guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF to_jsonb(NEW) - 'status' <> to_jsonb(OLD) - 'status' THEN
    RAISE EXCEPTION 'distribution % stays as proposed', NEW.id USING ERRCODE = '23514';
  END IF;
  IF NEW.status = 'approved' AND OLD.status <> 'approved' THEN
    IF NOT EXISTS (SELECT 1 FROM proposals WHERE kind = 'distribution' AND subject = 'distribution:' || NEW.id
        AND status = 'approved' AND payload->>'sha256' = NEW.sha256) THEN
      RAISE EXCEPTION 'distribution % lacks a second person', NEW.id USING ERRCODE = '23514';
    END IF;
    IF (SELECT (sum(gross_minor), sum(carry_minor), sum(tax_minor)) FROM distribution_lines
        WHERE distribution_id = NEW.id) IS DISTINCT FROM (
        NEW.total_minor::numeric, NEW.carry_minor::numeric, NEW.tax_minor::numeric) THEN
      RAISE EXCEPTION 'the parts of distribution % are not all of it', NEW.id USING ERRCODE = '23514';
    END IF;
  END IF;
  RETURN NEW; END $$;
CREATE FUNCTION distribution_line_guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF NOT EXISTS (SELECT 1 FROM distributions WHERE id = NEW.distribution_id AND status = 'proposed') THEN
    RAISE EXCEPTION 'distribution % stays as proposed', NEW.distribution_id USING ERRCODE = '23514';
  END IF;
  RETURN NEW; END $$;
CREATE FUNCTION distribution_instruction_guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF NOT EXISTS (SELECT 1 FROM distributions d WHERE NEW.business_key = NEW.kind || ':distribution:' || d.id
      AND (d.offering_id, d.currency) = (NEW.offering_id, NEW.currency) AND (d.status, NEW.amount_minor) = CASE NEW.kind
        WHEN 'deposit' THEN ROW('approved'::varchar, d.total_minor)
        ELSE ROW('funded'::varchar, d.total_minor - d.carry_minor - d.tax_minor) END) THEN
    RAISE EXCEPTION 'a distribution is asked for as approved' USING ERRCODE = '23514';
  END IF;
  RETURN NEW; END $$;
CREATE TRIGGER guard BEFORE UPDATE ON distributions FOR EACH ROW EXECUTE FUNCTION distribution_guard();
CREATE TRIGGER keep BEFORE DELETE ON distributions FOR EACH ROW EXECUTE FUNCTION append_only();
CREATE TRIGGER keep_all BEFORE TRUNCATE ON distributions EXECUTE FUNCTION append_only();
CREATE TRIGGER guard BEFORE INSERT ON distribution_lines FOR EACH ROW EXECUTE FUNCTION distribution_line_guard();
CREATE TRIGGER keep BEFORE UPDATE OR DELETE ON distribution_lines FOR EACH ROW EXECUTE FUNCTION append_only();
CREATE TRIGGER keep_all BEFORE TRUNCATE ON distribution_lines EXECUTE FUNCTION append_only();
CREATE TRIGGER distribution BEFORE INSERT ON instructions FOR EACH ROW WHEN (NEW.kind IN ('deposit', 'to_cash'))
  EXECUTE FUNCTION distribution_instruction_guard();
"""


def _known(table: str, column: str, *, add: tuple[str, ...] = (), drop: tuple[str, ...] = ()) -> None:
    """Other migrations add words, too: what the column may hold by now is asked of it."""
    name = op.f(f"ck_{table}_{column}_known")
    found = op.get_bind().execute(
        sa.text("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = :name"), {"name": name}
    )
    known = [word for word in re.findall(r"'(\w+)'", str(found.scalar_one())) if word not in drop]
    listed = ", ".join(f"'{word}'" for word in (*known, *add))
    op.drop_constraint(name, table)
    op.create_check_constraint(name, table, f"{column} IN ({listed})")


def _columns(*names: str, nullable: bool = False) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.BigInteger(), nullable=nullable) for name in names]


def _make(table: str, checks: dict[str, str], refers: dict[str, str], *parts: sa.schema.SchemaItem) -> None:
    op.create_table(
        table,
        *parts,
        *(sa.CheckConstraint(rule, name=op.f(f"ck_{table}_{name}")) for name, rule in checks.items()),
        *(
            sa.ForeignKeyConstraint([column], [f"{to}.id"], name=op.f(f"fk_{table}_{column}"))
            for column, to in refers.items()
        ),
    )


def upgrade() -> None:
    listed = ", ".join(f"'{status}'" for status in STATUSES)
    _make(
        "distributions",
        {
            "status_known": f"status IN ({listed})",
            "total_in_range": "total_minor > 0 AND total_minor <= 99999999999999",
            "parts_within_total": "carry_minor >= 0 AND tax_minor >= 0 AND carry_minor + tax_minor <= total_minor",
            "tax_in_range": "tax_bps BETWEEN 0 AND 10000",
        },
        {"offering_id": "offerings", "begun_by": "users"},
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("ref", sa.String(16), nullable=False),
        *_columns("offering_id"),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("why", sa.String(200), nullable=False),
        sa.Column("record_day", sa.Date(), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        *_columns("total_minor", "carry_minor", "tax_minor", "tax_bps"),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        *_columns("begun_by", nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_distributions")),
        sa.UniqueConstraint("ref", name=op.f("uq_distributions_ref")),
    )
    op.create_index("ix_distributions_offering_id", "distributions", ["offering_id"])
    op.create_index(
        "uq_distributions_one_unfinished", "distributions", ["offering_id"], unique=True,
        postgresql_where=sa.text("status IN ('proposed', 'approved', 'funded')"),
    )  # fmt: skip
    _make(
        "distribution_lines",
        {
            "reckoned_from": "shares > 0 AND paid_in_minor >= 0 AND before_minor >= 0",
            "net_not_negative": "carry_minor >= 0 AND tax_minor >= 0 AND carry_minor + tax_minor <= gross_minor",
        },
        {"distribution_id": "distributions", "investor_id": "investors"},
        *_columns("distribution_id", "investor_id"),
        sa.Column("holder_name", sa.String(200), nullable=False),
        *_columns("shares", "paid_in_minor", "before_minor", "gross_minor", "carry_minor", "tax_minor"),
        sa.PrimaryKeyConstraint("distribution_id", "investor_id", name=op.f("pk_distribution_lines")),
    )
    op.create_index(op.f("ix_distribution_lines_investor_id"), "distribution_lines", ["investor_id"])
    for table, column, words in WORDS:
        _known(table, column, add=words)
    pairs = ", ".join(f"'{pair}'" for pair in MOVES)
    op.execute(
        "CREATE TRIGGER moves BEFORE INSERT OR UPDATE OF status ON distributions"
        f" FOR EACH ROW EXECUTE FUNCTION status_guard({pairs})"
    )
    op.execute(GUARD)


def downgrade() -> None:
    """Only where nothing was ever distributed."""
    op.execute("DROP TRIGGER distribution ON instructions")
    op.drop_table("distribution_lines")
    op.drop_table("distributions")
    for name in ("distribution_guard", "distribution_line_guard", "distribution_instruction_guard"):
        op.execute(f"DROP FUNCTION {name}()")
    op.execute("DELETE FROM messages WHERE kind IN ('distribution_agreed', 'distribution_paid')")
    for table, column, words in WORDS:
        _known(table, column, drop=words)
