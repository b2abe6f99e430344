"""The one way to PostgreSQL: a `Transaction` to act in, a `Snapshot` to read from.

An entry point (a page, a job, a command) opens the one transaction and calls one action; features never commit.

Lock order, for everybody, always: investor (of two spouses the lower id first) -> issuer -> offering -> closing or distribution ->
proposal -> place in line -> pledge -> instruction -> ledger account (by id) -> offering progress. Whoever needs two of these takes them from left to right.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from contextvars import ContextVar
from datetime import datetime, timedelta
from functools import cache
from itertools import islice
from typing import Annotated, Any, ClassVar, TypeVar

import psycopg
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    Identity,
    Insert,
    MetaData,
    String,
    Table,
    TableValuedAlias,
    bindparam,
    cast,
    column,
    create_engine,
    func,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.engine import URL, Engine, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import DeclarativeBase, Session, mapped_column, sessionmaker

from app.actor import Actor

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

#: What is due is asked of the database's own clock. `wall_now` may lag behind it by as long as a busy machine took to note
#: it, and what was asked for a moment ago would not be due yet.
STATEMENT_BEGAN = func.statement_timestamp()

#: A statement that takes longer is ended by the server: a page must never hold a lock for long.
STATEMENT_TIMEOUT_MS = 30_000
IDLE_IN_TRANSACTION_TIMEOUT_MS = 60_000


class Base(DeclarativeBase):
    """Every table. Whole numbers are 64 bit, instants carry their offset (and are UTC in storage)."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        int: BigInteger(),
        datetime: DateTime(timezone=True),
        str: String(),
    }


Id = Annotated[int, mapped_column(BigInteger, Identity(always=True), primary_key=True)]
Currency = Annotated[str, mapped_column(String(3))]
#: Facts that are read as a whole and never searched.
Document = Annotated[dict[str, Any], mapped_column(JSONB)]


def one_of(column: str, values: Iterable[str]) -> CheckConstraint:
    """The database, too, knows which words a column may hold."""
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=f"{column}_known")


T = TypeVar("T")

#: So many rows are written by one statement: memory and locks stay small, and no statement runs long.
AT_ONCE = 4_096


def in_batches(rows: Iterable[T]) -> Iterator[list[T]]:
    """The rows in lists of at most `AT_ONCE`."""
    rest = iter(rows)
    while batch := list(islice(rest, AT_ONCE)):
        yield batch


def given(model: type[Base], names: Iterable[str]) -> TableValuedAlias:
    """Rows of ours as a table that a statement can read, their columns named and typed as the model's.

    The rows are the statement's parameters, as `document` makes them.
    """
    columns = model.__table__.c
    return (
        func.jsonb_to_recordset(cast(bindparam("rows", type_=String), JSONB))
        .table_valued(*(column(name, columns[name].type) for name in names))
        .render_derived(name="given", with_types=True)
    )


def document(rows: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Rows as one JSON document, so that their number meets no limit of parameters."""
    return {"rows": json.dumps(rows, default=str)}


def insert_many(
    session: Session, model: type[Base], rows: Sequence[Mapping[str, Any]], *, once: bool = False,
    returning: Sequence[str] = (),
) -> Sequence[Any]:  # fmt: skip
    """Write many rows of one table by one statement; what they do not name is left to the database.

    `once`: what is there already stays as it is, and is not among what is returned.
    """
    if not rows:
        return []
    session.flush()  # they may refer to what the session has not written yet
    written = session.execute(_insertion(model, tuple(rows[0]), once, tuple(returning)), document(rows))
    return written.all() if returning else []


@cache
def _insertion(model: type[Base], names: tuple[str, ...], once: bool, returning: tuple[str, ...]) -> Insert:
    """The same few statements are used again and again."""
    table = model.__table__
    assert isinstance(table, Table)
    statement = insert(table).from_select(names, select(given(model, names)), include_defaults=False)
    if once:
        statement = statement.on_conflict_do_nothing()
    return statement.returning(*(table.c[name] for name in returning)) if returning else statement


def _begin(session: Session, begin: str) -> tuple[datetime, datetime]:
    """Begin, and ask for the platform's and the true time, in one round trip: every page and job does this many times."""
    connection = session.connection()
    asked = f"{begin}; SELECT platform_now(), clock_timestamp()"
    with closing(connection.connection.cursor()) as cursor:
        try:
            cursor.execute(asked)
        except psycopg.Error as refused:  # whoever begins knows the errors of SQLAlchemy alone
            if isinstance(refused, psycopg.OperationalError):
                connection.invalidate(refused)
            raise DBAPIError.instance(asked, None, refused, psycopg.Error, dialect=connection.dialect) from refused
        cursor.nextset()  # BEGIN itself answers nothing
        times = cursor.fetchone()
    assert times is not None
    return times[0], times[1]


class Snapshot:
    """A consistent view of the whole database at one instant; it writes nothing."""

    def __init__(self, session: Session, times: tuple[datetime, datetime]) -> None:
        self.session = session
        self._platform_now, self._wall_now = times
        self._since = time.monotonic()

    def _elapsed(self) -> timedelta:
        return timedelta(seconds=time.monotonic() - self._since)

    @property
    def now(self) -> datetime:
        """The platform's time when this began: what deadlines, law and books go by."""
        return self._platform_now

    @property
    def wall_now(self) -> datetime:
        """The true time: what sessions, second factors, leases and retries go by."""
        return self._wall_now + self._elapsed()


class Transaction(Snapshot):
    """All or nothing: what one act changes, with who acts and on whose request."""

    def __init__(self, session: Session, actor: Actor, request_id: str) -> None:
        super().__init__(session, _begin(session, "BEGIN"))
        self.actor = actor
        self.request_id = request_id
        self.jobs_to_wake: set[str] = set()
        #: Everything that it does is undone at its end: it shows what would happen.
        self.is_rehearsal = False

    def now_after_locks(self) -> datetime:
        """The platform's time right now: for a decision that had to wait for somebody else's lock."""
        now: datetime = self.session.execute(text("SELECT platform_now()")).scalar_one()
        return now

    def one_at_a_time(self, subject: str) -> None:
        """Wait for whoever works on the same subject, such as the same form sent twice at once, until they are done."""
        self.session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(subject, 0))))

    def wake(self, job: str) -> None:
        """Ask for this job to run soon after the commit.

        Only a hint, for speed: every job also runs by the timetable, and what it must do is a row of ours.
        """
        self.jobs_to_wake.add(job)


