"""Alembic runs the migrations on the connection that `app/schema.py` gives it."""

from alembic import context

from app.models import metadata


def include_name(name: str | None, type_: str, parent_names: object) -> bool:
    """The job library's own tables are not ours to compare."""
    return not (type_ == "table" and str(name).startswith("procrastinate_"))


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    include_name=include_name,
    compare_type=True,
    compare_server_default=False,
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
