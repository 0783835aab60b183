"""What a test does with the registry, over HTTP, as somebody with the roles that it needs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx
from fastapi import FastAPI

from libs.common.database.connection import Database
from libs.common.events import Envelope, Event
from libs.common.identity import Role
from tests.support.builders import a_merger_command, an_organisation
from tests.support.edge import Tokens
from tests.support.waiting import until


@dataclass
class RegistryClient:
    """The registry's app, called through its edge. Every call expects to succeed unless `expect` says otherwise."""

    app: FastAPI
    client: httpx.AsyncClient
    tokens: Tokens

    @property
    def database(self) -> Database:
        """The registry's database."""
        database: Database = self.app.state.database
        return database

    async def send(
        self,
        method: str,
        path: str,
        *roles: Role,
        organisations: tuple[str, ...] = ("*",),
        headers: Mapping[str, str] | None = None,
        **request: Any,
    ) -> httpx.Response:
        """Send a request as somebody with these roles (all but loader, if none is named)."""
        holding = roles or tuple(set(Role) - {Role.LOADER})
        signed = self.tokens.header(*holding, organisations=organisations)
        return await self.client.request(method, f"/v1{path}", headers={**signed, **(headers or {})}, **request)

    async def call(self, method: str, path: str, *roles: Role, expect: int | None = None, **request: Any) -> Any:
        """Send a request and return the answer's JSON; its status has to be the expected one."""
        response = await self.send(method, path, *roles, **request)
        good = response.status_code == expect if expect else response.is_success
        assert good, f"{method} {path}: {response.status_code} {response.text}"
        return response.json() if response.content else None

    async def move_clock(self, day: str | None) -> None:
        """Let it be this day, and do what falls due by then."""
        await self.call("PUT", "/operations/clock", json={"moved_to": day})
        if day:
            await self.call("POST", "/operations/due-work", json={"up_to": day})

    async def open(self, *codes: str, kind: str = "ccg", on: str = "2013-04-01", **others: Any) -> None:
        """Open these bodies, each with a name made of its code."""
        bodies = [an_organisation(code, kind, on=on, **({"name": f"NHS {code} CCG"} | others)) for code in codes]
        await self.call("POST", "/organisations/batch", json={"organisations": bodies})

    async def merge(
        self, successor: str, *predecessors: str, on: str, expect: int = 201, **request: Any
    ) -> dict[str, Any]:
        """Agree a merger, with nil returns of both schemes unless `schemes` says otherwise."""
        body = a_merger_command(
            successor, *predecessors, on=on, **{"schemes": request.pop("schemes")} if "schemes" in request else {}
        )
        answer: dict[str, Any] = await self.call("POST", "/mergers", json=body, expect=expect, **request)
        return answer

    async def change(
        self, path: str, *, version: int, expect: int | None = None, body: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Edit something that was read at this version."""
        answer: dict[str, Any] = await self.call(
            "POST", path, json=body, headers={"If-Match": f'"{version}"'}, expect=expect
        )
        return answer

    async def ask(self, code: str, as_at: str, as_known: str | None = None) -> dict[str, Any]:
        """What an organisation was on a day, as known on another."""
        asked = {"as_at": as_at} | ({"as_known": as_known} if as_known else {})
        answer: dict[str, Any] = await self.call("GET", f"/organisations/{code}", params=asked)
        return answer

    async def status(self, code: str, as_at: str, as_known: str | None = None) -> str:
        """Its status alone."""
        return str((await self.ask(code, as_at, as_known))["status"])

    async def told(self) -> list[Event]:
        """Every event told so far, in the order of the log."""
        return [envelope.event() for envelope in await self.envelopes()]

    async def envelopes(self) -> list[Envelope]:
        """Every event told so far with its envelope, in the order of the log."""

        async def all_in_the_log() -> bool:
            return not await self.database.fetch("SELECT id FROM outbox LIMIT 1")

        await until(all_in_the_log)
        rows = await self.database.fetch("SELECT body FROM event_log ORDER BY position")
        return [Envelope.decode(row["body"]) for row in rows]

    async def names_told(self) -> list[str]:
        """The names of all events told so far."""
        return [event.event_name for event in await self.told()]
