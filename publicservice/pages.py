"""Lists of public service."""

from __future__ import annotations

from typing import Any

from django.db.models import Model
from django.utils.translation import gettext_lazy as _

from platform_core.http import UserRequest
from platform_core.pages import Column, ModelPages, Panel, register

from . import forms
from .models import Agent, Appeal, Call, ConvenienceService, Notice, Open311Client, ReturnVisit
from .models.hotline import Skill


@register
class AppealPages(ModelPages):
    """Appeals 公众诉求, newest first; who made them is masked (CJJ/T 312 §4.3.6)."""

    model, system = Appeal, "publicservice"
    columns = (
        Column("number"),
        Column("state"),
        Column("kind"),
        Column("channel"),
        Column("content"),
        Column("region"),
        Column("case"),
        Column("masked_phone", _("telephone")),
        Column("received_at", sort=True),
        Column("satisfaction", is_numeric=True),
        Column("is_demo"),
    )
    filters, search, order, related = ("state", "kind", "channel"), ("number",), "-received_at", ("case", "region")
    detail_page = "appeal"
    add_page = ("appeal-new", "publicservice.handle_appeal")

    def value(self, row: Model, path: str) -> Any:
        """Content cut to what a list needs."""
        value = super().value(row, path)
        return f"{value[:30]}…" if path == "content" and len(value) > 31 else value


@register
class ReturnVisitPages(ModelPages):
    """Return visits 回访."""

    model, system = ReturnVisit, "publicservice"
    columns = (
        Column("appeal"),
        Column("state"),
        Column("score", is_numeric=True, sort=True),
        Column("comment"),
        Column("attempts", is_numeric=True),
        Column("agent"),
        Column("created_at", sort=True),
        Column("done_at"),
    )
    filters, order, related = ("state", "score"), "-created_at", ("appeal", "agent")


def _recording(request: UserRequest, call: Call) -> dict[str, Any]:
    return {
        "call": call,
        "events": call.events.all(),
        "may_hear": request.user.has_perm("publicservice.supervise_hotline"),
    }


@register
class CallPages(ModelPages):
    """Calls and recordings 话务与录音 (CJJ/T 312 §4.3.6-1)."""

    model, system = Call, "publicservice"
    columns = (
        Column("uid"),
        Column("dialled"),
        Column("masked_caller", _("caller")),
        Column("skill"),
        Column("state"),
        Column("agent"),
        Column("queued_at", sort=True),
        Column("wait_s", _("wait in s"), is_numeric=True),
        Column("talk_s", _("talk in s"), is_numeric=True),
        Column("appeal"),
        Column("is_demo"),
    )
    details = (
        "uid",
        "dialled",
        "masked_caller",
        "skill",
        "state",
        "agent",
        "queued_at",
        "answered_at",
        "ended_at",
        "appeal",
    )
    filters, search, order = ("state", "skill", "dialled", "agent"), ("uid", "appeal__number"), "-queued_at"
    related = ("agent__user", "appeal")
    panels = (Panel("recording", _("Recording and course"), "publicservice/panels/call.html", _recording),)


@register
class AgentPages(ModelPages):
    """Agents 坐席."""

    model, system, form, import_key = Agent, "publicservice", forms.AgentForm, ("extension",)
    columns = (
        Column("extension", sort=True),
        Column("user"),
        Column("skill_names", _("skills")),
        Column("state"),
        Column("state_since"),
        Column("is_demo"),
    )
    filters, search, order, related = ("state",), ("extension", "user__full_name"), "extension", ("user",)

    def value(self, row: Model, path: str) -> Any:
        """Skills by their names."""
        if path == "skill_names":
            assert isinstance(row, Agent)
            return "、".join(str(Skill(skill).label) for skill in row.skills if skill in Skill.values)
        return super().value(row, path)


@register
class NoticePages(ModelPages):
    """Notices 公告."""

    model, system, form = Notice, "publicservice", forms.NoticeForm
    columns = (Column("title"), Column("published_at", sort=True), Column("expires_at"), Column("is_demo"))
    details = ("title", "body", "published_at", "expires_at")
    search, order = ("title",), "-published_at"


@register
class ConveniencePages(ModelPages):
    """Convenience services 便民便企 (CJJ/T 312 §4.3.6-1-2)."""

    model, system, form, import_key = ConvenienceService, "publicservice", forms.ConvenienceForm, ("code",)
    columns = (
        Column("name"),
        Column("kind"),
        Column("phone"),
        Column("hours"),
        Column("address"),
        Column("region"),
        Column("code", sort=True),
        Column("is_demo"),
    )
    filters, search, order, related = ("kind",), ("name", "phone"), "code", ("region",)


@register
class Open311Pages(ModelPages):
    """Applications that speak Open311."""

    model, system, form = Open311Client, "publicservice", forms.Open311ClientForm
    columns = (Column("name"), Column("is_enabled"), Column("created_at"))
    order = "name"

    def store(self, instance: Model, form: Any) -> None:
        """Keep the digest of a new key."""
        assert isinstance(instance, Open311Client)
        if key := form.cleaned_data.get("key"):
            instance.key_digest = Open311Client.digest(key)
        instance.save()
