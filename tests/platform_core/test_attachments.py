"""Files: judged by content, and open only to those who may see their row."""

import io
import zipfile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from platform_core.errors import DomainError
from platform_core.models import Attachment, AuditEntry
from platform_core.services import attachments
from tests.factories import EvaluationPointFactory, UserFactory


def photo(size=(1200, 800), kind="JPEG"):
    target = io.BytesIO()
    Image.new("RGB", size, "#357").save(target, kind)
    return target.getvalue()


@pytest.fixture
def point(districts, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    return EvaluationPointFactory(region=districts[1])


def store(name, content, point, user=None):
    return attachments.store(SimpleUploadedFile(name, content), target=point, user=user)


def test_photo_gets_hash_and_thumbnail(point):
    kept = store("路面.jpg", photo(), point)
    assert (kept.media_type, len(kept.sha256), kept.original_name) == ("image/jpeg", 64, "路面.jpg")
    with Image.open(kept.thumbnail) as small:
        assert max(small.size) == 320
    assert list(attachments.of(point)) == [kept]
    assert kept.sha256 in str(AuditEntry.objects.get(action="attach file").after)


def test_text_and_pdf_are_accepted(point):
    assert store("说明.txt", "现场情况".encode("gb18030"), point).media_type == "text/plain"
    assert store("a.pdf", b"%PDF-1.7\n...", point).media_type == "application/pdf"


def bad_zip():
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("a.exe", b"MZ")
    return target.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("a.exe", b"MZ\x90\x00" + b"\0" * 200, "file_type"),
        ("a.jpg", b"MZ\x90\x00" + b"\0" * 200, "file_type"),
        ("a.png", photo(), "file_type_mismatch"),
        ("a.jpg", photo()[:300], "bad_picture"),
        ("a.jpg", b"\xff\xd8\xff\xe0<script>alert(1)</script>", "bad_picture"),
        ("a.html", b"<html><script>1</script>", "file_type_mismatch"),
        ("a.svg", b"<svg onload='1'/>", "file_type_mismatch"),
        ("a.docx", bad_zip(), "file_type"),
        ("a.jpg", b"", "empty_file"),
    ],
)
def test_hostile_files_are_refused_and_leave_nothing(point, name, content, code, tmp_path):
    with pytest.raises(DomainError) as refusal:
        store(name, content, point)
    assert refusal.value.code == code
    assert not Attachment.objects.exists()
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_too_large_is_refused(point, settings):
    settings.ATTACHMENT_MAX_BYTES = 100
    with pytest.raises(DomainError, match="MiB"):
        store("a.jpg", photo(), point)


def test_a_picture_of_too_many_pixels_is_refused(point, monkeypatch):
    monkeypatch.setattr(attachments, "MAX_PIXELS", 1000)
    with pytest.raises(DomainError) as refusal:
        store("a.png", photo((100, 100), "PNG"), point)
    assert refusal.value.code == "picture_too_large"


def test_page_uploads_serves_and_removes(point, evaluator, log_in, django_capture_on_commit_callbacks):
    client = log_in(evaluator)
    address = f"/p/evaluationpoint/{point.pk}/attachments/"
    answer = client.post(address, {"files": [SimpleUploadedFile("a.jpg", photo())]}, follow=True)
    assert "a.jpg" in answer.content.decode()
    kept = Attachment.objects.get()
    assert kept.uploaded_by == evaluator
    file = client.get(f"/attachments/{kept.pk}/")
    assert file["Content-Disposition"].startswith("attachment")
    assert "sandbox" in file["Content-Security-Policy"]
    assert client.get(f"/attachments/{kept.pk}/thumbnail/")["Content-Type"] == "image/jpeg"
    name = str(kept.file.name)
    with django_capture_on_commit_callbacks(execute=True):
        client.post(f"/attachments/{kept.pk}/remove/")
    assert not Attachment.objects.exists()
    assert not kept.file.storage.exists(name)


def test_another_district_is_refused(point, districts, log_in):
    from tests.conftest import EVALUATOR

    kept = store("a.jpg", photo(), point)
    stranger = log_in(UserFactory(scope=districts[2], rights=EVALUATOR))
    reader = log_in(UserFactory(scope=districts[1], rights=EVALUATOR[:2]))
    for address in (f"/attachments/{kept.pk}/", f"/attachments/{kept.pk}/thumbnail/"):
        assert stranger.get(address).status_code == 404
        assert reader.get(address).status_code == 200
    assert stranger.post(f"/attachments/{kept.pk}/remove/").status_code == 404
    assert reader.post(f"/attachments/{kept.pk}/remove/").status_code == 403
    upload = {"files": [SimpleUploadedFile("b.jpg", photo())]}
    assert stranger.post(f"/p/evaluationpoint/{point.pk}/attachments/", upload).status_code == 404
    assert reader.post(f"/p/evaluationpoint/{point.pk}/attachments/", upload).status_code == 403
    assert Attachment.objects.count() == 1
