"""Configuration of the private Redis and Mosquitto."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping

from .layout import TIERS, Layout, StackError, secret


def configure_redis(layout: Layout, port: int) -> None:
    """Loopback only, with a password: other users of the machine are not ours."""
    file = layout.run / "redis" / "redis.conf"
    file.write_text(
        f"bind 127.0.0.1\nport {port}\ndir {layout.run}/redis\nrequirepass {secret(layout, 'redis')}\n"
        "appendonly yes\nsave 300 1\nmaxmemory-policy noeviction\ndatabases 16\ndaemonize no\n"
    )
    file.chmod(0o600)


def configure_mosquitto(layout: Layout, port: int) -> None:
    """Loopback listener with one account a tier. Raises StackError where mosquitto_passwd fails."""
    folder = layout.run / "mosquitto"
    passwords = folder / "passwords"
    if not passwords.exists():
        passwords.touch(mode=0o600)
        tool = shutil.which("mosquitto_passwd") or "/usr/bin/mosquitto_passwd"
        for tier in TIERS:
            done = subprocess.run(
                [tool, "-b", str(passwords), tier, secret(layout, "mosquitto")],
                capture_output=True,
                text=True,
                check=False,
            )
            if done.returncode != 0:
                passwords.unlink()
                raise StackError(f"mosquitto_passwd: {done.stderr.strip()}")
    user = "user root\n" if os.getuid() == 0 else ""
    (folder / "mosquitto.conf").write_text(
        f"listener {port} 127.0.0.1\nallow_anonymous false\npassword_file {passwords}\n"
        f"persistence true\npersistence_location {folder}/\n{user}"
    )


def addresses(layout: Layout, ports: Mapping[str, int], tier: str) -> dict[str, str]:
    """Environment of one tier: its Redis database numbers and its MQTT account."""
    number = TIERS.index(tier) * 2
    redis = f"redis://:{secret(layout, 'redis')}@127.0.0.1:{ports['redis']}"
    return {
        "REDIS_URL": f"{redis}/{number}",
        "CELERY_BROKER_URL": f"{redis}/{number + 1}",
        "MQTT_URL": f"mqtt://{tier}:{secret(layout, 'mosquitto')}@127.0.0.1:{ports['mosquitto']}",
    }
