"""Addresses: the floor's own, and those of every system of the tier that has any."""

from __future__ import annotations

from importlib.util import find_spec

from django.apps import apps
from django.conf import settings
from django.contrib.auth.views import LogoutView
from django.urls import URLPattern, URLResolver, include, path
from django.views.i18n import set_language

from . import admin
from .pages import views as pages
from .views import account, attachments, codes, portal, users, work
from .views import map as map_views


def _systems() -> list[URLPattern | URLResolver]:
    """Each system below its own name; addresses that a standard fixes (`root_urls`) as they are."""
    found: list[URLPattern | URLResolver] = []
    for app in ("tiers", *settings.PROFILE.apps):
        if find_spec(f"{app}.urls"):
            found.append(path(f"{app}/", include(f"{app}.urls")))
        if find_spec(f"{app}.root_urls"):
            found.append(path("", include(f"{app}.root_urls")))
    return found


def _identity() -> list[URLPattern | URLResolver]:
    """The OpenID client where a provider is set; the provider itself on the tier that is one."""
    found: list[URLPattern | URLResolver] = []
    if settings.OIDC_PROVIDER_URL:
        found.append(path("oidc/", include("mozilla_django_oidc.urls")))
    if apps.is_installed("oauth2_provider"):
        found.append(path("", include("platform_core.identity.provider_urls")))
    return found


urlpatterns: list[URLPattern | URLResolver] = [
    path("", portal.home, name="home"),
    path("healthz", portal.healthz, name="healthz"),
    path("login/", account.Login.as_view(), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("password/", account.change_password, name="password-change"),
    path("second-factor/", account.second_factor, name="second-factor"),
    path("language/", set_language, name="set_language"),
    path("search/", portal.search, name="search"),
    path("health/", portal.health_page, name="health"),
    path("style-guide/", portal.style_guide, name="style-guide"),
    path("audit/verify/", portal.verify_audit, name="verify-audit"),
    path("admin/", admin.site.urls),
    path("map/", map_views.map_page, name="map"),
    path("screen/", map_views.big_screen, name="screen"),
    path("tiles/<slug:name>/<int:zoom>/<int:x>/<int:y>.mvt", map_views.tile, name="tile"),
    path("features/<slug:name>.geojson", map_views.features, name="features"),
    path("jobs/", work.job_list, name="jobs"),
    path("jobs/<int:job_id>/file/", work.job_file, name="job-file"),
    path("jobs/<int:job_id>/cancel/", work.job_cancel, name="job-cancel"),
    path("live/notifications/", work.badge, name="badge"),
    path("notifications/", work.notification_list, name="notifications"),
    path("p/<slug:name>/", pages.list_view, name="page-list"),
    path("p/<slug:name>/new/", pages.form_view, name="page-add"),
    path("p/<slug:name>/import/", pages.import_view, name="page-import"),
    path("p/<slug:name>/import/<int:batch_id>/", pages.import_preview, name="page-import-preview"),
    path("p/<slug:name>/export/", pages.export_view, name="page-export"),
    path("p/<slug:name>/views/", pages.save_view, name="page-save-view"),
    path("p/<slug:name>/<str:pk>/", pages.detail_view, name="page-detail"),
    path("p/<slug:name>/<str:pk>/attachments/", attachments.upload, name="attachment-add"),
    path("attachments/<int:attachment_id>/", attachments.fetch, name="attachment"),
    path("attachments/<int:attachment_id>/thumbnail/", attachments.thumbnail, name="attachment-thumbnail"),
    path("attachments/<int:attachment_id>/remove/", attachments.remove, name="attachment-remove"),
    path("users/<int:pk>/roles/", users.set_roles, name="user-roles"),
    path("users/<int:pk>/scopes/", users.add_scope, name="user-scope-add"),
    path("users/<int:pk>/scopes/<int:scope_id>/", users.remove_scope, name="user-scope-remove"),
    path("users/<int:pk>/sessions/end/", users.end_sessions, name="user-sessions-end"),
    path("users/<int:pk>/password/", users.reset_password, name="user-password"),
    path("users/<int:pk>/unlock/", users.unlock, name="user-unlock"),
    path("users/<int:pk>/second-factor/remove/", users.remove_factor, name="user-factor-remove"),
    path("codes/<int:pk>/remove/", codes.remove, name="code-remove"),
    path("codelists/<int:pk>/publish/", codes.publish, name="codelist-publish"),
    path("codelists/<int:pk>/draft/", codes.draft, name="codelist-draft"),
    path("p/<slug:name>/<str:pk>/edit/", pages.form_view, name="page-edit"),
    path("p/<slug:name>/<str:pk>/retire/", pages.retire_view, name="page-retire"),
    path("identities/", account.identities, name="identities"),
    *_identity(),
    *_systems(),
]
handler403 = "platform_core.views.portal.forbidden"
handler404 = "platform_core.views.portal.not_found"
