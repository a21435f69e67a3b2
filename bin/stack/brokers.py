"""Configuration of the private Redis, Mosquitto and nginx."""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from string import Template

from .layout import ROOT, TIERS, Layout, StackError, secret


def configure_redis(layout: Layout, port: int) -> None:
    """Loopback only, with a password: other users of the machine are not ours."""
    file = layout.run / "redis" / "redis.conf"
    file.write_text(
        f"bind 127.0.0.1\nport {port}\ndir {layout.run}/redis\nrequirepass {secret(layout, 'redis')}\n"
        "appendonly yes\nsave 300 1\nmaxmemory-policy noeviction\ndatabases 16\ndaemonize no\n"
    )
    file.chmod(0o600)


DYNAMIC_SECURITY = "mosquitto_dynamic_security.so"


def configure_mosquitto(layout: Layout, port: int) -> None:
    """Loopback listener; accounts and their topics are kept by the dynamic-security plugin, because platforms that
    are admitted get accounts while everything runs (exchange.channels.mqtt). Raises StackError without the plugin.
    """
    folder = layout.run / "mosquitto"
    plugin = next(iter(Path("/usr/lib").glob(f"*/{DYNAMIC_SECURITY}")), None)
    if plugin is None:
        raise StackError(f"{DYNAMIC_SECURITY} is not below /usr/lib: it comes with Debian's package mosquitto")
    accounts = folder / "dynamic-security.json"
    if not accounts.exists():
        accounts.touch(mode=0o600)
        accounts.write_text(json.dumps(_accounts(secret(layout, "mosquitto")), indent=1))
    user = "user root\n" if os.getuid() == 0 else ""
    (folder / "mosquitto.conf").write_text(
        f"per_listener_settings false\nlistener {port} 127.0.0.1\nallow_anonymous false\n"
        f"plugin {plugin}\nplugin_opt_config_file {accounts}\n"
        f"persistence true\npersistence_location {folder}/\nmax_inflight_messages 100\n"
        f"message_size_limit 20971520\n{user}"
    )


def _accounts(password: str) -> dict[str, object]:
    """The three tiers, which may everything, in the plugin's own form (PBKDF2-SHA512)."""
    salt, rounds = os.urandom(12), 101
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, rounds)
    everything = [
        {"acltype": kind, "topic": topic, "allow": True}
        for kind in ("publishClientSend", "publishClientReceive", "subscribePattern", "unsubscribePattern")
        for topic in ("#", "$CONTROL/dynamic-security/#")
    ]
    return {
        "defaultACLAccess": {
            "publishClientSend": False, "publishClientReceive": False, "subscribe": False, "unsubscribe": True
        },
        "clients": [
            {
                "username": tier,
                "roles": [{"rolename": "platform"}],
                "password": base64.b64encode(digest).decode(),
                "salt": base64.b64encode(salt).decode(),
                "iterations": rounds,
            }
            for tier in TIERS
        ],
        "groups": [],
        "roles": [{"rolename": "platform", "acls": everything}],
    }  # fmt: skip


NGINX = """daemon off;
worker_processes 1;
pid {run}/nginx/nginx.pid;
error_log {log}/nginx-error.log warn;
{user}events {{ worker_connections 4096; }}
http {{
  access_log off;
  client_body_temp_path {run}/nginx/body;
  proxy_temp_path {run}/nginx/proxy;
  fastcgi_temp_path {run}/nginx/fastcgi;
  uwsgi_temp_path {run}/nginx/uwsgi;
  scgi_temp_path {run}/nginx/scgi;
{servers}
}}
"""


def configure_nginx(layout: Layout, ports: Mapping[str, int]) -> None:
    """The same server block a tier that docker-compose.yml uses."""
    template = Template((ROOT / "deploy" / "nginx.conf.template").read_text())
    host = os.environ.get("BIND_HOST", "127.0.0.1")
    servers = [
        template.safe_substitute(
            LISTEN=f"{host}:{ports[tier]}",
            UPSTREAM=f"127.0.0.1:{ports[f'{tier}-app']}",
            EXCHANGE_MAX_BODY_MB=os.environ.get("EXCHANGE_MAX_BODY_MB", "20"),
        )
        for tier in TIERS
    ]
    (layout.run / "nginx").mkdir(exist_ok=True)
    (layout.run / "nginx" / "nginx.conf").write_text(
        NGINX.format(
            run=layout.run,
            log=layout.log,
            user="user root;\n" if os.getuid() == 0 else "",
            servers="\n".join(servers),
        )
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
