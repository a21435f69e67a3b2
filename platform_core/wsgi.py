"""Entry point of the web process."""

import gc
import os
from collections.abc import Callable, Iterable
from importlib.util import find_spec
from typing import Any

from django.conf import settings
from django.core.handlers.exception import convert_exception_to_response
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "platform_core.settings")
_pages = get_wsgi_application()
MACHINE_PREFIX = "/eUrbanMIS/api/"


class MachineRequest(WSGIRequest):
    """Looks only at the addresses that a standard fixes."""

    urlconf: Any = tuple(
        entry
        for app in settings.PROFILE.apps
        if find_spec(f"{app}.root_urls")
        for entry in __import__(f"{app}.root_urls", fromlist=["urlpatterns"]).urlpatterns
    )


class MachineHandler(WSGIHandler):
    """For addresses that only programs call: no session, no cookies, no pages, so no middleware for them (ADR 0010)."""

    request_class = MachineRequest

    def load_middleware(self, is_async: bool = False) -> None:
        """None."""
        self._view_middleware: list[Any] = []
        self._template_response_middleware: list[Any] = []
        self._exception_middleware: list[Any] = []
        self._middleware_chain = convert_exception_to_response(self._get_response)  # type: ignore[attr-defined]


_machines = MachineHandler()

# What is loaded now stays: the collector need not walk a hundred thousand modules' objects again and again.
gc.collect()
gc.freeze()
gc.set_threshold(50_000, 20, 20)


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Send a request to the handler of its kind; behind our own proxy, from the address that the proxy saw."""
    if settings.SECURE_PROXY_SSL_HEADER and (real := environ.get("HTTP_X_REAL_IP")):
        environ["REMOTE_ADDR"] = real
    handler = _machines if environ.get("PATH_INFO", "").startswith(MACHINE_PREFIX) else _pages
    return handler(environ, start_response)
