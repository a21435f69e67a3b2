"""`manage.py conformance`: coverage a tier, and docs/conformance.md."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from tiers import clauses
from tiers.profiles import PROFILES

HEADER = """# Conformance with CJJ/T 312-2021

Written by `manage.py conformance` from `tiers/clauses.yaml`; do not edit by hand.

| tier | requirements | 已实现 done | 部分实现 part | 未实现 open |
|---|---|---|---|---|
"""


class Command(BaseCommand):
    """Print coverage and write the table."""

    help = "Print clause coverage a tier and write docs/conformance.md."

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Always writes the whole table; it is the same for every tier."""
        text = HEADER
        for tier in PROFILES:
            found = clauses.coverage(tier)
            line = " | ".join(str(found[state]) for state in clauses.STATES)
            text += f"| {tier} | {found.total()} | {line} |\n"
            self.stdout.write(f"{tier:11} {found.total():4} requirements: {dict(found)}")
        text += "\n| clause | tier | requirement | | system | state | tests, note |\n|---|---|---|---|---|---|---|\n"
        for row in clauses.load():
            proof = " ".join(f"`{test}`" for test in row.tests)
            text += (
                f"| §{row.code} | {' '.join(row.tiers)} | {row.title} | {row.obligation} | {row.app} "
                f"| {row.status_title} | {' '.join(part for part in (proof, row.note) if part)} |\n"
            )
        (settings.BASE_DIR / "docs" / "conformance.md").write_text(text, encoding="utf-8")
