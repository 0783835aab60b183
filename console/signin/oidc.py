"""The client's part of OpenID Connect: discovery, the authorization code with PKCE, ID tokens, refresh, logout."""

import asyncio
import base64
import hashlib
import secrets
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

import httpx
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from console.settings import Settings

ALGORITHMS = ["ES256", "RS256", "Ed25519"]
RETURN_PATH = "/sign-in/return"
LEEWAY_SECONDS = 60
DISCOVERED_SECONDS = 600
BEFORE_THE_END = 30.0
"""Seconds before the end of a token at which a new one is fetched; half its life, where that is shorter."""
_SECONDS = 10.0


class SignInRefused(Exception):
    """The issuer refused, or answered something that cannot be trusted; the message is for people."""


class IssuerSilent(SignInRefused):
    """The issuer cannot be reached, or failed: what was asked may be asked again."""

    def __init__(self) -> None:
        super().__init__("The sign-in service does not answer at the moment. Try again in a minute.")


@dataclass(frozen=True, slots=True)
class Attempt:
    """What is remembered while a person signs in."""

    state: str
    nonce: str
    verifier: str = field(repr=False)
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

    access: str = field(repr=False)
    refresh: str = field(repr=False)
    id_token: str = field(repr=False)
    expires_at: float
    renew_at: float
    """When a new access token is to be fetched, shortly before this one is over."""
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
        return _with(self._shown(_endpoint(found, "authorization_endpoint")), query)

    async def redeem(self, code: str, attempt: Attempt, *, issuer: str | None = None) -> Tokens:
        """Exchange a code for tokens. Raises SignInRefused."""
        states_itself = (await self._discovered()).get("authorization_response_iss_parameter_supported")
        if issuer != self._settings.issuer and (issuer is not None or states_itself):
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
        return _with(self._shown(str(endpoint)), query)

    def _shown(self, url: str) -> str:
        """Return an address of the issuer as browsers reach it."""
        return _below(url, self._settings.issuer, self._settings.issuer_shown_at)

    async def _token(self, **form: str) -> dict[str, Any]:
        found = await self._discovered()
        form["client_id"] = self._settings.client_id
        more: dict[str, Any] = {}
        if self._settings.client_secret:
            # What an issuer takes that does not say so (OpenID Connect Discovery 1.0, section 3).
            methods = found.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
            if "client_secret_post" in methods:
                form["client_secret"] = self._settings.client_secret
            else:
                names = (self._settings.client_id, self._settings.client_secret)
                more["auth"] = httpx.BasicAuth(*(quote(one, safe="") for one in names))
        response = await self._call("POST", _endpoint(found, "token_endpoint"), data=form, **more)
        given = _json(response)
        if not response.is_success or "access_token" not in given:
            raise SignInRefused(str(given.get("error_description") or given.get("error") or "The issuer refused."))
        return given

    async def _tokens(self, given: dict[str, Any], *, nonce: str | None) -> Tokens:
        id_token = str(given.get("id_token") or "")
        claims = await self._claims(id_token, nonce) if id_token or nonce else {}
        lifetime = _seconds(given.get("expires_in"))
        ends = time.time() + lifetime
        renew = ends - min(BEFORE_THE_END, lifetime / 2)
        access, refresh = str(given["access_token"]), str(given.get("refresh_token") or "")
        return Tokens(access, refresh, id_token, ends, renew, claims)

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
            # An issuer's name may end in a slash, which is a part of it in tokens, and none of this address.
            well_known = f"{self._settings.issuer.rstrip('/')}/.well-known/openid-configuration"
            found = _json(await self._call("GET", well_known))
            if found.get("issuer") != self._settings.issuer:
                raise SignInRefused("The issuer's own description names another issuer.")
            keys = _json(await self._call("GET", _endpoint(found, "jwks_uri")))
            try:
                self._keys = KeySet.import_key_set({"keys": keys["keys"]})
            except (JoseError, KeyError, TypeError, ValueError) as error:
                raise SignInRefused(f"The issuer's keys cannot be read: {error}") from None
            self._found, self._found_at = found, time.monotonic()
            return found

    async def _call(self, method: str, url: str, **more: Any) -> httpx.Response:
        url = _below(url, self._settings.issuer, self._settings.issuer_reached_at)
        try:
            response = await self._client.request(method, url, **more)
        except (httpx.HTTPError, httpx.InvalidURL):
            raise IssuerSilent from None
        if response.is_server_error or response.status_code == httpx.codes.TOO_MANY_REQUESTS:
            raise IssuerSilent
        return response


def _endpoint(found: dict[str, Any], name: str) -> str:
    if not isinstance(found.get(name), str):
        raise SignInRefused(f"The issuer's own description has no {name}.")
    return str(found[name])


def _with(url: str, query: dict[str, str]) -> str:
    """Return an address with a query; an issuer's endpoint may have one already."""
    return f"{url}{'&' if '?' in url else '?'}{urlencode(query)}"


def _below(url: str, own: str, other: str) -> str:
    """Return an address of the issuer as it is by its other name; without one, or of another host, as it is."""
    base = own.rstrip("/")
    return other.rstrip("/") + url.removeprefix(base) if other and url.startswith(f"{base}/") else url


def _seconds(given: Any) -> float:
    """Return how long an access token is good for; five minutes where the issuer does not say."""
    try:
        return max(float(given), 0.0)
    except (TypeError, ValueError):
        return 300.0


def _json(response: httpx.Response) -> dict[str, Any]:
    try:
        given = response.json()
    except ValueError:
        given = None
    if not isinstance(given, dict):
        raise SignInRefused("The issuer's answer cannot be read.")
    return given
