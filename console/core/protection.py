"""Keeps other sites out: headers of every page, and the tokens without which no form is taken."""

import base64
import hmac
import secrets
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

_LENGTH = 32


class KnownBy:
    """Has every request come to the console's one public address, whatever a proxy or a browser says it was.

    So the cookies are secure where people use https, though the proxy asks by http, and no link has a foreign host.
    """

    def __init__(self, app: ASGIApp, *, address: str) -> None:
        parts = urlsplit(address)
        self._app, self._scheme, self._host = app, parts.scheme, parts.netloc.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            # In place, so that the page of a failure finds its session too.
            scope["scheme"] = self._scheme
            scope["headers"] = [(b"host", self._host), *(one for one in scope["headers"] if one[0] != b"host")]
        await self._app(scope, receive, send)


def headers(issuer: str) -> dict[str, str]:
    """Return the headers of every page: its own scripts and styles alone, in no frame, in no cache."""
    parts = urlsplit(issuer)
    other = f" {parts.scheme}://{parts.netloc}" if parts.netloc else ""
    policy = (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        f"font-src 'none'; form-action 'self'{other}; base-uri 'none'; frame-ancestors 'none'"
    )
    return {
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cache-Control": "no-store",
    }


def new_secret() -> str:
    """Return a secret for a session's forms."""
    return base64.urlsafe_b64encode(secrets.token_bytes(_LENGTH)).decode()


def masked(secret: str) -> str:
    """Return a session's secret for one page: drawn anew each time, because pages are compressed."""
    mask = secrets.token_bytes(_LENGTH)
    mixed = bytes(a ^ b for a, b in zip(mask, base64.urlsafe_b64decode(secret), strict=True))
    return base64.urlsafe_b64encode(mask + mixed).decode()


def is_ours(token: str, secret: str) -> bool:
    """Whether a form's token was made from this session's secret."""
    try:
        given = base64.urlsafe_b64decode(token.encode("ascii"))
    except (ValueError, UnicodeEncodeError):
        return False
    if len(given) != 2 * _LENGTH:
        return False
    plain = bytes(a ^ b for a, b in zip(given[:_LENGTH], given[_LENGTH:], strict=True))
    return hmac.compare_digest(plain, base64.urlsafe_b64decode(secret))


def comes_from_here(request: Request, address: str) -> bool:
    """Whether a form was sent from one of the console's own pages, as far as the browser says."""
    origin = request.headers.get("origin")
    return origin is None or origin == address
