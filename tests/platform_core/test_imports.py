"""Files come in whole or not at all, and every bad row is named."""

import io
import json
import zipfile

import openpyxl
import pytest
import shapefile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from platform_core.errors import DomainError
from platform_core.models import EvaluationGrid, EvaluationPoint, ImportBatch, Job
from platform_core.pages import find
from platform_core.services import imports, jobs
from tests.factories import EvaluationPointFactory

pytestmark = pytest.mark.django_db
HEADER = "code,name,point_type,region,longitude,latitude\n"
GOOD = HEADER + "A1,南湖公园,4,210102,123.35,41.75\nA2,太原街,3,210102,123.36,41.76\n"
BAD = HEADER + (
    "B1,好的,4,210102,123.35,41.75\n"
    "B2,类型错,99,210102,123.35,41.75\n"
    "B3,外区,4,210103,123.45,41.75\n"
    "B4,在外面,4,210102,123.48,41.75\n"
    "B1,重复,4,210102,123.35,41.75\n"
    "B5,反了,4,210102,41.75,123.35\n"
)


def upload(name, content):
    return SimpleUploadedFile(name, content if isinstance(content, bytes) else content.encode())


def pages_of(slug):
    pages = find(slug)
    assert pages is not None
    return pages


def read(user, name, content):
    return imports.read(pages_of("evaluationpoint"), upload(name, content), user)


def test_good_file_is_imported_after_confirmation(evaluator):
    batch = read(evaluator, "points.csv", GOOD)
    assert not EvaluationPoint.objects.exists()
    assert imports.confirm(pages_of("evaluationpoint"), batch, evaluator) == 2
    assert EvaluationPoint.objects.get(code="A1").location.coords == (123.35, 41.75)
    with pytest.raises(DomainError):
        imports.confirm(pages_of("evaluationpoint"), batch, evaluator)


def test_broken_file_names_every_bad_row(evaluator):
    batch = read(evaluator, "points.csv", BAD)
    errors = {row.number: set(row.errors) for row in batch.rows.all() if row.errors}
    assert errors == {2: {"point_type"}, 3: {"region"}, 4: {"location"}, 5: {"code"}, 6: {"location"}}
    with pytest.raises(DomainError):
        imports.confirm(pages_of("evaluationpoint"), batch, evaluator)
    assert not EvaluationPoint.objects.exists()


def test_preview_page_shows_row_errors(evaluator, log_in):
    client = log_in(evaluator)
    answer = client.post("/p/evaluationpoint/import/", {"file": upload("points.csv", BAD)}, follow=True)
    text = answer.content.decode()
    assert "您的数据范围内没有该编码的行政区划" in text
    assert "确认" not in text.split("bad-rows")[1].split("</table>")[0]
    assert "导入全部" not in text


def test_existing_row_is_changed_not_doubled(evaluator, districts):
    EvaluationPointFactory(code="A1", region=districts[1], name="旧名")
    batch = read(evaluator, "points.csv", GOOD)
    assert [row.is_update for row in batch.rows.all()] == [True, False]
    imports.confirm(pages_of("evaluationpoint"), batch, evaluator)
    assert EvaluationPoint.objects.get(code="A1").name == "南湖公园"


def test_excel_with_chinese_titles(evaluator):
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.append(["编码", "名称", "点位类型", "区划编码", "经度", "纬度"])
    sheet.append(["X1", "公园", 4, 210102, 123.35, 41.75])
    stream = io.BytesIO()
    book.save(stream)
    batch = read(evaluator, "points.xlsx", stream.getvalue())
    assert [row.errors for row in batch.rows.all()] == [{}]


def test_geojson_and_zipped_shapefile_of_polygons(evaluator):
    ring = [[123.31, 41.71], [123.32, 41.71], [123.32, 41.72], [123.31, 41.72], [123.31, 41.71]]
    feature = {"type": "Feature", "properties": {"code": "2101020001", "name": "一号", "region": "210102"},
               "geometry": {"type": "Polygon", "coordinates": [ring]}}  # fmt: skip
    document = json.dumps({"type": "FeatureCollection", "features": [feature]})
    pages = pages_of("evaluationgrid")
    assert imports.confirm(pages, imports.read(pages, upload("g.geojson", document), evaluator), evaluator) == 1
    assert EvaluationGrid.objects.get().area_km2 == pytest.approx(0.92, abs=0.02)
    shp, shx, dbf = io.BytesIO(), io.BytesIO(), io.BytesIO()
    with shapefile.Writer(shp=shp, shx=shx, dbf=dbf, encoding="utf-8") as writer:
        for name in ("code", "name", "region"):
            writer.field(name, "C")
        writer.poly([[tuple(point) for point in reversed(ring)]])
        writer.record("2101020002", "二号", "210102")
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        for suffix, content in (("shp", shp), ("shx", shx), ("dbf", dbf)):
            file.writestr(f"grids/网格.{suffix}", content.getvalue())
    batch = imports.read(pages, upload("g.zip", archive.getvalue()), evaluator)
    assert [row.errors for row in batch.rows.all()] == [{}]
    assert imports.confirm(pages, batch, evaluator) == 1


