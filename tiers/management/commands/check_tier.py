"""`manage.py check_tier`: what is missing."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand

from tiers.setup import missing


class Command(BaseCommand):
    """Print what this platform still lacks; exit status 1 when there is something."""

    help = "Print what this platform still lacks."

    def handle(self, *_args: Any, **_options: Any) -> None:
        """One line a problem."""
        problems = missing()
        for problem in problems:
            self.stdout.write(self.style.WARNING(f"- {problem}"))
        if problems:
            sys.exit(1)
        self.stdout.write(self.style.SUCCESS("complete"))
