"""`make schema`: the migrations make exactly the tables that the models describe, and there is one newest migration.

Alembic's own comparison does not look at check constraints; here two databases are compared by their catalogues, one
made by the migrations, one made from the models.
"""

from __future__ import annotations

import sys

from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, text

from app import schema
from app.database import Database, normalised
from app.models import metadata
from tests.servers import Server, running

CATALOGUE = {
    "columns": """
        SELECT table_name, column_name, data_type, character_maximum_length, numeric_precision, numeric_scale,
               is_nullable, column_default, is_identity
        FROM information_schema.columns WHERE table_schema = 'public'""",
    "constraints": """
        SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
        WHERE connamespace = 'public'::regnamespace AND contype IN ('c', 'u', 'p', 'f')""",
    "indexes": "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
}
#: Not ours to describe.
FOREIGN = ("procrastinate_", "alembic_version")


def catalogue(url: str) -> dict[str, set[tuple[object, ...]]]:
    engine = create_engine(normalised(url))
    with engine.connect() as connection:
        found = {
            name: {tuple(row) for row in connection.execute(text(query)) if not str(row[0]).startswith(FOREIGN)}
            for name, query in CATALOGUE.items()
        }
    engine.dispose()
    return found


def differences(server: Server) -> list[str]:
    migrated, modelled = server.create(), server.create()
    database = Database(server.url(migrated))
    schema.upgrade(database)
    with database.engine.connect() as connection:
        found = schema.differences(connection)
    database.close()
    engine = create_engine(normalised(server.url(modelled)))
    metadata.create_all(engine)
    engine.dispose()
    left, right = catalogue(server.url(migrated)), catalogue(server.url(modelled))
    for name in CATALOGUE:
        found += [f"{name}: only in the migrations: {row}" for row in sorted(left[name] - right[name], key=str)]
        found += [f"{name}: only in the models: {row}" for row in sorted(right[name] - left[name], key=str)]
    return found


def main() -> int:
    heads = ScriptDirectory(str(schema.MIGRATIONS)).get_heads()
    with running() as server:
        found = differences(server)
    if heads != [schema.head()]:
        found.append(f"the newest migrations are {heads}, and the highest number is {schema.head()}")
    for difference in found:
        print(difference)
    print("Migrations and models agree." if not found else f"{len(found)} differences.")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
