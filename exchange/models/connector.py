"""Horizontal connections to other departments' systems (CJJ/T 312 §6.1.2, §4.1.4-6-2)."""

from __future__ import annotations

from django.contrib.gis.db import models
from django.utils.translation import gettext_lazy as _

from platform_core.fields import EncryptedTextField
from platform_core.models import EditableModel, Region


class Connector(EditableModel):
    """A source of one table: where it is, how its fields map to the table's, how often it is asked."""

    class Kind(models.TextChoices):
        HTTP_JSON = "http_json", "HTTP JSON"
        HTTP_CSV = "http_csv", "HTTP CSV"
        SQL = "sql", _("SQL database")
        SFTP = "sftp", _("files on SFTP")
        MQTT = "mqtt", "MQTT"

    scope_region = "region__code"

    name = models.CharField(_("name"), max_length=80, unique=True)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    region = models.ForeignKey(Region, models.PROTECT, verbose_name=_("division"))
    address = models.CharField(
        _("address"), max_length=400, help_text=_("URL, sftp://user@host/folder, database URL or MQTT topic filter")
    )
    secret = EncryptedTextField(_("password or token"), blank=True)
    query = models.TextField(
        _("query"), blank=True, help_text=_("SQL: a SELECT; JSON: path to the rows, such as data.items")
    )
    group = models.CharField(_("group"), max_length=40)
    table = models.CharField(_("table"), max_length=60)
    mapping = models.JSONField(
        _("mapping"),
        help_text=_("a JSON object: field to source column, or to an object with from, factor, map or value"),
    )
    every_s = models.PositiveIntegerField(_("interval in s"), default=3600)
    is_enabled = models.BooleanField(_("in use"), default=False)
    cursor = models.CharField(_("cursor"), max_length=200, blank=True, editable=False)
    due_at = models.DateTimeField(_("due at"), auto_now_add=True)

    class Meta:
        verbose_name = _("connector")
        verbose_name_plural = _("connectors")
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class ConnectorRun(models.Model):
    """One reading of a connector: rows read, rows handed over, what went wrong."""

    connector = models.ForeignKey(Connector, models.CASCADE, related_name="runs")
    started_at = models.DateTimeField(_("started at"), auto_now_add=True)
    finished_at = models.DateTimeField(_("finished at"), null=True)
    read_count = models.PositiveIntegerField(_("read"), default=0)
    accepted_count = models.PositiveIntegerField(_("accepted"), default=0)
    is_ok = models.BooleanField(_("succeeded"), null=True)
    message = models.TextField(_("message"), blank=True)

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"{self.connector} {self.started_at:%Y-%m-%d %H:%M}"
