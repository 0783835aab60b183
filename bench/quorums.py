"""Measures the quorum of a 12-item agenda of 30 members, against the request that forecasts it."""

import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx

from bench import apps
from bench.runner import TINY, Aim, Benchmark, Contest, Size
from bench.servers import Callers, free_port, governance, new_database, opened, postgres, temporary_folder
from libs.common.database.connection import raw
from libs.common.events.registry import OrganisationOpened
from libs.common.identity import Role
from services.governance.core.models import known
from services.governance.core.quorum import BodySeat, Clause, Seat, Sitting, quorum, who_counts
from services.governance.tables import METADATA

_CODE, _BODY = "10H", "10H-governing-body"
_ITEMS = 12
_MEMBERS, _SEATS, _ROLES = 30, 10, ("gp", "lay", "nurse", "officer", "specialist")
_FIRST_DAY, _PAPER = "2018-04-01", "Constitution, 6.6.2"


def _role(number: int) -> str:
    return _ROLES[number % len(_ROLES)]


async def _prepared(client: httpx.AsyncClient, members: int) -> str:
    """Seat so many members and call them to a meeting with an agenda; return its reference."""

    async def send(method: str, path: str, **body: Any) -> Any:
        answer = await client.request(method, f"/v1/{path}", json=body)
        assert answer.is_success, answer.text
        return answer.json()

    day: dict[str, Any] = {"first_day": _FIRST_DAY, "document": _PAPER}
    await send("POST", "bodies", organisation=_CODE, **day)
    coming: list[dict[str, Any]] = []
    for number in range(members):
        title = {"title": f"Member {_role(number)}", "roles": [_role(number)], "described_in": _PAPER}
        made = await send("POST", "posts", organisation=_CODE, **title, **day)
        person = await send("POST", "people", organisation=_CODE, display_name=f"Member {number}")
        await send("POST", "appointments", post=made["post"], person=person["person"], **day)
        coming.append({"person": person["person"], "coming": True})
    seats = [{"roles": [_role(number)]} for number in range(min(_SEATS, members))]
    await send("PUT", f"bodies/{_BODY}/terms-of-reference", quorum=[{"seats": seats}], **day)
    held_on = datetime.now(UTC).date() + timedelta(days=30)
    meeting = await send("POST", "meetings", body=_BODY, held_on=f"{held_on}", starts_at=f"{held_on}T14:00:00Z")
    reference = str(meeting["meeting"])
    await send("PUT", f"meetings/{reference}/attendance", attendance=coming)
    for _ in range(_ITEMS):
        await send("POST", f"meetings/{reference}/items", title="A matter")
    return reference


def _agenda(members: int) -> None:
    """Decide the quorum of each item, another member being recused at each."""
    places = [BodySeat(f"s{n}", frozenset({_role(n)}), votes=True, holder=f"P-{n}") for n in range(members)]
    clause = Clause(tuple(Seat(frozenset({_role(n)})) for n in range(min(_SEATS, members))))
    sitting = Sitting(frozenset(f"P-{n}" for n in range(members)))
    for item in range(_ITEMS):
        found = quorum([clause], who_counts(places, sitting, recused={f"P-{item}"}))
        assert found or members < _MEMBERS


@asynccontextmanager
async def _stage(size: Size) -> AsyncIterator[Contest]:
    members = 6 if size is TINY else _MEMBERS
    with temporary_folder() as folder:
        callers = Callers(folder)
        async with postgres(folder) as server:
            url = await new_database(server, "governance", METADATA)
            silent = await new_database(server, "publisher", apps.metadata)
            opened_on = date(2013, 4, 1)
            told = OrganisationOpened(
                effective_on=opened_on,
                stated_at=datetime(2013, 4, 1, tzinfo=UTC),
                code=_CODE,
                name="NHS Aylesbury Vale CCG",
                kind="ccg",
            )
            async with opened(url) as database, database.begin() as session:
                await known.know([told], await raw(session))
            async with (
                governance(url, silent, callers, log=folder / "server.log", port=free_port()) as ours,
                httpx.AsyncClient(base_url=f"http://127.0.0.1:{ours.port}", timeout=60) as client,
            ):
                name, _, token = callers.header(Role.GOVERNANCE_LEAD).strip().partition(": ")
                client.headers[name] = token
                meeting = await _prepared(client, members)

                async def requests() -> Mapping[str, float]:
                    count, began = 0, time.perf_counter()
                    while time.perf_counter() < began + size.seconds:
                        answer = await client.get(f"/v1/meetings/{meeting}/forecast")
                        assert answer.status_code == 200, answer.text
                        count += 1
                    return {"request": (time.perf_counter() - began) / count * 1000}

                async def quorums() -> Mapping[str, float]:
                    count, began = 0, time.perf_counter()
                    while time.perf_counter() < began + size.seconds / 2:
                        _agenda(members)
                        count += 1
                    return {"quorum of 12 items": (time.perf_counter() - began) / count * 1000}

                yield Contest([requests, quorums])


BENCHMARK = Benchmark(
    name="quorums",
    words="the quorum of a 12-item agenda of 30 members on 10 seats, against the request that forecasts it",
    units={"request": "ms", "quorum of 12 items": "ms"},
    aims=[Aim("quorum of 12 items", "request", at_most=0.2)],
    stage=_stage,
)
