"""Reads and checks the environment once; docs/configuration.md lists every variable."""

from __future__ import annotations

from pathlib import Path

import environ
from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured

from tiers.profiles import PROFILES

env = environ.Env()
ENVIRONMENTS = ("production", "demo", "test")


def _required(name: str, meaning: str) -> str:
    value: str = env.str(name, default="").strip()
    if not value:
        raise ImproperlyConfigured(f"{name} is not set: {meaning}. See docs/configuration.md.")
    return value


def _choice(name: str, choices: tuple[str, ...], default: str | None = None) -> str:
    value = env.str(name, default=default) if default else _required(name, f"one of {', '.join(choices)}")
    if value not in choices:
        raise ImproperlyConfigured(f"{name}={value!r} is not one of {', '.join(choices)}.")
    return str(value)


def _secret_key() -> str:
    value = _required("SECRET_KEY", "at least 32 random characters; there is no default, so none can leak")
    if len(value) < 32:
        raise ImproperlyConfigured(f"SECRET_KEY has {len(value)} characters; it needs at least 32.")
    return value


def _field_keys() -> list[bytes]:
    keys = [
        key.strip().encode()
        for key in _required(
            "FIELD_ENCRYPTION_KEYS",
            "comma-separated Fernet keys, newest first; make one with "
            "python -c 'from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())'",
        ).split(",")
    ]
    for position, key in enumerate(keys, start=1):
        try:
            Fernet(key)
        except ValueError as error:
            raise ImproperlyConfigured(
                f"FIELD_ENCRYPTION_KEYS: key {position} is not a Fernet key ({error})."
            ) from error
    return keys


def _database() -> dict[str, object]:
    url = _required("DATABASE_URL", "postgis://user:password@host:port/name")
    if not url.startswith("postgis://"):
        raise ImproperlyConfigured("DATABASE_URL must begin with postgis:// (PostgreSQL with PostGIS is required).")
    return dict(env.db_url_config(url))


def file_content(name: str) -> str:
    """Text of the file that a variable names; empty where it is not set. Raises ImproperlyConfigured."""
    path = env.str(name, default="")
    if not path:
        return ""
    try:
        return Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise ImproperlyConfigured(f"{name}={path!r} cannot be read: {error.strerror}.") from error


TIER = _choice("TIER", tuple(PROFILES))
ENVIRONMENT = _choice("ENVIRONMENT", ENVIRONMENTS, default="production")
SECRET_KEY = _secret_key()
FIELD_ENCRYPTION_KEYS = _field_keys()
DATABASE = _database()
REDIS_URL = _required("REDIS_URL", "redis://[:password@]host:port/number, for cache and locks")
if ENVIRONMENT == "test" and (worker := env.str("PYTEST_XDIST_WORKER", default="")):
    # Tests empty the cache: each of the processes that run them has a database of its own, behind those of the tiers.
    REDIS_URL = f"{REDIS_URL.rpartition('/')[0]}/{6 + int(worker.removeprefix('gw'))}"
CELERY_BROKER_URL = env.str("CELERY_BROKER_URL", default=REDIS_URL)
MQTT_URL = env.str("MQTT_URL", default="")
PUBLIC_URL = _required("PUBLIC_URL", "the address users open, such as https://city.example.gov.cn").rstrip("/")
