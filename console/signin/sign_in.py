"""A signed-in person's session: the cookie, and tokens that are fetched anew before they are over."""

import asyncio
import json
import time
from dataclasses import asdict
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from console.core.page import Person
from console.signin.oidc import Attempt, Issuer, IssuerSilent, SignInRefused, Tokens
from console.signin.sessions import LONGEST_SECONDS, Content, Sessions

ATTEMPT_SECONDS = 600
"""How long a person may take at the issuer."""
_POLL_SECONDS, _POLLS = 0.05, 200


class SignedOut(Exception):
    """The session is over: its tokens cannot be fetched anew."""


class OpenSession:
    """One request's view of a session."""

    def __init__(self, sessions: Sessions, issuer: Issuer, session_id: str, content: Content) -> None:
        self._sessions, self._issuer, self._id, self._content = sessions, issuer, session_id, content
        self.person = _person(content)
        self.secret = content.secret
        self._refreshing = asyncio.Lock()

    @property
    def id_token(self) -> str:
        """The ID token, which the issuer wants to see at sign-out."""
        return self._content.id_token

    async def token(self) -> str:
        """Return an access token that is still good. Raises SignedOut, IssuerSilent."""
        if self._is_good():
            return self._content.access_token
        async with self._refreshing:  # a page asks several services side by side
            if not self._is_good():
                await self._refresh()
        return self._content.access_token

    def say(self, words: str) -> None:
        """Store words for the next page."""
        self._sessions.say(self._id, words)

    def take_banner(self) -> str:
        """Return the stored words once."""
        return self._sessions.take_banner(self._id)

    def end(self) -> None:
        """Forget the session."""
        self._sessions.end(self._id)

    async def _refresh(self) -> None:
        for _ in range(_POLLS):
            is_ours = self._sessions.begin_refresh(self._id)
            found = self._sessions.read(self._id)  # another process may have fetched them meanwhile
            if found is None:
                raise SignedOut
            self._content = found
            if is_ours:
                if not self._is_good():
                    await self._fetch()
                self._sessions.write(self._id, self._content)
                return
            if self._is_good():
                return
            await asyncio.sleep(_POLL_SECONDS)
        raise IssuerSilent

    def _is_good(self) -> bool:
        return time.time() < self._content.renew_at

    async def _fetch(self) -> None:
        """Fetch new tokens. An issuer that does not answer ends no session: the token may be good for a while yet."""
        try:
            tokens = await self._fresh() if self._content.refresh_token else None
        except IssuerSilent:
            if time.time() < self._content.expires_at:
                return
            self._sessions.write(self._id, self._content)  # whoever asks next may try again
            raise
        except SignInRefused:
            tokens = None
        # A new ID token must be of the same person (OpenID Connect Core 1.0, section 12.2).
        if tokens is None or tokens.claims.get("sub", self._content.subject) != self._content.subject:
            self.end()
            raise SignedOut
        _take(self._content, tokens)

    async def _fresh(self) -> Tokens:
        return await self._issuer.refresh(self._content.refresh_token)


class SignIn:
    """Begins and ends sessions, and finds the one of a request."""

    def __init__(self, sessions: Sessions, issuer: Issuer) -> None:
        self.sessions, self.issuer = sessions, issuer

    async def session_of(self, request: Request) -> OpenSession | None:
        """Return the session of a request whose person is signed in."""
        session_id = request.cookies.get(_cookie(request))
        content = self.sessions.read(session_id) if session_id else None
        if session_id is None or content is None or not content.access_token:
            return None
        return OpenSession(self.sessions, self.issuer, session_id, content)

    def begin(self, request: Request, response: Response, attempt: Attempt, wanted: str) -> Response:
        """Have the browser remember an attempt to sign in, sealed, and the page that was asked for.

        In a cookie of its own: whoever follows a link to this and does not sign in stays signed in as before, and
        what anybody may ask for fills no file.
        """
        sealed = self.sessions.seal(json.dumps({**asdict(attempt), "wanted": wanted}))
        _give(request, response, _attempt_cookie(request), sealed, ATTEMPT_SECONDS)
        return response

    def begun(self, request: Request) -> tuple[Attempt, str] | None:
        """Return the attempt that was begun in this browser, and the page that was asked for."""
        sealed = request.cookies.get(_attempt_cookie(request))
        text = self.sessions.unseal(sealed, seconds=ATTEMPT_SECONDS) if sealed else None
        if text is None:
            return None
        given = json.loads(text)
        return Attempt(given["state"], given["nonce"], given["verifier"], given["return_to"]), given["wanted"]

    def open(self, request: Request, response: Response, content: Content) -> Response:
        """Open a session with a new id, and give its cookie to the browser; the session before it ends."""
        if before := request.cookies.get(_cookie(request)):
            self.sessions.end(before)
        _give(request, response, _cookie(request), self.sessions.open(content), LONGEST_SECONDS)
        return self.forget_attempt(request, response)

    def forget_attempt(self, request: Request, response: Response) -> Response:
        """Take the cookie of an attempt away: it is good for one answer."""
        _take_away(request, response, _attempt_cookie(request))
        return response

    def forget(self, request: Request, response: Response) -> Response:
        """Take the session's cookie away."""
        _take_away(request, response, _cookie(request))
        return response


def _cookie(request: Request) -> str:
    """Return the cookie's name: cookies of one host are shared by its ports, so that it names the port."""
    name = f"footprint-{request.url.port}" if request.url.port else "footprint"
    return f"__Host-{name}" if request.url.scheme == "https" else name


def _attempt_cookie(request: Request) -> str:
    return f"{_cookie(request)}-sign-in"


def _give(request: Request, response: Response, name: str, value: str, seconds: int) -> None:
    response.set_cookie(
        name,
        value,
        max_age=seconds,
        path="/",
        secure=request.url.scheme == "https",
        httponly=True,
        # Not `strict`: the cookie has to come along when the issuer sends a person back.
        samesite="lax",
    )


def _take_away(request: Request, response: Response, name: str) -> None:
    secure = request.url.scheme == "https"
    response.delete_cookie(name, path="/", secure=secure, httponly=True, samesite="lax")


def signed_in(tokens: Tokens) -> Content:
    """Return the content of a session for these tokens."""
    content = Content()
    _take(content, tokens)
    return content


def _take(content: Content, tokens: Tokens) -> None:
    content.access_token, content.expires_at, content.renew_at = tokens.access, tokens.expires_at, tokens.renew_at
    content.refresh_token = tokens.refresh or content.refresh_token
    if tokens.claims:
        claims = tokens.claims
        content.id_token, content.subject = tokens.id_token, str(claims["sub"])
        content.name = str(claims.get("name") or claims.get("preferred_username") or claims["sub"])
        content.roles = _texts(claims.get("roles"))
        content.organisations = _texts(claims.get("organisations"))


def _texts(given: Any) -> list[str] | None:
    return [str(one) for one in given] if isinstance(given, list) else None


def _person(content: Content) -> Person:
    return Person(
        content.name,
        roles=None if content.roles is None else frozenset(content.roles),
        organisations=None if content.organisations is None else frozenset(content.organisations),
    )
