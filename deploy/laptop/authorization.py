"""The laptop's sign-in for people: OpenID Connect's authorization code, and a page that offers the demo's users."""

import base64
import hashlib
import hmac
import ipaddress
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from html import escape
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from deploy.pages import document
from libs.common.http.pages import page

CLIENT = "footprint-console"
RETURN_PATH = "/sign-in/return"
CODE_SECONDS = 60
REFRESH_SECONDS = 12 * 3600
_MOST_WAITING = 1_000
_LONGEST_PARAMETER = 500
_LONGEST_FORM = 4_096
_ASKED = ("client_id", "redirect_uri", "state", "nonce", "code_challenge", "code_challenge_method", "response_type")


class Refused(Exception):
    """A request for a code or a token is refused: the error of OAuth 2.0, and why."""

    def __init__(self, error: str, words: str) -> None:
        super().__init__(words)
        self.error = error


@dataclass(frozen=True, slots=True)
class Grant:
    """What a code or a refresh token stands for."""

    user: str
    client: str
    redirect_uri: str
    challenge: str
    nonce: str
    ends_at: float


@dataclass
class Grants:
    """Codes and refresh tokens: each works once, and until its time."""

    now: Callable[[], float] = time.time
    _by_secret: dict[str, Grant] = field(default_factory=dict)

    def issue(self, grant: Grant, seconds: float) -> str:
        """Return a secret that stands for this grant for so many seconds."""
        now = self.now()
        for secret in [one for one, known in self._by_secret.items() if known.ends_at <= now]:
            del self._by_secret[secret]
        if len(self._by_secret) >= _MOST_WAITING:
            del self._by_secret[next(iter(self._by_secret))]
        secret = secrets.token_urlsafe(32)
        self._by_secret[secret] = replace(grant, ends_at=now + seconds)
        return secret

    def redeem(self, form: Mapping[str, str]) -> Grant:
        """Return what a code stands for. Raises Refused unless client, address and verifier are those that asked."""
        grant = self._taken(form.get("code", ""))
        verifier = form.get("code_verifier", "").encode()
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier).digest()).rstrip(b"=").decode()
        if (form.get("client_id"), form.get("redirect_uri")) != (grant.client, grant.redirect_uri):
            raise Refused("invalid_grant", "the code was given to another client or address")
        if not hmac.compare_digest(challenge, grant.challenge):
            raise Refused("invalid_grant", "code_verifier does not fit the challenge")
        return grant

    def refresh(self, form: Mapping[str, str]) -> Grant:
        """Return what a refresh token stands for; the token works once. Raises Refused."""
        grant = self._taken(form.get("refresh_token", ""))
        if form.get("client_id") != grant.client:
            raise Refused("invalid_grant", "the refresh token was given to another client")
        return grant

    def _taken(self, secret: str) -> Grant:
        grant = self._by_secret.pop(secret, None)
        if grant is None or grant.ends_at <= self.now():
            raise Refused("invalid_grant", "it is unknown, was used already, or its time is over")
        return grant


@dataclass(frozen=True, slots=True)
class Choice:
    """A user that the page offers."""

    name: str
    words: str
    may_be_one_body: bool


