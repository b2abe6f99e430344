"""Who waits for room in a full offering stands in line; demand above the maximum is scaled back by the declared rule."""

import re

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

NOW = sa.DateTime(timezone=True)
STATUSES = ("waiting", "offered", "accepted", "lapsed", "left", "ended")
MOVES = {
    "": "waiting",
    "waiting": "offered left ended",
    "offered": "accepted lapsed left ended",
}
MESSAGES = ("pledge_scaled", "allotment_to_choose", "waitlist_offered", "waitlist_lapsed", "waitlist_ended")
KEPT = ("kept_shares", "kept_seats", "waiting")


STOPS = ("not_allotted",)
WISHED = ("wished_shares", "wished_minor", "wished_fee_minor")
BOOK = {"book_shares": "maximum_shares", "book_minor": "maximum_minor"}

#: What the closings of an offering allot is never above its maximum, and no pledge gets more than it wished for.
ALLOTTED = """
CREATE FUNCTION allotments_within_maximum() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF (SELECT sum(l.shares) FROM closing_lines l JOIN closings c ON c.id = l.closing_id
        WHERE c.offering_id = NEW.offering_id AND (c.id = NEW.id OR c.status NOT IN ('gathering', 'proposed', 'aborted')))
      > (SELECT maximum_shares FROM offering_progress WHERE offering_id = NEW.offering_id)
    OR EXISTS (SELECT 1 FROM closing_lines l JOIN pledges p ON p.id = l.pledge_id
        WHERE l.closing_id = NEW.id AND l.shares > coalesce(p.wished_shares, p.shares)) THEN
    RAISE EXCEPTION 'closing % allots more than there is', NEW.ref USING ERRCODE = '23514';
  END IF;
  RETURN NEW; END $$;
CREATE TRIGGER within_maximum BEFORE UPDATE OF status ON closings
  FOR EACH ROW WHEN (OLD.status = 'proposed' AND NEW.status = 'releasing') EXECUTE FUNCTION allotments_within_maximum();
"""
#: Nobody is given back more than they paid: what nobody waited for is booked, and returned, by itself.
REFUNDED = """
CREATE FUNCTION refunds_within_collected() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF (SELECT coalesce(sum(amount_minor) FILTER (WHERE kind IN ('refund', 'pay_back')
            AND status NOT IN ('failed', 'cancelled') AND NOT EXISTS (SELECT 1 FROM journal_entries e
              WHERE e.instruction_id = instructions.id AND e.kind = 'refund_failed')), 0)
        > coalesce(sum(amount_minor) FILTER (WHERE kind IN ('collect', 'from_cash') AND status = 'succeeded'), 0)
      FROM instructions WHERE pledge_id = NEW.pledge_id AND business_key NOT LIKE 'refund:unidentified:%') THEN
    RAISE EXCEPTION 'pledge % would be refunded more than it paid', NEW.pledge_id USING ERRCODE = '23514';
  END IF;
  RETURN NULL; END $$;
CREATE CONSTRAINT TRIGGER within_collected AFTER INSERT OR UPDATE OF amount_minor, status ON instructions
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.kind = 'refund' AND NEW.pledge_id IS NOT NULL)
  EXECUTE FUNCTION refunds_within_collected();
"""


def _know(table: str, column: str, *, add: tuple[str, ...] = (), drop: tuple[str, ...] = ()) -> None:
    """Other migrations add words, too: what the column may hold by now is asked of it."""
    name = op.f(f"ck_{table}_{column}_known")
    found = op.get_bind().execute(
        sa.text("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = :name"), {"name": name}
    )
    known = [word for word in re.findall(r"'(\w+)'", str(found.scalar_one())) if word not in drop]
    listed = ", ".join(f"'{word}'" for word in (*known, *add))
    op.drop_constraint(name, table)
    op.create_check_constraint(name, table, f"{column} IN ({listed})")


