"""A governing body that meets, over HTTP."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import httpx
import pytest

from libs.common.identity import Role
from libs.common.messaging.bus.direct import DirectBus
from tests.support.apps import running_service
from tests.support.edge import Tokens
from tests.support.governance_harness import GovernanceHarness

BODY = "10H-governing-body"
TERMS: dict[str, Any] = {
    "quorum": [{"seats": [{"roles": ["gp"]}, {"roles": ["lay"]}], "conditions": [["chair", "vice-chair"]], "least": 3}],
    "majority": {"casting": True},
    "in_public": True,
    "urgent": {"roles": ["chair", "accountable-officer"], "consult": ["lay"]},
}
SEATS = {
    "10H/chair": ["chair", "gp"],
    "10H/gp-member": ["gp"],
    "10H/lay-member": ["lay", "vice-chair"],
    "10H/lay-member-2": ["lay"],
}


@dataclass
class MeetingBody:
    """The service, a lead of 10H who calls it, and persons by what a test calls them."""

    client: httpx.AsyncClient
    tokens: Tokens
    harness: GovernanceHarness

    @property
    def ids(self) -> dict[str, str]:
        """The ids of persons."""
        return self.harness.ids

    async def day(self, day: str) -> None:
        """The clock is moved."""
        moved = await self.client.put(
            "/v1/operations/clock", json={"moved_to": day}, headers=self.tokens.header(Role.OPERATOR)
        )
        assert moved.status_code == 200, moved.text

    async def call(self, method: str, path: str, body: Any = None, *, expect: int = 201, **params: Any) -> Any:
        """The answer to a request, which has this status."""
        answer = await self.client.request(method, f"/v1/{path}", json=body, params=params)
        assert answer.status_code == expect, answer.text
        return answer.json()

    async def refused(self, method: str, path: str, body: Any) -> tuple[str, list[str]]:
        """The kind of a refusal, and its reasons."""
        answer = await self.client.request(method, f"/v1/{path}", json=body)
        assert answer.status_code == 409, answer.text
        problem = answer.json()
        reasons = [reason["message"] for reason in problem.get("reasons", ())]
        return problem["type"].rpartition("/")[2], reasons or [problem["detail"]]

    async def told(self, name: str) -> list[dict[str, Any]]:
        """The fields of the published events of a name, in order, those that are still in the outbox too."""
        rows = await self.harness.database.fetch(
            """
            SELECT fields FROM (
                   SELECT 0 AS first, position AS n, convert_from(body, 'UTF8')::json ->> 'data' AS fields
                     FROM event_log WHERE name = $1
                    UNION ALL SELECT 1, id, fields FROM outbox WHERE name = $1) AS told
             ORDER BY first, n
            """,
            name,
        )
        return [json.loads(row["fields"]) for row in rows]

    async def findings(self, kind: str) -> list[tuple[str, str | None]]:
        """What the findings of a kind are about first, and by when each is due; the work due today is done before."""
        answer = await self.client.get("/v1/operations/clock", headers=self.tokens.header(Role.OPERATOR))
        await self.day(answer.json()["today"])
        found = await self.call("GET", "findings", expect=200, kind=kind)
        return [(one["about"][0], one["due_on"]) for one in found["items"]]

    async def meeting(self, day: str, *, notice: str) -> str:
        """A meeting of a day at 14:00, called on another."""
        planned = await self.call("POST", "meetings", {"body": BODY, "held_on": day, "starts_at": f"{day}T14:00:00Z"})
        await self.call("POST", f"meetings/{planned['meeting']}/notice", {"given_on": notice, "document": "Notice"})
        return str(planned["meeting"])

    async def item(self, meeting: str, **item: Any) -> str:
        """An item of an agenda; its id."""
        made = await self.call("POST", f"meetings/{meeting}/items", {"title": "A matter"} | item)
        return str(made["item"])

    async def attend(self, meeting: str, **persons: Any) -> None:
        """Persons are there: from this time on, or between these, or as a deputy in a seat."""
        rows = []
        for short, when in persons.items():
            came, left, seat = when if isinstance(when, tuple) else (when, None, None)
            day = meeting[-10:]
            interval = {"arrived": f"{day}T{came}:00Z"} | ({"departed": f"{day}T{left}:00Z"} if left else {})
            rows.append({"person": self.ids[short], "intervals": [interval]} | ({"seat": seat} if seat else {}))
        await self.call("PUT", f"meetings/{meeting}/attendance", {"attendance": rows}, expect=200)

    def ballots(self, **votes: str) -> list[dict[str, str]]:
        """The ballots of persons in the seats that they hold."""
        seats = {"chair": "10H/chair", "gp": "10H/gp-member", "lay": "10H/lay-member", "lay2": "10H/lay-member-2"}
        return [{"seat": seats[short], "by": self.ids[short], "choice": choice} for short, choice in votes.items()]


@pytest.fixture
async def met(url: str, harness: GovernanceHarness, tokens: Tokens) -> AsyncIterator[MeetingBody]:
    """A body with a chair, a GP, and two lay members, one of whom is the vice-chair; on 1 March 2017."""
    for short in ("chair", "gp", "lay", "lay2", "deputy", "officer"):
        await harness.person(short)
    await harness.body("10H")
    for post, roles in SEATS.items():
        title = post.partition("/")[2].removesuffix("-2").replace("-", " ").capitalize().replace("Gp", "GP")
        await harness.post("10H", title=title, roles=roles, described_in="Constitution, 6.6.2")
    for short, post in {
        "chair": "10H/chair",
        "gp": "10H/gp-member",
        "lay": "10H/lay-member",
        "lay2": "10H/lay-member-2",
        "officer": "10H/accountable-officer",
    }.items():
        await harness.appoint(post, short)
    await harness.name_deputies("10H/gp-member", "deputy", "lay2")
    await harness.state_terms(BODY, first_day=date(2013, 4, 1), **TERMS)
    lead = tokens.header(Role.GOVERNANCE_LEAD, organisations=("10H",))
    async with running_service(
        "governance", tokens.settings(url), DirectBus(dict.fromkeys(("registry", "contracts", "finance"), url)), lead
    ) as (_, client):
        body = MeetingBody(client, tokens, harness)
        await body.day("2017-03-01")
        yield body
