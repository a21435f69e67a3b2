"""Brings tiers up: servers, databases, data, processes; each step says what it does and what to do when it fails."""

from __future__ import annotations

import base64
import hashlib
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from . import postgres
from .brokers import addresses, configure_mosquitto, configure_nginx, configure_redis
from .layout import REGIONS, ROOT, Layout, StackError, choose_ports, read_ports, secret, signing_key
from .supervisor import control, is_running, start, write_configuration

# A change below any of these means that a tier must be set up again; media, logs and tests do not.
SET_UP_BY = ("*.py", "*.po", "*.yaml", "*.csv", "*.geojson", "*.css", "*.js")
NOT_SET_UP_BY = {".venv", ".run", ".git", "tests", "docs", "benchmarks", "bin", "node_modules", "build"}


# The whole sample (7,000) takes about ten minutes: bin/manage city import_cases.
DEMO_CASES = "900"


def say(text: str) -> None:
    """Progress for the reader of the terminal."""
    print(f"\033[1;36m==>\033[0m {text}", flush=True)


def python() -> str:
    """The interpreter of `.venv`, which runs us."""
    return sys.executable


def servers_up(layout: Layout, *, durable: bool = True) -> dict[str, int]:
    """Start the private PostgreSQL, Redis and Mosquitto unless they run already. Returns the ports."""
    layout.prepare()
    if is_running(layout):
        return read_ports(layout)
    ports = choose_ports(layout)
    say(f"private servers: PostgreSQL {ports['postgres']}, Redis {ports['redis']}, MQTT {ports['mosquitto']}")
    postgres.initialise(layout)
    configure_redis(layout, ports["redis"])
    configure_mosquitto(layout, ports["mosquitto"])
    configure_nginx(layout, ports)
    write_configuration(layout, ports, durable=durable)
    start(layout)
    postgres.wait(layout, ports["postgres"])
    return ports


def _key(layout: Layout, name: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(secret(layout, name).encode()).digest()).decode()


def tier_environment(layout: Layout, ports: Mapping[str, int], tier: str) -> dict[str, str]:
    """Every setting of a tier's processes (docs/configuration.md)."""
    address = f"http://127.0.0.1:{ports[tier]}"
    return {
        "TIER": tier,
        "ENVIRONMENT": "demo",
        "SECRET_KEY": secret(layout, f"{tier}-django"),
        "FIELD_ENCRYPTION_KEYS": _key(layout, f"{tier}-fields"),
        "DATABASE_URL": postgres.dsn(layout, ports["postgres"], f"eurbanmis_{tier}"),
        **addresses(layout, ports, tier),
        "PUBLIC_URL": address,
        "ALLOWED_HOSTS": os.environ.get("ALLOWED_HOSTS", "127.0.0.1,localhost,[::1]"),
        "BIND_HOST": "127.0.0.1",
        "BIND_PORT": str(ports[f"{tier}-app"]),
        "BEHIND_PROXY": "1",
        "MEDIA_ROOT": str(layout.run / "media" / tier),
        "ARCHIVE_ROOT": str(layout.run / "archive" / tier),
        "STATIC_ROOT": str(layout.run / "static" / tier),
        "BEAT_SCHEDULE": str(layout.run / f"{tier}-beat"),
        "WEB_WORKERS": os.environ.get("WEB_WORKERS", "4"),
        "WEB_THREADS": os.environ.get("WEB_THREADS", "1"),
        "WORKER_CONCURRENCY": os.environ.get("WORKER_CONCURRENCY", "2"),
        "METRICS_TOKEN": secret(layout, f"{tier}-metrics"),
        "DEMO_PASSWORD": secret(layout, "demo-password")[:12] + "a1!",
        **_identity(layout, ports, tier),
    }


def _identity(layout: Layout, ports: Mapping[str, int], tier: str) -> dict[str, str]:
    """The national platform signs, the others are its clients (where it is set up on this machine)."""
    if tier == "national":
        return {"OIDC_SIGNING_KEY_FILE": str(signing_key(layout))}
    upper = f"http://127.0.0.1:{ports['national']}"
    found = {"PARENT_URL": upper}
    if (layout.run / "env" / "national.env").exists():
        found |= {
            "OIDC_PROVIDER_URL": f"{upper}/o",
            "OIDC_PROVIDER_NAME": "国家平台",
            "OIDC_CLIENT_ID": tier,
            "OIDC_CLIENT_SECRET": secret(layout, f"oidc-{tier}"),
        }
    return found


