"""The audit log cannot be changed unnoticed."""

import pytest
from django.db import DatabaseError, connection, transaction

from platform_core.models import AuditEntry
from platform_core.services import audit
from tests.factories import EvaluationPointFactory, UserFactory

pytestmark = pytest.mark.django_db


def test_chain_is_intact_after_sealing():
    for number in range(5):
        audit.record("act", name=str(number))
    report = audit.verify()
    assert (report.checked, report.is_intact) == (5, True)
    assert list(AuditEntry.objects.order_by("id").values_list("sequence", flat=True)) == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("sealed", [True, False])
@pytest.mark.parametrize("statement", ["UPDATE platform_core_auditentry SET action = 'x'",
                                       "DELETE FROM platform_core_auditentry"])  # fmt: skip
def test_database_refuses_change(statement, sealed):
    audit.record("act")
    if sealed:
        audit.seal()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_a_forged_entry_breaks_the_chain():
    """Somebody who can switch the trigger off is still found out."""
    for number in range(3):
        audit.record("act", name=str(number))
    audit.verify()
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE platform_core_auditentry DISABLE TRIGGER audit_append_only")
        cursor.execute("UPDATE platform_core_auditentry SET object_name = 'forged' WHERE sequence = 2")
        cursor.execute("ALTER TABLE platform_core_auditentry ENABLE TRIGGER audit_append_only")
    assert audit.verify().broken_at == 2


def test_editing_a_page_records_before_and_after(evaluator, log_in, districts):
    point = EvaluationPointFactory(region=districts[1], name="旧名")
    answer = log_in(evaluator).post(
        f"/p/evaluationpoint/{point.pk}/edit/",
        {"code": point.code, "name": "新名", "point_type": 4, "region": "210102", "address": "",
         "location": '{"type":"Point","coordinates":[123.35,41.75]}'},
    )  # fmt: skip
    assert answer.status_code == 302
    entry = AuditEntry.objects.get(action="change")
    assert entry.before is not None
    assert entry.after is not None
    assert (entry.before["name"], entry.after["name"], entry.actor) == ("旧名", "新名", evaluator)
    assert entry.ip == "127.0.0.1"
    assert point.history.count() == 2


def test_secrets_are_not_logged():
    user = UserFactory(phone="13912345678")
    shown = audit.snapshot(user)
    assert shown["password"] == "***"
    assert shown["phone"] == "***"


def test_only_the_audit_administrator_reads_it(log_in, districts):
    reader = UserFactory(
        scope=districts[0], rights=["platform_core.access_maintenance", "platform_core.view_auditentry",
                                    "platform_core.verify_audit_log"]
    )  # fmt: skip
    audit.record("act")
    assert log_in(reader).get("/p/auditentry/").status_code == 200
    assert log_in(reader).post("/audit/verify/").status_code == 302
    other = log_in(UserFactory(scope=districts[0], rights=["platform_core.access_maintenance"]))
    assert other.get("/p/auditentry/").status_code == 403
    assert other.post("/audit/verify/").status_code == 403
