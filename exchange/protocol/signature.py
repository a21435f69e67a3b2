"""Signature of a call (CJJ/T 312 §6.3.1; docs/exchange-protocol.md §3).

The caller encrypts, with the public key issued to it, a digest of all parameters that is keyed with its own secret;
the service decrypts and compares. The public key alone therefore forges nothing, and neither does a seen call.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import gmssl_pyx
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

OAEP = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)
RSA_BITS = 2048
SM2_PRIVATE_BYTES, SM2_PUBLIC_BYTES = 32, 64


class SignatureError(Exception):
    """The signature is not one, or not of these parameters."""


@dataclass(frozen=True)
class KeyPair:
    """Text forms: RSA as PEM; SM2 as hex, the public key with its 04 prefix (130 digits)."""

    public: str
    private: str
    fingerprint: str


def canonical(operation: str, parameters: Mapping[str, str], algorithm: str) -> bytes:
    """What is digested: the operation, then each parameter but `sign` by name, as `name=hash of its UTF-8 value`.

    Values are hashed one by one, so no value can pass for another parameter.
    """
    digest = _sha256 if algorithm == "rsa" else _sm3
    lines = [operation]
    lines += [f"{name}={digest(parameters[name].encode()).hex()}" for name in sorted(parameters) if name != "sign"]
    return "\n".join(lines).encode()


def keyed_digest(operation: str, parameters: Mapping[str, str], secret: str, algorithm: str) -> bytes:
    """HMAC of the canonical text with the account's secret: 64 lower-case hex digits."""
    text = canonical(operation, parameters, algorithm)
    if algorithm == "rsa":
        return hmac.new(secret.encode(), text, hashlib.sha256).hexdigest().encode()
    return bytes(gmssl_pyx.sm3_hmac(secret.encode(), text)).hex().encode()


def sign(operation: str, parameters: Mapping[str, str], secret: str, public_key: str, algorithm: str) -> str:
    """The `sign` parameter (base64). Raises SignatureError for an unusable key."""
    digest = keyed_digest(operation, parameters, secret, algorithm)
    return base64.b64encode(encryptor(public_key, algorithm)(digest)).decode()


def decode(text: str) -> bytes:
    """Ciphertext of a `sign`. Raises SignatureError where it is not base64."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise SignatureError("sign is not base64") from error


def generate(algorithm: str) -> KeyPair:
    """A new key pair for one caller."""
    if algorithm == "rsa":
        key = rsa.generate_private_key(public_exponent=65537, key_size=RSA_BITS)
        public = key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return KeyPair(public.decode(), private.decode(), hashlib.sha256(public).hexdigest())
    public_bytes, private_bytes = gmssl_pyx.sm2_key_generate()
    return KeyPair("04" + public_bytes.hex(), private_bytes.hex(), _sm3(public_bytes).hex())


def decryptor(private_key: str, algorithm: str) -> Callable[[bytes], bytes]:
    """A function from ciphertext to digest, made once for a key (parsing it costs more than using it).

    It raises SignatureError for a ciphertext that does not open, and for a second encoding of the same one.
    """
    if algorithm == "rsa":
        key: Any = serialization.load_pem_private_key(private_key.encode(), None)

        def open_rsa(ciphertext: bytes) -> bytes:
            try:
                return bytes(key.decrypt(ciphertext, OAEP))
            except ValueError as error:
                raise SignatureError("sign does not open") from error

        return open_rsa
    secret = bytes.fromhex(private_key)

    def open_sm2(ciphertext: bytes) -> bytes:
        if not _is_strict_der(ciphertext):
            raise SignatureError("sign is not strict DER")
        try:
            return bytes(gmssl_pyx.sm2_decrypt(secret, ciphertext))
        except (ValueError, gmssl_pyx.InvalidValueError, gmssl_pyx.GmsslInnerError) as error:
            raise SignatureError("sign does not open") from error

    return open_sm2


def encryptor(public_key: str, algorithm: str) -> Callable[[bytes], bytes]:
    """A function from digest to ciphertext. Raises SignatureError for an unusable key."""
    try:
        if algorithm == "rsa":
            key: Any = serialization.load_pem_public_key(public_key.encode())
            return lambda digest: bytes(key.encrypt(digest, OAEP))
        point = bytes.fromhex(public_key)[-SM2_PUBLIC_BYTES:]
        if len(point) != SM2_PUBLIC_BYTES:
            raise ValueError("an SM2 public key has 64 bytes")
        return lambda digest: bytes(gmssl_pyx.sm2_encrypt(point, digest))
    except ValueError as error:
        raise SignatureError(f"unusable public key: {error}") from error


def _sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def _sm3(data: bytes) -> bytes:
    return bytes(gmssl_pyx.sm3_hash(data))


def _is_strict_der(data: bytes) -> bool:
    """SEQUENCE of x INTEGER, y INTEGER, hash OCTET STRING(32), cipher OCTET STRING, shortest lengths, nothing after.

    A laxer reading would let a seen signature pass again in another dress.
    """
    body = _der(data, 0x30)
    if body is None or body[1]:
        return False
    rest = body[0]
    for tag in (0x02, 0x02, 0x04, 0x04):
        found = _der(rest, tag)
        if found is None:
            return False
        value, rest = found
        if tag == 0x02 and (not value or (len(value) > 1 and value[0] == 0 and value[1] < 0x80) or value[0] >= 0x80):
            return False
    return not rest


def _der(data: bytes, tag: int) -> tuple[bytes, bytes] | None:
    """(value, what follows) of one element with the shortest possible length, else None."""
    if len(data) < 2 or data[0] != tag:
        return None
    length, start = data[1], 2
    if length == 0x81:
        if len(data) < 3 or data[2] < 0x80:
            return None
        length, start = data[2], 3
    elif length > 0x81 or length == 0x80:
        return None
    value = data[start : start + length]
    return (value, data[start + length :]) if len(value) == length else None
