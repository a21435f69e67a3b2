"""docker-compose.yml runs what bin/up runs. There is no Docker engine in CI, so its shape is checked."""

import sys
from pathlib import Path

import yaml
from jsonschema import validate

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bin"))
from stack.supervisor import procfile  # noqa: E402

COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
# The parts of the Compose specification that the file uses; an unknown key is an error.
SERVICE = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "image": {"type": "string"}, "build": {"type": "string"}, "command": {"type": ["string", "array"]},
        "environment": {"type": "object", "additionalProperties": {"type": "string"}},
        "env_file": {"type": "array"}, "volumes": {"type": "array", "items": {"type": "string"}},
        "ports": {"type": "array", "items": {"type": "string"}}, "restart": {"enum": ["no", "unless-stopped"]},
        "profiles": {"type": "array", "items": {"enum": ["city", "provincial", "national", "hotline"]}},
        "healthcheck": {"type": "object", "required": ["test"]},
        "depends_on": {"type": "object", "additionalProperties": {"type": "object", "required": ["condition"]}},
    },
    "anyOf": [{"required": ["image"]}, {"required": ["build"]}],
}  # fmt: skip
SCHEMA = {
    "type": "object",
    "required": ["services"],
    "patternProperties": {"^x-": {}},
    "additionalProperties": False,
    "properties": {
        "name": {"type": "string"},
        "volumes": {"type": "object"},
        "services": {"type": "object", "additionalProperties": SERVICE},
    },
}


def test_compose_file_is_well_formed():
    validate(COMPOSE, SCHEMA)
    for service in COMPOSE["services"].values():
        for needed in service.get("depends_on", {}):
            assert needed in COMPOSE["services"]
        for volume in service.get("volumes", []):
            name = volume.split(":")[0]
            assert name in COMPOSE["volumes"] or (ROOT / name).exists()


def test_commands_are_those_of_the_procfile():
    for name, command in procfile().items():
        assert COMPOSE["services"][name]["command"].replace("$$", "$") == f'sh -c "exec {command}"'
