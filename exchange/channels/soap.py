"""SOAP 1.1 and 1.2 front of the interface, document/literal (CJJ/T 312 §6.1.4).

Two operations of flat text parameters do not need a SOAP framework: lxml reads the envelope (no DTD, no entities, no
network), the dispatcher answers, and the WSDL below says so (ADR 0011).
"""

from __future__ import annotations

from dataclasses import dataclass

import orjson
from lxml import etree

from exchange.models.batch import Channel
from exchange.protocol.codes import MESSAGES, Code, Refused
from exchange.services import dispatcher

NAMESPACE = "urn:eUrbanMIS:exchange:1.0"
SOAP_11 = "http://schemas.xmlsoap.org/soap/envelope/"
SOAP_12 = "http://www.w3.org/2003/05/soap-envelope"
PARAMETERS = {
    "pushdata": ("group", "table", "data", "appID", "timestamp", "sign", "version"),
    "getdata": (
        "group", "table", "where", "appID", "timestamp", "sign", "version", "orderBy", "limit", "offset", "after"
    ),
}  # fmt: skip
MAX_DEPTH = 10


@dataclass(frozen=True)
class Envelope:
    """A call as read: SOAP version's namespace, operation, parameters."""

    version: str
    operation: str
    parameters: dict[str, str]


def read(body: bytes) -> Envelope:
    """Parse a request. Raises Refused (10001) for anything that is not one of the two operations."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True)
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise Refused(Code.PARAMETERS, f"请求不是 XML：{str(error)[:120]}") from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise Refused(Code.PARAMETERS, "请求不得含有 DOCTYPE")
    name = etree.QName(root)
    if name.localname != "Envelope" or name.namespace not in (SOAP_11, SOAP_12):
        raise Refused(Code.PARAMETERS, "请求不是 SOAP 1.1 或 1.2 信封")
    found = root.find(f"{{{name.namespace}}}Body")
    call = next((child for child in found if isinstance(child.tag, str)), None) if found is not None else None
    if call is None:
        raise Refused(Code.PARAMETERS, "SOAP Body 为空")
    operation = etree.QName(call).localname
    if operation not in PARAMETERS:
        raise Refused(Code.PARAMETERS, f"没有操作 {operation[:40]}")
    parameters: dict[str, str] = {}
    for child in call:
        if isinstance(child.tag, str) and (child.text is not None or len(child) == 0):
            parameter = etree.QName(child).localname
            if parameter in parameters:
                raise Refused(Code.PARAMETERS, f"参数 {parameter[:40]} 重复")
            if child.get("{http://www.w3.org/2001/XMLSchema-instance}nil") not in ("true", "1"):
                parameters[parameter] = child.text or ""
    return Envelope(str(name.namespace), operation, parameters)


def answer(body: bytes) -> tuple[bytes, str]:
    """Answer a request: (envelope, content type). A fault only where no operation could be read."""
    try:
        envelope = read(body)
    except Refused as refusal:
        return fault(refusal), "text/xml; charset=utf-8"
    reply = dispatcher.call(envelope.operation, envelope.parameters, Channel.SOAP)
    told = orjson.loads(reply.body)
    data = told.get("data")
    values = {
        "success": "true" if told["success"] else "false",
        "code": str(told["code"]),
        "message": told["message"],
        "data": data if isinstance(data, str) else orjson.dumps(data).decode(),
    }
    if told.get("next") is not None:
        values["next"] = str(told["next"])
    root = etree.Element(f"{{{envelope.version}}}Envelope", nsmap={"soap": envelope.version, "e": NAMESPACE})
    element = etree.SubElement(
        etree.SubElement(root, f"{{{envelope.version}}}Body"), f"{{{NAMESPACE}}}{envelope.operation}Response"
    )
    for name, value in values.items():
        etree.SubElement(element, f"{{{NAMESPACE}}}{name}").text = value
    kind = "text/xml" if envelope.version == SOAP_11 else "application/soap+xml"
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8"), f"{kind}; charset=utf-8"


def fault(refusal: Refused) -> bytes:
    """A SOAP 1.1 fault with code and message as in the JSON answer."""
    root = etree.Element(f"{{{SOAP_11}}}Envelope", nsmap={"soap": SOAP_11})
    element = etree.SubElement(etree.SubElement(root, f"{{{SOAP_11}}}Body"), f"{{{SOAP_11}}}Fault")
    etree.SubElement(element, "faultcode").text = "soap:Client"
    etree.SubElement(element, "faultstring").text = f"{int(refusal.code)} {MESSAGES[refusal.code]}：{refusal.detail}"
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


OPTIONAL = {"where", "version", "orderBy", "limit", "offset", "after"}
RESPONSE = (
    '<xs:element name="success" type="xs:boolean"/><xs:element name="code" type="xs:int"/>'
    '<xs:element name="message" type="xs:string"/><xs:element name="data" type="xs:string"/>'
    '<xs:element name="next" type="xs:long" minOccurs="0"/>'
)


def _element(name: str, parts: str) -> str:
    return f'<xs:element name="{name}"><xs:complexType><xs:sequence>{parts}</xs:sequence></xs:complexType></xs:element>'


def _schema(operation: str) -> str:
    parts = "".join(
        f'<xs:element name="{name}" type="xs:string" minOccurs="{0 if name in OPTIONAL else 1}"/>'
        for name in PARAMETERS[operation]
    )
    return _element(operation, parts) + _element(f"{operation}Response", RESPONSE)


def _binding(prefix: str, name: str) -> str:
    body = f'<{prefix}:body use="literal"/>'
    operations = "".join(
        f'<w:operation name="{operation}"><{prefix}:operation soapAction="{NAMESPACE}:{operation}" style="document"/>'
        f"<w:input>{body}</w:input><w:output>{body}</w:output></w:operation>"
        for operation in PARAMETERS
    )
    return (
        f'<w:binding name="{name}" type="t:Exchange"><{prefix}:binding style="document" '
        f'transport="http://schemas.xmlsoap.org/soap/http"/>{operations}</w:binding>'
    )


def _port(prefix: str, name: str, address: str) -> str:
    return f'<w:port name="{name}" binding="t:{name}"><{prefix}:address location="{address}"/></w:port>'


def wsdl(address: str) -> bytes:
    """The description, with the address it is served from."""
    messages = "".join(
        f'<w:message name="{name}"><w:part name="parameters" element="t:{name}"/></w:message>'
        for operation in PARAMETERS
        for name in (operation, f"{operation}Response")
    )
    operations = "".join(
        f'<w:operation name="{operation}"><w:input message="t:{operation}"/>'
        f'<w:output message="t:{operation}Response"/></w:operation>'
        for operation in PARAMETERS
    )
    schemas = "".join(_schema(operation) for operation in PARAMETERS)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<w:definitions xmlns:w="http://schemas.xmlsoap.org/wsdl/" xmlns:t="{NAMESPACE}" '
        'xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:s11="http://schemas.xmlsoap.org/wsdl/soap/" '
        f'xmlns:s12="http://schemas.xmlsoap.org/wsdl/soap12/" targetNamespace="{NAMESPACE}" name="eUrbanMIS"><w:types>'
        f'<xs:schema targetNamespace="{NAMESPACE}" elementFormDefault="qualified">{schemas}</xs:schema></w:types>'
        f'{messages}<w:portType name="Exchange">{operations}</w:portType>'
        f"{_binding('s11', 'Soap11')}{_binding('s12', 'Soap12')}"
        f'<w:service name="eUrbanMIS">{_port("s11", "Soap11", address)}{_port("s12", "Soap12", address)}</w:service>'
        "</w:definitions>"
    ).encode()
