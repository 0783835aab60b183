"""Bearer tokens: verifies the issuer's JWTs with its public keys, which are fetched and cached."""

import asyncio
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from time import monotonic, time
from typing import Any

import httpx
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import Key, import_key

from libs.common.http.problems import Unauthenticated, Unavailable
from libs.common.identity import Caller, Role
from libs.common.process.logs import logger

ALGORITHMS = ("ES256", "RS256", "Ed25519")
"""Signature algorithms accepted; every other one is refused, `none` above all."""
TYPES = frozenset({"jwt", "at+jwt", "application/at+jwt"})
LEEWAY_SECONDS = 60
CACHE_SECONDS = 60
REFRESH_AT_MOST_EVERY = 30
"""Minimum seconds between two fetches of the keys, however many unknown key ids arrive."""
KEYS_AGE_SECONDS = 600
"""Seconds after which keys are fetched again, so that a key the issuer withdrew is no longer accepted."""
GRACE_SECONDS = 86_400
"""Seconds for which the last keys are still accepted while the issuer cannot be reached."""
_MOST_TOKENS = 10_000
_LONGEST_TOKEN = 8_192
_ROLES = frozenset(Role)

_log = logger(__name__)


class Keys:
    """The issuer's public keys, by key id."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._keys: dict[str, Key] = {}
        self._fetched_at = float("-inf")
        self._tried_at = float("-inf")
        self._fetching = asyncio.Lock()

    async def key(self, key_id: str) -> Key:
        """Return the key. Raises Unauthenticated if the issuer has no such key, Unavailable if it cannot be reached."""
        if self._is_due(key_id) and not (key_id in self._keys and self._fetching.locked()):
            async with self._fetching:  # a request that waited here finds the keys that another one fetched
                if self._is_due(key_id):
                    await self._fetch()
        if monotonic() - self._fetched_at > GRACE_SECONDS:
            raise Unavailable("the token issuer's keys cannot be fetched")
        if key_id not in self._keys:
            raise Unauthenticated("the token is signed with a key that the issuer does not have")
        return self._keys[key_id]

    def _is_due(self, key_id: str) -> bool:
        now = monotonic()
        is_needed = key_id not in self._keys or now - self._fetched_at > KEYS_AGE_SECONDS
        return is_needed and now - self._tried_at >= REFRESH_AT_MOST_EVERY

    async def _fetch(self) -> None:
        try:
            self._keys = _usable(await self._download())
            self._fetched_at = monotonic()
        except (httpx.HTTPError, OSError, ValueError, TypeError, KeyError) as error:
            _log.warning("the token issuer's keys could not be fetched; the last ones stay in use", error=repr(error))
        finally:
            self._tried_at = monotonic()

    async def _download(self) -> Any:
        if self._url.startswith("file://"):
            return json.loads(await asyncio.to_thread(Path(self._url.removeprefix("file://")).read_bytes))
        async with httpx.AsyncClient(timeout=5) as client:
            return (await client.get(self._url)).raise_for_status().json()


def _usable(document: Any) -> dict[str, Key]:
    """Return the signing keys of a JWK set that have an id and a type that we verify with."""
    keys: dict[str, Key] = {}
    for member in document["keys"]:
        if member.get("use", "sig") == "sig" and member.get("kid") and member.get("kty") in ("EC", "RSA", "OKP"):
            try:
                keys[member["kid"]] = import_key(member)
            except (JoseError, ValueError) as error:
                _log.warning("skipped an unusable key of the issuer", key_id=member["kid"], error=repr(error))
    return keys


class Verifier:
    """Verifies tokens. A verified token is cached for at most a minute, and never past its expiry."""

    def __init__(self, *, issuer: str, audience: str, keys: Keys) -> None:
        self._issuer, self._audience, self._keys = issuer, audience, keys
        self._verified: dict[bytes, tuple[Caller, float]] = {}

    async def caller(self, token: str) -> Caller:
        """Return the caller. Raises Unauthenticated, or Unavailable if the issuer's keys cannot be fetched."""
        digest = hashlib.sha256(token.encode()).digest()
        if (known := self._verified.get(digest)) and time() < known[1]:
            return known[0]
        claims = await self._claims(token)
        found = caller_of(claims, issuer=self._issuer)
        if len(self._verified) >= _MOST_TOKENS:
            self._verified.clear()
        self._verified[digest] = (found, min(time() + CACHE_SECONDS, claims["exp"]))
        return found

    async def _claims(self, token: str) -> dict[str, Any]:
        if len(token) > _LONGEST_TOKEN:
            raise Unauthenticated("the token is too long")
        try:
            header = jws.extract_compact(token.encode()).headers()
        except (JoseError, ValueError) as error:
            raise Unauthenticated("the token cannot be read") from error
        if header.get("alg") not in ALGORITHMS:
            raise Unauthenticated(f"the token is signed with an algorithm other than {', '.join(ALGORITHMS)}")
        if str(header.get("typ", "")).lower() not in TYPES:
            raise Unauthenticated("the token is not an access token")
        key = await self._keys.key(str(header.get("kid", "")))
        try:
            claims = jwt.decode(token, key, algorithms=list(ALGORITHMS)).claims
        except (JoseError, ValueError) as error:
            raise Unauthenticated("the token's signature is wrong") from error
        self._check(claims)
        return claims

    def _check(self, claims: Mapping[str, Any]) -> None:
        audience = claims.get("aud")
        if claims.get("iss") != self._issuer:
            raise Unauthenticated("the token comes from another issuer")
        if self._audience not in ([audience] if isinstance(audience, str) else audience or []):
            raise Unauthenticated(f"the token is not for {self._audience}")
        now = time()
        ends, begins = _instant(claims.get("exp")), _instant(claims.get("nbf", 0))
        if now > ends + LEEWAY_SECONDS:
            raise Unauthenticated("the token has expired")
        if now < begins - LEEWAY_SECONDS:
            raise Unauthenticated("the token is not valid yet")


def _instant(claim: Any) -> float:
    if not isinstance(claim, int | float) or isinstance(claim, bool):
        raise Unauthenticated("the token's `exp` or `nbf` is missing or not a number")
    return claim


def caller_of(claims: Mapping[str, Any], *, issuer: str) -> Caller:
    """Return the caller from verified claims: `sub`, `roles`, `organisations`. Unknown roles are ignored.

    Whoever only runs the system acts for no organisation, whatever the token names, and so reads no party's content.
    """
    subject = claims.get("sub")
    if not isinstance(subject, str) or not subject:
        raise Unauthenticated("the token has no subject (`sub`)")
    roles = frozenset(Role(name) for name in _strings(claims.get("roles")) if name in _ROLES)
    organisations = frozenset(code.upper() for code in _strings(claims.get("organisations")))
    if roles == {Role.OPERATOR}:
        organisations = frozenset()
    return Caller(subject=subject, roles=roles, organisations=organisations, issuer=issuer)


def _strings(claim: Any) -> list[str]:
    if isinstance(claim, str):
        return claim.split()
    return [value for value in claim if isinstance(value, str)] if isinstance(claim, list) else []
