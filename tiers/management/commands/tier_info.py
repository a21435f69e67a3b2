"""`manage.py tier_info`: what this tier is made of."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    """Print apps, clauses, exchange partners and tasks of the running tier."""

    help = "Print apps, clauses, exchange partners and periodic tasks of this tier."

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Plain text, one section a paragraph."""
        profile = settings.PROFILE
        self.stdout.write(f"{profile.tier}  {profile.label}\n\napps")
        for system in profile.systems:
            self.stdout.write(f"  {system.app:15} {system.layer:9} {system.label}")
        self.stdout.write("\nclauses\n  " + " ".join(f"§{clause}" for clause in profile.clauses))
        self.stdout.write("\nexchange")
        for way in profile.exchange:
            verbs = " ".join(verb for verb, on in (("push", way.pushes), ("receive", way.receives)) if on)
            self.stdout.write(f"  {way.partner:12} {verbs}")
        self.stdout.write("\nperiodic tasks (queue, every)")
        for task in profile.periodic_tasks:
            self.stdout.write(f"  {task.queue:9} {task.every_s:>6.0f} s  {task.task}")
