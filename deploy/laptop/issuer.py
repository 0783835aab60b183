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
from urllib.parse import parse_qs

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

from libs.common.identity import Role

DEMO_PASSWORD = "demo"  # noqa: S105  (the issuer responds on loopback only, and the index page says so)
TOKEN_SECONDS = 8 * 3600
_LONGEST_FORM = 4_096
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

    def sign(self, claims: Mapping[str, Any]) -> str:
        """Return these claims as a signed access token."""
        return jwt.encode({"alg": "ES256", "kid": self._key.kid, "typ": "at+jwt"}, dict(claims), self._key)

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

    def user(self, name: str) -> DemoUser:
        """Return the user of this name; `NAME@CODE` has the roles of NAME for one body. Raises KeyError."""
        base, at, code = name.partition("@")
        user = self.users[base]
        if not at:
            return user
        if not user.may_be_one_body or not _OF_ONE_BODY.fullmatch(code):
            raise KeyError(name)
        return DemoUser(name, user.roles, frozenset({code}))

    def token_for(self, user: DemoUser) -> str:
        """Return a token with this user's subject, roles and organisations."""
        now = int(time.time())
        claims = {
            "iss": self.url,
            "sub": user.name,
            "aud": self._audiences,
            "iat": now,
            "nbf": now,
            "exp": now + TOKEN_SECONDS,
            "jti": uuid.uuid4().hex,
            "roles": sorted(user.roles),
            "organisations": sorted(user.organisations),
        }
        return self.key.sign(claims)

    def app(self, origins: Collection[str] = ()) -> Starlette:
        """Return the issuer as an app: `POST /token`, `GET /keys`, `GET /.well-known/openid-configuration`.

        Pages of these web origins may call it from a browser, as a front end does that is served by another port.
        """
        return Starlette(
            routes=[
                Route("/token", self._token, methods=["POST"]),
                Route("/keys", self._keys),
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
        form = parse_qs((await _short_body(request)).decode("ascii", "replace"))
        given = {name: values[0] for name, values in form.items()}
        match given.get("grant_type"):
            case "password":
                name, password = given.get("username", ""), given.get("password", "")
            case "client_credentials":
                name, password = given.get("client_id", ""), given.get("client_secret", "")
            case _:
                return _refused("unsupported_grant_type", "password or client_credentials")
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

    async def _keys(self, _: Request) -> Response:
        return JSONResponse(self.key.public())

    async def _configuration(self, _: Request) -> Response:
        return JSONResponse(
            {
                "issuer": self.url,
                "token_endpoint": f"{self.url}/token",
                "jwks_uri": f"{self.url}/keys",
                "grant_types_supported": ["password", "client_credentials"],
                "id_token_signing_alg_values_supported": ["ES256"],
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


async def _short_body(request: Request) -> bytes:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LONGEST_FORM:
            return b""
    return body


def _refused(error: str, words: str, *, status: int = 400) -> Response:
    return JSONResponse({"error": error, "error_description": words}, status_code=status)
