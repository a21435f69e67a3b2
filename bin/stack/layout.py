"""Where things lie and which ports they use. Everything of ours is below `.run/`, so removing it forgets it all."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import socket
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TIERS = ("national", "provincial", "city")
REGIONS = {"national": "100000", "provincial": "210000", "city": "210100"}
WEB_PORTS = {"national": 8001, "provincial": 8002, "city": 8003}
# Behind nginx, which holds the ports above.
APP_PORTS = {f"{tier}-app": port + 10_000 for tier, port in WEB_PORTS.items()}


class StackError(Exception):
    """A step that failed, with what the reader should do about it."""


@dataclass(frozen=True)
class Layout:
    """Paths of one stack; `bin/up` and `bin/test` each have their own."""

    run: Path

    @property
    def key(self) -> str:
        """Eight hex digits that tell this checkout's stack from any other on the machine."""
        return hashlib.sha256(str(self.run).encode()).hexdigest()[:8]

    @property
    def sockets(self) -> Path:
        """Unix sockets live here, not under `.run`: their path may be 107 bytes at most."""
        return Path(f"/tmp/eurbanmis-{os.getuid()}-{self.key}")  # noqa: S108 - created 0711 and ours only

    @property
    def log(self) -> Path:
        """Folder of every process's log."""
        return self.run / "log"

    def prepare(self) -> None:
        """Create the folders. Raises StackError where the socket folder belongs to somebody else."""
        for folder in (self.run, self.log, self.run / "env", self.run / "redis", self.run / "mosquitto"):
            folder.mkdir(parents=True, exist_ok=True)
        self.run.chmod(0o711)
        self.sockets.mkdir(mode=0o711, exist_ok=True)
        if self.sockets.stat().st_uid != os.getuid():
            raise StackError(f"{self.sockets} belongs to another user: remove it and run again")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def _free_port(taken: set[int], wanted: int) -> int:
    port = wanted
    while port in taken or not _is_free(port):
        port += 1
    return port


def choose_ports(layout: Layout) -> dict[str, int]:
    """Ports of this stack, remembered in ports.json; one that somebody else has taken since is replaced.

    Call it only while the stack is down: our own servers would look like somebody else's.
    """
    file = layout.run / "ports.json"
    known: dict[str, int] = json.loads(file.read_text()) if file.exists() else {}
    offset = 0 if layout.run == ROOT / ".run" else 500
    wanted = {"postgres": 54320, "redis": 63790, "mosquitto": 18830, **WEB_PORTS, **APP_PORTS}
    ports: dict[str, int] = {}
    for name, default in wanted.items():
        ports[name] = _free_port(set(ports.values()), known.get(name, default + offset))
    file.write_text(json.dumps(ports, indent=1))
    return ports


def read_ports(layout: Layout) -> dict[str, int]:
    """Ports as chosen at the last start."""
    return dict(json.loads((layout.run / "ports.json").read_text()))


def secret(layout: Layout, name: str) -> str:
    """A random secret of this stack, made once and kept where only its owner may read it."""
    file = layout.run / "env" / f"{name}.secret"
    if not file.exists():
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as stream:
            stream.write(secrets.token_urlsafe(32))
    return file.read_text()


def signing_key(layout: Layout) -> Path:
    """The RSA key (PEM) with which this stack's national platform signs identities, made once."""
    file = layout.run / "env" / "oidc-signing.pem"
    if not file.exists():
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric import rsa

        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(
                key.private_bytes(
                    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
                )
            )
    return file