def _register_clients(layout: Layout, ports: Mapping[str, int], national: Mapping[str, str]) -> None:
    """Make the lower tiers of this machine clients of its national platform; repeating renews them."""
    for tier, name in (("provincial", "辽宁省平台"), ("city", "沈阳市平台")):
        address = f"http://127.0.0.1:{ports[tier]}/oidc/callback/"
        settings = {**national, "OIDC_CLIENT_SECRET": secret(layout, f"oidc-{tier}")}
        run_manage(settings, "register_client", name, address, "--client-id", tier)


def write_environment(layout: Layout, tier: str, settings: Mapping[str, str]) -> None:
    """`.run/env/<tier>.env`, readable by its owner only, in a form both sh and docker understand."""
    file = layout.run / "env" / f"{tier}.env"
    file.touch(mode=0o600)
    file.write_text("".join(f"{name}='{value}'\n" for name, value in settings.items()))


def run_manage(settings: Mapping[str, str], *words: str, show: bool = False) -> None:
    """Run one management command. Raises StackError with the end of its output."""
    done = subprocess.run(
        [python(), "manage.py", *words],
        cwd=ROOT,
        env={**os.environ, **settings},
        check=False,
        text=True,
        stdout=None if show else subprocess.PIPE,
        stderr=None if show else subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
    )
    if done.returncode != 0:
        tail = "\n".join(line[:300] for line in (done.stdout or "").splitlines()[-15:])
        raise StackError(
            f"manage.py {' '.join(words)} failed for {settings['TIER']}:\n{tail}\n"
            f"Mend the cause above and run again; the steps already done are not repeated. "
            f"By hand: bin/manage {settings['TIER']} {' '.join(words)}"
        )


def fingerprint() -> str:
    """Hash of every file that set-up depends on."""
    digest = hashlib.sha256()
    for entry in sorted(ROOT.iterdir()):
        if entry.name in NOT_SET_UP_BY or not entry.is_dir():
            continue
        for pattern in SET_UP_BY:
            for file in sorted(entry.rglob(pattern)):
                state = file.stat()
                digest.update(f"{file}{state.st_size}{state.st_mtime_ns}".encode())
    digest.update((ROOT / "requirements" / "runtime.lock").read_bytes())
    return digest.hexdigest()


def _set_up_tier(layout: Layout, settings: Mapping[str, str], demo: bool, wanted: str) -> None:
    tier = settings["TIER"]
    if _is_fresh(layout, tier, wanted, demo):
        return
    started = time.monotonic()
    steps: list[tuple[str, list[str]]] = [
        ("database schema", ["migrate", "--noinput", "-v0"]),
        ("static files", ["collectstatic", "--noinput", "-v0"]),
        ("divisions, codes, working calendar", ["load_reference"]),
        ("tier", ["setup_tier", "--region", REGIONS[tier], "--noinput"]),
        ("data standard", ["load_standard"]),
    ]
    if tier == "city":
        steps.append(("workflow, limits, indicators", ["load_coordination"]))
    if demo:
        steps.append(("demo data", ["load_demo"]))
        if tier == "city":
            steps += [
                ("demo parts, places, roster", ["load_coordination_demo"]),
                ("six months of demo cases", ["import_cases", "--limit", DEMO_CASES]),
                ("demo hotline and appeals", ["load_publicservice_demo"]),
                ("suggestions learn from closed cases", ["train_classifier"]),
            ]
        steps.append(("own data to the exchange", ["publish_tables"]))
    for title, words in steps:
        say(f"{tier}: {title}")
        run_manage(settings, *words)
    if tier == "national":
        say("national: provincial and city platform may log their users in here")
        _register_clients(layout, read_ports(layout), settings)
    (layout.run / "env" / f"{tier}.stamp").write_text(wanted + ("demo" if demo else ""))
    say(f"{tier}: ready after {time.monotonic() - started:.0f} s")


def _wait_healthy(address: str, seconds: float, log: Path) -> None:
    deadline = time.monotonic() + seconds
    while True:
        try:
            with urllib.request.urlopen(f"{address}/healthz", timeout=5) as answer:  # noqa: S310 - our own address
                if answer.status == 200:
                    return
        except (urllib.error.URLError, ConnectionError, TimeoutError) as error:
            if time.monotonic() > deadline:
                raise StackError(f"{address} is not healthy after {seconds:.0f} s ({error}); see {log}") from error
            time.sleep(0.1)


