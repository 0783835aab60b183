"""HTTP client of the four services for the demo's loader, with a token for each user."""

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import httpx

from libs.common.events import Envelope, Undecodable, UnknownEvent

SERVICES = ("registry", "contracts", "finance", "governance")
_PAGE = 500
_POLL_SECONDS = 0.02
_PATIENCE_SECONDS = 60.0


class Refused(Exception):
    """A service refused a request of the demo; the message has the request, the response and its reasons."""


class NotCaughtUp(Exception):
    """The services did not consume each other's events in time; the message shows how far they are."""


class Services:
    """Sends requests to the services at one address. `token_for` returns the token of one of the laptop's users."""

    def __init__(self, client: httpx.AsyncClient, token_for: Callable[[str], str]) -> None:
        self._client = client
        self._token_for = token_for

    async def ask(
        self,
        method: str,
        path: str,
        *,
        by: str,
        body: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, Any] | None = None,
    ) -> httpx.Response:
        """Send one request and return the response, whatever it is."""
        signed = {"Authorization": f"Bearer {self._token_for(by)}", **(headers or {})}
        return await self._client.request(method, path, json=body, headers=signed, params=params)

    async def do(
        self, method: str, path: str, *, by: str, body: Mapping[str, Any], headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        """Send a command. Raises Refused unless it succeeds."""
        answer = await self.ask(method, path, by=by, body=body, headers=headers)
        if answer.is_error:
            raise Refused(f"{method} {path}: {_explained(answer)}")
        return answer

    async def send_file(self, path: str, *, by: str, content: bytes, params: Mapping[str, str]) -> httpx.Response:
        """Send a file. Raises Refused unless it is taken."""
        signed = {"Authorization": f"Bearer {self._token_for(by)}", "Content-Type": "application/octet-stream"}
        answer = await self._client.request("POST", path, content=content, headers=signed, params=params)
        if answer.is_error:
            raise Refused(f"POST {path}: {_explained(answer)}")
        return answer

    async def find(self, path: str, *, by: str, params: Mapping[str, Any] | None = None) -> httpx.Response | None:
        """Read a resource; None if there is none. Raises Refused on any other refusal."""
        answer = await self.ask("GET", path, by=by, params=params)
        if answer.status_code == httpx.codes.NOT_FOUND:
            return None
        if answer.is_error:
            raise Refused(f"GET {path}: {_explained(answer)}")
        return answer

    async def feed(self, service: str, *, by: str = "commissioner") -> list[Envelope]:
        """Read the events that a service has published, in order: those that this version of the software can read."""
        events: list[Envelope] = []
        after: int = 0
        while True:
            params = {"after": after, "limit": _PAGE}
            answer = await self.ask("GET", f"/{service}/v1/events", by=by, params=params)
            if answer.is_error:
                raise Refused(f"events of {service}: {_explained(answer)}")
            page = answer.json()
            read = (Envelope.decode(json.dumps(item["event"]).encode()) for item in page["items"])
            events += [envelope for envelope in read if _is_readable(envelope)]
            if page["next"] == after:
                return events
            after = page["next"]

    async def clock_of(self, service: str) -> date | None:
        """Return the day that a service's clock was moved to; None if it was not moved."""
        answer = await self.find(f"/{service}/v1/operations/clock", by="operator")
        moved = answer.json()["moved_to"] if answer else None
        return date.fromisoformat(moved) if moved else None

    async def move_clocks(self, day: date | None) -> None:
        """Move the clock of every service to a day, and do the work due by then; or release the clocks."""
        # The registry last: its events of a day must reach the others when it is that day for them too.
        for service in reversed(SERVICES):
            body = {"moved_to": day.isoformat() if day else None}
            await self.do("PUT", f"/{service}/v1/operations/clock", by="operator", body=body)

    async def catch_up(self) -> None:
        """Wait until every service has published its events and consumed those of the others. Raises NotCaughtUp."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        # Twice: reactions to the last events may have published new ones.
        for service in SERVICES * 2:
            while words := _behind(service, await self._condition_of(service)):
                if time.monotonic() > deadline:
                    raise NotCaughtUp(words)
                await asyncio.sleep(_POLL_SECONDS)

    async def parked(self) -> list[str]:
        """Return the services that have parked events, which an operator must look at."""
        return [service for service in SERVICES if (await self._condition_of(service))["parked_events"]]

    async def _condition_of(self, service: str) -> Mapping[str, Any]:
        ready: Mapping[str, Any] = (await self._client.get(f"/{service}/health/ready")).json()
        answer = await self.ask("GET", f"/{service}/v1/operations/backbone", by="operator")
        if answer.is_success:
            return {**ready, **answer.json()}
        if ready["ready"]:
            raise Refused(f"backbone of {service}: {_explained(answer)}")
        return ready


def _is_readable(envelope: Envelope) -> bool:
    try:
        envelope.event()
    except (Undecodable, UnknownEvent):
        return False
    return True


def _behind(service: str, condition: Mapping[str, Any]) -> str:
    """Return where a service is behind; empty if it is not, also where events wait for a newer version of it."""
    if not condition["ready"] and not condition.get("newer_events"):
        return f"{service} is not ready: {', '.join(condition['reasons'])}"
    if condition["outbox_events"] or condition["published_lag"]:
        return f"{service} has events to publish"
    late = [source for source, lag in condition["consumer_lag"].items() if lag is None or lag > 0]
    return f"{service} has not consumed all of {', '.join(late)}" if late else ""


def _explained(answer: httpx.Response) -> str:
    try:
        problem = answer.json()
        reasons = "; ".join(reason["message"] for reason in problem.get("reasons", ()))
        return f"{answer.status_code} {problem.get('title', '')} {reasons or problem.get('detail', '')}"
    except (ValueError, AttributeError, KeyError, TypeError):
        return f"{answer.status_code} {answer.text[:200]}"
