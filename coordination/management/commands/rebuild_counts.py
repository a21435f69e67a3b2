"""`manage.py rebuild_counts [--check]`: performance counts anew from the history."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from coordination.models import DayCount
from coordination.services import counting


class Command(BaseCommand):
    """Count every stage record again."""

    help = "Rebuild the daily performance counts from every stage record, or only compare them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Only compare?"""
        parser.add_argument("--check", action="store_true")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Rebuild or compare."""
        if not options["check"]:
            self.stdout.write(f"{counting.rebuild()} counts")
            return
        counting.fold_all()
        fields = ("day", "subject_kind", "subject", "measure", "count")
        kept = {(str(d), k, s, m): n for d, k, s, m, n in DayCount.objects.exclude(count=0).values_list(*fields)}
        fresh = counting.recount()
        if wrong := [key for key in {*kept, *fresh} if kept.get(key, 0) != fresh.get(key, 0)]:
            raise CommandError(f"{len(wrong)} counts differ, e.g. {wrong[0]}: run rebuild_counts")
        self.stdout.write(f"{len(fresh)} counts agree with the history")
