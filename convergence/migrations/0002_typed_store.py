"""The schema of the typed tables and the cursor that every change of a row moves."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("convergence", "0001_initial")]
    operations = [
        migrations.RunSQL("CREATE SCHEMA IF NOT EXISTS std", "DROP SCHEMA std CASCADE"),
        migrations.RunSQL("CREATE SEQUENCE IF NOT EXISTS std.change_seq", "DROP SEQUENCE std.change_seq"),
    ]
