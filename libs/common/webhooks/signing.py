"""Secrets and signatures of Standard Webhooks: HMAC-SHA256 (`v1`) and ed25519 (`v1a`)."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from enum import StrEnum

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

SECRET_BYTES = 32
"""Within the 24 to 64 bytes of the specification; of ed25519 it is the seed, which has 32."""


class SigningScheme(StrEnum):
    """How deliveries are signed: with a secret that both have, or with a key whose public half verifies."""

    SYMMETRIC = "symmetric"
    ED25519 = "ed25519"


def new_secret() -> bytes:
    """Return a random secret, for either scheme."""
    return secrets.token_bytes(SECRET_BYTES)


def shown_secret(scheme: SigningScheme, secret: bytes) -> str | None:
    """Return the secret as its partner gets it, once; None where the partner needs none."""
    return f"whsec_{_text(secret)}" if scheme == SigningScheme.SYMMETRIC else None


def public_key(scheme: SigningScheme, secret: bytes) -> str | None:
    """Return what verifies the signatures and may be known to all; None where there is no such key."""
    if scheme == SigningScheme.SYMMETRIC:
        return None
    return f"whpk_{_text(Ed25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw())}"


def signature(scheme: SigningScheme, keys: Sequence[bytes], *, event: str, timestamp: int, body: bytes) -> str:
    """Return the header `webhook-signature`: one signature for each key, the present one first."""
    content = b"%b.%d.%b" % (event.encode(), timestamp, body)
    return " ".join(_signed(scheme, key, content) for key in keys)


def _signed(scheme: SigningScheme, key: bytes, content: bytes) -> str:
    if scheme == SigningScheme.SYMMETRIC:
        return f"v1,{_text(hmac.digest(key, content, hashlib.sha256))}"
    return f"v1a,{_text(Ed25519PrivateKey.from_private_bytes(key).sign(content))}"


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
