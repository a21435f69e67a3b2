"""Which platform this deployment is."""

from __future__ import annotations

from django.contrib.gis.db import models
from django.utils.translation import gettext_lazy as _

from .base import EditableModel
from .organisation import Organisation
from .region import Region


class PlatformInstance(EditableModel):
    """The one row that says whose platform this is; written by `manage.py setup_tier`."""

    tier = models.CharField(_("tier"), max_length=10)
    name = models.CharField(_("platform name"), max_length=100)
    region = models.ForeignKey(Region, models.PROTECT, verbose_name=_("division"))
    organisation = models.ForeignKey(Organisation, models.PROTECT, verbose_name=_("organisation"))
    parent_url = models.URLField(_("parent platform address"), blank=True)

    class Meta:
        verbose_name = _("platform")
        verbose_name_plural = _("platform")
        constraints = (models.CheckConstraint(condition=models.Q(id=1), name="platforminstance_is_one"),)
        # Rights that guard pages without a table of their own.
        permissions = (
            ("view_platform_health", "May see the state of the platform"),
            ("verify_audit_log", "May verify the audit log"),
            ("assign_rights", "May assign roles and data scopes"),
            ("manage_credentials", "May reset passwords, unlock accounts and end sessions"),
        )

    def __str__(self) -> str:
        return self.name
