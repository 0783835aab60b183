"""Asks the services over HTTP with the signed-in person's token, and says what came of it without raising."""

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import httpx

_SECONDS = 15.0
_PATIENCE = {"provenance": 40.0, "branches": 60.0}
"""How many seconds those may take that ask several services themselves, or copy their databases."""
_LONGEST_ANSWER = 64 * 1024 * 1024
_NAME = re.compile(r"[A-Za-z_][\w-]*")
PROBLEM = "application/problem+json"
BASES = {"provenance": "", "branches": ""}
"""What stands in front of the paths of each service; `/v1` of those that are not named."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason for a refusal, and the field that it concerns."""

    message: str
    field: str | None = None

    @property
    def at(self) -> str:
        """The last name in the field: `lines[0].gbp` is `gbp`, `predecessors.1` is `predecessors`."""
        return next((name for name in reversed(_NAME.findall(self.field or ""))), "")


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a service refused a request, in its own words (RFC 9457)."""

    title: str
    detail: str = ""
    kind: str = ""
    """The last part of the problem's type, such as `stale-version`."""
    reasons: tuple[Reason, ...] = ()

    def at(self, name: str) -> list[str]:
        """Return the messages for a field of a form, by the field's full name or its last part."""
        return [one.message for one in self.reasons if one.field and name in (one.field, one.at)]

    @property
    def is_stale(self) -> bool:
        """Whether another request changed the record first."""
        return self.kind == "stale-version"


@dataclass(frozen=True, slots=True)
class Question:
    """One request to a service; with `json` it is a POST that reads."""

    service: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    json: Any = None
    accept: str = "application/json"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a request: an answer, a refusal, or silence (`status` 0)."""

    service: str
    status: int
    body: Any = None
    content: bytes = field(default=b"", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def ok(self) -> bool:
        """Whether the service did as asked."""
        return 200 <= self.status < 300

    @property
    def absent(self) -> bool:
        """Whether there is no such thing, or none that this person may know of."""
        return self.status == httpx.codes.NOT_FOUND

    @property
    def silent(self) -> bool:
        """Whether the service did not answer, or failed."""
        return self.status == 0 or self.status >= httpx.codes.INTERNAL_SERVER_ERROR

    @property
    def words(self) -> str:
        """What came of it, for people, where it is no answer."""
        if self.silent:
            return f"{self.service.capitalize()} does not answer at the moment."
        refusal = self.refusal
        said = (refusal.detail or refusal.title) if refusal else ""
        if self.status == httpx.codes.UNAUTHORIZED:
            return f"{self.service.capitalize()} does not accept your sign-in. {said}".rstrip()
        return said

    @property
    def refusal(self) -> Refusal | None:
        """The refusal in the words of the service; None where there was none."""
        if self.ok:
            return None
        if self.silent or not isinstance(self.body, dict):
            return Refusal(f"{self.service.capitalize()} does not answer at the moment.", "Try again in a minute.")
        given = self.body
        reasons = tuple(Reason(str(one.get("message", "")), one.get("field")) for one in given.get("reasons", ()))
        return Refusal(
            str(given.get("title", "")),
            str(given.get("detail", "")),
            str(given.get("type", "")).rpartition("/")[2],
            reasons,
        )

    @property
    def etag(self) -> str | None:
        """The version of what was read."""
        return self.headers.get("etag")

    @property
    def after(self) -> str | None:
        """Where the next page of a list begins; None on the last one."""
        link = self.body.get("next") if isinstance(self.body, dict) else None
        return parse_qs(urlsplit(link).query).get("after", [None])[0] if link else None

    @property
    def items(self) -> list[Any]:
        """The items of a list; none where there is no answer."""
        if isinstance(self.body, list):
            return self.body
        return list(self.get("items", ()))

    def get(self, name: str, default: Any = None) -> Any:
        """Return a field of the answer, or `default` where there is none."""
        return self.body.get(name, default) if self.ok and isinstance(self.body, dict) else default

    def __getitem__(self, name: str) -> Any:
        return self.body[name]


class Services:
    """The services by name, over connections that are kept."""

    def __init__(self, urls: Mapping[str, str], *, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._urls = dict(urls)
        self._client = httpx.AsyncClient(
            timeout=_SECONDS,
            transport=transport,
            limits=httpx.Limits(max_connections=100, max_keepalive_connections=40),
            trust_env=False,
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    def has(self, service: str) -> bool:
        """Whether there is a service of this name in this deployment."""
        return bool(self._urls.get(service))

    async def ask(self, question: Question, *, token: str) -> Answer:
        """Ask one question."""
        return await self.send(
            question.service,
            "GET" if question.json is None else "POST",
            question.path,
            token=token,
            query=question.query,
            json=question.json,
            headers={"Accept": question.accept},
        )

    async def ask_all(self, questions: Sequence[Question], *, token: str) -> tuple[Answer, ...]:
        """Ask several questions side by side."""
        return tuple(await asyncio.gather(*(self.ask(one, token=token) for one in questions)))

    async def send(
        self,
        service: str,
        method: str,
        path: str,
        *,
        token: str,
        query: Sequence[tuple[str, str]] = (),
        json: Any = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send a request; a service that cannot be reached is an answer of its own, and raises nothing."""
        if not self.has(service):
            return Answer(service, 0)
        if (way := _way(path)) is None:
            return Answer(service, httpx.codes.NOT_FOUND, {"title": "There is no such thing"})
        try:
            response = await self._client.request(
                method,
                f"{self._urls[service]}{BASES.get(service, '/v1')}{way}",
                params=list(query),
                json=json,
                content=content,
                headers={"Authorization": f"Bearer {token}", **(headers or {})} if token else headers,
                timeout=_PATIENCE.get(service, _SECONDS),
            )
        except httpx.HTTPError:
            return Answer(service, 0)
        if len(response.content) > _LONGEST_ANSWER:
            return Answer(service, 0)
        return Answer(service, response.status_code, _json_of(response), response.content, response.headers)


def _way(path: str) -> str | None:
    """Return a path whose parts are what the page asks for, and nothing that leads elsewhere; None if one would.

    Parts come out of addresses that people are sent: a `?` in one begins no query, and `..` is no part at all.
    """
    if any(unquote(part) in (".", "..") for part in path.split("/")):
        return None
    return path.replace("?", "%3F").replace("#", "%23").replace("\\", "%5C")


def _json_of(response: httpx.Response) -> Any:
    if not response.headers.get("content-type", "").partition(";")[0].endswith("json"):
        return None
    try:
        return response.json()
    except ValueError:
        return None
