"""An edition of the law is adopted by two officers."""

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

#: The first edition of a pack came with the installation; every later one decides only when two officers agreed to it.
GUARD = """
CREATE FUNCTION adoption_guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF EXISTS (SELECT 1 FROM editions WHERE pack = NEW.pack AND id <> NEW.id)
      AND NOT EXISTS (SELECT 1 FROM proposals WHERE kind = 'pack' AND subject = 'pack:' || NEW.pack
        AND status = 'approved' AND payload->>'sha256' = NEW.sha256) THEN
    RAISE EXCEPTION 'the rules of % are changed by two people', NEW.pack USING ERRCODE = '23514';
  END IF;
  RETURN NEW; END $$;
CREATE TRIGGER adoption BEFORE INSERT OR UPDATE OF adopted_at ON editions
  FOR EACH ROW WHEN (NEW.adopted_at IS NOT NULL) EXECUTE FUNCTION adoption_guard();
"""


def upgrade() -> None:
    op.execute(GUARD)


def downgrade() -> None:
    op.execute("DROP TRIGGER adoption ON editions")
    op.execute("DROP FUNCTION adoption_guard()")