def damaged_sheet():
    """A workbook whose sheet is no XML."""
    stream = io.BytesIO()
    openpyxl.Workbook().save(stream)
    made = io.BytesIO()
    with zipfile.ZipFile(stream) as whole, zipfile.ZipFile(made, "w") as damaged:
        for name in whole.namelist():
            damaged.writestr(name, b"<sheet" if "sheet1" in name else whole.read(name))
    return made.getvalue()


def test_a_large_file_that_cannot_be_read_says_why_on_its_page(evaluator, log_in, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    client = log_in(evaluator)
    answer = client.post("/p/evaluationpoint/import/", {"file": upload("a.csv", HEADER + "A1," + "x" * 200_000)})
    jobs.run(Job.objects.get(kind="import check").pk)
    page = client.get(answer.url).content.decode()
    assert "没有保存任何内容" in page and "无法读取该文本表格" in page and "导入全部" not in page


def test_preview_shows_labels_and_old_rows_are_forgotten(evaluator, log_in):
    batch = read(evaluator, "points.csv", GOOD)
    page = log_in(evaluator).get(f"/p/evaluationpoint/import/{batch.pk}/").content.decode()
    assert "123.35, 41.75" in page and "<td>公园" in page
    imports.expire_rows()
    assert batch.rows.count() == 2
    ImportBatch.objects.update(created_at=timezone.now() - imports.KEEP_ROWS * 2)
    imports.expire_rows()
    batch.refresh_from_db()
    assert (batch.state, batch.rows.count()) == ("cancelled", 0)


def test_a_nul_is_a_row_error(evaluator):
    batch = read(evaluator, "points.csv", GOOD.replace("太原街", "太原\0街"))
    assert [set(row.errors) for row in batch.rows.all()] == [set(), {"name"}]


@pytest.mark.parametrize(
    ("name", "content"),
    [("a.exe", b"MZ"), ("a.xlsx", damaged_sheet()), ("a.geojson", b'{"features":5}'),
     ("a.geojson", b'{"features":[5]}'), ("a.xlsx", b"not a zip"), ("a.geojson", b"{}"), ("a.zip", b"PK"), ("a.csv", b"\xff\xfe\xfa"),
     ("a.csv", HEADER.encode())],
)  # fmt: skip
def test_unreadable_file_is_refused_with_a_message(evaluator, log_in, name, content):
    with pytest.raises(DomainError):
        read(evaluator, name, content)
    answer = log_in(evaluator).post("/p/evaluationpoint/import/", {"file": upload(name, content)},
                                    headers={"accept": "text/html"})  # fmt: skip
    assert answer.status_code == 409
    assert not ImportBatch.objects.exists()


@pytest.mark.parametrize("suffix", ["csv", "xlsx", "geojson"])
def test_export_contains_only_own_rows(evaluator, districts, suffix, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    mine = EvaluationPointFactory(region=districts[1], name="=SUM(1)")
    other = EvaluationPointFactory(region=districts[2])
    job = jobs.start("export", "导出", evaluator, page="evaluationpoint", query="", format=suffix)
    jobs.run(job.pk)
    job.refresh_from_db()
    assert (job.state, job.result) == (Job.State.DONE, {"rows": 1}), job.error
    content = job.result_file.read()
    if suffix == "xlsx":
        lines = list(openpyxl.load_workbook(io.BytesIO(content)).worksheets[0].values)
        assert [line[0] for line in lines[1:]] == [mine.code]
        assert lines[1][1] == "'=SUM(1)"
    else:
        assert mine.code in content.decode()
        assert other.code not in content.decode()
    if suffix == "geojson":
        assert read(evaluator, "again.geojson", content).rows.get().errors == {}
    assert evaluator.notifications.count() == 1
