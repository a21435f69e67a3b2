"""Writes supervisord's configuration from the Procfile and talks to it."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from .layout import ROOT, TIERS, Layout, StackError
from .postgres import server_command, server_user

PROCESSES = ("web", "worker", "beat", "mqtt")


def procfile() -> dict[str, str]:
    """Name → command of every process of a tier; docker-compose.yml uses the same commands."""
    lines = (ROOT / "Procfile").read_text().splitlines()
    return {name: command.strip() for name, command in (line.split(":", 1) for line in lines if ":" in line)}


def _program(name: str, command: str, log: Path, **options: str) -> str:
    settings = {
        "command": command.replace("%", "%%"),
        "directory": str(ROOT),
        "autostart": "false",
        "autorestart": "true",
        "startsecs": "2",
        "startretries": "5",
        "stopasgroup": "true",
        "killasgroup": "true",
        "stopwaitsecs": "20",
        "redirect_stderr": "true",
        "stdout_logfile": str(log / f"{name}.log"),
        "stdout_logfile_maxbytes": "20MB",
        "stdout_logfile_backups": "3",
        **options,
    }
    return f"[program:{name}]\n" + "\n".join(f"{key} = {value}" for key, value in settings.items()) + "\n"


def _tier_program(layout: Layout, tier: str, process: str, command: str) -> str:
    inner = f"set -a; . {shlex.quote(str(layout.run / 'env' / f'{tier}.env'))}; set +a; exec {command}"
    path = f"{ROOT}/.venv/bin:{os.environ['PATH']}"
    return _program(
        f"{tier}-{process}",
        f"/bin/bash -c {shlex.quote(inner)}",
        layout.log,
        environment=f'PATH="{path}",HOME="{os.environ.get("HOME", "/tmp")}",PYTHONUNBUFFERED="1"',  # noqa: S108
    )


def write_configuration(layout: Layout, ports: Mapping[str, int], *, durable: bool = True) -> None:
    """Write supervisord.conf, and the configuration of Redis and Mosquitto."""
    socket = layout.sockets / "supervisor.sock"
    me = server_user() and "user = root"
    parts = [
        f"[unix_http_server]\nfile = {socket}\nchmod = 0700\n",
        f"[supervisord]\nlogfile = {layout.log}/supervisord.log\npidfile = {layout.run}/supervisord.pid\n"
        f"childlogdir = {layout.log}\n{me or ''}\n",
        "[rpcinterface:supervisor]\nsupervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface\n",
        f"[supervisorctl]\nserverurl = unix://{socket}\n",
        _program(
            "postgres",
            server_command(layout, ports["postgres"], durable=durable),
            layout.log,
            autostart="true",
            stopsignal="INT",
            stopasgroup="false",
            killasgroup="false",
            directory="/",
            priority="1",
            **({"user": "postgres"} if server_user() else {}),
        ),
        _program("redis", f"redis-server {layout.run}/redis/redis.conf", layout.log, autostart="true", priority="1"),
        _program(
            "mosquitto",
            f"mosquitto -c {layout.run}/mosquitto/mosquitto.conf",
            layout.log,
            autostart="true",
            priority="1",
            environment='PATH="/usr/sbin:/usr/bin:/bin"',
        ),
    ]
    parts.append(
        _program(
            "nginx", f"nginx -c {layout.run}/nginx/nginx.conf", layout.log, environment='PATH="/usr/sbin:/usr/bin"'
        )
    )
    for tier in TIERS:
        parts += [_tier_program(layout, tier, name, command) for name, command in procfile().items()]
        parts.append(f"[group:{tier}]\nprograms = {','.join(f'{tier}-{name}' for name in PROCESSES)}\n")
    (layout.run / "supervisord.conf").write_text("\n".join(parts))


def is_running(layout: Layout) -> bool:
    """Whether the supervisor we started is alive."""
    try:
        os.kill(int((layout.run / "supervisord.pid").read_text()), 0)
    except (FileNotFoundError, ProcessLookupError, ValueError):
        return False
    return (layout.sockets / "supervisor.sock").exists()


def control(layout: Layout, *words: str, check: bool = True) -> str:
    """Run supervisorctl. Raises StackError with its answer when it refuses."""
    done = subprocess.run(
        [
            sys.executable,
            "-W",
            "ignore",
            "-m",
            "supervisor.supervisorctl",
            "-c",
            str(layout.run / "supervisord.conf"),
            *words,
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    if check and ("ERROR" in done.stdout or "refused" in done.stdout):
        raise StackError(done.stdout.strip() + f"\nsee the logs in {layout.log}")
    return done.stdout


def start(layout: Layout) -> None:
    """Start supervisord with the three servers."""
    (layout.sockets / "supervisor.sock").unlink(missing_ok=True)
    subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "supervisor.supervisord", "-c", str(layout.run / "supervisord.conf")],
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        stdin=subprocess.DEVNULL,
        cwd=ROOT,
        start_new_session=True,
    )


def stop(layout: Layout, seconds: float = 60) -> None:
    """Stop everything this supervisor started, and only that."""
    if not is_running(layout):
        return
    pid = int((layout.run / "supervisord.pid").read_text())
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.1)
    raise StackError(f"supervisord ({pid}) is still stopping after {seconds:.0f} s; see {layout.log}/supervisord.log")
