"""Schemathesis over the description, each call properly signed: always a documented code, never a fault."""

import json
import time
from urllib.parse import urlencode

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode

from exchange.api.description import document
from exchange.models import InboundBatch
from exchange.protocol import signature
from exchange.protocol.codes import Code
from exchange.services import inbound

from .conftest import FORM, URL

pytestmark = pytest.mark.django_db
CODES = {int(code) for code in Code} - {int(Code.SERVER)}


def sign(caller, operation, parameters):
    made = {str(name): value if isinstance(value, str) else json.dumps(value) for name, value in parameters.items()}
    made = {name: value.encode("utf-8", "replace").decode() for name, value in made.items() if name != "sign"}
    made |= {"appID": caller.account.app_id, "timestamp": str(int(time.time()))}
    made["sign"] = signature.sign(operation, made, caller.account.secret, caller.public_key, "rsa")
    return made


@pytest.mark.parametrize("operation", ["pushdata", "getdata"])
def test_generated_calls(caller, operation):
    schema = schemathesis.openapi.from_dict(document())
    method = "POST" if operation == "pushdata" else "GET"
    strategy = schema[f"{URL}/{operation}"][method].as_strategy(generation_mode=GenerationMode.POSITIVE)

    @settings(
        max_examples=150, deadline=None, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
    )
    @given(case=strategy)
    def try_it(case):
        parameters = dict((case.body if operation == "pushdata" else case.query) or {})
        made = sign(caller, operation, parameters)
        if operation == "pushdata":
            answer = caller.client.post(f"{URL}/pushdata", urlencode(made), content_type=FORM)
        else:
            answer = caller.client.get(f"{URL}/getdata", made)
        assert answer.status_code in (200, 413, 429)
        assert answer.json()["code"] in CODES, (parameters, answer.json())

    try_it()
    inbound.drain(seconds=5)
    assert not InboundBatch.objects.filter(state="failed").exists()
