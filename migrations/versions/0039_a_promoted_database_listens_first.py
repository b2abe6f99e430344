"""Of which server, and which of its timelines, a reading of a gateway was: another one listens before it speaks."""

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

#: A standby that was promoted, and a recovery to a point in time, begin a new timeline; a dump is loaded into another
#: cluster. A host that tells neither says nothing: then the age of a reading decides alone.
FUNCTION = """CREATE FUNCTION database_life() RETURNS text LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (SELECT system_identifier FROM pg_control_system()) || '/' || left(pg_walfile_name(pg_current_wal_lsn()), 8);
EXCEPTION WHEN OTHERS THEN
    RETURN '';
END $$"""


def upgrade() -> None:
    op.execute(FUNCTION)
    op.add_column("gateway_readings", sa.Column("life", sa.String(length=40), nullable=True))
    op.execute("UPDATE gateway_readings SET life = database_life() WHERE read_at IS NOT NULL")


def downgrade() -> None:
    op.drop_column("gateway_readings", "life")
    op.execute("DROP FUNCTION database_life()")