#: What the transactions of `Database.waking_together` asked for, until they are over.
_together: ContextVar[set[str] | None] = ContextVar("together", default=None)


class Database:
    """An engine and the two ways to use it.

    `on_wake` is called after a commit with the jobs that the transaction asked to wake.
    """

    def __init__(self, url: str | URL, *, pool_size: int = 8) -> None:
        self.url = normalised(url)
        self.on_wake: Callable[[set[str]], None] = lambda jobs: None
        self.engine: Engine = create_engine(
            self.url,
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=30,
            pool_pre_ping=True,
            hide_parameters=True,  # what people typed is in them
            connect_args={
                "application_name": "openraise",
                "options": f"-c timezone=UTC -c statement_timeout={STATEMENT_TIMEOUT_MS}"
                f" -c idle_in_transaction_session_timeout={IDLE_IN_TRANSACTION_TIMEOUT_MS}",
            },
        )
        # The driver would begin by a round trip of its own: `_begin` does it.
        begun_by_us = self.engine.execution_options(isolation_level="AUTOCOMMIT")
        self._writing = sessionmaker(begun_by_us, expire_on_commit=False)
        self._reading = sessionmaker(begun_by_us, expire_on_commit=False, autoflush=False)

    @contextmanager
    def transaction(self, actor: Actor, request_id: str = "-") -> Iterator[Transaction]:
        """Commit when the block ends well, undo everything when it raises."""
        with self._writing() as session:
            tx = Transaction(session, actor, request_id)
            yield tx
            session.commit()
        if tx.jobs_to_wake:
            together = _together.get()
            self.on_wake(tx.jobs_to_wake) if together is None else together.update(tx.jobs_to_wake)

    @contextmanager
    def waking_together(self) -> Iterator[None]:
        """After many transactions that follow each other, wake once what all of them asked for."""
        asked: set[str] = set()
        token = _together.set(asked)
        try:
            yield
        finally:
            _together.reset(token)
            if asked:
                self.on_wake(asked)

    @contextmanager
    def rehearsal(self, actor: Actor, request_id: str = "-") -> Iterator[Transaction]:
        """A transaction that is undone at its end, to see what an act would do by doing it."""
        with self._writing() as session:
            tx = Transaction(session, actor, request_id)
            tx.is_rehearsal = True
            try:
                yield tx
            finally:
                session.rollback()

    @contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        """Read only, and everything from the same instant."""
        with self._reading() as session:
            yield Snapshot(session, _begin(session, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"))

    def close(self) -> None:
        self.engine.dispose()


def normalised(url: str | URL) -> URL:
    """Accept what hosters give (`postgres://…`) and always use psycopg 3."""
    if isinstance(url, str) and url.startswith("postgres://"):
        url = "postgresql://" + url.removeprefix("postgres://")
    return make_url(url).set(drivername="postgresql+psycopg")


def new_reference(prefix: str) -> str:
    """A short public name for a row, to read over the telephone; it grants nothing to who knows it."""
    return f"{prefix}-" + "".join(secrets.choice(_READABLE) for _ in range(8))


#: No vowels (no words), nothing that looks like something else.
_READABLE = "23456789BCDFGHJKLMNPQRSTVWXZ"
