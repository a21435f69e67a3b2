"""`manage.py document_architecture`: the generated part of docs/architecture.md."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils import translation

from tiers.profiles import PROFILES, TierProfile

BEGIN = "<!-- written by manage.py document_architecture; do not edit below -->\n"


def _tier(profile: TierProfile) -> str:
    lines = [f"### {profile.tier}: {profile.label}\n", "| layer | system | app | menu |", "|---|---|---|---|"]
    groups = {group.app: group for group in profile.navigation}
    for system in profile.systems:
        menu = ", ".join(str(item.label) for item in groups[system.app].items)
        lines.append(f"| {system.layer} | {system.label} | `{system.app}` | {menu} |")
    ways = "; ".join(
        f"{way.partner}: " + " and ".join([*["pushes"] * way.pushes, *["receives"] * way.receives])
        for way in profile.exchange
    )
    tasks = ", ".join(f"`{task.task}` every {task.every_s:g} s" for task in profile.periodic_tasks)
    third = ", ".join(f"`{app}`" for app in profile.third_party_apps) or "none"
    lines += [
        "",
        f"Exchange — {ways}. Clauses §{', §'.join(profile.clauses)}. Further libraries: {third}.",
        f"Periodic tasks: {tasks}.",
        "",
    ]
    return "\n".join(lines)


def generated() -> str:
    """Systems, menus, exchange and tasks of all tiers, as Markdown."""
    with translation.override("en"):
        return "\n" + "\n".join(_tier(profile) for profile in PROFILES.values())


class Command(BaseCommand):
    """Rewrite everything below the mark."""

    help = "Write the tiers as the profiles declare them into docs/architecture.md."

    def handle(self, *_args: Any, **_options: Any) -> None:
        """The prose above the mark stays."""
        file = settings.BASE_DIR / "docs" / "architecture.md"
        prose = file.read_text(encoding="utf-8").partition(BEGIN)[0]
        file.write_text(prose + BEGIN + generated(), encoding="utf-8")
