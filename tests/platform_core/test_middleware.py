"""Whose address counts behind a proxy."""

import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from platform_core.middleware import RealAddressMiddleware


@pytest.mark.parametrize(
    ("forwarded", "proxies", "seen"),
    [
        ("203.0.113.7", 1, "203.0.113.7"),
        ("6.6.6.6, 203.0.113.7", 1, "203.0.113.7"),  # what the caller wrote itself is not believed
        ("6.6.6.6, 203.0.113.7, 10.0.0.2", 2, "203.0.113.7"),
        ("203.0.113.7", 0, "127.0.0.1"),
        ("nonsense", 1, "127.0.0.1"),
        ("", 1, "127.0.0.1"),
        ("2001:db8::1", 1, "2001:db8::1"),
    ],
)
def test_only_our_proxies_words_count(settings, forwarded, proxies, seen):
    settings.PROXY_COUNT = proxies
    request = RequestFactory().get("/", HTTP_X_FORWARDED_FOR=forwarded)
    RealAddressMiddleware(lambda r: HttpResponse(r.META["REMOTE_ADDR"]))(request)
    assert request.META["REMOTE_ADDR"] == seen
