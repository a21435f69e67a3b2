"""`manage.py train_classifier`: learn categories from the city's own closed cases."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from coordination.services import classifying
from platform_core.errors import DomainError


class Command(BaseCommand):
    """Train, and say how good it is on cases it has not seen."""

    help = "Train the suggestion of categories on closed cases."

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Train."""
        try:
            model = classifying.train()
        except DomainError as error:
            raise CommandError(error.message) from error
        self.stdout.write(
            f"{model.case_count} cases, {model.category_count} categories: right {model.accuracy:.0%}, "
            f"among the first three {model.accuracy_top3:.0%} (of the fifth held back)"
        )
