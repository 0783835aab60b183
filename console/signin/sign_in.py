"""A signed-in person's session: the cookie, and tokens that are fetched anew before they are over."""

import asyncio
import time
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from console.core.page import Person
from console.signin.oidc import Issuer, SignInRefused, Tokens
from console.signin.sessions import LONGEST_SECONDS, Content, Sessions

_BEFORE_THE_END = 30.0
"""Seconds before the end of a token at which a new one is fetched."""
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
        """Return an access token that is still good. Raises SignedOut."""
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
                break
            self._content = found
            if is_ours and not self._is_good():
                await self._fetch()
            elif is_ours:
                self._sessions.write(self._id, found)
            if self._is_good():
                return
            await asyncio.sleep(_POLL_SECONDS)
        raise SignedOut

    def _is_good(self) -> bool:
        return time.time() < self._content.expires_at - _BEFORE_THE_END

    async def _fetch(self) -> None:
        try:
            if not self._content.refresh_token:
                raise SignedOut
            tokens = await self._issuer.refresh(self._content.refresh_token)
        except (SignInRefused, SignedOut):
            self.end()
            raise SignedOut from None
        _take(self._content, tokens)
        self._sessions.write(self._id, self._content)


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

    def waiting(self, request: Request) -> tuple[str, Content] | None:
        """Return the session in which a sign-in was begun."""
        session_id = request.cookies.get(_cookie(request))
        content = self.sessions.read(session_id) if session_id else None
        return (session_id, content) if session_id and content and content.waiting else None

    def begin(self, request: Request, response: Response, content: Content) -> Response:
        """Open a session with a new id, and give its cookie to the browser."""
        response.set_cookie(
            _cookie(request),
            self.sessions.open(content),
            max_age=LONGEST_SECONDS,
            path="/",
            secure=request.url.scheme == "https",
            httponly=True,
            # Not `strict`: the cookie has to come along when the issuer sends a person back.
            samesite="lax",
        )
        return response

    def forget(self, request: Request, response: Response) -> Response:
        """Take the cookie away."""
        secure = request.url.scheme == "https"
        response.delete_cookie(_cookie(request), path="/", secure=secure, httponly=True, samesite="lax")
        return response


def _cookie(request: Request) -> str:
    """Return the cookie's name: cookies of one host are shared by its ports, so that it names the port."""
    name = f"footprint-{request.url.port}" if request.url.port else "footprint"
    return f"__Host-{name}" if request.url.scheme == "https" else name


def signed_in(tokens: Tokens) -> Content:
    """Return the content of a session for these tokens."""
    content = Content()
    _take(content, tokens)
    return content


def _take(content: Content, tokens: Tokens) -> None:
    content.access_token, content.expires_at = tokens.access, tokens.expires_at
    content.refresh_token = tokens.refresh or content.refresh_token
    if tokens.claims:
        claims = tokens.claims
        content.id_token = tokens.id_token
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
