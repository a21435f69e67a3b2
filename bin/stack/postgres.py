"""A private PostgreSQL cluster. PostgreSQL refuses to run as root, so root lends it the system user `postgres`."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import time
from pathlib import Path

from .layout import Layout, StackError, secret

BIN = Path("/usr/lib/postgresql/15/bin")
OWNER = "eurbanmis"
TUNING = """
listen_addresses = '127.0.0.1'
shared_buffers = 512MB
work_mem = 32MB
maintenance_work_mem = 256MB
effective_cache_size = 4GB
random_page_cost = 1.1
max_connections = 200
max_wal_size = 4GB
jit = off
log_min_duration_statement = 1000
"""


def server_user() -> str | None:
    """System user the server must run as, or None where we already are an ordinary user."""
    return "postgres" if os.getuid() == 0 else None


def _as_server(command: list[str]) -> list[str]:
    user = server_user()
    if user is None:
        return command
    return ["setpriv", "--reuid", user, "--regid", user, "--init-groups", "--", *command]


def data_directory(layout: Layout) -> Path:
    """Where the cluster lies: `.run/postgres`; or, when the server's user may not reach that folder
    (a checkout under /root, say), a folder below /var/lib with `.run/postgres` as a link to it.
    """
    link = layout.run / "postgres"
    if link.exists() or link.is_symlink():
        return link.resolve()
    user = server_user()
    if user is None:
        return link
    account = pwd.getpwnam(user)
    reachable = subprocess.run(_as_server(["test", "-x", str(layout.run)]), check=False).returncode == 0
    folder = link if reachable else Path(f"/var/lib/eurbanmis-{layout.key}/postgres")
    folder.mkdir(parents=True)
    os.chown(folder, account.pw_uid, account.pw_gid)
    folder.chmod(0o700)
    if not reachable:
        link.symlink_to(folder)
    return folder


def _run(command: list[str], hint: str) -> None:
    done = subprocess.run(_as_server(command), capture_output=True, text=True, cwd="/", check=False)
    if done.returncode != 0:
        raise StackError(f"{command[0].rsplit('/', 1)[-1]} failed: {done.stderr.strip()}\n{hint}")


def initialise(layout: Layout) -> Path:
    """Create the cluster if it is not there. Returns its data directory."""
    if not BIN.exists():
        raise StackError(f"PostgreSQL 15 is not at {BIN}: apt-get install postgresql-15 postgresql-15-postgis-3")
    data = data_directory(layout)
    if (data / "PG_VERSION").exists():
        return data
    password = layout.sockets / "pg-password"
    password.write_text(secret(layout, "postgres"))
    password.chmod(0o600)
    user = server_user()
    if user:
        account = pwd.getpwnam(user)
        os.chown(password, account.pw_uid, account.pw_gid)
    try:
        _run(
            [
                f"{BIN}/initdb",
                "-D",
                str(data),
                "-U",
                OWNER,
                "-E",
                "UTF8",
                "--locale=C.UTF-8",
                "--auth=scram-sha-256",
                f"--pwfile={password}",
            ],
            f"remove {layout.run}/postgres and run again",
        )
    finally:
        password.unlink()
    with (data / "postgresql.conf").open("a") as stream:
        stream.write(TUNING)
    return data


def server_command(layout: Layout, port: int, *, durable: bool = True) -> str:
    """Command line of the server, for the supervisor. `durable=False` is for throw-away test clusters."""
    folder = layout.sockets / "pg"
    folder.mkdir(exist_ok=True)
    user = server_user()
    if user:
        account = pwd.getpwnam(user)
        os.chown(folder, account.pw_uid, account.pw_gid)
    extra = (
        f" -c shared_buffers={_shared_buffers_mb()}MB"
        if durable
        else " -c fsync=off -c synchronous_commit=off -c full_page_writes=off"
    )
    return f"{BIN}/postgres -D {data_directory(layout)} -p {port} -k {folder}{extra}"


def _shared_buffers_mb() -> int:
    """An eighth of the machine's memory, 256 MB to 4 GB: three tiers share the cluster with their own processes."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20
    return max(256, min(4096, memory // 8))


def dsn(layout: Layout, port: int, database: str) -> str:
    """Connection address of a database of the cluster."""
    return f"postgis://{OWNER}:{secret(layout, 'postgres')}@127.0.0.1:{port}/{database}"


def _psql(layout: Layout, port: int, database: str, sql: str) -> str:
    done = subprocess.run(
        [f"{BIN}/psql", "-h", "127.0.0.1", "-p", str(port), "-U", OWNER, "-d", database, "-AtXqc", sql],
        env={**os.environ, "PGPASSWORD": secret(layout, "postgres")},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise StackError(f"PostgreSQL: {done.stderr.strip()}")
    return done.stdout.strip()


def wait(layout: Layout, port: int, seconds: float = 60) -> None:
    """Return when the server answers. Raises StackError after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            _psql(layout, port, "postgres", "SELECT 1")
        except StackError as error:
            if time.monotonic() > deadline:
                raise StackError(f"PostgreSQL did not start ({error}); see {layout.log}/postgres.log") from error
            time.sleep(0.1)
        else:
            return


def create_database(layout: Layout, port: int, name: str) -> None:
    """Create a tier's database with its extensions, unless it is there."""
    if not _psql(layout, port, "postgres", f"SELECT 1 FROM pg_database WHERE datname = '{name}'"):  # noqa: S608
        _psql(layout, port, "postgres", f'CREATE DATABASE "{name}" TEMPLATE template0')
    _psql(layout, port, name, "SET client_min_messages = error; CREATE EXTENSION IF NOT EXISTS postgis")
    _psql(layout, port, name, "SET client_min_messages = error; CREATE EXTENSION IF NOT EXISTS pg_trgm")


def wipe(layout: Layout) -> None:
    """Forget the cluster, also where it lies outside `.run`."""
    link = layout.run / "postgres"
    if link.is_symlink():
        shutil.rmtree(link.resolve().parent, ignore_errors=True)
        link.unlink()
