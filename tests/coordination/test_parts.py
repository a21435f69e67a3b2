"""The census of part facilities (CJJ/T 312 §4.3.4-1; GB/T 30428.2)."""

import csv
import io
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection

from coordination.models import PartFacility
from exchange.models import InboundBatch
from exchange.services import inbound
from platform_core.errors import DomainError
from platform_core.gathering import gathering, hand_over
from platform_core.models import ImportBatch, ImportRow, Job
from platform_core.pages import find
from platform_core.services import imports, jobs
from tests.factories import UserFactory
from tests.factories.city import HERE, stored_rows

RIGHTS = (
    "platform_core.access_coordination",
    *(f"coordination.{verb}_partfacility" for verb in ("view", "add", "change")),
)
HEADER = ["code", "type_code", "name", "region", "owner", "state", "longitude", "latitude"]


def pages_of():
    pages = find("partfacility")
    assert pages is not None
    return pages


def census(count, **wrong):
    """A census file of lamps; `wrong` replaces fields of its last row."""
    rows = [
        dict(zip(HEADER, [f"2101020206{n:06d}", "0206", "路灯", "210102", "", "intact", HERE.x, HERE.y], strict=True))
        for n in range(1, count + 1)
    ]
    rows[-1] |= wrong
    stream = io.StringIO()
    writer = csv.DictWriter(stream, HEADER)
    writer.writeheader()
    writer.writerows(rows)
    return SimpleUploadedFile("census.csv", stream.getvalue().encode())


@pytest.fixture
def editor(city):
    return UserFactory(scope=city.heping, rights=RIGHTS)


@pytest.mark.django_db
def test_a_census_goes_up_in_one_message(city, editor):
    pages = pages_of()
    batch = imports.read(pages, census(5), editor)
    assert [row.errors for row in batch.rows.all()] == [{}] * 5
    InboundBatch.objects.all().delete()
    assert imports.confirm(pages, batch, editor) == 5
    assert list(InboundBatch.objects.values_list("row_count", flat=True)) == [5]
    inbound.drain()
    assert len(stored_rows("basic", "partFacility")) == PartFacility.objects.count() == 5


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"code": "2101030206000009"}, "code"),
        ({"code": "2101020207000009"}, "code"),
        ({"code": "2101029999000009", "type_code": "9999"}, "type_code"),
        ({"region": "210103", "code": "2101030206000009"}, "region"),
        ({"state": "夜"}, "state"),
        ({"longitude": "1230"}, "location"),
    ],
)
def test_a_wrong_row_of_a_census_is_named(city, editor, wrong, field):
    pages = pages_of()
    batch = imports.read(pages, census(3, **wrong), editor)
    assert [sorted(row.errors) for row in batch.rows.order_by("number")] == [[], [], [field]]
    with pytest.raises(DomainError):
        imports.confirm(pages, batch, editor)
    assert not PartFacility.objects.exists()


def test_what_is_gathered_is_handed_over_once_and_nothing_after_an_error():
    lots: list[list[int]] = []
    hand_over("a", 0, lots.append)
    with gathering():
        for number in range(1001):
            hand_over("a", number, lots.append)
        with gathering():
            hand_over("b", 1, lots.append)
    assert [len(lot) for lot in lots] == [1, 1000, 1, 1]
    with pytest.raises(ZeroDivisionError), gathering():
        hand_over("a", 1, lots.append)
        raise ZeroDivisionError
    assert len(lots) == 4


@pytest.fixture
def large(editor, log_in, settings, tmp_path):
    """A census too large to be checked while one waits, uploaded: (client, its batch)."""
    settings.MEDIA_ROOT = tmp_path
    client = log_in(editor)
    file = census(imports.LOT * 2)
    assert file.size > imports.AT_ONCE_BYTES
    answer = client.post("/p/partfacility/import/", {"file": file})
    return client, answer.url, ImportBatch.objects.get()


@pytest.mark.django_db(transaction=True)
def test_a_large_census_is_checked_and_imported_by_jobs(large):
    client, address, batch = large
    assert (batch.state, batch.rows.count()) == ("checking", 0)
    assert "import-waiting" in client.get(address, HTTP_HX_REQUEST="true").content.decode()
    jobs.run(batch.job_id)
    batch.refresh_from_db()
    assert (batch.state, batch.rows.count(), bool(batch.file)) == ("preview", 1000, False)
    assert client.get(address, HTTP_HX_REQUEST="true")["HX-Refresh"] == "true"
    assert client.post(address, {"confirm": ""}).url == address
    batch.refresh_from_db()
    assert batch.state == "importing" and not PartFacility.objects.exists()
    jobs.run(batch.job_id)
    batch.refresh_from_db()
    assert (batch.state, batch.job.state, PartFacility.objects.count()) == ("confirmed", "done", 1000)
    assert batch.owner.notifications.first().url == address
    for job in Job.objects.order_by("id"):  # a worker that died before it could say that it was done
        Job.objects.filter(pk=job.pk).update(state="queued")
        jobs.run(job.pk)
    assert set(Job.objects.values_list("state", flat=True)) == {"done"}
    assert (batch.rows.count(), PartFacility.objects.count()) == (1000, 1000)
    assert "import-waiting" not in client.get(address).content.decode()


@pytest.mark.django_db(transaction=True)
def test_a_check_that_is_cancelled_in_its_last_moment_stays_cancelled(large, monkeypatch):
    client, address, batch = large
    bulk_create = ImportRow.objects.bulk_create

    def last(rows):
        ImportBatch.objects.filter(pk=batch.pk).update(state="cancelled")
        return bulk_create(rows)

    monkeypatch.setattr(ImportRow.objects, "bulk_create", last)
    jobs.run(batch.job_id)
    batch.refresh_from_db()
    assert (batch.state, bool(batch.file)) == ("cancelled", False)
    assert "导入全部" not in client.get(address).content.decode()


@pytest.mark.django_db(transaction=True)
def test_a_large_import_that_is_cancelled_or_fails_leaves_nothing(large, monkeypatch):
    client, address, batch = large
    jobs.run(batch.job_id)
    client.post(address, {"confirm": ""})
    batch.refresh_from_db()

    def cancel():
        jobs.cancel(Job.objects.get(pk=batch.job_id))
        connection.close()

    def prepare(_part):
        if not PartFacility.objects.exists():
            with ThreadPoolExecutor() as other:  # a connection of its own, as the web has
                other.submit(cancel).result()

    monkeypatch.setattr(pages_of(), "prepare", prepare)
    jobs.run(batch.job_id)
    batch.refresh_from_db()
    assert batch.job.state == "cancelled" and not PartFacility.objects.exists()
    page = client.get(address).content.decode()
    assert "没有保存任何内容" in page and "import-waiting" not in page
    client.post(address, {"cancel": "1"})
    batch.refresh_from_db()
    assert batch.state == "cancelled"
