"""Certifications with evidence, tests, and consents."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

NOW = sa.DateTime(timezone=True)
#: Nobody edits what was opened, answered, seen or acknowledged.
KEPT = ("document_openings", "test_attempts", "loss_simulations", "acknowledgements", "gate_steps", "claim_evidence")
KINDS = (
    "accredited_us", "certified_cn", "sophisticated_eu", "restricted_uk", "hnw_uk", "self_certified_uk", "wholesale_au",
    "angel_my", "specified_jp", "qualified_kr", "professional_kr", "accredited_sg", "qib_in", "suitability_ca",
)  # fmt: skip
MOVES = {
    "claims": {"": "claimed", "claimed": "verified rejected withdrawn", "verified": "withdrawn expired"},
    "evidence_files": {"": "quarantined", "quarantined": "clean rejected"},
    "spouse_links": {"": "asked", "asked": "linked withdrawn", "linked": "ended"},
}
MESSAGES = ("claim_ends_soon", "claim_expired")


def _one_of(table: str, column: str, values: tuple[str, ...]) -> None:
    name = op.f(f"ck_{table}_{column}_known")
    op.execute(f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {name}")
    listed = ", ".join(f"'{value}'" for value in values)
    op.create_check_constraint(name, table, f"{column} IN ({listed})")


def _known_messages() -> tuple[str, ...]:
    """What the column may hold by now: other migrations add messages, too."""
    definition = op.get_bind().exec_driver_sql(
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'ck_messages_kind_known'"
    ).scalar_one()  # fmt: skip
    return tuple(str(definition).split("'")[1::2])


def _guard(table: str, moves: dict[str, str]) -> None:
    pairs = ", ".join(f"'{source}>{target}'" for source in moves for target in moves[source].split())
    op.execute(
        f"CREATE OR REPLACE TRIGGER moves BEFORE INSERT OR UPDATE OF status ON {table}"
        f" FOR EACH ROW EXECUTE FUNCTION status_guard({pairs})"
    )


def _key(table: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}"))


def _id() -> sa.Column:
    return sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False)


def _refers(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=op.f(f"fk_{table}_{column}"))


def _change_claims() -> None:
    for column in (
        sa.Column("figures", postgresql.JSONB(), server_default="{}", nullable=False),
        sa.Column("statement_sha256", sa.String(64)),
        sa.Column("locale", sa.String(10)),
        sa.Column("given_on", sa.Date()),
        sa.Column("valid_until", sa.Date()),
        sa.Column("reminded_at", NOW),
    ):
        op.add_column("claims", column)
    op.alter_column("claims", "figures", server_default=None)
    # What was verified before had no end: it is good for a year from the day it was claimed.
    op.execute(
        "UPDATE claims SET given_on = claimed_at::date, valid_until = (claimed_at + interval '1 year - 1 day')::date"
        " WHERE status = 'verified'"
    )
    op.drop_index("uq_claims_one_live", table_name="claims")
    for name, status in (("uq_claims_one_waits", "claimed"), ("uq_claims_one_counts", "verified")):
        op.create_index(
            name, "claims", ["investor_id", "kind"], unique=True, postgresql_where=sa.text(f"status = '{status}'")
        )
    op.create_index("ix_claims_ending", "claims", ["valid_until"], postgresql_where=sa.text("status = 'verified'"))
    _one_of("claims", "kind", KINDS)
    _one_of("claims", "status", ("claimed", "verified", "rejected", "withdrawn", "expired"))
    op.create_check_constraint(
        op.f("ck_claims_verified_for_a_time"),
        "claims",
        "status NOT IN ('verified', 'expired') OR (given_on IS NOT NULL AND valid_until IS NOT NULL)",
    )


def _make_evidence() -> None:
    op.create_table(
        "evidence_files",
        _id(),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("filename", sa.String(200), nullable=False),
        sa.Column("media_type", sa.String(100), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("added_at", NOW, nullable=False),
        sa.Column("sealed", sa.LargeBinary()),
        sa.CheckConstraint(
            "status IN ('quarantined', 'clean', 'rejected')", name=op.f("ck_evidence_files_status_known")
        ),
        sa.CheckConstraint("size > 0", name=op.f("ck_evidence_files_size_positive")),
        sa.CheckConstraint("(status = 'rejected') = (sealed IS NULL)", name=op.f("ck_evidence_files_content_is_kept")),
        _refers("evidence_files", "user_id", "users"),
        _key("evidence_files"),
    )
    op.create_index(op.f("ix_evidence_files_user_id"), "evidence_files", ["user_id"])
    op.create_table(
        "claim_evidence",
        sa.Column("claim_id", sa.BigInteger(), nullable=False),
        sa.Column("file_id", sa.BigInteger(), nullable=False),
        _refers("claim_evidence", "claim_id", "claims"),
        _refers("claim_evidence", "file_id", "evidence_files"),
        sa.PrimaryKeyConstraint("claim_id", "file_id", name=op.f("pk_claim_evidence")),
        sa.UniqueConstraint("file_id", name=op.f("uq_claim_evidence_file_id")),
    )
    op.create_table(
        "document_openings",
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("document_id", sa.BigInteger(), nullable=False),
        sa.Column("opened_at", NOW, nullable=False),
        _refers("document_openings", "user_id", "users"),
        _refers("document_openings", "document_id", "offering_documents"),
        sa.PrimaryKeyConstraint("user_id", "document_id", name=op.f("pk_document_openings")),
    )
    op.create_index(op.f("ix_document_openings_document_id"), "document_openings", ["document_id"])


def _make_spouse_links() -> None:
    op.create_table(
        "spouse_links",
        _id(),
        sa.Column("asker_id", sa.BigInteger(), nullable=False),
        sa.Column("other_id", sa.BigInteger()),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("code_sha256", sa.String(64), nullable=False),
        sa.Column("asked_at", NOW, nullable=False),
        sa.Column("linked_at", NOW),
        sa.Column("ended_at", NOW),
        sa.CheckConstraint(
            "status IN ('asked', 'linked', 'withdrawn', 'ended')", name=op.f("ck_spouse_links_status_known")
        ),
        sa.CheckConstraint("other_id <> asker_id", name=op.f("ck_spouse_links_two_people")),
        sa.CheckConstraint(
            "status IN ('asked', 'withdrawn') OR (other_id IS NOT NULL AND linked_at IS NOT NULL)",
            name=op.f("ck_spouse_links_linked_whole"),
        ),
        _refers("spouse_links", "asker_id", "investors"),
        _refers("spouse_links", "other_id", "investors"),
        _key("spouse_links"),
        sa.UniqueConstraint("code_sha256", name=op.f("uq_spouse_links_code_sha256")),
    )
    op.create_index(op.f("ix_spouse_links_other_id"), "spouse_links", ["other_id"])
    op.create_index(
        "uq_spouse_links_asker", "spouse_links", ["asker_id"], unique=True,
        postgresql_where=sa.text("status IN ('asked', 'linked')"),
    )  # fmt: skip
    op.create_index(
        "uq_spouse_links_other", "spouse_links", ["other_id"], unique=True,
        postgresql_where=sa.text("status = 'linked'"),
    )  # fmt: skip


def _make_assessments() -> None:
    def told(table: str, *columns: sa.Column | sa.CheckConstraint | sa.UniqueConstraint) -> None:
        investor = sa.Column("investor_id", sa.BigInteger(), nullable=False)
        op.create_table(table, _id(), investor, *columns, _refers(table, "investor_id", "investors"), _key(table))

    def text(name: str, longest: int) -> sa.Column:
        return sa.Column(name, sa.String(longest), nullable=False)

    told(
        "test_attempts", text("test", 40), text("bank_sha256", 64), text("locale", 10),
        sa.Column("form_key", sa.Uuid(), nullable=False),
        sa.Column("answers", postgresql.JSONB(), nullable=False),
        sa.Column("right_answers", sa.BigInteger(), nullable=False),
        sa.Column("asked", sa.BigInteger(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("answered_at", NOW, nullable=False),
        sa.CheckConstraint("outcome IN ('passed', 'failed', 'info_refused')", name=op.f("ck_test_attempts_outcome_known")),
        sa.CheckConstraint("right_answers BETWEEN 0 AND asked", name=op.f("ck_test_attempts_score_in_range")),
        sa.UniqueConstraint("form_key", name=op.f("uq_test_attempts_form_key")),
    )  # fmt: skip
    amounts = ("net_annual_income_minor", "liquid_assets_minor", "annual_commitments_minor", "bearable_minor")
    told(
        "loss_simulations", text("regime", 20), text("currency", 3),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in amounts),
        sa.Column("acknowledged_at", NOW, nullable=False),
    )  # fmt: skip
    told(
        "acknowledgements", sa.Column("kind", sa.String(), nullable=False), text("about", 40), text("text_sha256", 64),
        text("locale", 10), sa.Column("at", NOW, nullable=False),
        sa.CheckConstraint(
            "kind IN ('ack_21_4', 'ack_21_7_warning', 'ack_21_7_consent', 'ack_21_7_understands')",
            name=op.f("ck_acknowledgements_kind_known"),
        ),
    )  # fmt: skip
    told(
        "gate_steps", text("regime", 20), sa.Column("step", sa.String(), nullable=False),
        sa.Column("at", NOW, nullable=False),
        sa.CheckConstraint("step IN ('asked', 'continued', 'left')", name=op.f("ck_gate_steps_step_known")),
    )  # fmt: skip
    for table, columns in {
        "test_attempts": ["investor_id", "test", "id"], "loss_simulations": ["investor_id", "id"],
        "acknowledgements": ["investor_id", "kind", "about"], "gate_steps": ["investor_id", "regime", "id"],
    }.items():  # fmt: skip
        op.create_index(op.f(f"ix_{table}_{'_'.join(columns)}"), table, columns)


def upgrade() -> None:
    _change_claims()
    _make_evidence()
    _make_spouse_links()
    _make_assessments()
    _one_of("messages", "kind", (*_known_messages(), *MESSAGES))
    for table, moves in MOVES.items():
        _guard(table, moves)
    for table in KEPT:
        op.execute(
            f"CREATE TRIGGER keep BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION append_only()"
        )
        op.execute(f"CREATE TRIGGER keep_all BEFORE TRUNCATE ON {table} EXECUTE FUNCTION append_only()")


def downgrade() -> None:
    for table in ("gate_steps", "acknowledgements", "loss_simulations", "test_attempts", "spouse_links",
                  "document_openings", "claim_evidence", "evidence_files"):  # fmt: skip
        op.drop_table(table)
    op.execute("DELETE FROM messages WHERE kind IN ('claim_ends_soon', 'claim_expired')")
    _one_of("messages", "kind", tuple(kind for kind in _known_messages() if kind not in MESSAGES))
    op.drop_constraint(op.f("ck_claims_verified_for_a_time"), "claims", type_="check")
    op.drop_index("ix_claims_ending", table_name="claims")
    op.drop_index("uq_claims_one_counts", table_name="claims")
    op.drop_index("uq_claims_one_waits", table_name="claims")
    op.execute("DROP TRIGGER moves ON claims")
    op.execute("UPDATE claims SET status = 'withdrawn' WHERE status = 'expired'")
    _guard("claims", {"": "claimed", "claimed": "verified rejected withdrawn", "verified": "withdrawn"})
    op.execute("DELETE FROM claims WHERE kind NOT IN ('accredited_us', 'certified_cn')")
    _one_of("claims", "kind", ("accredited_us", "certified_cn"))
    _one_of("claims", "status", ("claimed", "verified", "rejected", "withdrawn"))
    op.create_index(
        "uq_claims_one_live", "claims", ["investor_id", "kind"], unique=True,
        postgresql_where=sa.text("status IN ('claimed', 'verified')"),
    )  # fmt: skip
    for name in ("reminded_at", "valid_until", "given_on", "locale", "statement_sha256", "figures"):
        op.drop_column("claims", name)
