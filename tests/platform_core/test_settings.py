"""The environment is checked at start, with errors that say what to do."""

import os
import subprocess
import sys

import pytest
from django.conf import settings

GOOD = {name: os.environ.get(name, "") for name in (
    "TIER", "SECRET_KEY", "FIELD_ENCRYPTION_KEYS", "DATABASE_URL", "REDIS_URL", "PUBLIC_URL")}  # fmt: skip


def start(**changes):
    environment = {**GOOD, "PATH": os.environ["PATH"], **changes}
    return subprocess.run(
        [sys.executable, "-c", "import django; django.setup()"],
        env={**{k: v for k, v in environment.items() if v is not None},
             "DJANGO_SETTINGS_MODULE": "platform_core.settings"},
        cwd=settings.BASE_DIR, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_production_starts_with_everything_set():
    assert start().returncode == 0


@pytest.mark.parametrize("name", sorted(GOOD))
def test_a_missing_setting_is_named(name):
    done = start(**{name: None})
    assert done.returncode != 0
    assert f"{name} is not set" in done.stderr


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [("TIER", "village", "not one of"), ("SECRET_KEY", "short", "at least 32"), ("FIELD_ENCRYPTION_KEYS", "x", "key 1"),
     ("DATABASE_URL", "sqlite:///x", "postgis://"), ("ENVIRONMENT", "dev", "not one of")],
)  # fmt: skip
def test_a_bad_setting_is_explained(name, value, message):
    done = start(**{name: value})
    assert message in done.stderr
    assert f"{value}\n" not in done.stdout
