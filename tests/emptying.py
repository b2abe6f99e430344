"""Make a database as new between two tests: quicker than a new one, and its connections stay warm.

A new database costs a test a quarter of its time: PostgreSQL copies the template, and every new connection reads the
catalogues and compiles the triggers again. So the tests of one file share a database, and `as_new` puts back what the template
holds. Where that cannot be trusted (a test changed the schema, or somebody still holds a lock), a new one is made after all.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import LiteralString

import psycopg
from psycopg.rows import TupleRow

from tests.servers import Server

#: Kept in the template, out of the platform's sight: what its tables hold, and whether somebody changed a table since.
INSTALL = """
CREATE SCHEMA testing;
CREATE SEQUENCE testing.schema_changes MINVALUE 0 START 0;
CREATE TABLE testing.kept (name regclass PRIMARY KEY, columns text NOT NULL, is_filled boolean NOT NULL);
CREATE TABLE testing.counters (name regclass PRIMARY KEY, at bigint NOT NULL, is_used boolean NOT NULL);

CREATE FUNCTION testing.remember() RETURNS void LANGUAGE plpgsql AS $$
DECLARE t record; filled boolean;
BEGIN
    FOR t IN
        SELECT c.oid::regclass AS name,
            (SELECT string_agg(quote_ident(attname), ', ') FROM pg_attribute a
             WHERE a.attrelid = c.oid AND attnum > 0 AND NOT attisdropped AND attgenerated = '') AS columns
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind = 'r' AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'testing')
    LOOP
        EXECUTE format('SELECT EXISTS (SELECT FROM %s)', t.name) INTO filled;
        INSERT INTO testing.kept VALUES (t.name, t.columns, filled);
        IF filled THEN
            EXECUTE format('CREATE TABLE testing.rows_of_%s AS SELECT * FROM %s', t.name::oid, t.name);
        END IF;
    END LOOP;
    FOR t IN SELECT format('%I.%I', schemaname, sequencename)::regclass AS name FROM pg_sequences WHERE schemaname <> 'testing' LOOP
        EXECUTE format('INSERT INTO testing.counters SELECT %s, last_value, is_called FROM %s', t.name::oid, t.name);
    END LOOP;
END $$;

-- Not undone with the transaction: a test that undoes its change gets a new database, too, and loses nothing by it.
CREATE FUNCTION testing.notice() RETURNS event_trigger LANGUAGE plpgsql AS $$
BEGIN
    IF tg_tag LIKE 'DROP%' OR EXISTS (SELECT FROM pg_event_trigger_ddl_commands() WHERE schema_name IS DISTINCT FROM 'pg_temp') THEN
        PERFORM nextval('testing.schema_changes');
    END IF;
END $$;

-- Whether the database could be made as new. Neither constraints nor triggers are asked.
CREATE FUNCTION testing.as_new() RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE t record;
BEGIN
    IF (SELECT is_called FROM testing.schema_changes) THEN
        RETURN false;
    END IF;
    PERFORM pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle' AND backend_type = 'client backend';
    FOR t IN SELECT * FROM testing.kept LOOP
        EXECUTE 'DELETE FROM ' || t.name;
        IF t.is_filled THEN
            EXECUTE format('INSERT INTO %s (%s) OVERRIDING SYSTEM VALUE SELECT %s FROM testing.rows_of_%s',
                t.name, t.columns, t.columns, t.name::oid);
        END IF;
    END LOOP;
    PERFORM setval(name, at, is_used) FROM testing.counters;
    RETURN true;
END $$;

-- What the tables hold now, for the time of this connection; and that again.
CREATE FUNCTION testing.keep(number integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE t record; filled boolean;
BEGIN
    FOR t IN SELECT * FROM testing.kept LOOP
        EXECUTE format('SELECT EXISTS (SELECT FROM %s)', t.name) INTO filled;
        IF filled THEN
            EXECUTE format('CREATE TEMP TABLE kept_%s_%s AS SELECT %s FROM %s', number, t.name::oid, t.columns, t.name);
        END IF;
    END LOOP;
    EXECUTE format('CREATE TEMP TABLE kept_%s_counters (name regclass, at bigint, is_used boolean)', number);
    FOR t IN SELECT name FROM testing.counters LOOP
        EXECUTE format('INSERT INTO kept_%s_counters SELECT %s, last_value, is_called FROM %s', number, t.name::oid, t.name);
    END LOOP;
END $$;

CREATE FUNCTION testing.put_back(number integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE t record;
BEGIN
    FOR t IN SELECT *, to_regclass(format('pg_temp.kept_%s_%s', number, name::oid)) AS rows_then FROM testing.kept LOOP
        EXECUTE 'DELETE FROM ' || t.name;
        IF t.rows_then IS NOT NULL THEN
            EXECUTE format('INSERT INTO %s (%s) OVERRIDING SYSTEM VALUE SELECT %s FROM %s',
                t.name, t.columns, t.columns, t.rows_then);
        END IF;
    END LOOP;
    EXECUTE format('SELECT count(setval(name, at, is_used)) FROM kept_%s_counters', number);
END $$;

SELECT testing.remember();
CREATE EVENT TRIGGER schema_changes ON ddl_command_end EXECUTE FUNCTION testing.notice();
"""


class SharedDatabase:
    """One database for the tests of one file."""

    def __init__(self, server: Server, template: str, name: str) -> None:
        self.server, self.template, self.name = server, template, name
        self.url = server.url(name)
        self.file: str | None = None
        self._connection: psycopg.Connection | None = None
        #: By the steps that led there: a number of its own, and the answer once it is kept.
        self._kept: dict[Hashable, tuple[int, bytes | None]] = {}

    def begin(self, file: str) -> bool:
        """Make it as new for a test of this file; whether it is a new one, to which nobody is connected."""
        if file == self.file and self._is_as_new():
            return False
        self.end()
        self.server.create(self.template, self.name)
        self._connection = psycopg.connect(
            self.url, autocommit=True, options="-c session_replication_role=replica -c lock_timeout=500"
        )
        self.file = file
        return True

    def _is_as_new(self) -> bool:
        assert self._connection is not None
        try:
            row = self._connection.execute("SELECT testing.as_new()").fetchone()
        except psycopg.Error:
            return False
        return row == (True,)

    def end(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._kept.clear()
        self.server.drop(self.name)

    def moment(self) -> int:
        """Another number after anybody wrote anything."""
        row = self._ask("SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint")
        return int(row[0])

    def keep(self, steps: Hashable, answer: Callable[[], bytes]) -> None:
        """Keep what the tables hold under these steps, when they are seen for the second time."""
        if steps not in self._kept:
            self._kept[steps] = len(self._kept), None
            return
        number, _ = self._kept[steps]
        self._ask("SELECT testing.keep(%s)", number)
        self._kept[steps] = number, answer()

    def put_back(self, steps: Hashable) -> bytes | None:
        """Make the tables hold what was kept under these steps; the answer that was kept with it, None where none was."""
        number, answer = self._kept.get(steps, (0, None))
        if answer is not None:
            self._ask("SELECT testing.put_back(%s)", number)
        return answer

    def _ask(self, question: LiteralString, *values: int) -> TupleRow:
        assert self._connection is not None
        row = self._connection.execute(question, values).fetchone()
        assert row is not None
        return row
