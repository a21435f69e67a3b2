"""MQTT front of the interface (CJJ/T 312 §6.1.4).

A platform publishes to `eurbanmis/<appID>/<group>/<table>` with QoS 1 and is answered on `eurbanmis/<appID>/reply`.
The broker's dynamic-security plugin gives every account its own user, which reaches no other account's topics.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
from typing import Any

import orjson

from exchange.models import PlatformAccount
from exchange.models.batch import Channel
from exchange.protocol.codes import Code, answer
from exchange.services import connecting, dispatcher
from platform_core.services import mqtt

log = logging.getLogger(__name__)
TOPIC = "eurbanmis/+/+/+"
DEPARTMENTS = "departments/#"
"""Where systems of departments publish for connectors; never the tree of the accounts."""
CONTROL = "$CONTROL/dynamic-security/v1"
OPERATIONS = ("pushdata", "getdata")


def register() -> None:
    """Listen, and see to it that the broker knows the accounts; called once by AppConfig.ready."""
    mqtt.register(TOPIC, on_message)
    mqtt.register(DEPARTMENTS, connecting.on_message)
    mqtt.on_start(provision_all)


def password(account: PlatformAccount) -> str:
    """The account's MQTT password: both sides can compute it, so it never has to be sent."""
    return hmac.new(account.secret.encode(), b"mqtt", hashlib.sha256).hexdigest()


def on_message(topic: str, payload: bytes) -> None:
    """Answer one call. The appID is the topic's, for which the broker vouches."""
    _root, app_id, group, table = topic.split("/", 3)
    call_id = None
    try:
        told = orjson.loads(payload)
        if not isinstance(told, dict):
            raise ValueError("not an object")
    except ValueError:
        body = answer(Code.PARAMETERS, "消息不是 JSON 对象")
    else:
        call_id = told.pop("id", None)
        operation = str(told.pop("operation", "pushdata"))
        parameters = {name: _text(value) for name, value in told.items()} | {
            "group": group, "table": table, "appID": app_id
        }  # fmt: skip
        if operation not in OPERATIONS:
            body = answer(Code.PARAMETERS, f"没有操作 {operation[:40]}")
        else:
            reply = dispatcher.call(operation, parameters, Channel.MQTT)
            if reply.code is Code.UNKNOWN_APP:
                return  # of another platform on the same broker, which will answer
            body = reply.body
    if call_id is not None:
        body = orjson.dumps({**orjson.loads(body), "id": call_id})
    mqtt.publish(f"eurbanmis/{app_id}/reply", body)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def provision(account: PlatformAccount) -> None:
    """Make, change or close the account's user at the broker."""
    mqtt.publish(CONTROL, json.dumps({"commands": _commands(account)}).encode())


def provision_all() -> None:
    """After a start: the broker may be new."""
    for account in PlatformAccount.objects.exclude(app_id=None):
        provision(account)


def _commands(account: PlatformAccount) -> list[dict[str, Any]]:
    app_id = account.app_id
    if not account.is_admitted or account.is_retired:
        return [{"command": "disableClient", "username": app_id}]
    role = f"exchange-{app_id}"
    own, reply = f"eurbanmis/{app_id}/+/+", f"eurbanmis/{app_id}/reply"
    return [
        {"command": "createRole", "rolename": role},
        {"command": "addRoleACL", "rolename": role, "acltype": "publishClientSend", "topic": own, "allow": True},
        {"command": "addRoleACL", "rolename": role, "acltype": "subscribeLiteral", "topic": reply, "allow": True},
        {"command": "addRoleACL", "rolename": role, "acltype": "publishClientReceive", "topic": reply, "allow": True},
        {"command": "createClient", "username": app_id, "password": password(account), "roles": [{"rolename": role}]},
        {"command": "setClientPassword", "username": app_id, "password": password(account)},
        {"command": "enableClient", "username": app_id},
    ]
