"""`manage.py register_client`: a platform below whose users log in with accounts of this one."""

from __future__ import annotations

import os
from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand, CommandError, CommandParser

from platform_core.errors import DomainError


class Command(BaseCommand):
    """Register or renew an OpenID client."""

    help = "Register a platform whose users log in here. OIDC_CLIENT_SECRET sets its secret; else one is printed."

    def add_arguments(self, parser: CommandParser) -> None:
        """Name and return address."""
        parser.add_argument("name")
        parser.add_argument("redirect_uri", help="such as https://city.example.gov.cn/oidc/callback/")
        parser.add_argument("--client-id", default="")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Register; print what the platform needs."""
        if not apps.is_installed("oauth2_provider"):
            raise CommandError("Only the national platform is an OpenID provider.")
        from platform_core.identity.provider import register_client

        given = os.environ.get("OIDC_CLIENT_SECRET", "")
        try:
            client, secret = register_client(options["name"], options["redirect_uri"], options["client_id"], given)
        except DomainError as error:
            raise CommandError(error.message) from error
        self.stdout.write(f"OIDC_CLIENT_ID={client.client_id}")
        if not given:
            self.stdout.write(f"OIDC_CLIENT_SECRET={secret}")
