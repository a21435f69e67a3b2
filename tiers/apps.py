"""The tier profiles and everything that explains them."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TiersConfig(AppConfig):
    """Which apps, menus, tasks and clauses a tier has (CJJ/T 312 §3.0.1)."""

    name = "tiers"
    verbose_name = _("Platform tiers")
