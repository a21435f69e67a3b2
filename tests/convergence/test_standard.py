"""The data standard: shipped, extended, used at once (CJJ/T 312 §5)."""

import io

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from convergence.models import DataTable, DataTableVersion
from convergence.services import acquisition, standard
from exchange.services import inbound
from platform_core.errors import DomainError
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db
PART = {"districtCode": "210102", "statisticalTime": "2026-01-01 00:00:00"}


def test_every_table_of_the_design_is_there(standard):
    names = {spec.name for spec in standard.all()}
    assert len(names) == 73
    assert {
        "basic.part",
        "operation.monitorData",
        "management.case",
        "management.caseStatistics",
        "service.appeal",
        "evaluation.result",
        "guidance.policy",
        "supervision.platformStatus",
        "external.weather",
    } <= names
    for spec in standard.all():
        assert all(field.title for field in spec.fields), spec.name


def test_loading_again_changes_nothing(standard):
    DataTable.objects.filter(table="part").update(title="本地改过")
    from convergence.services.standard import load

    assert load() == 0
    assert DataTable.objects.get(table="part").title == "本地改过"


def test_new_field_is_in_force_and_old_callers_go_on(caller, data_manager, log_in):
    table = DataTable.objects.get(table="part")
    page = log_in(data_manager).post(
        f"/convergence/tables/{table.pk}/fields/", {"name": "lamps", "title": "路灯数", "type": "int"}, follow=True
    )
    assert "字段已生效" in page.content.decode()
    caller.store([PART])
    caller.store([{**PART, "statisticalTime": "2026-02-01 00:00:00", "lamps": 7}])
    assert {row["lamps"] for row in caller.get("")["rows"]} == {None, 7}
    assert [version.version for version in DataTableVersion.objects.filter(table=table)] == [2, 1]


@pytest.mark.parametrize("change", ["drop", "retype", "require", "new required"])
def test_what_would_break_old_callers_is_refused(standard, data_manager, change):
    from convergence.services.standard import change_fields

    table = DataTable.objects.get(table="part")
    fields = [dict(field) for field in table.fields]
    match change:
        case "drop":
            fields.pop()
        case "retype":
            fields[2]["type"] = "str"
        case "require":
            fields[2]["required"] = True
        case "new required":
            fields.append({"name": "x", "type": "int", "title": "x", "required": True})
    with pytest.raises(DomainError):
        change_fields(table, fields, data_manager)
    table.refresh_from_db()
    assert table.version == 1


def test_a_province_adds_a_table_without_code(caller, data_manager, log_in):
    desk = log_in(data_manager)
    form = {
        "group": "external", "table": "snowPlough", "title": "除雪车", "fields": "- [code, str20!, 编码]\n[speed, float, 车速, {unit: km/h}]",
        "key": "code", "time_field": "", "region_field": "", "sensitivity": 1, "source": "辽宁", "update_cycle_h": 24,
    }  # fmt: skip
    bad = desk.post("/convergence/tables/new/", {**form, "fields": "[code, str20!, 编码]\n[speed, fast, 车速]"})
    assert bad.status_code == 422
    assert "第 2 行" in bad.content.decode()
    assert desk.post("/convergence/tables/new/", form).status_code == 302
    caller.store([{"code": "X1", "speed": 20}], "external", "snowPlough")
    assert caller.get("speed > 10", "external", "snowPlough")["rows"] == [{"code": "X1", "speed": 20.0}]
    again = desk.post("/convergence/tables/new/", form)
    assert again.status_code == 422


@pytest.mark.parametrize(
    "definition",
    [{"key": ["nothing"]}, {"key": []}, {"time_field": "x"}, {"is_partitioned": True, "key": ["a"]},
     {"fields": [{"name": "a b", "type": "str", "title": ""}]}, {"fields": [{"name": 'a"; DROP', "type": "str"}]}],
)  # fmt: skip
def test_definitions_that_contradict_themselves(standard, data_manager, definition):
    from convergence.services.standard import add_table

    good = {
        "group": "basic",
        "table": "odd",
        "title": "",
        "key": ["a"],
        "fields": [{"name": "a", "type": "str", "title": "a", "required": True}],
    }
    with pytest.raises(DomainError):
        add_table(DataTable(**{**good, **definition}), data_manager)


