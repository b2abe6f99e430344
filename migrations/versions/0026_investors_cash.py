"""Investors' own cash: instructions for a cash account, bank accounts to pay it to, choices, and what was compared each day."""

import re

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

NOW = sa.DateTime(timezone=True)
#: What is refunded or stopped was paid, for a pledge or into a cash account.
RETURNS = (
    "kind NOT IN ('refund', 'cancel') OR (about_id IS NOT NULL AND (pledge_id IS NOT NULL OR investor_id IS NOT NULL))"
)
OLD_RETURNS = "kind NOT IN ('refund', 'cancel') OR (about_id IS NOT NULL AND pledge_id IS NOT NULL)"
ONE_COLLECT = "uq_instructions_one_live_collect"
MESSAGES = (
    "cash_paid_in", "cash_taken_out", "cash_came_back", "cash_given_back", "cash_debit_returned", "cash_refunded",
    "cash_account_set", "cash_dormant",
)  # fmt: skip
KEPT = ("bank_accounts", "cash_days")


def _one_live_collect(kinds: str) -> None:
    op.drop_index(ONE_COLLECT, table_name="instructions")
    op.create_index(
        ONE_COLLECT, "instructions", ["pledge_id"], unique=True,
        postgresql_where=sa.text(f"{kinds} AND status NOT IN ('failed', 'cancelled')"),
    )  # fmt: skip


def _kinds_of_messages(add: tuple[str, ...] = (), drop: tuple[str, ...] = ()) -> None:
    """More or fewer kinds than there are by now."""
    name = "ck_messages_kind_known"
    query = "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = :name"
    known = re.findall(r"'(\w+)'", op.get_bind().execute(sa.text(query), {"name": name}).scalar_one())
    listed = ", ".join(f"'{word}'" for word in [*known, *add] if word not in drop)
    op.drop_constraint(op.f(name), "messages", type_="check")
    op.create_check_constraint(op.f(name), "messages", f"kind IN ({listed})")


def _about_a_payment(rule: str) -> None:
    op.drop_constraint(op.f("ck_instructions_about_a_payment"), "instructions", type_="check")
    op.create_check_constraint(op.f("ck_instructions_about_a_payment"), "instructions", rule)


def upgrade() -> None:
    op.create_table(
        "bank_accounts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("investor_id", sa.BigInteger(), nullable=False),
        sa.Column("holder", sa.String(200), nullable=False),
        sa.Column("account", sa.LargeBinary(), nullable=False),
        sa.Column("hint", sa.String(4), nullable=False),
        sa.Column("given_at", NOW, nullable=False),
        sa.Column("usable_from", NOW, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_accounts")),
        sa.ForeignKeyConstraint(["investor_id"], ["investors.id"], name=op.f("fk_bank_accounts_investor_id")),
        sa.UniqueConstraint("id", "investor_id", name=op.f("uq_bank_accounts_id_investor_id")),
        sa.CheckConstraint("usable_from >= given_at", name=op.f("ck_bank_accounts_usable_after_given")),
    )
    op.create_index(op.f("ix_bank_accounts_investor_id"), "bank_accounts", ["investor_id"])
    op.create_table(
        "cash_choices",
        sa.Column("investor_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("refunds_to_cash", sa.Boolean(), nullable=False),
        sa.Column("chosen_at", NOW, nullable=False),
        sa.PrimaryKeyConstraint("investor_id", name=op.f("pk_cash_choices")),
        sa.ForeignKeyConstraint(["investor_id"], ["investors.id"], name=op.f("fk_cash_choices_investor_id")),
    )
    op.create_table(
        "cash_days",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("gateway", sa.String(40), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("owed_minor", sa.BigInteger(), nullable=False),
        sa.Column("ledger_minor", sa.BigInteger(), nullable=False),
        sa.Column("custodian_minor", sa.BigInteger(), nullable=False),
        sa.Column("difference_minor", sa.BigInteger(), nullable=False),
        sa.Column("checked_at", NOW, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cash_days")),
        sa.CheckConstraint(
            "difference_minor = custodian_minor - ledger_minor", name=op.f("ck_cash_days_difference_is_what_it_says")
        ),
    )
    op.create_index(op.f("ix_cash_days_gateway_currency_day"), "cash_days", ["gateway", "currency", "day"])
    for table in KEPT:
        op.execute(
            f"CREATE TRIGGER keep BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION append_only()"
        )
        op.execute(f"CREATE TRIGGER keep_all BEFORE TRUNCATE ON {table} EXECUTE FUNCTION append_only()")
    op.alter_column("instructions", "offering_id", nullable=True)
    op.add_column("instructions", sa.Column("investor_id", sa.BigInteger()))
    op.add_column("instructions", sa.Column("payee_id", sa.BigInteger()))
    op.create_foreign_key(op.f("fk_instructions_investor_id"), "instructions", "investors", ["investor_id"], ["id"])
    op.create_foreign_key(
        op.f("fk_instructions_payee_id_investor_id"), "instructions", "bank_accounts",
        ["payee_id", "investor_id"], ["id", "investor_id"],
    )  # fmt: skip
    op.create_index(
        op.f("ix_instructions_investor_id"), "instructions", ["investor_id"],
        postgresql_where=sa.text("investor_id IS NOT NULL"),
    )  # fmt: skip
    op.create_check_constraint(
        op.f("ck_instructions_offering_or_cash_account"), "instructions",
        "(offering_id IS NULL) = (investor_id IS NOT NULL)",
    )  # fmt: skip
    op.create_check_constraint(
        op.f("ck_instructions_taken_out_to_somebody"), "instructions",
        "kind <> 'pay_back' OR investor_id IS NULL OR payee_id IS NOT NULL",
    )  # fmt: skip
    _about_a_payment(RETURNS)
    _one_live_collect("kind IN ('collect', 'from_cash')")
    _kinds_of_messages(add=MESSAGES)


def downgrade() -> None:
    _kinds_of_messages(drop=MESSAGES)
    _one_live_collect("kind = 'collect'")
    _about_a_payment(OLD_RETURNS)
    op.drop_constraint(op.f("ck_instructions_taken_out_to_somebody"), "instructions", type_="check")
    op.drop_constraint(op.f("ck_instructions_offering_or_cash_account"), "instructions", type_="check")
    op.drop_index(op.f("ix_instructions_investor_id"), table_name="instructions")
    for column in ("payee_id", "investor_id"):
        op.drop_column("instructions", column)
    op.alter_column("instructions", "offering_id", nullable=False)
    for table in ("cash_days", "cash_choices", "bank_accounts"):
        op.drop_table(table)
