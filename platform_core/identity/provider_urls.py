"""Addresses of the OpenID provider: only the code flow, no registration from outside."""

from __future__ import annotations

from django.urls import include, path
from oauth2_provider import views

from platform_core.views import clients

from .provider import Authorize

_provider = [
    path("authorize/", Authorize.as_view(), name="authorize"),
    path("token/", views.TokenView.as_view(), name="token"),
    path("revoke_token/", views.RevokeTokenView.as_view(), name="revoke-token"),
    path("userinfo/", views.UserInfoView.as_view(), name="user-info"),
    path(
        ".well-known/openid-configuration", views.ConnectDiscoveryInfoView.as_view(), name="oidc-connect-discovery-info"
    ),
    path(".well-known/jwks.json", views.JwksInfoView.as_view(), name="jwks-info"),
]
urlpatterns = [
    path("o/", include((_provider, "oauth2_provider"))),
    path("clients/", clients.client_list, name="clients"),
    path("clients/<int:pk>/remove/", clients.remove, name="client-remove"),
]
