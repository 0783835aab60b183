"""Budgets of some CCGs over HTTP, for a national finance lead."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from libs.common.identity import Role
from libs.common.messaging.bus.direct import DirectBus
from tests.support.apps import running_service
from tests.support.edge import Tokens
from tests.support.finance_harness import FinanceHarness
from tests.support.waiting import until

LINE = {"account": "5210", "function": "payroll", "pay": True, "recurrent": True, "admin": False}


class Budgets:
    """Calls about budgets, by somebody who acts for all bodies."""

    def __init__(self, client: httpx.AsyncClient, harness: FinanceHarness) -> None:
        self.client = client
        self.harness = harness

    async def call(self, method: str, path: str, *, expect: int | None = None, **request: Any) -> Any:
        answer = await self.client.request(method, f"/v1{path}", **request)
        assert answer.status_code == (expect or {"POST": 201}.get(method, 200)), answer.text
        return answer.json()

    async def set_line(self, code: str, year: str, *, stated: str | None = None, **line: Any) -> str:
        """Set one line; return its name."""
        headers = {"Stated-At": stated} if stated else {}
        path = f"/organisations/{code}/budgets/{year}/lines"
        [view] = await self.call("POST", path, json={"lines": [LINE | line]}, headers=headers)
        return str(view["line"])

    async def lines(self, code: str, year: str, **asked: str) -> list[dict[str, Any]]:
        page = await self.call("GET", f"/organisations/{code}/budgets/{year}/lines", params=asked)
        return list(page["items"])

    async def amounts(self, code: str, year: str, **asked: str) -> list[int]:
        """What each line of a body has."""
        return [line["amount_pence"] for line in await self.lines(code, year, **asked)]

    async def told(self, name: str) -> list[dict[str, Any]]:
        """The fields of the events of a name, in the order of the feed."""

        async def is_published() -> bool:
            [row] = await self.harness.database.fetch("SELECT count(*) AS events FROM outbox")
            return bool(row["events"] == 0)

        await until(is_published)
        feed = await self.call("GET", "/events", params={"limit": 500})
        events = [item["event"] for item in feed["items"]]
        return [one["data"] for one in events if f".{name}.v" in one["type"]]

    async def post(self, code: str, year: str, line: str, what: str, *, expect: int = 201, **body: Any) -> Any:
        path = f"/organisations/{code}/budgets/{year}/lines/{line}/{what}"
        return await self.call("POST", path, json=body, expect=expect)


@pytest.fixture
async def budgets(url: str, harness: FinanceHarness, tokens: Tokens) -> AsyncIterator[Budgets]:
    """The service, called by a finance lead and loader of every body."""
    bus = DirectBus({"registry": url, "contracts": url, "governance": url})
    lead = tokens.header(Role.FINANCE_LEAD, Role.LOADER, Role.PARTNER, organisations=("*",))
    async with running_service("finance", tokens.settings(url), bus, lead) as (_, client):
        yield Budgets(client, harness)
