"""Pages of the exchange."""

from django.urls import path

from .views import actions, api, application, desk

urlpatterns = [
    path("apply/", application.page, name="exchange-apply"),
    path("api/", api.page, name="exchange-api"),
    path("api/openapi.json", api.openapi, name="exchange-openapi"),
    path("monitor/", desk.monitor, name="exchange-monitor"),
    path("services/", desk.services, name="exchange-services"),
    path("accounts/<int:pk>/review/", actions.review, name="account-review"),
    path("accounts/<int:pk>/keys/rotate/", actions.rotate_key, name="account-key-rotate"),
    path("accounts/<int:pk>/keys/<int:key_id>/revoke/", actions.revoke_key, name="account-key-revoke"),
    path("accounts/<int:pk>/grants/", actions.add_grant, name="account-grant-add"),
    path("accounts/<int:pk>/grants/<int:grant_id>/remove/", actions.remove_grant, name="account-grant-remove"),
    path("uppers/<int:pk>/act/", actions.upper, name="upper-act"),
    path("chunks/<int:pk>/act/", actions.chunk, name="chunk-act"),
    path("batches/<int:pk>/retry/", actions.retry_batch, name="batch-retry"),
    path("quarantine/<int:pk>/act/", actions.quarantine, name="quarantine-act"),
    path("connectors/<int:pk>/act/", actions.connector, name="connector-act"),
]
