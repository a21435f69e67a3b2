"""Files that belong to rows: judged by content, hashed, photographed small (CJJ/T 312 §4.1.4-8-3)."""

from __future__ import annotations

import hashlib
import io
import warnings
from collections.abc import Sequence
from pathlib import Path

import filetype
from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import Model, Q, QuerySet
from django.utils.translation import gettext as _
from PIL import Image, ImageOps, UnidentifiedImageError

from platform_core.errors import DomainError
from platform_core.models import Attachment, User

from . import audit

THUMBNAIL_PX = 320
MAX_PIXELS = 80_000_000
OFFICE = "application/vnd.openxmlformats-officedocument."
# Media type as the content says it → endings a name may have with it.
ALLOWED = {
    "image/jpeg": (".jpg", ".jpeg"),
    "image/png": (".png",),
    "image/webp": (".webp",),
    "application/pdf": (".pdf",),
    f"{OFFICE}wordprocessingml.document": (".docx",),
    f"{OFFICE}spreadsheetml.sheet": (".xlsx",),
    f"{OFFICE}presentationml.presentation": (".pptx",),
    "video/mp4": (".mp4",),
    "audio/mpeg": (".mp3",),
    "text/plain": (".txt", ".csv"),
}
SUFFIXES = tuple(sorted(suffix for suffixes in ALLOWED.values() for suffix in suffixes))


def _media_type(content: bytes, suffix: str) -> str:
    """What the bytes are. Raises DomainError for a type that is not allowed or contradicts the name."""
    guessed = filetype.guess_mime(content[:8192])
    if guessed is None and b"\0" not in content:
        for encoding in ("utf-8", "gb18030"):
            try:
                content.decode(encoding)
            except UnicodeDecodeError:
                continue
            guessed = "text/plain"
            break
    if guessed not in ALLOWED:
        raise DomainError("file_type", _("Files of this kind are not accepted; use %s.") % " ".join(SUFFIXES))
    if suffix not in ALLOWED[guessed]:
        raise DomainError(
            "file_type_mismatch",
            _("The name ends in “%(suffix)s”, but the content is %(type)s.") % {"suffix": suffix, "type": guessed},
        )
    return guessed


def _thumbnail(content: bytes) -> bytes:
    """A JPEG of at most 320 px, upright. Raises DomainError where the picture cannot be decoded."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content)) as picture:
                if picture.width * picture.height > MAX_PIXELS:
                    raise DomainError("picture_too_large", _("The picture has too many pixels."))
                upright = ImageOps.exif_transpose(picture).convert("RGB")
    except (
        UnidentifiedImageError,
        OSError,
        SyntaxError,
        ValueError,
        Image.DecompressionBombError,
        Image.DecompressionBombWarning,
    ) as error:
        raise DomainError("bad_picture", _("The picture cannot be read; it may be damaged.")) from error
    upright.thumbnail((THUMBNAIL_PX, THUMBNAIL_PX))
    target = io.BytesIO()
    upright.save(target, "JPEG", quality=82)
    return target.getvalue()


def of(target: Model) -> QuerySet[Attachment]:
    """Attachments of a row, newest first. Whoever may see the row may see them."""
    return Attachment.objects.filter(
        content_type=ContentType.objects.get_for_model(target), object_id=str(target.pk)
    ).order_by("-id")


def store(upload: UploadedFile, *, target: Model | None, user: User | None) -> Attachment:
    """Check and keep a file. Raises DomainError naming the rule it breaks; nothing is stored then.

    Pictures are decoded completely, so that a file which only begins like one is refused.
    """
    name = Path(upload.name or "").name
    size = upload.size or 0
    if size > settings.ATTACHMENT_MAX_BYTES:
        raise DomainError("too_large", _("The file is larger than %d MiB.") % (settings.ATTACHMENT_MAX_BYTES // 2**20))
    if not size:
        raise DomainError("empty_file", _("The file is empty."))
    content = upload.read()
    media_type = _media_type(content, Path(name).suffix.lower())
    small = _thumbnail(content) if media_type.startswith("image/") else b""
    attachment = Attachment(
        original_name=name[-200:],
        media_type=media_type,
        size_bytes=size,
        sha256=hashlib.sha256(content).hexdigest(),
        uploaded_by=user,
        organisation=user.organisation if user else None,
    )
    if target is not None:
        attachment.target = target
    # Files first: bytes without a row waste space, a row without bytes loses evidence.
    attachment.file.save(f"{attachment.sha256[:32]}{Path(name).suffix.lower()}", ContentFile(content), save=False)
    if small:
        attachment.thumbnail.save(f"{attachment.sha256[:32]}.jpg", ContentFile(small), save=False)
    with transaction.atomic():
        attachment.save()
        audit.record("attach file", target or attachment, after={"file": name, "sha256": attachment.sha256})
    return attachment


def store_picture(upload: UploadedFile, *, target: Model, user: User | None) -> Attachment:
    """`store`, for pictures only. Raises DomainError for any other kind of file."""
    head = upload.read(8192)
    upload.seek(0)
    if not (filetype.guess_mime(head) or "").startswith("image/"):
        raise DomainError(
            "not_a_picture", _("“%s” is not a picture; photos are JPEG, PNG or WebP.") % (upload.name or "")
        )
    return store(upload, target=target, user=user)


def link(attachment: Attachment, target: Model) -> Attachment:
    """The same stored file as an attachment of another row; each row's readers are asked for their own right."""
    copy = Attachment.objects.get(pk=attachment.pk)
    copy.pk = None
    copy.content_type = ContentType.objects.get_for_model(target)
    copy.object_id = str(target.pk)
    copy.save(force_insert=True)
    return copy


def keep_pictures(photos: Sequence[UploadedFile | Attachment], *, target: Model, user: User | None) -> list[Attachment]:
    """New uploads and pictures that are stored already, as attachments of a row. Raises DomainError as they do."""
    return [
        link(photo, target) if isinstance(photo, Attachment) else store_picture(photo, target=target, user=user)
        for photo in photos
    ]


@transaction.atomic
def remove(attachment: Attachment) -> None:
    """Delete a file; the audit log keeps its name and hash."""
    audit.record(
        "remove file",
        attachment.target or attachment,
        before={"file": attachment.original_name, "sha256": attachment.sha256},
    )
    names = [(field.storage, field.name) for field in (attachment.file, attachment.thumbnail) if field.name]
    attachment.delete()

    def erase() -> None:
        for storage, name in names:
            # A file linked from another row stays until the last of them goes.
            if not Attachment.objects.filter(Q(file=name) | Q(thumbnail=name)).exists():
                storage.delete(name)

    transaction.on_commit(erase)