def test_file_is_shown_first_and_landed_after(standard, data_manager, log_in):
    table = DataTable.objects.get(table="part")
    desk, url = log_in(data_manager), f"/convergence/tables/{table.pk}/file/"
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    for line in (
        ["区划代码", "统计时间", "area"],
        [210102, "2026-01-01 00:00:00", 5.5],
        [210103, "2026-01-01 00:00:00", 6],
    ):
        sheet.append(line)
    stream = io.BytesIO()
    book.save(stream)
    page = desk.post(url, {"file": SimpleUploadedFile("a.xlsx", stream.getvalue())})
    token = page.context["token"]
    assert page.context["checked"].errors == {}
    bad = desk.post(url, {"file": SimpleUploadedFile("a.csv", b"districtCode,area\n2101,x\n")})
    assert bad.context["checked"].errors[0].keys() == {"districtCode", "statisticalTime", "area"}
    desk.post(url, {"token": token})
    inbound.drain()
    from convergence.store import rows

    assert rows.count(table.spec()) == 2
    with pytest.raises(DomainError):
        acquisition.confirm(table.spec(), token, data_manager)


def test_rows_page_keeps_to_the_readers_divisions(caller, districts, log_in):
    caller.store([PART, {**PART, "districtCode": "210103"}])
    table = DataTable.objects.get(table="part")
    rights = ["platform_core.access_convergence", "convergence.view_datatable"]
    reader = UserFactory(scope=districts[1], rights=rights)
    page = log_in(reader).get(f"/convergence/tables/{table.pk}/rows/")
    assert [row["values"][0] for row in page.context["result"].rows] == ["210102"]
    wrong = log_in(reader).get(f"/convergence/tables/{table.pk}/rows/", {"where": "nothing=1"})
    assert (wrong.status_code, "nothing" in wrong.content.decode()) == (422, True)
    nobody = UserFactory(rights=rights)
    assert log_in(nobody).get(f"/convergence/tables/{table.pk}/rows/").context["result"].rows == []
    assert log_in(UserFactory(scope=districts[0])).get(f"/convergence/tables/{table.pk}/rows/").status_code == 403


def test_sensitive_fields_are_masked_on_pages(caller, districts, log_in):
    caller.store([{"code": "1", "name": "局", "districtCode": "210102", "phone": "13900001111"}], table="organization")
    table = DataTable.objects.get(table="organization")
    reader = UserFactory(scope=districts[1], rights=["platform_core.access_convergence", "convergence.view_datatable"])
    page = log_in(reader).get(f"/convergence/tables/{table.pk}/rows/").content.decode()
    assert "13900001111" not in page
    assert "***" in page


def test_getdata_of_partitioned_table_with_cursor(caller):
    rows = [
        {
            "deviceCode": f"D{n}",
            "metricCode": "p",
            "monitorTime": f"2026-0{n + 1}-01 00:00:00",
            "districtCode": "210102",
            "value": n,
        }
        for n in range(5)
    ]
    caller.store(rows, "operation", "monitorData")
    first = caller.get("", "operation", "monitorData", limit="3", after="0")
    rest = caller.get("", "operation", "monitorData", limit="3", after=str(first["next"]))
    assert (first["more"], rest["more"]) == (True, False)
    assert sorted(row["deviceCode"] for row in first["rows"] + rest["rows"]) == ["D0", "D1", "D2", "D3", "D4"]


def test_partition_exists_for_each_month(caller):
    from django.db import connection

    caller.store([{"stationCode": "1", "time": "2026-03-31 23:59:59"}], "external", "weather")
    with connection.cursor() as cursor:
        cursor.execute("SELECT tableoid::regclass::text FROM std.external_weather")
        assert cursor.fetchone()[0] == "std.external_weather_202603"
    assert standard.FOLDER.exists()
