"""Entry point of the web process."""

import os
from collections.abc import Callable, Iterable
from typing import Any

from django.core.handlers.exception import convert_exception_to_response
from django.core.handlers.wsgi import WSGIHandler
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "platform_core.settings")


class MachineHandler(WSGIHandler):
    """For addresses that only programs call: no session, no cookies, no pages, so no middleware for them (ADR 0010)."""

    def load_middleware(self, is_async: bool = False) -> None:
        """None."""
        self._view_middleware: list[Any] = []
        self._template_response_middleware: list[Any] = []
        self._exception_middleware: list[Any] = []
        self._middleware_chain = convert_exception_to_response(self._get_response)


_pages = get_wsgi_application()
_machines = MachineHandler()
MACHINE_PREFIX = "/eUrbanMIS/api/"


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Send a request to the handler of its kind."""
    handler = _machines if environ.get("PATH_INFO", "").startswith(MACHINE_PREFIX) else _pages
    return handler(environ, start_response)
