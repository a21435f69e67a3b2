"""`bin/bench`: figures against a database of their own, and the start-up time of the stack itself."""

from __future__ import annotations

import os
import subprocess
import time

from . import postgres
from .drain import drain
from .layout import ROOT, TIERS, Layout, StackError, read_ports
from .run import bring_up, python, servers_up, tier_environment
from .supervisor import stop


def bench(layout: Layout, words: list[str]) -> int:
    """Run benchmarks by name. Their database is their own on the running cluster, so that demo data is not buried."""
    if words == ["startup"]:
        return _startup(layout)
    if words[:1] == ["drain"]:
        return drain(words[1:])
    ports = servers_up(layout)
    postgres.create_database(layout, ports["postgres"], "eurbanmis_bench")
    settings = {
        **tier_environment(layout, ports, "city"),
        "ENVIRONMENT": "demo",
        "DATABASE_URL": postgres.dsn(layout, ports["postgres"], "eurbanmis_bench"),
    }
    return subprocess.run(
        [python(), "-m", "benchmarks", *words], cwd=ROOT, env={**os.environ, **settings}, check=False
    ).returncode


def _startup(layout: Layout) -> int:
    """Stop the stack and time `bin/up`; raw limit: one process that only loads Django."""
    tiers = [tier for tier in TIERS if (layout.run / "env" / f"{tier}.stamp").exists()]
    if not tiers:
        raise StackError("nothing is set up yet: run bin/up first")
    demo = all((layout.run / "env" / f"{tier}.stamp").read_text().endswith("demo") for tier in tiers)
    stop(layout)
    started = time.monotonic()
    bring_up(layout, tiers, demo=demo)
    ours = time.monotonic() - started
    settings = {
        **tier_environment(layout, read_ports(layout), tiers[0]),
        "DJANGO_SETTINGS_MODULE": "platform_core.settings",
    }
    started = time.monotonic()
    subprocess.run(
        [python(), "-c", "import django; django.setup()"], cwd=ROOT, env={**os.environ, **settings}, check=True
    )
    raw = time.monotonic() - started
    print(
        f"startup: {ours:.1f} s for {len(tiers)} tiers from stopped; "
        f"raw load of Django once {raw:.1f} s; ratio {ours / raw:.1f}"
    )
    return 0
