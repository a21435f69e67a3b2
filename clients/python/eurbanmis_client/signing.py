"""The `sign` parameter (docs/exchange-protocol.md §3; CJJ/T 312 §6.3.1)."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping
from functools import lru_cache

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

OAEP = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)


def canonical(operation: str, parameters: Mapping[str, str], algorithm: str = "rsa") -> bytes:
    """The text that is digested: operation, then `name=hash of the value` of each parameter but `sign`, by name."""
    digest = _sha256 if algorithm == "rsa" else _sm3
    lines = [
        operation,
        *(f"{name}={digest(parameters[name].encode())}" for name in sorted(parameters) if name != "sign"),
    ]
    return "\n".join(lines).encode()


def sign(operation: str, parameters: Mapping[str, str], *, secret: str, public_key: str, algorithm: str = "rsa") -> str:
    """Base64 of the keyed digest, encrypted with the public key. Raises ValueError for a key of the wrong kind."""
    text = canonical(operation, parameters, algorithm)
    if algorithm == "rsa":
        digest = hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()
    else:
        import gmssl_pyx

        digest = bytes(gmssl_pyx.sm3_hmac(secret.encode(), text)).hex()
    return base64.b64encode(_encryptor(public_key, algorithm)(digest.encode())).decode()


@lru_cache(maxsize=32)
def _encryptor(public_key: str, algorithm: str) -> Callable[[bytes], bytes]:
    if algorithm == "rsa":
        key = serialization.load_pem_public_key(public_key.encode())
        if not isinstance(key, rsa.RSAPublicKey):
            raise ValueError("this is not an RSA public key")
        return lambda digest: key.encrypt(digest, OAEP)
    import gmssl_pyx

    point = bytes.fromhex(public_key.strip())[-64:]
    return lambda digest: bytes(gmssl_pyx.sm2_encrypt(point, digest))


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _sm3(data: bytes) -> str:
    import gmssl_pyx

    return bytes(gmssl_pyx.sm3_hash(data)).hex()
