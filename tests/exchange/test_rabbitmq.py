"""One setting switches the broker: a real RabbitMQ, quorum queues, a real worker (CJJ/T 312 §6.1.3)."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.conf import settings

from exchange.models import InboundBatch

from .conftest import EXAMPLE

pytestmark = pytest.mark.django_db(transaction=True)
SERVER = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def rabbitmq(tmp_path):
    """A node of our own: its own name, port, cookie and folder."""
    if not SERVER.exists():
        pytest.skip("RabbitMQ is not here")
    port, node = free_port(), f"suite{os.getpid()}@localhost"
    (tmp_path / "conf").write_text(f"listeners.tcp.1 = 127.0.0.1:{port}\nloopback_users.guest = true\n")
    environment = {
        **os.environ, "HOME": str(tmp_path), "RABBITMQ_NODENAME": node, "RABBITMQ_MNESIA_BASE": str(tmp_path / "data"),
        "RABBITMQ_LOG_BASE": str(tmp_path / "log"), "RABBITMQ_CONFIG_FILE": str(tmp_path / "conf"),
        "RABBITMQ_DIST_PORT": str(free_port()), "RABBITMQ_ENABLED_PLUGINS_FILE": str(tmp_path / "plugins"),
        "RABBITMQ_PID_FILE": str(tmp_path / "pid"), "ERL_EPMD_PORT": str(free_port()), "LC_ALL": "C.UTF-8",
    }  # fmt: skip
    process = subprocess.Popen(
        [str(SERVER)], env=environment, cwd=tmp_path, start_new_session=True,
        stdout=(tmp_path / "out").open("w"), stderr=subprocess.STDOUT,
    )  # fmt: skip
    deadline = time.monotonic() + 60
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            break
        except OSError:
            assert process.poll() is None, (tmp_path / "out").read_text()[-2000:]
            assert time.monotonic() < deadline, (tmp_path / "out").read_text()[-2000:]
            time.sleep(0.3)
    yield f"amqp://guest:guest@127.0.0.1:{port}//", environment
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    if epmd := shutil.which("epmd"):
        subprocess.run([epmd, "-kill"], env=environment, capture_output=True, check=False)


def test_hint_reaches_a_worker_through_a_quorum_queue(rabbitmq, caller):
    url, rabbit_environment = rabbitmq
    database = settings.DATABASES["default"]
    environment = {
        **os.environ,
        "CELERY_BROKER_URL": url,
        "DATABASE_URL": f"postgis://{database['USER']}:{database['PASSWORD']}@{database['HOST']}:{database['PORT']}/{database['NAME']}",
    }
    worker = subprocess.Popen(
        [sys.executable, "-m", "celery", "-A", "platform_core", "worker", "-Q", "exchange,analysis,default", "--concurrency", "1",
         "--loglevel", "WARNING", "--without-gossip", "--without-mingle"],
        cwd=settings.BASE_DIR, env=environment, start_new_session=True,
    )  # fmt: skip
    try:
        assert caller.push(EXAMPLE)["success"]
        assert InboundBatch.objects.get().state == "waiting"
        code = "import django; django.setup(); from exchange.tasks import drain_inbound, send_hint; send_hint(drain_inbound)"
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=settings.BASE_DIR, capture_output=True, text=True, check=False,
            env={**environment, "DJANGO_SETTINGS_MODULE": "platform_core.settings"},
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        deadline = time.monotonic() + 40
        while InboundBatch.objects.filter(state="waiting").exists() and time.monotonic() < deadline:
            time.sleep(0.2)
        assert InboundBatch.objects.get().state == "done"
        listed = subprocess.run(
            ["/usr/lib/rabbitmq/bin/rabbitmqctl", "--node", rabbit_environment["RABBITMQ_NODENAME"], "list_queues", "name", "type", "--silent"],
            env=rabbit_environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        types = dict(line.split() for line in listed.stdout.splitlines() if len(line.split()) == 2)
        assert {types.get(name) for name in ("exchange", "analysis", "default")} == {"quorum"}, (
            listed.stdout + listed.stderr
        )
    finally:
        os.killpg(worker.pid, signal.SIGKILL)
        worker.wait()
