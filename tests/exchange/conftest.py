"""The data standard, accounts and signed calls."""

import json
import time

import pytest
from django.db import connection

from convergence.models import DataTable
from convergence.services import standard as standard_services
from exchange.models import PlatformAccount
from exchange.protocol import signature
from exchange.services import accounts, gate, inbound, statistics
from platform_core.models import Role
from platform_core.services.reference import load_roles
from tests.factories import UserFactory, organisation

EXAMPLE = [
    {"districtCode": "210102", "districtName": "和平区", "area": 59.72, "gridCount": 3797, "dutyGridCount": 119, "statisticalTime": "2019-04-19 12:00:00"},
    {"districtCode": "210103", "districtName": "沈河区", "area": 58.97, "gridCount": 3495, "dutyGridCount": 121, "statisticalTime": "2019-04-19 12:00:00"},
]  # fmt: skip
URL = "/eUrbanMIS/api/v1"
FORM = "application/x-www-form-urlencoded; charset=utf-8"


@pytest.fixture
def standard(districts):
    """All tables of the shipped standard; whatever a test commits into them is gone afterwards."""
    if not DataTable.objects.exists():
        standard_services.load()
    standard_services.keeper.forget()
    gate.forget()
    statistics._counts.clear()
    yield standard_services.keeper
    standard_services.keeper.forget()
    if not connection.in_atomic_block:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT string_agg('std.' || quote_ident(tablename), ', ') FROM pg_tables WHERE schemaname = 'std'"
            )
            tables = cursor.fetchone()[0]
            cursor.execute(f"TRUNCATE {tables}")


class Caller:
    """A platform that calls ours over HTTP."""

    def __init__(self, client, account, algorithm):
        self.client, self.account, self.algorithm = client, account, algorithm
        self.public_key = account.keys.first().public_key

    def signed(self, operation, **parameters):
        made = {"appID": self.account.app_id, "timestamp": str(int(time.time())), **parameters}
        made["sign"] = signature.sign(operation, made, self.account.secret, self.public_key, self.algorithm)
        return made

    def send(self, operation, parameters, **headers):
        from urllib.parse import urlencode

        if operation == "getdata":
            answer = self.client.get(f"{URL}/getdata", parameters, **headers)
        else:
            answer = self.client.post(f"{URL}/pushdata", urlencode(parameters), content_type=FORM, **headers)
        return answer.json() | {"status": answer.status_code}

    def push(self, rows, group="basic", table="part", **more):
        data = rows if isinstance(rows, str) else json.dumps(rows, ensure_ascii=False)
        return self.send("pushdata", self.signed("pushdata", group=group, table=table, data=data, **more))

    def get(self, where="", group="basic", table="part", **more):
        answer = self.send("getdata", self.signed("getdata", group=group, table=table, where=where, **more))
        return answer | {"rows": json.loads(answer["data"]) if answer["success"] else None}

    def store(self, rows, group="basic", table="part"):
        """Push and drain."""
        answer = self.push(rows, group, table)
        assert answer["code"] == 10000, answer
        inbound.drain()
        return answer


@pytest.fixture
def admit(client, standard, districts):
    """Apply and be admitted: admit(region="210100", algorithm="rsa", sandbox=False) → Caller."""

    def make(region="210100", algorithm="rsa", sandbox=False, name="沈阳市平台", kind="city", **fields):
        account, _token = accounts.apply(
            accounts.Application(name, region, kind, "a-secret-of-20-signs", algorithm=algorithm)
        )
        account = accounts.approve(account, sandbox=sandbox)
        if fields:
            PlatformAccount.objects.filter(pk=account.pk).update(**fields, version=99)
            account.refresh_from_db()
        return Caller(client, account, algorithm)

    return make


@pytest.fixture
def caller(admit):
    """沈阳's platform, live."""
    return admit()


@pytest.fixture
def data_manager(standard, districts):
    """A user with the role that works here, for 沈阳."""
    load_roles(("exchange", "convergence"))
    user = UserFactory(scope=districts[0])
    user.groups.add(Role.objects.get(code="data_manager"))
    return user


@pytest.fixture
def platform(districts):
    """This deployment is 沈阳's."""
    from platform_core.models import PlatformInstance

    root = organisation(districts[0])
    return PlatformInstance.objects.create(pk=1, tier="city", name="沈阳市平台", region=districts[0], organisation=root)
