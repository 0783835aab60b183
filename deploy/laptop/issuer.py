"""The laptop's token issuer: a few demo users, on loopback only. Production uses an issuer of its own."""

import hmac
import ipaddress
import json
import os
import re
import time
import uuid
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from deploy.laptop.authorization import REFRESH_SECONDS, Authorization, Choice, Grants, Refused, read_form
from libs.common.identity import Role

DEMO_PASSWORD = "demo"  # noqa: S105  (the issuer responds on loopback only, and the index page says so)
TOKEN_SECONDS = 8 * 3600
PERSONS_TOKEN_SECONDS = 600
"""A person's token is fetched anew by the console while the session lasts."""
_OF_ONE_BODY = re.compile("[A-Z0-9]{3,10}")
_LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]", "::1"})


@dataclass(frozen=True, slots=True)
class DemoUser:
    """A user to sign in as on the laptop."""

    name: str
    roles: frozenset[Role]
    organisations: frozenset[str]
    words: str = ""
    """A description for the index page."""
    may_be_one_body: bool = False
    """Whether `NAME@CODE` signs in too, with the same roles for the body of that code alone."""


class SigningKey:
    """An ES256 key pair in a file that only its owner may read; tokens remain valid after a restart."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "issuer-key.json"
        if not self._file.exists():
            folder.mkdir(parents=True, exist_ok=True)
            self._create()
        self._key = ECKey.import_key(json.loads(self._file.read_text()))

    def _create(self) -> None:
        made = ECKey.generate_key("P-256", parameters={"kid": uuid.uuid4().hex, "use": "sig", "alg": "ES256"})
        beside = self._file.with_suffix(f".{os.getpid()}")
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(made.as_dict(private=True), file)
        beside.replace(self._file)

    def sign(self, claims: Mapping[str, Any], *, kind: str = "at+jwt") -> str:
        """Return these claims as a signed token, an access token unless `kind` names another."""
        return jwt.encode({"alg": "ES256", "kid": self._key.kid, "typ": kind}, dict(claims), self._key)

    def public(self) -> dict[str, Any]:
        """Return the public key as a JWK set."""
        return {"keys": [self._key.as_dict(private=False)]}


class Issuer:
    """Issues tokens to the demo users, for all services of the laptop."""

    def __init__(self, *, url: str, folder: Path, audiences: Iterable[str], users: Iterable[DemoUser]) -> None:
        self.url = url
        self.users = {user.name: user for user in users}
        self._audiences = sorted(audiences)
        self.key = SigningKey(folder)
        self._grants = Grants()
        choices = [Choice(user.name, user.words, user.may_be_one_body) for user in self.users.values()]
        self._authorization = Authorization(issuer=url, choices=choices, is_user=self._is_user, grants=self._grants)

    def user(self, name: str) -> DemoUser:
        """Return the user of this name; `NAME@CODE` has the roles of NAME for one body. Raises KeyError."""
        base, at, code = name.partition("@")
        user = self.users[base]
        if not at:
            return user
        if not user.may_be_one_body or not _OF_ONE_BODY.fullmatch(code):
            raise KeyError(name)
        return DemoUser(name, user.roles, frozenset({code}))

    def token_for(self, user: DemoUser, *, seconds: int = TOKEN_SECONDS) -> str:
        """Return a token with this user's subject, roles and organisations."""
        return self.key.sign(self._claims(user, seconds) | {"aud": self._audiences, "jti": uuid.uuid4().hex})

    def id_token_for(self, user: DemoUser, *, client: str, nonce: str) -> str:
        """Return an ID token, which tells a client who signed in."""
        named = {"aud": client, "name": user.name, **({"nonce": nonce} if nonce else {})}
        return self.key.sign(self._claims(user, PERSONS_TOKEN_SECONDS) | named, kind="JWT")

    def _claims(self, user: DemoUser, seconds: int) -> dict[str, Any]:
        now = int(time.time())
        return {
            "iss": self.url,
            "sub": user.name,
            "iat": now,
            "nbf": now,
            "exp": now + seconds,
            "roles": sorted(user.roles),
            "organisations": sorted(user.organisations),
        }

    def _is_user(self, name: str) -> bool:
        try:
            self.user(name)
        except KeyError:
            return False
        return True

    def app(self, origins: Collection[str] = ()) -> Starlette:
        """Return the issuer as an app: `/token`, `/keys`, `/authorize`, `/.well-known/openid-configuration`.

        Pages of these web origins may call it from a browser, as a front end does that is served by another port.
        """
        return Starlette(
            routes=[
                Route("/token", self._token, methods=["POST"]),
                Route("/keys", self._keys),
                *self._authorization.routes(),
                Route("/.well-known/openid-configuration", self._configuration),
            ],
            middleware=[
                Middleware(LoopbackOnly),
                Middleware(
                    CORSMiddleware, allow_origins=list(origins), allow_methods=["GET", "POST"], allow_headers=["*"]
                ),
            ],
        )

    async def _token(self, request: Request) -> Response:
        given = await read_form(request)
        match given.get("grant_type"):
            case "authorization_code" | "refresh_token":
                return self._tokens_of_a_person(given)
            case "password":
                name, password = given.get("username", ""), given.get("password", "")
            case "client_credentials":
                name, password = given.get("client_id", ""), given.get("client_secret", "")
            case _:
                return _refused(
                    "unsupported_grant_type", "password, client_credentials, authorization_code or refresh_token"
                )
        try:
            user = self.user(name)
        except KeyError:
            user = None
        if user is None or not hmac.compare_digest(password.encode(), DEMO_PASSWORD.encode()):
            return _refused(
                "invalid_grant",
                f"a name of {', '.join(sorted(self.users))}, or commissioner@CODE for one body; "
                f"the password is {DEMO_PASSWORD}",
            )
        answer = {"access_token": self.token_for(user), "token_type": "Bearer", "expires_in": TOKEN_SECONDS}
        return JSONResponse(answer, headers={"Cache-Control": "no-store"})

    def _tokens_of_a_person(self, form: Mapping[str, str]) -> Response:
        is_new = form["grant_type"] == "authorization_code"
        try:
            grant = self._grants.redeem(form) if is_new else self._grants.refresh(form)
        except Refused as error:
            return _refused(error.error, str(error))
        user = self.user(grant.user)
        answer = {
            "access_token": self.token_for(user, seconds=PERSONS_TOKEN_SECONDS),
            "token_type": "Bearer",
            "expires_in": PERSONS_TOKEN_SECONDS,
            "refresh_token": self._grants.issue(grant, REFRESH_SECONDS),
            "id_token": self.id_token_for(user, client=grant.client, nonce=grant.nonce if is_new else ""),
        }
        return JSONResponse(answer, headers={"Cache-Control": "no-store"})

    async def _keys(self, _: Request) -> Response:
        return JSONResponse(self.key.public())

    async def _configuration(self, _: Request) -> Response:
        return JSONResponse(
            {
                "issuer": self.url,
                "token_endpoint": f"{self.url}/token",
                "jwks_uri": f"{self.url}/keys",
                "grant_types_supported": [
                    "authorization_code",
                    "refresh_token",
                    "password",
                    "client_credentials",
                ],
                "id_token_signing_alg_values_supported": ["ES256"],
                **self._authorization.described(),
            }
        )


class LoopbackOnly:
    """Accepts requests only from this machine and under a local name: a page on another host must not get a token."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not is_local(scope):
            refusal = JSONResponse(
                {"error": "access_denied", "error_description": "this machine only"}, status_code=403
            )
            await refusal(scope, receive, send)
            return
        await self._app(scope, receive, send)


def is_local(scope: Scope) -> bool:
    """Whether a request comes from this machine and under a local name."""
    host = Headers(scope=scope).get("host", "").lower()
    name = host if host.endswith("]") else host.rpartition(":")[0] or host
    try:
        return name in _LOCAL_NAMES and ipaddress.ip_address((scope.get("client") or ("",))[0]).is_loopback
    except ValueError:
        return False


def _refused(error: str, words: str, *, status: int = 400) -> Response:
    return JSONResponse({"error": error, "error_description": words}, status_code=status)