def _make_waitlist() -> None:
    listed = ", ".join(f"'{status}'" for status in STATUSES)
    checks = {
        "status_known": f"status IN ({listed})",
        "shares_positive": "shares > 0",
        "offered_within_wish": "offered_shares BETWEEN 1 AND shares",
        "offer_whole": "(offered_shares IS NULL) = (offered_at IS NULL)"
        " AND (offered_shares IS NULL) = (offered_until IS NULL)",
        "one_clock": "status NOT IN ('offered', 'accepted', 'lapsed') OR offered_until > offered_at",
        "accepted_is_pledge": "(status = 'accepted') = (pledge_id IS NOT NULL)",
    }
    op.create_table(
        "waitlist_entries",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("offering_id", sa.BigInteger(), nullable=False),
        sa.Column("investor_id", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("shares", sa.BigInteger(), nullable=False),
        sa.Column("joined_at", NOW, nullable=False),
        sa.Column("offered_shares", sa.BigInteger()),
        sa.Column("keeps_seat", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("offered_at", NOW),
        sa.Column("offered_until", NOW),
        sa.Column("pledge_id", sa.BigInteger()),
        *(sa.CheckConstraint(rule, name=op.f(f"ck_waitlist_entries_{name}")) for name, rule in checks.items()),
        *(
            sa.ForeignKeyConstraint([column], [f"{to}.id"], name=op.f(f"fk_waitlist_entries_{column}"))
            for column, to in (("offering_id", "offerings"), ("investor_id", "investors"), ("pledge_id", "pledges"))
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waitlist_entries")),
        sa.UniqueConstraint("pledge_id", name=op.f("uq_waitlist_entries_pledge_id")),
    )
    op.create_index(op.f("ix_waitlist_entries_investor_id"), "waitlist_entries", ["investor_id"])
    live = sa.text("status IN ('waiting', 'offered')")
    op.create_index(
        "uq_waitlist_entries_one_live",
        "waitlist_entries",
        ["offering_id", "investor_id"],
        unique=True,
        postgresql_where=live,
    )
    op.create_index("ix_waitlist_entries_line", "waitlist_entries", ["offering_id", "id"], postgresql_where=live)
    pairs = ", ".join(f"'{source}>{target}'" for source in MOVES for target in MOVES[source].split())
    op.execute(
        "CREATE TRIGGER moves BEFORE INSERT OR UPDATE OF status ON waitlist_entries"
        f" FOR EACH ROW EXECUTE FUNCTION status_guard({pairs})"
    )


def _make_scaling() -> None:
    for column, like in BOOK.items():
        op.add_column("offering_progress", sa.Column(column, sa.BigInteger()))
        op.execute(f"UPDATE offering_progress SET {column} = {like}")
        op.alter_column("offering_progress", column, nullable=False)
    for column in WISHED:
        op.add_column("pledges", sa.Column(column, sa.BigInteger()))
    for name, rule in {
        "scaled_down_only": "wished_shares > shares AND wished_minor >= amount_minor AND wished_fee_minor >= fee_minor",
        "wish_whole": "num_nonnulls(wished_shares, wished_minor, wished_fee_minor) IN (0, 3)",
    }.items():
        op.create_check_constraint(op.f(f"ck_pledges_{name}"), "pledges", rule)
    op.create_table(
        "allotment_choices",
        sa.Column("closing_id", sa.BigInteger(), nullable=False),
        sa.Column("pledge_id", sa.BigInteger(), nullable=False),
        sa.Column("shares", sa.BigInteger(), nullable=False),
        sa.Column("chosen_by", sa.BigInteger()),
        sa.Column("chosen_at", NOW, nullable=False),
        sa.CheckConstraint("shares >= 0", name=op.f("ck_allotment_choices_shares_not_negative")),
        *(
            sa.ForeignKeyConstraint([column], [f"{to}.id"], name=op.f(f"fk_allotment_choices_{column}"))
            for column, to in (("closing_id", "closings"), ("pledge_id", "pledges"), ("chosen_by", "users"))
        ),
        sa.PrimaryKeyConstraint("closing_id", "pledge_id", name=op.f("pk_allotment_choices")),
    )
    op.execute(ALLOTTED)
    op.execute(REFUNDED)


def _drop_scaling() -> None:
    for table, trigger, function in (
        ("instructions", "within_collected", "refunds_within_collected"),
        ("closings", "within_maximum", "allotments_within_maximum"),
    ):
        op.execute(f"DROP TRIGGER {trigger} ON {table}")
        op.execute(f"DROP FUNCTION {function}()")
    op.drop_table("allotment_choices")
    for column in WISHED:
        op.drop_column("pledges", column)


def _check_progress(name: str, rule: str) -> None:
    op.execute(f"ALTER TABLE offering_progress DROP CONSTRAINT IF EXISTS ck_offering_progress_{name}")
    op.create_check_constraint(op.f(f"ck_offering_progress_{name}"), "offering_progress", rule)


def upgrade() -> None:
    _know("messages", "kind", add=MESSAGES)
    _know("pledges", "stop_reason", add=STOPS)
    _make_waitlist()
    _make_scaling()
    for column in KEPT:
        op.add_column(
            "offering_progress", sa.Column(column, sa.BigInteger(), server_default=sa.text("0"), nullable=False)
        )
    _check_progress("kept_not_negative", "kept_shares >= 0 AND kept_seats >= 0 AND waiting >= 0")
    _check_progress("never_oversold", "taken_shares >= 0 AND taken_shares + kept_shares <= book_shares")
    _check_progress("never_above_maximum", "taken_minor >= 0 AND taken_minor <= book_minor")
    _check_progress("settled_within_maximum", "settled_minor <= maximum_minor")
    _check_progress("book_holds_maximum", "book_shares >= maximum_shares AND book_minor >= maximum_minor")


def downgrade() -> None:
    """Whoever waits loses the place. Only where nothing is pledged above a maximum, and nothing was scaled back."""
    _check_progress("never_oversold", "taken_shares >= 0 AND taken_shares <= maximum_shares")
    _check_progress("never_above_maximum", "taken_minor >= 0 AND taken_minor <= maximum_minor")
    for name in ("kept_not_negative", "settled_within_maximum", "book_holds_maximum"):
        op.drop_constraint(op.f(f"ck_offering_progress_{name}"), "offering_progress")
    for column in (*KEPT, *BOOK):
        op.drop_column("offering_progress", column)
    _drop_scaling()
    op.drop_table("waitlist_entries")
    op.execute("DELETE FROM messages WHERE kind LIKE 'waitlist_%' OR kind IN ('pledge_scaled', 'allotment_to_choose')")
    _know("messages", "kind", drop=MESSAGES)
    _know("pledges", "stop_reason", drop=STOPS)
