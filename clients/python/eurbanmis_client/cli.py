"""`eurbanmis apply|collect|push|get|check`."""

from __future__ import annotations

import argparse
import csv
import json
import os
import secrets
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

from .check import run_checks
from .client import BASE, Client, ExchangeError, Row


def read_rows(file: Path) -> Iterator[Row]:
    """Rows of a CSV with a heading, of a JSON array, or of JSON lines; empty cells are left out.

    A number stays a text where it could not be written back the same (codes with leading zeros, long codes).
    """
    if file.suffix.lower() == ".csv":
        with file.open(encoding="utf-8-sig", newline="") as stream:
            for record in csv.DictReader(stream):
                yield {name: _value(text) for name, text in record.items() if name and text not in ("", None)}
    elif file.suffix.lower() in (".jsonl", ".ndjson"):
        with file.open(encoding="utf-8") as stream:
            for line in stream:
                if line.strip():
                    yield json.loads(line)
    else:
        yield from json.loads(file.read_text(encoding="utf-8"))


def _value(text: str) -> Any:
    # Codes are texts in the data standard and made of digits only; what has a point or a few digits is a number.
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    if len(text) <= 15 and not (text.isdigit() and (len(text) >= 6 or (len(text) > 1 and text[0] == "0"))):
        for convert in (int, float):
            try:
                return convert(text)
            except ValueError:
                continue
    return text


def _account(options: argparse.Namespace) -> dict[str, str]:
    stored: dict[str, str] = {}
    if options.account and Path(options.account).exists():
        stored = json.loads(Path(options.account).read_text())
    key_file = os.environ.get("EURBANMIS_PUBLIC_KEY")
    found = {
        "url": getattr(options, "url", None) or stored.get("url") or os.environ.get("EURBANMIS_URL", ""),
        "app_id": options.app or stored.get("app_id") or os.environ.get("EURBANMIS_APP_ID", ""),
        "secret": stored.get("secret") or os.environ.get("EURBANMIS_SECRET", ""),
        "public_key": stored.get("public_key") or (Path(key_file).read_text() if key_file else ""),
        "algorithm": stored.get("algorithm", "rsa"),
    }
    missing = [name for name, value in found.items() if not value]
    if missing:
        raise SystemExit(f"missing: {', '.join(missing)} (options, EURBANMIS_… or --account FILE)")
    return found


def _client(options: argparse.Namespace) -> Client:
    account = _account(options)
    return Client(
        account["url"], app_id=account["app_id"], secret=account["secret"], public_key=account["public_key"],
        algorithm=account["algorithm"],
    )  # fmt: skip


def _speak(method: str, address: str, content: Any = None) -> dict[str, Any]:
    body = httpx.request(method, address, json=content, timeout=30).json()
    if not body["success"]:
        raise SystemExit(f"{body['code']} {body['message']}")
    return dict(json.loads(body["data"]))


def _apply(options: argparse.Namespace) -> int:
    secret = secrets.token_urlsafe(32)
    told = _speak(
        "POST",
        f"{options.url.rstrip('/')}{BASE}/apply",
        {"platformName": options.name, "regionCode": options.region, "kind": options.kind, "secret": secret,
         "serviceAddress": options.service or "", "algorithm": options.algorithm},
    )  # fmt: skip
    file = Path(options.account)
    file.touch(mode=0o600)
    file.write_text(
        json.dumps({"url": options.url, "secret": secret, "algorithm": options.algorithm, **told}, indent=1)
    )
    print(f"application {told['application']} is filed; the upper platform reviews it")
    print(f"then: eurbanmis collect --account {file}")
    return 0


def _collect(options: argparse.Namespace) -> int:
    file = Path(options.account)
    stored = json.loads(file.read_text())
    told = _speak("GET", f"{stored['url'].rstrip('/')}{BASE}/apply/{stored['application']}?token={stored['token']}")
    if "appID" not in told:
        print(f"not admitted yet: {told['state']} {told['note']}")
        return 1
    stored |= {"app_id": told["appID"], "public_key": told["publicKey"], "push_windows": told["pushWindows"]}
    file.write_text(json.dumps(stored, indent=1))
    print(f"admitted ({told['state']}): appID {told['appID']}, pushes welcome {', '.join(told['pushWindows'])}")
    return 0


def _push(options: argparse.Namespace) -> int:
    done = _client(options).push(
        options.table, read_rows(Path(options.file)), chunk_rows=options.chunk, resume=options.resume,
        progress=lambda rows: print(f"\r{rows} rows", end="", file=sys.stderr),
    )  # fmt: skip
    print(f"\nacknowledged: {done.rows} rows" + (f", {done.skipped} by an earlier run" if done.skipped else ""))
    return 0


def _get(options: argparse.Namespace) -> int:
    rows = _client(options).get(options.table, options.where)
    for number, row in enumerate(rows):
        if options.limit and number >= options.limit:
            break
        print(json.dumps(row, ensure_ascii=False))
    return 0


def _check(options: argparse.Namespace) -> int:
    return run_checks(_client(options), options.district, as_json=options.json, settle_s=options.settle)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="eurbanmis", description=__doc__)
    parser.set_defaults(url=None)
    commands = parser.add_subparsers(dest="command", required=True)
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--account", default=os.environ.get("EURBANMIS_ACCOUNT", ""), help="JSON file of apply/collect")
    shared.add_argument("--app", default="", help="appID")
    ask = commands.add_parser("apply", parents=[shared], help="ask a platform for an account")
    ask.add_argument("url")
    ask.add_argument("--name", required=True)
    ask.add_argument("--region", required=True, help="division code")
    ask.add_argument("--kind", default="city", choices=("city", "provincial", "department"))
    ask.add_argument("--service", help="address of your own interface")
    ask.add_argument("--algorithm", default="rsa", choices=("rsa", "sm2"))
    ask.set_defaults(work=_apply)
    commands.add_parser("collect", parents=[shared], help="fetch the outcome").set_defaults(work=_collect)
    push = commands.add_parser("push", parents=[shared], help="push a file")
    push.add_argument("table", help="group.table")
    push.add_argument("file", help=".csv, .json, .jsonl")
    push.add_argument("--chunk", type=int, default=1000)
    push.add_argument("--resume", help="file that remembers what was acknowledged")
    push.set_defaults(work=_push)
    get = commands.add_parser("get", parents=[shared], help="print rows as JSON lines")
    get.add_argument("table")
    get.add_argument("--where", default="")
    get.add_argument("--limit", type=int, default=0)
    get.set_defaults(work=_get)
    check = commands.add_parser("check", parents=[shared], help="conformance kit")
    check.add_argument("url")
    check.add_argument("--district", default="210102", help="a division code the account may write")
    check.add_argument("--json", action="store_true")
    check.add_argument("--settle", type=float, default=30, help="seconds a pushed row may take to be readable")
    check.set_defaults(work=_check)
    return parser


def main() -> int:
    """Run one command."""
    options = _parser().parse_args()
    try:
        return int(options.work(options))
    except ExchangeError as error:
        print(f"refused: {error}", file=sys.stderr)
        if error.reply.data:
            print(json.dumps(error.reply.data, ensure_ascii=False, indent=1)[:4000], file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