class Authorization:
    """`GET /authorize` shows whom one may sign in as; `POST /authorize` sends a browser back with a code."""

    def __init__(self, *, issuer: str, choices: list[Choice], is_user: Callable[[str], bool], grants: Grants) -> None:
        self._issuer, self._choices, self._is_user, self._grants = issuer, choices, is_user, grants

    def routes(self) -> list[Route]:
        """Return the routes below the issuer's address."""
        return [
            Route("/authorize", self._show, methods=["GET"]),
            Route("/authorize", self._choose, methods=["POST"]),
            Route("/end-session", self._end, methods=["GET"]),
        ]

    def described(self) -> dict[str, Any]:
        """Return what the discovery document says of these routes."""
        return {
            "authorization_endpoint": f"{self._issuer}/authorize",
            "end_session_endpoint": f"{self._issuer}/end-session",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "code_challenge_methods_supported": ["S256"],
            "scopes_supported": ["openid"],
            "token_endpoint_auth_methods_supported": ["none"],
            "authorization_response_iss_parameter_supported": True,
            "claims_supported": ["sub", "name", "roles", "organisations"],
        }

    async def _show(self, request: Request) -> Response:
        try:
            asked = _asked(request.query_params)
        except Refused as error:
            return _page(f"<h1>This sign-in cannot go ahead</h1><p>{escape(str(error))}</p>", status=400)
        return self._choice(asked)

    async def _choose(self, request: Request) -> Response:
        form = await read_form(request)
        try:
            asked = _asked(form)
        except Refused as error:
            return _page(f"<h1>This sign-in cannot go ahead</h1><p>{escape(str(error))}</p>", status=400)
        code = form.get("code_of_body", "").strip().upper()
        user = f"{form.get('user', '')}@{code}" if code else form.get("user", "")
        if not self._is_user(user):
            return self._choice(asked, wrong=f"There is no user {user}; a body is named by its code, such as 05C.")
        grant = Grant(user, asked["client_id"], asked["redirect_uri"], asked["code_challenge"], asked["nonce"], 0)
        query = {"code": self._grants.issue(grant, CODE_SECONDS), "state": asked["state"], "iss": self._issuer}
        return RedirectResponse(f"{asked['redirect_uri']}?{urlencode(query)}", 303, {"Cache-Control": "no-store"})

    async def _end(self, request: Request) -> Response:
        """Send a browser back: there is no session here that would have to end."""
        back = request.query_params.get("post_logout_redirect_uri", "")
        if not _is_local(back):
            return _page("<h1>You are signed out</h1>")
        return RedirectResponse(back, 303, {"Cache-Control": "no-store"})

    def _choice(self, asked: Mapping[str, str], *, wrong: str = "") -> Response:
        hidden = "".join(f'<input type="hidden" name="{name}" value="{escape(asked[name])}">' for name in _ASKED)
        forms = []
        for one in self._choices:
            body = (
                f'<label for="body-{one.name}">for one body alone, by its code (may stay empty)</label> '
                f'<input id="body-{one.name}" name="code_of_body" size="6" maxlength="10">'
                if one.may_be_one_body
                else ""
            )
            forms.append(
                f'<form method="post"><h2>{escape(one.name)}</h2><p>{escape(one.words)}</p>{hidden}'
                f'<input type="hidden" name="user" value="{escape(one.name)}"><p>{body}</p>'
                f"<button>Sign in as {escape(one.name)}</button></form>"
            )
        said = f'<p role="alert"><b>{escape(wrong)}</b></p>' if wrong else ""
        content = (
            "<h1>Who are you in the demo?</h1>"
            "<p>This page belongs to the demo on this machine; a deployment has its own sign-in.</p>"
            f"{said}{''.join(forms)}"
        )
        return _page(content, status=400 if wrong else 200, origin=_origin(asked["redirect_uri"]))


async def read_form(request: Request) -> dict[str, str]:
    """Return the fields of a short form; none of a longer one."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LONGEST_FORM:
            return {}
    return {name: values[0] for name, values in parse_qs(body.decode("ascii", "replace")).items()}


def _asked(given: Mapping[str, str]) -> dict[str, str]:
    """Return the parameters of a request for a code. Raises Refused before anybody is sent anywhere."""
    asked = {name: given.get(name, "") for name in _ASKED}
    redirect = urlsplit(asked["redirect_uri"])
    if asked["client_id"] != CLIENT or not _is_local(asked["redirect_uri"]) or redirect.path != RETURN_PATH:
        raise Refused("invalid_request", "The client or its address is not known here.")
    if (asked["response_type"], asked["code_challenge_method"]) != ("code", "S256") or not asked["code_challenge"]:
        raise Refused("invalid_request", "It must ask for a code, with a challenge by S256.")
    if any(len(one) > _LONGEST_PARAMETER for one in asked.values()):
        raise Refused("invalid_request", "A parameter is too long.")
    return asked


def _is_local(url: str) -> bool:
    """Whether an address is of this machine: any port, as RFC 8252 has it for clients on loopback."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme != "http" or parts.username or parts.fragment:
        return False
    try:
        _ = parts.port  # what is no number raises ValueError: the address becomes a part of a header
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _page(content: str, *, status: int = 200, origin: str = "") -> Response:
    return page(document("Sign in", content), status=status, forms_lead_to=origin)
