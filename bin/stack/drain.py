"""`bin/bench drain [ROWS]`: a backlog of rows from city over province to nation, after the province was away.

A stack of its own, with real processes. Prints rows/s from the province's return until the nation has every row, the
growth of the city worker's memory, and the raw limit: the same rows by INSERT … SELECT between two databases' tables.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from . import postgres
from .layout import REGIONS, ROOT, TIERS, Layout, read_ports
from .run import bring_up, run_manage, tier_environment
from .supervisor import control, stop

TABLE = 'std."operation_monitorData"'


def drain(words: list[str]) -> int:
    """Run the benchmark. Returns the exit status."""
    total = int(words[0]) if words else 1_000_000
    layout = Layout(ROOT / ".run" / "drain")
    _forget(layout)
    try:
        bring_up(layout, list(TIERS), demo=False)
        _Drain(layout, total).measure()
    finally:
        stop(layout)
        _forget(layout)
    return 0


def _forget(layout: Layout) -> None:
    postgres.wipe(layout)
    shutil.rmtree(layout.run, ignore_errors=True)
    shutil.rmtree(layout.sockets, ignore_errors=True)


class _Drain:
    def __init__(self, layout: Layout, total: int) -> None:
        self.layout, self.total, self.ports = layout, total, read_ports(layout)
        self.environment = {tier: tier_environment(layout, self.ports, tier) for tier in TIERS}

    def sql(self, tier: str, statement: str) -> str:
        """One statement in a tier's database."""
        return postgres._psql(self.layout, self.ports["postgres"], f"eurbanmis_{tier}", statement)

    def join(self, lower: str, upper: str) -> None:
        """Apply, admit, collect."""
        address = self.environment[upper]["PUBLIC_URL"]
        run_manage(self.environment[lower], "join_upper", address, "--name", upper)
        run_manage(self.environment[upper], "approve_platform", REGIONS[lower])
        run_manage(self.environment[lower], "join_upper", address)
        self.sql(upper, "UPDATE exchange_platformaccount SET calls_per_minute = 1000000, version = version + 1")

    def wait(self, tier: str, statement: str, wanted: str, seconds: float = 1800) -> None:
        """Until a statement answers as wanted. Raises TimeoutError."""
        deadline = time.monotonic() + seconds
        while self.sql(tier, statement) != wanted:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{tier}: {statement} is {self.sql(tier, statement)}, not {wanted}")
            time.sleep(0.5)

    def worker_rss_mb(self) -> float:
        """Resident memory of the city's worker with its children, in MB."""
        parent = int(control(self.layout, "pid", "city:city-worker").strip())
        family = [parent, *_children(parent)]
        pages = [
            int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in family if Path(f"/proc/{pid}").exists()
        ]
        return sum(pages) * os.sysconf("SC_PAGE_SIZE") / 2**20

    def measure(self) -> None:
        """Fill, wait, let go, measure."""
        self.join("provincial", "national")
        self.join("city", "provincial")
        control(self.layout, "stop", "provincial:provincial-web")
        self.fill()
        count = f"SELECT count(*) FROM {TABLE}"
        self.wait("city", count, str(self.total))
        owed = "SELECT COALESCE(sum(row_count), 0) FROM exchange_outboundchunk WHERE state = 'waiting'"
        self.wait("city", owed, str(self.total))
        before = self.worker_rss_mb()
        peak = before
        self.sql(
            "city",
            "UPDATE exchange_outboundlane SET due_at = now(); UPDATE exchange_upperplatform SET open_until = NULL",
        )
        control(self.layout, "start", "provincial:provincial-web")
        started = time.monotonic()
        while self.sql("national", count) != str(self.total):
            peak = max(peak, self.worker_rss_mb())
            if time.monotonic() - started > 3000:
                raise TimeoutError(self.sql("national", count))
            time.sleep(1)
        seconds = time.monotonic() - started
        raw = self.raw()
        print(
            f"drain {self.total:,} rows city → province → nation: {self.total / seconds:,.0f} rows/s end to end "
            f"({seconds:.0f} s); city worker grew {peak - before:.0f} MB from {before:.0f} MB; raw INSERT … SELECT twice "
            f"{raw:,.0f} rows/s; ratio {self.total / seconds / raw:.0%}"
        )

    def fill(self) -> None:
        """Batches as if they had been pushed, 1,000 rows each."""
        self.sql(
            "city",
            'INSERT INTO exchange_inboundbatch (channel, "group", "table", payload, row_count, state, received_at, due_at,'
            " attempts, changed_count, refused_count, error) SELECT 'local', 'operation', 'monitorData',"
            " (SELECT json_agg(json_build_object('deviceCode', 'D' || lpad(r::text, 6, '0'), 'metricCode', 'p', 'monitorTime',"
            " to_char(timestamp '2026-01-01' + b * interval '10 minutes', 'YYYY-MM-DD HH24:MI:SS'), 'districtCode', '210102',"
            " 'value', r * 0.5, 'unit', 'kPa'))::text FROM generate_series(1, 1000) r), 1000, 'waiting', now(), now(), 0, 0, 0, ''"
            f" FROM generate_series(1, {self.total // 1000}) b",
        )

    def raw(self) -> float:
        """The same rows copied twice inside one database, keys and indexes as in the typed table."""
        self.sql("national", f"CREATE TABLE std.raw_copy (LIKE {TABLE} INCLUDING ALL)")
        started = time.monotonic()
        for _twice in range(2):
            self.sql(
                "national",
                f"TRUNCATE std.raw_copy; INSERT INTO std.raw_copy SELECT * FROM {TABLE} ON CONFLICT DO NOTHING",
            )
        return self.total / (time.monotonic() - started)


def _children(parent: int) -> list[int]:
    found = subprocess.run(["pgrep", "-P", str(parent)], capture_output=True, text=True, check=False).stdout.split()
    return [pid for child in map(int, found) for pid in (child, *_children(child))]


if __name__ == "__main__":
    sys.exit(drain(sys.argv[1:]))
