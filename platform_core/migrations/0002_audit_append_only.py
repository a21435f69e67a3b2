"""The audit log is append-only in the database itself; sealing into the chain is the one change allowed."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION platform_core_audit_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND OLD.sequence IS NULL AND OLD.hash = ''
     AND to_jsonb(NEW) - 'sequence' - 'hash' = to_jsonb(OLD) - 'sequence' - 'hash' THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'the audit log is append-only';
END $$;
CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE ON platform_core_auditentry
  FOR EACH ROW EXECUTE FUNCTION platform_core_audit_append_only();
"""
BACKWARD = """
DROP TRIGGER audit_append_only ON platform_core_auditentry;
DROP FUNCTION platform_core_audit_append_only;
"""


class Migration(migrations.Migration):
    """Adds the triggers."""

    dependencies = [("platform_core", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
