"""Walks the services' provenance from what is asked to what it follows from, in a bounded number of steps."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias
from urllib.parse import quote

SERVICES = ("registry", "contracts", "finance", "governance")
MOST_STEPS = 100
"""The most requests of one walk."""
_AT_ONCE = 8
_DECIDED_ON = frozenset({"registry", "contracts", "finance"})

Answer: TypeAlias = tuple[int, Any]
"""Status and JSON of a service's answer."""
Ask: TypeAlias = Callable[[str, str], Awaitable[Answer]]
"""Sends the caller's GET of a path to a service."""


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


@dataclass(slots=True)
class Chain:
    """The parts of a chain in the order in which they were reached, and what no service answered."""

    reference: str
    parts: list[dict[str, Any]] = field(default_factory=list)
    missing: list[dict[str, str]] = field(default_factory=list)
    is_bounded: bool = False

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
    chain, asked, steps, depth = Chain(reference), set[Step](), 0, 0
    waiting = [Step(reference)]
    while waiting:
        requests = [(step, service) for step in waiting for service in ([step.source] if step.source else SERVICES)]
        chain.is_bounded = steps + len(requests) > most_steps
        requests = requests[: most_steps - steps]
        steps += len(requests)
        asked.update(waiting)
        answers = await _all_of(requests, ask)
        found = {
            step: [(service, part) for (one, service), part in answers if one == step and part] for step in waiting
        }
        following: dict[Step, None] = {}
        for step in dict.fromkeys(step for step, _ in requests):
            if not found[step] and not step.is_beside:
                chain.missing.append({"source": step.source, "id": step.id})
            for service, part in found[step]:
                chain.parts.append({"service": service, "depth": depth, "provenance": part})
                following |= dict.fromkeys(_causes(part))
        known = {step.id for step in asked if not step.source}
        waiting = [] if chain.is_bounded else [one for one in following if one not in asked and one.id not in known]
        depth += 1
    return chain


def _causes(part: Mapping[str, Any]) -> Iterable[Step]:
    for one in part["because"]:
        yield Step(one["id"], one["source"] or "")
        if one["kind"] == "fact" and one["source"] in _DECIDED_ON:
            yield Step(one["id"], "governance", is_beside=True)


async def _all_of(requests: list[tuple[Step, str]], ask: Ask) -> list[tuple[tuple[Step, str], dict[str, Any] | None]]:
    """Send these requests, a few at once, and return each with its answer, None where the service knows nothing."""
    gate = asyncio.Semaphore(_AT_ONCE)

    async def one(step: Step, service: str) -> dict[str, Any] | None:
        async with gate:
            status, answer = await ask(service, f"/v1/provenance/{quote(step.id, safe='')}")
        if status in {401, 403}:
            raise Refused(status, answer)
        return answer if status == 200 else None

    return list(zip(requests, await asyncio.gather(*(one(*request) for request in requests)), strict=True))
