"""Forms of public service."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from coordination.choices import categories, or_none
from coordination.forms import PhotosField
from platform_core.forms.geometry import MapField
from platform_core.forms.models import RegionChoice

from .models import Agent, Appeal, ConvenienceService, Notice, Open311Client
from .models.hotline import Skill

MOST_PHOTOS = 4


class CitizenForm(forms.Form):
    """What a citizen fills in; a telephone is proved by a code where CITIZEN_SMS_CODE is on."""

    kind = forms.ChoiceField(label=gettext_lazy("what is it"), choices=Appeal.Kind.choices)
    content = forms.CharField(
        label=gettext_lazy("what happened"), max_length=500, widget=forms.Textarea(attrs={"rows": 4})
    )
    location = MapField("point", label=gettext_lazy("place of the problem"), required=False)
    address = forms.CharField(label=gettext_lazy("address"), max_length=200, required=False)
    photos = PhotosField(label=gettext_lazy("photos"), required=False)
    contact_name = forms.CharField(label=gettext_lazy("your name"), max_length=40, required=False)
    phone = forms.CharField(
        label=gettext_lazy("telephone"),
        max_length=20,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"}),
    )
    code = forms.CharField(
        label=gettext_lazy("code"),
        max_length=6,
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "one-time-code"}),
    )

    def clean(self) -> dict[str, Any]:
        """A complaint has a place; a code is needed where codes are on."""
        data = super().clean() or self.cleaned_data
        if data.get("kind") == Appeal.Kind.COMPLAINT and not data.get("location") and "location" not in self.errors:
            self.add_error("location", _("Tap the place on the map."))
        if settings.CITIZEN_SMS_CODE and not data.get("code"):
            self.add_error("code", _("Have a code sent to your telephone and type it here."))
        if len(data.get("photos") or ()) > MOST_PHOTOS:
            self.add_error("photos", _("At most %d photos.") % MOST_PHOTOS)
        return data


class DeskAppealForm(forms.Form):
    """An appeal taken down by an agent."""

    kind = forms.ChoiceField(label=gettext_lazy("what is it"), choices=Appeal.Kind.choices)
    channel = forms.ChoiceField(
        label=gettext_lazy("channel"),
        choices=[(key, label) for key, label in Appeal.Channel.choices if key.startswith("123")],
    )
    content = forms.CharField(
        label=gettext_lazy("content"), max_length=1000, widget=forms.Textarea(attrs={"rows": 4, "autofocus": True})
    )
    category = forms.ChoiceField(label=gettext_lazy("category"), required=False, choices=or_none(categories))
    contact_name = forms.CharField(label=gettext_lazy("caller's name"), max_length=40, required=False)
    phone = forms.CharField(label=gettext_lazy("telephone"), max_length=20, required=False)
    address = forms.CharField(label=gettext_lazy("address"), max_length=200, required=False)
    location = MapField("point", label=gettext_lazy("location"), required=False)


class ToCaseForm(forms.Form):
    """The place of an appeal that came without one."""

    category = forms.ChoiceField(label=gettext_lazy("category"), required=False, choices=or_none(categories))
    address = forms.CharField(label=gettext_lazy("address"), max_length=200, required=False)
    location = MapField("point", label=gettext_lazy("location"))


class NoticeForm(forms.ModelForm):
    """A notice."""

    class Meta:
        model = Notice
        fields = ("title", "body", "published_at", "expires_at")
        widgets = {
            "published_at": forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
            "expires_at": forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        }


class ConvenienceForm(forms.ModelForm):
    """A convenience service."""

    region = RegionChoice()
    location = MapField("point", label=gettext_lazy("location"), required=False)

    class Meta:
        model = ConvenienceService
        fields = ("code", "kind", "name", "phone", "hours", "address", "content", "region", "location")


class AgentForm(forms.ModelForm):
    """An agent's place."""

    skills = forms.MultipleChoiceField(
        label=gettext_lazy("skills"), choices=Skill.choices, widget=forms.CheckboxSelectMultiple
    )

    class Meta:
        model = Agent
        fields = ("user", "extension", "skills")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        field: Any = self.fields["user"]
        field.to_field_name = "username"


class Open311ClientForm(forms.ModelForm):
    """An application; its key is typed once and kept as a digest."""

    key = forms.CharField(
        label="api_key",
        required=False,
        min_length=24,
        max_length=100,
        help_text=gettext_lazy("at least 24 signs, made by chance; leave empty to keep it"),
    )

    class Meta:
        model = Open311Client
        fields = ("name", "is_enabled")

    def clean(self) -> dict[str, Any]:
        """A new application needs a key."""
        data = super().clean() or self.cleaned_data
        if not self.instance.pk and not data.get("key"):
            raise ValidationError({"key": _("A new application needs a key.")})
        return data
