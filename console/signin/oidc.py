"""The client's part of OpenID Connect: discovery, the authorization code with PKCE, ID tokens, refresh, logout."""

import asyncio
import base64
import hashlib
import secrets
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import httpx
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from console.settings import Settings

ALGORITHMS = ["ES256", "RS256", "Ed25519"]
RETURN_PATH = "/sign-in/return"
LEEWAY_SECONDS = 60
DISCOVERED_SECONDS = 600
_SECONDS = 10.0


class SignInRefused(Exception):
    """The issuer refused, or answered something that cannot be trusted; the message is for people."""


class IssuerSilent(SignInRefused):
    """The issuer cannot be reached."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """What is remembered while a person signs in."""

    state: str
    nonce: str
    verifier: str
    return_to: str
    """The address of the console's page to which the issuer sends the person back."""

    @classmethod
    def new(cls, console: str) -> "Attempt":
        """Draw a new one for the console at this address."""
        state, nonce, verifier = secrets.token_urlsafe(24), secrets.token_urlsafe(24), secrets.token_urlsafe(48)
        return cls(state, nonce, verifier, f"{console}{RETURN_PATH}")

    @property
    def challenge(self) -> str:
        """The S256 challenge of the verifier (RFC 7636)."""
        digest = hashlib.sha256(self.verifier.encode()).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


@dataclass(frozen=True, slots=True)
class Tokens:
    """What the issuer gave."""

    access: str
    refresh: str
    id_token: str
    expires_at: float
    claims: dict[str, Any]
    """Of the ID token; empty after a refresh that gave none."""


class Issuer:
    """An issuer, as its discovery document describes it."""

    def __init__(self, settings: Settings, *, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._settings = settings
        self._client = httpx.AsyncClient(timeout=_SECONDS, transport=transport, trust_env=False)
        self._found: dict[str, Any] = {}
        self._keys: KeySet | None = None
        self._found_at = float("-inf")
        self._finding = asyncio.Lock()

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def address(self, attempt: Attempt) -> str:
        """Return the address at the issuer to which a person goes to sign in."""
        found = await self._discovered()
        query = {
            "response_type": "code",
            "client_id": self._settings.client_id,
            "redirect_uri": attempt.return_to,
            "scope": self._settings.scope,
            "state": attempt.state,
            "nonce": attempt.nonce,
            "code_challenge": attempt.challenge,
            "code_challenge_method": "S256",
        }
        return f"{self._shown(found['authorization_endpoint'])}?{urlencode(query)}"

    async def redeem(self, code: str, attempt: Attempt, *, issuer: str | None = None) -> Tokens:
        """Exchange a code for tokens. Raises SignInRefused."""
        if issuer is not None and issuer != self._settings.issuer:
            raise SignInRefused("The answer comes from another issuer.")  # RFC 9207
        given = await self._token(
            grant_type="authorization_code",
            code=code,
            redirect_uri=attempt.return_to,
            code_verifier=attempt.verifier,
        )
        return await self._tokens(given, nonce=attempt.nonce)

    async def refresh(self, token: str) -> Tokens:
        """Exchange a refresh token for new tokens. Raises SignInRefused."""
        return await self._tokens(await self._token(grant_type="refresh_token", refresh_token=token), nonce=None)

    async def logout_address(self, id_token: str, *, console: str) -> str | None:
        """Return where a person signs out at the issuer, to come back to `console`; None where it offers that not."""
        endpoint = (await self._discovered()).get("end_session_endpoint")
        if not endpoint:
            return None
        query = {"post_logout_redirect_uri": f"{console}/", "client_id": self._settings.client_id}
        if id_token:
            query["id_token_hint"] = id_token
        return f"{self._shown(endpoint)}?{urlencode(query)}"

    def _shown(self, url: str) -> str:
        """Return an address of the issuer as browsers reach it."""
        shown, own = self._settings.issuer_shown_at.rstrip("/"), self._settings.issuer
        return shown + url.removeprefix(own) if shown and url.startswith(own) else url

    async def _token(self, **form: str) -> dict[str, Any]:
        endpoint = (await self._discovered())["token_endpoint"]
        form["client_id"] = self._settings.client_id
        if self._settings.client_secret:
            form["client_secret"] = self._settings.client_secret
        response = await self._call("POST", endpoint, data=form)
        given = _json(response)
        if not response.is_success or "access_token" not in given:
            raise SignInRefused(str(given.get("error_description") or given.get("error") or "The issuer refused."))
        return given

    async def _tokens(self, given: dict[str, Any], *, nonce: str | None) -> Tokens:
        id_token = str(given.get("id_token", ""))
        claims = await self._claims(id_token, nonce) if id_token or nonce else {}
        lifetime = float(given.get("expires_in") or 300)
        return Tokens(
            str(given["access_token"]), str(given.get("refresh_token", "")), id_token, time.time() + lifetime, claims
        )

    async def _claims(self, id_token: str, nonce: str | None) -> dict[str, Any]:
        await self._discovered()
        try:
            claims = await self._decoded(id_token)
            jwt.JWTClaimsRegistry(
                leeway=LEEWAY_SECONDS,
                iss={"essential": True, "value": self._settings.issuer},
                aud={"essential": True, "value": self._settings.client_id},
                sub={"essential": True},
                exp={"essential": True},
            ).validate(claims)
        except (JoseError, ValueError) as error:
            raise SignInRefused(f"The issuer's answer cannot be trusted: {error}") from None
        if nonce is not None and not secrets.compare_digest(str(claims.get("nonce", "")), nonce):
            raise SignInRefused("The issuer's answer belongs to another sign-in.")
        return claims

    async def _decoded(self, id_token: str) -> dict[str, Any]:
        """Verify an ID token; an unknown key is looked for once more, since issuers change their keys."""
        for last in (False, True):
            assert self._keys is not None  # the discovery fetched them
            try:
                return dict(jwt.decode(id_token, self._keys, algorithms=ALGORITHMS).claims)
            except (JoseError, ValueError):
                if last:
                    raise
                self._found_at = float("-inf")
                await self._discovered()
        raise AssertionError("not reached")

    async def _discovered(self) -> dict[str, Any]:
        if time.monotonic() - self._found_at < DISCOVERED_SECONDS:
            return self._found
        async with self._finding:
            if time.monotonic() - self._found_at < DISCOVERED_SECONDS:
                return self._found
            response = await self._call("GET", f"{self._settings.issuer}/.well-known/openid-configuration")
            found = _json(response)
            if found.get("issuer") != self._settings.issuer:
                raise SignInRefused("The issuer's own description names another issuer.")
            keys = _json(await self._call("GET", found["jwks_uri"]))
            try:
                self._keys = KeySet.import_key_set(keys)  # type: ignore[arg-type]
            except (JoseError, KeyError, ValueError) as error:
                raise SignInRefused(f"The issuer's keys cannot be read: {error}") from None
            self._found, self._found_at = found, time.monotonic()
            return found

    async def _call(self, method: str, url: str, **more: Any) -> httpx.Response:
        reached = self._settings.issuer_reached_at.rstrip("/")
        if reached and url.startswith(self._settings.issuer):
            url = reached + url.removeprefix(self._settings.issuer)
        try:
            return await self._client.request(method, url, **more)
        except httpx.HTTPError:
            raise IssuerSilent("The issuer does not answer at the moment. Try again in a minute.") from None


def _json(response: httpx.Response) -> dict[str, Any]:
    try:
        given = response.json()
    except ValueError:
        given = None
    if not isinstance(given, dict):
        raise SignInRefused("The issuer's answer cannot be read.")
    return given
