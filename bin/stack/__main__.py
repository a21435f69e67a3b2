"""`python -m stack up|down|status|logs|manage|bench|test`: what the scripts in `bin/` call."""

from __future__ import annotations

import argparse
import os
import sys

from .bench import bench
from .checks import run_checks
from .layout import ROOT, TIERS, Layout, StackError, read_ports
from .run import bring_up, manage
from .supervisor import PROCESSES, control, is_running, stop


def _tiers(text: str) -> list[str]:
    chosen = [part.strip() for part in text.split(",") if part.strip()]
    unknown = sorted(set(chosen) - set(TIERS))
    if unknown or not chosen:
        raise argparse.ArgumentTypeError(f"unknown tier {', '.join(unknown)}: choose from {', '.join(TIERS)}")
    return [tier for tier in TIERS if tier in chosen]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="bin")
    commands = parser.add_subparsers(dest="command", required=True)
    up = commands.add_parser("up", prog="bin/up", help="set up and start")
    up.add_argument("--tiers", type=_tiers, default=list(TIERS), help="comma-separated; default: all three")
    up.add_argument("--no-demo", dest="demo", action="store_false", help="reference data only")
    down = commands.add_parser("down", prog="bin/down", help="stop")
    down.add_argument("--wipe", action="store_true", help="also delete databases, uploads and secrets")
    commands.add_parser("status", prog="bin/status", help="state of every process")
    logs = commands.add_parser("logs", prog="bin/logs", help="follow a log")
    logs.add_argument("tier", choices=[*TIERS, "postgres", "redis", "mosquitto", "supervisord"])
    logs.add_argument("process", nargs="?", choices=PROCESSES)
    logs.add_argument("-n", "--lines", default="100")
    logs.add_argument("--no-follow", action="store_true")
    one = commands.add_parser("manage", prog="bin/manage", help="manage.py of one tier")
    one.add_argument("tier", choices=TIERS)
    one.add_argument("words", nargs=argparse.REMAINDER)
    figures = commands.add_parser("bench", prog="bin/bench", help="measure")
    figures.add_argument("words", nargs=argparse.REMAINDER)
    checks = commands.add_parser("test", prog="bin/test", help="all checks; arguments go to pytest")
    checks.add_argument("words", nargs=argparse.REMAINDER)
    return parser


def _down(layout: Layout, wipe: bool) -> None:
    from .postgres import wipe as wipe_cluster

    stop(layout)
    print("stopped")
    if wipe:
        import shutil

        wipe_cluster(layout)
        shutil.rmtree(layout.run, ignore_errors=True)
        shutil.rmtree(layout.sockets, ignore_errors=True)
        print("databases, uploads and secrets deleted")


def _status(layout: Layout) -> int:
    if not is_running(layout):
        print("not running; start with bin/up")
        return 3
    print(control(layout, "status", check=False), end="")
    for name, port in read_ports(layout).items():
        print(f"{name:12} 127.0.0.1:{port}")
    return 0


def _logs(layout: Layout, tier: str, process: str | None, lines: str, follow: bool) -> int:
    if tier in TIERS and process is None:
        raise StackError(f"which process of {tier}? one of {', '.join(PROCESSES)}")
    file = layout.log / (f"{tier}-{process}.log" if process else f"{tier}.log")
    if not file.exists():
        raise StackError(f"{file} is not there: has it been started?")
    arguments = ["tail", "-n", lines, *(["-F"] if follow else []), str(file)]
    os.execvp("tail", arguments)  # noqa: S606 - the terminal is handed over


def main() -> int:
    """Run one command and return its exit status."""
    if sys.argv[1:2] == ["test"]:  # argparse would swallow pytest's own options
        return run_checks(sys.argv[2:])
    options = _parser().parse_args()
    layout = Layout(ROOT / ".run")
    match options.command:
        case "up":
            bring_up(layout, options.tiers, demo=options.demo)
        case "down":
            _down(layout, options.wipe)
        case "status":
            return _status(layout)
        case "logs":
            return _logs(layout, options.tier, options.process, options.lines, not options.no_follow)
        case "manage":
            return manage(layout, options.tier, options.words)
        case "bench":
            return bench(layout, options.words)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except StackError as error:
        print(f"\033[1;31mstopped:\033[0m {error}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