def compile_messages() -> None:
    """Build every .mo that is older than its .po."""
    for source in (ROOT / "locale").rglob("*.po"):
        target = source.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime >= source.stat().st_mtime:
            continue
        done = subprocess.run(
            ["msgfmt", "--check-format", "-o", str(target), str(source)], capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            raise StackError(f"msgfmt {source}: {done.stderr.strip()}")


def bring_up(layout: Layout, tiers: list[str], *, demo: bool) -> None:
    """Everything of `bin/up` after the packages are there."""
    started = time.monotonic()
    ports = servers_up(layout)
    compile_messages()
    code = fingerprint()
    if "national" in tiers:  # before the others: they are its clients
        write_environment(layout, "national", tier_environment(layout, ports, "national"))
    environments = {tier: tier_environment(layout, ports, tier) for tier in tiers}
    for tier, settings in environments.items():
        write_environment(layout, tier, settings)
        if not (layout.run / "env" / f"{tier}.stamp").exists():
            postgres.create_database(layout, ports["postgres"], f"eurbanmis_{tier}")
    wanted = {
        tier: code + hashlib.sha256(repr(sorted(settings.items())).encode()).hexdigest()
        for tier, settings in environments.items()
    }
    stale = [tier for tier in tiers if not _is_fresh(layout, tier, wanted[tier], demo)]
    if stale and "RUNNING" in control(layout, "status", check=False):
        for tier in stale:
            control(layout, "stop", f"{tier}:*", check=False)
    with ThreadPoolExecutor(len(tiers)) as pool:
        list(pool.map(lambda tier: _set_up_tier(layout, environments[tier], demo, wanted[tier]), tiers))
    say(f"starting web, worker, beat, mqtt: {', '.join(tiers)}")
    control(layout, "start", "nginx", *[f"{tier}:*" for tier in tiers], check=False)
    for tier in tiers:
        _wait_healthy(environments[tier]["PUBLIC_URL"], 60, layout.log / f"{tier}-web.log")
    if demo:
        federate(layout, environments)
    _farewell(environments, demo, time.monotonic() - started)


# Who asks whom for an account (CJJ/T 312 §6.2.1, §6.2.2).
UPPER = {"provincial": ("national",), "city": ("provincial", "national")}
TITLES = {"national": "国家平台", "provincial": "辽宁省平台"}


def federate(layout: Layout, environments: Mapping[str, Mapping[str, str]]) -> None:
    """Let the lower platforms apply at the upper ones and admit them, through the interface itself; once."""
    for lower, uppers in UPPER.items():
        for upper in uppers:
            mark = layout.run / "env" / f"{lower}-joined-{upper}.stamp"
            if lower not in environments or upper not in environments or mark.exists():
                continue
            say(f"{lower}: applies at {upper} and is admitted")
            join = ("join_upper", environments[upper]["PUBLIC_URL"], "--name", TITLES[upper])
            run_manage(environments[lower], *join)
            run_manage(environments[upper], "approve_platform", REGIONS[lower])
            run_manage(environments[lower], *join)
            mark.touch()


def _is_fresh(layout: Layout, tier: str, wanted: str, demo: bool) -> bool:
    stamp = layout.run / "env" / f"{tier}.stamp"
    return stamp.exists() and stamp.read_text() in {wanted + "demo", wanted + ("demo" if demo else "")}


def _farewell(environments: Mapping[str, Mapping[str, str]], demo: bool, seconds: float) -> None:
    print(f"\nhealthy after {seconds:.1f} s\n")
    for tier, settings in environments.items():
        print(f"  {tier:11} {settings['PUBLIC_URL']}/")
        accounts = "sysadmin secadmin auditor "
        if demo:
            accounts += (
                "zhangwei(监督员) shouli(受理员) paiqian(派遣员) zhiban(值班长) lingdao(领导) pingjia(评价员)"
                if tier == "city"
                else "jiandu(监督) pingjia(评价) lingdao(领导)"
            )
        print(f"              {accounts}\n              password {settings['DEMO_PASSWORD']}")
    print("\n  bin/status   bin/logs TIER PROC   bin/manage TIER …   bin/down\n")


def manage(layout: Layout, tier: str, words: list[str]) -> int:
    """`manage.py` with a running tier's settings."""
    if not is_running(layout):
        raise StackError("the servers are down: run bin/up first")
    settings = tier_environment(layout, read_ports(layout), tier)
    return subprocess.run(
        [python(), "manage.py", *words], cwd=ROOT, env={**os.environ, **settings}, check=False
    ).returncode
