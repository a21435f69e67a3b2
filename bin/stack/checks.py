"""`bin/test`: static checks, then the test suite against real servers of its own."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Mapping

from . import postgres
from .layout import ROOT, TIERS, Layout, StackError
from .run import compile_messages, python, say, servers_up, tier_environment
from .supervisor import stop


def _step(title: str, command: list[str], environment: Mapping[str, str]) -> str | None:
    """Run one check and show its output. Returns its title when it failed."""
    say(title)
    started = time.monotonic()
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, **environment}, check=False, stdin=subprocess.DEVNULL)
    print(f"    {'ok' if done.returncode == 0 else 'FAILED'} after {time.monotonic() - started:.0f} s", flush=True)
    return None if done.returncode == 0 else title


def _environment(layout: Layout, ports: Mapping[str, int], tier: str) -> dict[str, str]:
    return {
        **tier_environment(layout, ports, tier),
        "ENVIRONMENT": "test",
        "DATABASE_URL": postgres.dsn(layout, ports["postgres"], f"suite_{tier}"),
        "COVERAGE_FILE": str(layout.run / f".coverage.{tier}"),
    }


def run_checks(words: list[str]) -> int:
    """Exit status 0 when everything passed. With arguments, only pytest runs (for the city tier)."""
    layout = Layout(ROOT / ".run" / "test")
    (ROOT / ".run").mkdir(exist_ok=True)
    (ROOT / ".run").chmod(0o711)
    try:
        ports = servers_up(layout, durable=False)
        compile_messages()
        for tier in TIERS:
            postgres.create_database(layout, ports["postgres"], f"suite_{tier}")
        city = _environment(layout, ports, "city")
        if words:
            failed = [_step("pytest", [python(), "-m", "pytest", *words], city)]
        else:
            failed = _everything(layout, ports, city)
    finally:
        stop(layout)
    broken = [title for title in failed if title]
    if broken:
        raise StackError("failed: " + "; ".join(broken))
    say("all passed")
    return 0


def _everything(layout: Layout, ports: Mapping[str, int], city: dict[str, str]) -> list[str | None]:
    run = [python(), "-m"]
    failed = [
        _step("ruff", [*run, "ruff", "check", "."], city),
        _step("mypy", [*run, "mypy", "."], city),
        _step("import-linter", [str(ROOT / ".venv/bin/lint-imports"), "--no-cache"], city),
        _step("messages translated", [*run, "tests.check_messages"], city),
    ]
    for tier in TIERS:
        failed.append(
            _step(
                f"migrations match the models: {tier}",
                [python(), "manage.py", "makemigrations", "--check", "--dry-run", "-v1"],
                _environment(layout, ports, tier),
            )
        )
    failed.append(
        _step("pytest: city", [*run, "pytest", "-n", "2", "--dist", "loadfile", "--cov", "--cov-report="], city)
    )
    for tier in ("provincial", "national"):
        failed.append(
            _step(
                f"pytest: {tier} (tests marked tier)",
                [*run, "pytest", "-n", "2", "--dist", "loadfile", "-m", "tier", "--cov", "--cov-report="],
                _environment(layout, ports, tier),
            )
        )
    data = [str(layout.run / f".coverage.{tier}") for tier in TIERS]
    total = {**city, "COVERAGE_FILE": str(layout.run / ".coverage")}
    failed.append(_step("coverage", [*run, "coverage", "combine", "-q", "--keep", *data], total))
    failed.append(_step("coverage report", [*run, "coverage", "report", "--skip-covered", "--format=total"], total))
    return failed
