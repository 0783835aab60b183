"""One request for a page: who asks, as at and as known when, what the services answer, and what is shown."""

import re
import secrets
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Protocol
from urllib.parse import urlencode, urlsplit

import httpx
from jinja2 import Environment
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import Message

from console.core import protection
from console.core.csv_files import CSV_TYPE, table_as_csv
from console.core.forms import MOST_BYTES, MOST_FIELDS, Form, read_files
from console.core.jinja import rendered
from console.core.services import Answer, Question, Refusal, Services
from console.core.times import Times, is_of_times
from console.settings import Settings

__all__ = ["Page", "Person", "Route", "get", "post"]

MOST_QUESTIONS = 6
"""The most requests that a page makes of the services."""
_EVERY = "*"
_MOST_SENT = MOST_BYTES + 1024 * 1024
"""Bytes of a form: one file of the most, and the fields beside it."""
_KEY = re.compile(r"[\w-]{1,100}", re.ASCII)
Handler = Callable[["Page"], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Person:
    """Who is signed in; the rights are those that the issuer states, and the services decide."""

    name: str
    roles: frozenset[str] | None = None
    organisations: frozenset[str] | None = None

    def may(self, role: str, *codes: str) -> bool:
        """Whether to offer an act of this role for these organisations; yes where the issuer states no rights."""
        if self.roles is not None and role not in self.roles:
            return False
        known = self.organisations
        return known is None or _EVERY in known or known.issuperset(codes)

    def may_any(self, *roles: str) -> bool:
        """Whether to offer what any of these roles may do."""
        return self.roles is None or not self.roles.isdisjoint(roles)


class Session(Protocol):
    """A signed-in person's session."""

    person: Person
    secret: str
    """The secret of its forms."""

    async def token(self) -> str:
        """Return an access token that is still good."""

    def say(self, words: str) -> None:
        """Store words for the next page."""

    def take_banner(self) -> str:
        """Return the stored words once, and forget them."""


class Drawable(Protocol):
    """A chart as `console.charts` makes it: in two widths, of which the page shows one, and in a sentence."""

    @property
    def wide(self) -> Mapping[str, Any]:
        """The specification for screens with room."""

    @property
    def narrow(self) -> Mapping[str, Any]:
        """The specification for a screen of 320 pixels."""

    @property
    def marks(self) -> int:
        """How many marks it has."""

    @property
    def says(self) -> str:
        """What it shows, in a sentence."""


class Charts(Protocol):
    """Draws charts."""

    async def draw(self, chart: Drawable, label: str) -> str | None:
        """Return a chart as SVG in both widths; None where it cannot be drawn at the moment."""


@dataclass(frozen=True, slots=True)
class Console:
    """What all pages share."""

    settings: Settings
    services: Services
    templates: Environment
    session_of: Callable[[Request], Awaitable[Session | None]]
    charts: Charts | None = None


@dataclass
class Page:
    """What a handler gets: see `ask`, `send`, `form`, `render`."""

    request: Request
    console: Console
    session: Session | None
    has_sent: bool = False
    """Whether a command was sent, other than to try it."""
    _asked: int = 0
    _is_spent: bool = False
    """Whether a service answered the command of the form's key: the next form gets another."""
    _key: str = field(default_factory=lambda: secrets.token_urlsafe(18))

    @property
    def person(self) -> Person:
        """Who is signed in. A public page asks `session` first."""
        if self.session is None:
            raise HTTPException(401)
        return self.session.person

    @property
    def path(self) -> Mapping[str, str]:
        """The parts of the address that its pattern names."""
        return self.request.path_params

    @property
    def query(self) -> Mapping[str, str]:
        """The parameters of the address."""
        return self.request.query_params

    @property
    def address(self) -> str:
        """The console's own address, without a path."""
        return self.console.settings.public_url or str(self.request.base_url).rstrip("/")

    @cached_property
    def times(self) -> Times:
        """The two times that the page is asked for."""
        return Times.of(self.query)

    def now(self, service: str, path: str, *, json: Any = None, accept: str = "", **query: Any) -> Question:
        """Return a question to a service that knows neither of the two times."""
        return Question(service, path, _parameters(query), json, accept or "application/json")

    def of(self, service: str, path: str, *, json: Any = None, accept: str = "", **query: Any) -> Question:
        """Return a question to a service, for the day and the knowledge of the page."""
        return self.now(service, path, json=json, accept=accept, **{**self.times.parameters, **query})

    @property
    def questions_left(self) -> int:
        """How many questions the page may still ask."""
        return MOST_QUESTIONS - self._asked

    async def ask(self, *questions: Question) -> tuple[Answer, ...]:
        """Ask side by side. A page asks six questions at most: more is a fault of the page."""
        self._asked += len(questions)
        if self._asked > MOST_QUESTIONS:
            raise RuntimeError(f"{self.request.url.path} asks {self._asked} times; the most are {MOST_QUESTIONS}")
        return await self.console.services.ask_all(questions, token=await self._token())

    async def send(
        self,
        service: str,
        method: str,
        path: str,
        *,
        json: Any = None,
        content: bytes | None = None,
        media_type: str = "",
        if_match: str | None = None,
        **query: Any,
    ) -> Answer:
        """Send a command once: the form's hidden key makes a second sending of the same form the same command."""
        token = await self._token()
        is_dry = bool(query.get("dry_run"))
        self.has_sent = self.has_sent or not is_dry
        # What is only tried needs no key, and must not be taken for the command that has it.
        headers = {} if is_dry else {"Idempotency-Key": self._key}
        if if_match:
            headers["If-Match"] = if_match
        if media_type:
            headers["Content-Type"] = media_type
        answer = await self.console.services.send(
            service,
            method,
            path,
            token=token,
            query=_parameters(query),
            json=json,
            content=content,
            headers=headers,
        )
        self._is_spent = self._is_spent or not (is_dry or answer.silent)
        return answer

    async def form(self) -> Form:
        """Read the form that was sent, and refuse one that another site made."""
        data = await self._read()
        token = data.get("csrf")
        ours = (
            self.session is not None
            and isinstance(token, str)
            and protection.comes_from_here(self.request, self.address)
            and protection.is_ours(token, self.session.secret)
        )
        if not ours:
            raise HTTPException(
                403, "This form is not from your present session. Go back, reload the page and try again."
            )
        form = Form(data, await read_files(data))
        self._key = form["form_key"] if _KEY.fullmatch(form["form_key"]) else self._key
        return form

    def asked_form(self) -> Form:
        """Return the query of the address as a form: one that only asks is sent by GET, and can be shared as a link."""
        given: list[tuple[str, str | UploadFile]] = [*self.request.query_params.multi_items()]
        return Form(FormData(given))

    async def _read(self) -> FormData:
        """Read a form of so many bytes in all, before they fill the memory. Raises HTTPException."""
        read = 0

        async def receive() -> Message:
            nonlocal read
            message = await self.request.receive()
            read += len(message.get("body", b""))
            if read > _MOST_SENT:
                raise HTTPException(413, f"A form has {MOST_BYTES // 1024 // 1024} MB at most, with its files.")
            return message

        bounded = Request(self.request.scope, receive)
        return await bounded.form(max_files=20, max_fields=MOST_FIELDS, max_part_size=MOST_BYTES)

    def link(self, path: str, **query: Any) -> str:
        """Return a link to a page of the console that keeps both times."""
        base, _, given = path.partition("?")
        pairs = [*self.times.parameters.items(), *_parameters(query)]
        text = "&".join(part for part in (given, urlencode(pairs)) if part)
        return f"{base}?{text}" if text else base

    def here(self, **changes: Any) -> str:
        """Return the address of this page with some of its parameters changed; None leaves one out."""
        pairs = [(name, value) for name, value in self.parameters if name not in changes]
        times = {name: day for name, day in self.times.parameters.items() if name not in changes}
        text = urlencode([*pairs, *times.items(), *_parameters(changes)])
        return f"{self.own_path}?{text}" if text else self.own_path

    @property
    def own_path(self) -> str:
        """The page's path; it leads to the console, though a browser was sent to `//another.site`."""
        return "/" + self.request.url.path.lstrip("/\\")

    @property
    def parameters(self) -> list[tuple[str, str]]:
        """The parameters of the address without the two times, which come as one field or as three."""
        return [pair for pair in self.request.query_params.multi_items() if not is_of_times(pair[0])]

    def render(
        self,
        template: str,
        *,
        title: str,
        status: int = 200,
        again: int | None = None,
        refusal: Refusal | None = None,
        **context: Any,
    ) -> Response:
        """Return a page. With `again` it reloads by itself after so many seconds, as long as something is under way.

        Such a page has no field to fill in: what was half written would be gone.
        """
        text = rendered(
            self.console.templates,
            template,
            {
                "title": title,
                "again": again,
                "refusal": refusal,
                "page": self,
                "link": self.link,
                "here": self.here,
                "times": self.times,
                "person": self.session.person if self.session else None,
                "banner": self.session.take_banner() if self.session else "",
                "csrf_token": protection.masked(self.session.secret) if self.session else "",
                # A form is sent again as the same command where it is not known what came of the first.
                "form_key": secrets.token_urlsafe(18) if self._is_spent else self._key,
                **context,
            },
        )
        settings = self.console.settings
        # Signing out sends a browser to the issuer, by the name that browsers know it by.
        issuer = settings.issuer_shown_at or settings.issuer
        return HTMLResponse(text, status, headers=protection.headers(issuer))

    def refused(self, by: Answer | Form, template: str, *, title: str, **context: Any) -> Response:
        """Return a form again with every reason why it was refused: above it, and beside its fields."""
        status = by.status if isinstance(by, Answer) and by.status else (503 if isinstance(by, Answer) else 422)
        refusal = by.refusal
        if refusal and isinstance(by, Answer) and by.silent and self.has_sent:
            refusal = replace(
                refusal, detail="It may have been done all the same. If you send it again, it is done once."
            )
        return self.render(template, title=title, status=status, refusal=refusal, **context)

    def confirm(
        self,
        title: str,
        warning: str,
        *,
        button: str,
        back: str,
        rows: Sequence[tuple[str, str]] = (),
        carried: Sequence[tuple[str, str]] = (),
    ) -> Response:
        """Ask once more before an act: the same form is sent again with `step` as `confirm`."""
        return self.render(
            "confirm.html",
            title=title,
            warning=warning,
            button=button,
            back=back,
            rows=rows,
            carried=carried,
            send_to=self.request.url.path,
        )

    def not_found(self, words: str) -> Response:
        """Return a page that says that there is no such thing."""
        return self.render("error.html", title="There is no such page", status=404, words=words)

    def unanswered(self, answer: Answer) -> Response:
        """Return a page for a question without which nothing can be shown: absent, refused, or silent."""
        if answer.absent:
            return self.not_found(answer.words)
        title = "You may not see this" if answer.status == httpx.codes.FORBIDDEN else "There is a problem"
        return self.render("error.html", title=title, status=answer.status or 503, words=answer.words)

    def redirect(self, path: str, words: str = "") -> Response:
        """Return a redirect to a page of the console, which shows the words once."""
        if words and self.session:
            self.session.say(words)
        return RedirectResponse(path, 303, headers={"Cache-Control": "no-store"})

    def csv(self, name: str, heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> Response:
        """Return a table as a CSV file; a text that a spreadsheet would take for a formula is kept a text."""
        return self.file(name, CSV_TYPE, table_as_csv(heads, rows))

    def file(self, name: str, media_type: str, content: bytes) -> Response:
        """Return a file to store."""
        safe = "".join(one if one.isascii() and (one.isalnum() or one in "-_.") else "-" for one in name)
        headers = {
            "Content-Disposition": f'attachment; filename="{safe}"',
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "no-store",
        }
        return Response(content, media_type=media_type, headers=headers)

    async def chart(self, chart: Drawable | None, label: str) -> str | None:
        """Return a chart as SVG; None where it cannot be drawn, and its table stands alone."""
        if chart is None or self.console.charts is None:
            return None
        return await self.console.charts.draw(chart, label)

    async def _token(self) -> str:
        return await self.session.token() if self.session else ""


def get(path: str, handler: Handler, *, public: bool = False) -> Route:
    """Return the route of a page that is read."""
    return _route(path, handler, "GET", public=public)


def post(path: str, handler: Handler, *, public: bool = False) -> Route:
    """Return the route of a form that is sent."""
    return _route(path, handler, "POST", public=public)


def _route(path: str, handler: Handler, method: str, *, public: bool) -> Route:
    async def endpoint(request: Request) -> Response:
        console: Console = request.app.state.console
        session = await console.session_of(request)
        page = Page(request, console, session)
        request.state.page = page
        if session is None and not public:
            return _sign_in(request, method)
        return await handler(page)

    return Route(path, endpoint, methods=[method], name=f"{handler.__module__}.{handler.__name__}")


def _sign_in(request: Request, method: str) -> Response:
    """Send a person to sign in, and back to the page that was asked for."""
    wanted = request.url.path if method == "GET" else "/"
    if method == "GET" and request.url.query:
        wanted += f"?{request.url.query}"
    return RedirectResponse(f"/sign-in?{urlencode({'next': wanted})}", 303, headers={"Cache-Control": "no-store"})


def is_own_path(path: str) -> bool:
    """Whether a path leads to a page of the console, and to no other site."""
    parts = urlsplit(path)
    return path.startswith("/") and not path.startswith(("//", "/\\")) and not parts.scheme and not parts.netloc


def _parameters(query: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    values = (
        (name, one)
        for name, value in query.items()
        for one in (value if isinstance(value, list | tuple) else (value,))
        if one is not None and one != ""
    )
    return tuple((name, str(one).lower() if isinstance(one, bool) else str(one)) for name, one in values)
