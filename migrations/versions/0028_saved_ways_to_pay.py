"""Ways to pay that are kept and charged near the deadline: promised until then, and counted apart."""

import re

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

MESSAGES = ("pledge_promised", "charge_declined", "charge_needs_you")
MOVES = (
    "reserved>authorised",
    "processing>authorised",
    "authorised>processing",
    "authorised>held",
    "authorised>failed",
    "authorised>cancelling",
    "authorised>cancelled",
)
#: In the guard of offerings (0013): who is asked about a change, and whose answer an offering waits for.
ASKED, ASKED_BEFORE = "'processing', 'authorised', 'held'", "'processing', 'held'"


def _words(
    table: str, column: str, add: tuple[str, ...] = (), drop: tuple[str, ...] = (), after: str | None = None
) -> None:
    """Let the column hold more words (at the end, or after another), or fewer, than those that it may hold by now."""
    name = f"ck_{table}_{column}_known"
    query = "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = :name"
    known = re.findall(r"'(\w+)'", op.get_bind().execute(sa.text(query), {"name": name}).scalar_one())
    place = len(known) if after is None else known.index(after) + 1
    known[place:place] = add
    listed = ", ".join(f"'{word}'" for word in known if word not in drop)
    op.drop_constraint(op.f(name), table, type_="check")
    op.create_check_constraint(op.f(name), table, f"{column} IN ({listed})")


def _moves(add: tuple[str, ...] = (), drop: tuple[str, ...] = ()) -> None:
    """Let pledges make more moves, or fewer, than those that they may make by now."""
    query = "SELECT tgargs FROM pg_trigger WHERE tgname = 'moves' AND tgrelid = 'pledges'::regclass"
    known = bytes(op.get_bind().execute(sa.text(query)).scalar_one()).decode().rstrip("\0").split("\0")
    pairs = ", ".join(f"'{move}'" for move in [*known, *add] if move not in drop)
    op.execute("DROP TRIGGER moves ON pledges")
    op.execute(
        "CREATE TRIGGER moves BEFORE INSERT OR UPDATE OF status ON pledges"
        f" FOR EACH ROW EXECUTE FUNCTION status_guard({pairs})"
    )


def _function(name: str, before: str, after: str) -> None:
    """Change a part of a function as it stands by now."""
    query = "SELECT pg_get_functiondef(CAST(:name AS regproc))"
    found = op.get_bind().execute(sa.text(query), {"name": name}).scalar_one()
    assert before in found
    op.execute(found.replace(before, after).replace(":", r"\:"))


def upgrade() -> None:
    _words("pledges", "status", add=("authorised",), after="processing")
    _words("pledges", "stop_reason", add=("refund_time_ends",))
    _words("messages", "kind", add=MESSAGES)
    _moves(add=MOVES)
    _function("offering_text_guard", ASKED_BEFORE, ASKED)
    for column in (
        sa.Column("instrument", sa.String(), nullable=True),
        sa.Column("charge_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("refundable_until", sa.DateTime(timezone=True), nullable=True),
    ):
        op.add_column("pledges", column)
    op.create_check_constraint(
        op.f("ck_pledges_promised_with_an_instrument"), "pledges", "status <> 'authorised' OR instrument IS NOT NULL"
    )
    op.create_index("ix_pledges_charge_at", "pledges", ["charge_at"], postgresql_where=sa.text("charge_at IS NOT NULL"))
    op.create_index(
        "ix_pledges_refundable_until", "pledges", ["refundable_until"],
        postgresql_where=sa.text("refundable_until IS NOT NULL"),
    )  # fmt: skip
    op.add_column(
        "offering_progress", sa.Column("promised_minor", sa.BigInteger(), server_default=sa.text("0"), nullable=False)
    )
    op.create_check_constraint(
        op.f("ck_offering_progress_promised_is_taken"), "offering_progress",
        "promised_minor >= 0 AND held_minor + settled_minor + promised_minor <= taken_minor",
    )  # fmt: skip


def downgrade() -> None:
    op.drop_constraint(op.f("ck_offering_progress_promised_is_taken"), "offering_progress", type_="check")
    op.drop_column("offering_progress", "promised_minor")
    op.drop_constraint(op.f("ck_pledges_promised_with_an_instrument"), "pledges", type_="check")
    for column in ("refundable_until", "charge_at", "instrument"):
        op.drop_column("pledges", column)
    _function("offering_text_guard", ASKED, ASKED_BEFORE)
    _moves(drop=MOVES)
    _words("messages", "kind", drop=MESSAGES)
    _words("pledges", "stop_reason", drop=("refund_time_ends",))
    _words("pledges", "status", drop=("authorised",))
