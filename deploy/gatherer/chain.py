"""Walks the services' provenance from what is asked to what it follows from, in a bounded number of steps."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias
from urllib.parse import quote

import httpx

SERVICES = ("registry", "contracts", "finance", "governance")
MOST_STEPS = 100
"""The most requests of one walk."""
_AT_ONCE = 8
_DECIDED_ON = frozenset({"registry", "contracts", "finance"})
_FOUND, _NOT_REACHED = 200, 502
_KNOWS_NOTHING = frozenset({404, 422})
_REFUSES = frozenset({401, 403})

Answer: TypeAlias = tuple[int, Any]
"""Status and JSON of a service's answer."""
Ask: TypeAlias = Callable[[str, str], Awaitable[Answer]]
"""Sends the caller's GET of a path to a service."""
_Request: TypeAlias = tuple[str, str]
"""An id or a reference, and the service that is asked."""


async def answer_of(response: Awaitable[httpx.Response]) -> Answer:
    """Return the answer in a response; 502 where the service is not reached, or what comes is no JSON."""
    try:
        found = await response
        return found.status_code, found.json()
    except (httpx.HTTPError, ValueError):
        return _NOT_REACHED, None


class Refused(Exception):
    """A service refused the caller altogether, such as a token that has expired; carries its answer."""

    def __init__(self, status: int, problem: Any) -> None:
        super().__init__(f"{status}")
        self.status, self.problem = status, problem


@dataclass(frozen=True, slots=True, order=True)
class Step:
    """What is to be asked: `source` is the service that answers, empty where every one is asked.

    A decision on a fact is no part of what the fact's own service knows, so governance is asked beside it: `is_beside`.
    """

    id: str
    source: str = ""
    is_beside: bool = False

    @property
    def requests(self) -> list[_Request]:
        """What is asked of whom."""
        return [(self.id, service) for service in ([self.source] if self.source else SERVICES)]


@dataclass(slots=True)
class Chain:
    """The parts of a chain in the order in which they were reached, and what no service answered.

    `is_unanswered`: a service was not reached or failed, so that what it knows is not known.
    """

    reference: str
    parts: list[dict[str, Any]] = field(default_factory=list)
    missing: list[dict[str, str]] = field(default_factory=list)
    is_bounded: bool = False
    is_unanswered: bool = False

    def add_missing(self, source: str, reference: str) -> None:
        """Note once what was not answered; `source` is empty where every service was asked."""
        one = {"source": source, "id": reference}
        if one not in self.missing:
            self.missing.append(one)

    def as_json(self) -> dict[str, Any]:
        """Return the chain as JSON; it is complete where each part is, and none is missing or left for later."""
        whole = all(part["provenance"]["complete"] for part in self.parts)
        return {
            "reference": self.reference,
            "parts": self.parts,
            "missing": self.missing,
            "complete": whole and not self.missing and not self.is_bounded,
        }


async def gather(reference: str, ask: Ask, *, most_steps: int = MOST_STEPS) -> Chain:
    """Return the chain of an event, a request or a fact, breadth first: what is nearest comes first.

    Each thing is asked once of the service that answers for it, of every service where that is not known. Raises
    Refused.
    """
    chain, depth = Chain(reference), 0
    asked, found = set[_Request](), set[_Request]()
    waiting = [Step(reference)]
    while waiting and not chain.is_bounded:
        new = [one for one in dict.fromkeys(one for step in waiting for one in step.requests) if one not in asked]
        requests = new[: most_steps - len(asked)]
        chain.is_bounded = len(requests) < len(new)
        asked.update(requests)
        following: dict[Step, None] = {}
        for request, (status, part) in await _all_of(requests, ask):
            if status == _FOUND:
                found.add(request)
                chain.parts.append({"service": request[1], "depth": depth, "provenance": linked(part, request[1])})
                following |= dict.fromkeys(_causes(part))
            elif status not in _KNOWS_NOTHING:
                chain.is_unanswered = True
                chain.add_missing(request[1], request[0])
        for step in waiting:
            if not step.is_beside and asked.issuperset(step.requests) and found.isdisjoint(step.requests):
                chain.add_missing(step.source, step.id)
        waiting = list(following)
        depth += 1
    return chain


def link_to(reference: str) -> str:
    """Return where the gatherer answers for an event, a request or a fact."""
    return f"/provenance/{quote(reference, safe='')}"


def linked(part: Mapping[str, Any], service: str) -> dict[str, Any]:
    """Return a service's part with links that lead on from the gatherer: a service's own paths begin at the service.

    The rest of a long list of effects is the service's own page, which the gatherer passes on.
    """
    effects = part["effects"]
    rest = effects["next"]
    if rest and not rest.startswith(f"/{service}/"):
        rest = f"/{service}{rest}"
    return {
        **part,
        "because": [{**one, "href": link_to(one["id"])} for one in part["because"]],
        "effects": {
            **effects,
            "items": [{**one, "href": link_to(one["id"])} for one in effects["items"]],
            "next": rest,
        },
    }


def _causes(part: Mapping[str, Any]) -> Iterable[Step]:
    for one in part["because"]:
        yield Step(one["id"], one["source"] or "")
        if one["kind"] == "fact" and one["source"] in _DECIDED_ON:
            yield Step(one["id"], "governance", is_beside=True)


async def _all_of(requests: Sequence[_Request], ask: Ask) -> list[tuple[_Request, Answer]]:
    """Send these requests, a few at once, and return each with its answer. Raises Refused."""
    gate = asyncio.Semaphore(_AT_ONCE)

    async def one(reference: str, service: str) -> Answer:
        async with gate:
            status, answer = await ask(service, f"/v1/provenance/{quote(reference, safe='')}")
        if status in _REFUSES:
            raise Refused(status, answer)
        return status, answer

    return list(zip(requests, await asyncio.gather(*(one(*request) for request in requests)), strict=True))
