"""The database itself refuses what the books must never be. Every statement here is raw SQL, past our own code."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from psycopg import errors

from app.ledger import actions, entries
from app.ledger.draft import Evidence
from app.money import Money
from tests.builders import World, usd


@pytest.fixture
def books(world: World) -> Iterator[psycopg.Connection]:
    """A direct connection to books with one entry: 100.00 USD held for pledge 7 of offering 1."""
    with world.acting() as tx:
        actions.post(tx, entries.funds_collected(1, 7, usd("100"), Evidence("sandbox:txn_1", 1)))
    url = world.platform.database.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url) as connection:
        yield connection
        connection.rollback()  # what a test left open is refused at commit, and rightly


def new_entry(connection: psycopg.Connection, key: str) -> int:
    row = connection.execute(
        "INSERT INTO journal_entries (key, body_hash, kind, effective_at, actor)"
        " VALUES (%s, 'x', 'test', now(), 'test') RETURNING id",
        [key],
    ).fetchone()
    assert row is not None
    return int(row[0])


def account(connection: psycopg.Connection, code: str) -> int:
    row = connection.execute("SELECT id FROM ledger_accounts WHERE code = %s", [code]).fetchone()
    assert row is not None
    return int(row[0])


def add_posting(connection: psycopg.Connection, entry: int, code: str, side: str, amount: int, **other: str) -> None:
    add_postings(connection, (entry, code, side, amount), **other)


def add_postings(connection: psycopg.Connection, *lines: tuple[int, str, str, int], **other: str) -> None:
    """All of them by one statement."""
    values = [
        value
        for entry, code, side, amount in lines
        for value in (entry, account(connection, code), other.get("currency", "USD"), other.get("book", "client"), side, amount)
    ]  # fmt: skip
    connection.execute(
        "INSERT INTO postings (entry_id, account_id, currency, book, side, amount_minor) VALUES "
        + ", ".join(["(%s, %s, %s, %s, %s, %s)"] * len(lines)),
        values,
    )


def test_an_unbalanced_entry_is_refused(books: psycopg.Connection) -> None:
    entry = new_entry(books, "bad")
    with pytest.raises(errors.CheckViolation, match="unbalanced"):
        add_postings(books, (entry, "1100", "D", 100), (entry, "2010", "C", 99))


def test_two_entries_do_not_balance_each_other(books: psycopg.Connection) -> None:
    one, other = new_entry(books, "one"), new_entry(books, "other")
    with pytest.raises(errors.CheckViolation, match="unbalanced"):
        add_postings(books, (one, "1100", "D", 100), (other, "2010", "C", 100))


def test_a_single_posting_is_refused(books: psycopg.Connection) -> None:
    with pytest.raises(errors.CheckViolation, match="unbalanced"):
        add_posting(books, new_entry(books, "half"), "1100", "D", 100)


def test_an_entry_without_postings_is_refused(books: psycopg.Connection) -> None:
    new_entry(books, "empty")
    with pytest.raises(errors.CheckViolation, match="is empty"):
        books.commit()


def test_checking_early_opens_no_gap(books: psycopg.Connection) -> None:
    entry = new_entry(books, "early")
    add_postings(books, (entry, "1100", "D", 100), (entry, "2010", "C", 100))
    books.execute("SET CONSTRAINTS ALL IMMEDIATE")
    books.execute("SET CONSTRAINTS ALL DEFERRED")
    with pytest.raises(psycopg.errors.UniqueViolation):
        add_posting(books, entry, "1100", "D", 1)


def test_the_totals_move_by_everything_that_one_statement_adds(books: psycopg.Connection) -> None:
    one, other = new_entry(books, "one"), new_entry(books, "other")
    add_postings(books, (one, "1100", "D", 7), (one, "2010", "C", 7), (other, "1100", "D", 5), (other, "2010", "C", 5))
    books.commit()
    rows = books.execute(
        "SELECT code, debits, credits FROM ledger_accounts WHERE code IN ('1100', '2010') ORDER BY code"
    )
    assert rows.fetchall() == [("1100", 10_012, 0), ("2010", 0, 10_012)]


@pytest.mark.parametrize("table", ["journal_entries", "postings"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET id = DEFAULT", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
def test_what_is_written_stays(books: psycopg.Connection, table: str, statement: str) -> None:
    with pytest.raises(errors.CheckViolation, match="append-only"):
        books.execute(statement.format(table))


def test_nothing_is_added_to_an_entry_later(books: psycopg.Connection) -> None:
    row = books.execute("SELECT id FROM journal_entries").fetchone()
    assert row is not None
    books.execute(
        "INSERT INTO ledger_accounts (book, code, class, currency, guard) SELECT 'client', code, 'liability', 'USD', 'none'"
        " FROM unnest(ARRAY['2200', '2300']) AS code"
    )
    books.commit()
    with pytest.raises(errors.CheckViolation, match="sealed"):
        add_postings(books, (int(row[0]), "2200", "D", 1), (int(row[0]), "2300", "C", 1))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_accounts SET credits = credits + 1",
        "UPDATE ledger_accounts SET guard = 'none'",
        "UPDATE ledger_accounts SET debits = 0, credits = 0",
        "DELETE FROM ledger_accounts",
        "INSERT INTO ledger_accounts (book, code, class, currency, guard, debits) VALUES ('client','1100','asset','EUR','none',5)",
        "INSERT INTO ledger_accounts (book, code, class, currency, guard) VALUES ('client','4000','income','EUR','none')",
    ],
)
def test_an_account_changes_only_by_postings(books: psycopg.Connection, statement: str) -> None:
    with pytest.raises(errors.CheckViolation):
        books.execute(statement)


def test_client_money_is_never_overdrawn(books: psycopg.Connection) -> None:
    entry = new_entry(books, "overdraft")
    with pytest.raises(errors.CheckViolation, match="no_credit_balance"):
        add_posting(books, entry, "1100", "C", 10_001)


@pytest.mark.parametrize("amount", [0, -1, 10**14])
def test_an_amount_outside_the_bounds_is_refused(books: psycopg.Connection, amount: int) -> None:
    entry = new_entry(books, "bounds")
    with pytest.raises(errors.CheckViolation):
        add_posting(books, entry, "1100", "D", amount)


def test_a_posting_keeps_the_currency_and_book_of_its_account(books: psycopg.Connection) -> None:
    entry = new_entry(books, "currency")
    for other in ({"currency": "EUR"}, {"book": "platform"}):
        with pytest.raises(errors.ForeignKeyViolation), books.transaction():
            add_posting(books, entry, "1100", "D", 1, **other)


def test_one_piece_of_evidence_proves_one_entry(books: psycopg.Connection) -> None:
    with pytest.raises(errors.UniqueViolation):
        books.execute(
            "INSERT INTO journal_entries (key, body_hash, kind, evidence, effective_at, actor)"
            " VALUES ('k2', 'x', 'test', 'sandbox:txn_1', now(), 'test')"
        )


def test_the_same_entry_again_is_no_second_entry(world: World) -> None:
    draft = entries.funds_collected(1, 7, usd("100"), Evidence("sandbox:txn_9", 1))
    with world.acting() as tx:
        assert actions.post(tx, draft) is True
    with world.acting() as tx:
        assert actions.post(tx, draft) is False


def test_the_same_key_with_another_body_is_a_mistake(world: World) -> None:
    from app.errors import Mistake

    with world.acting() as tx:
        actions.post(tx, entries.funds_collected(1, 7, usd("100"), Evidence("sandbox:txn_9", 1)))
    with pytest.raises(Mistake), world.acting() as tx:
        actions.post(tx, entries.funds_collected(1, 7, usd("101"), Evidence("sandbox:txn_9", 1)))


def test_every_movement_is_balanced_in_each_book() -> None:
    proof, amount = Evidence("sandbox:t", 1), Money(12_345, "USD")
    drafts = [
        entries.funds_collected(1, 2, amount, proof),
        entries.unidentified_funds_received(1, amount, proof),
        entries.unidentified_funds_returned(1, amount, proof),
        entries.refund_owed(1, 2, amount, "k"),
        entries.refund_paid(1, 2, amount, proof),
        entries.pledge_closed(1, 2, amount, "k"),
        entries.platform_fee_charged(1, amount, "k"),
        entries.payout_instructed(1, amount, "k"),
        entries.payout_paid(1, amount, proof),
        entries.payout_failed(1, amount, "k"),
        entries.platform_fee_swept(1, amount, proof),
    ]
    assert all(draft.is_balanced() for draft in drafts)
    cash = [draft for draft in drafts if any(line.account.code in ("1100", "3000") for line in draft.lines)]
    assert all(draft.evidence for draft in cash)
    assert len({draft.kind for draft in drafts}) == len(drafts)
