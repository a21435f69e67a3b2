"""A province and a city of their own, as real processes under a supervisor that restarts what dies."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
for folder in ("bin", "clients/python"):
    sys.path.insert(0, str(ROOT / folder))


from eurbanmis_client import Client  # noqa: E402
from stack import postgres  # noqa: E402
from stack.layout import Layout, read_ports  # noqa: E402
from stack.run import bring_up, tier_environment  # noqa: E402
from stack.supervisor import control, stop  # noqa: E402

CITY, PROVINCE = "210100", "210000"


class Stack:
    """The running stack and what can be done to it."""

    def __init__(self, layout):
        self.layout, self.ports = layout, read_ports(layout)
        self.environment = {tier: tier_environment(layout, self.ports, tier) for tier in ("provincial", "city")}

    def url(self, tier):
        return self.environment[tier]["PUBLIC_URL"]

    def manage(self, tier, *words):
        done = subprocess.run(
            [sys.executable, "manage.py", *words], cwd=ROOT, env={**os.environ, **self.environment[tier]},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def kill(self, program):
        """kill -9 of a program and all it started; the supervisor starts it again."""
        text = control(self.layout, "pid", program, check=False).strip()
        if text.isdigit() and int(text) > 0:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(int(text), signal.SIGKILL) if "postgres" not in program else os.kill(
                    int(text), signal.SIGKILL
                )
        return text

    def sql(self, tier, statement):
        return postgres._psql(self.layout, self.ports["postgres"], f"eurbanmis_{tier}", statement)

    def wait_for(self, what, seconds=120):
        deadline = time.monotonic() + seconds
        while True:
            try:
                if what():
                    return
            except Exception:
                if time.monotonic() > deadline:
                    raise
            assert time.monotonic() < deadline, "it did not come to pass"
            time.sleep(0.5)

    def account(self, tier, region, name, url=None, kind="city"):
        """A client of a tier with an account of its own."""
        import httpx

        secret = "a-secret-of-its-own-0123456789"
        base = f"{self.url(tier)}/eUrbanMIS/api/v1/apply"
        asked = {"platformName": name, "regionCode": region, "kind": kind, "secret": secret}
        told = json.loads(httpx.post(base, json=asked, timeout=30).json()["data"])
        self.manage(tier, "approve_platform", region)
        got = json.loads(httpx.get(f"{base}/{told['application']}?token={told['token']}", timeout=30).json()["data"])
        if kind == "department":
            self.sql(
                tier,
                'INSERT INTO exchange_tablegrant (account_id, "group", "table", may_push, may_get)'
                f" SELECT id, '*', '*', true, true FROM exchange_platformaccount WHERE app_id = '{got['appID']}'",
            )
        self.sql(
            tier,
            f"UPDATE exchange_platformaccount SET calls_per_minute = 1000000, version = version + 1 WHERE app_id = '{got['appID']}'",
        )
        return Client(
            url or self.url(tier), app_id=got["appID"], secret=secret, public_key=got["publicKey"], timeout_s=20, retries=60
        )  # fmt: skip


class Wire:
    """A network between two hosts that can be cut: a TCP relay."""

    def __init__(self, port):
        self.target, self.is_cut, self.links = port, False, []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                near, _address = self.listener.accept()
            except OSError:
                return
            if self.is_cut:
                near.close()
                continue
            try:
                far = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                near.close()
                continue
            self.links += [near, far]
            for one, other in ((near, far), (far, near)):
                threading.Thread(target=self._carry, args=(one, other), daemon=True).start()

    def _carry(self, one, other):
        try:
            while data := one.recv(65536):
                other.sendall(data)
        except OSError:
            pass
        finally:
            for link in (one, other):
                with contextlib.suppress(OSError):
                    link.shutdown(socket.SHUT_RDWR)

    def cut(self):
        """Break every connection in the middle of whatever it carries, and let none in."""
        self.is_cut = True
        for link in self.links:
            try:
                link.shutdown(socket.SHUT_RDWR)
                link.close()
            except OSError:
                pass
        self.links.clear()

    def mend(self):
        self.is_cut = False


@pytest.fixture(scope="session")
def stack():
    layout = Layout(ROOT / ".run" / "survival")
    stop(layout)  # of a run that was broken off
    postgres.wipe(layout)
    shutil.rmtree(layout.run, ignore_errors=True)
    shutil.rmtree(layout.sockets, ignore_errors=True)
    bring_up(layout, ["provincial", "city"], demo=False)
    try:
        yield Stack(layout)
    finally:
        stop(layout)
        postgres.wipe(layout)
        shutil.rmtree(layout.run, ignore_errors=True)
        shutil.rmtree(layout.sockets, ignore_errors=True)
