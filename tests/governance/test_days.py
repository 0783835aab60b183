"""The last and the first days that a request may name: each refusal is a 422 that names the field."""

from collections.abc import AsyncIterator

import httpx
import pytest

from libs.common.identity import Role
from libs.common.messaging.bus.direct import DirectBus
from tests.support.apps import running_service
from tests.support.edge import Tokens
from tests.support.governance_harness import GovernanceHarness

AO = "10H/accountable-officer"
TODAY = "2018-03-01"
RIGHT = {
    "organisation": "10H",
    "function": "contract-award",
    "first_day": TODAY,
    "source_minute": "Governing body, 1 March 2018, item 6",
}


@pytest.fixture
async def client(url: str, harness: GovernanceHarness, tokens: Tokens) -> AsyncIterator[httpx.AsyncClient]:
    """The service on 1 March 2018, called by a lead of every body; 10H has one."""
    await harness.body("10H")
    bus, lead = DirectBus({"registry": url}), tokens.header(Role.GOVERNANCE_LEAD)
    async with running_service("governance", tokens.settings(url), bus, lead) as (_, client):
        clock = {"moved_to": TODAY}
        moved = await client.put("/v1/operations/clock", json=clock, headers=tokens.header(Role.OPERATOR))
        assert moved.status_code == 200, moved.text
        yield client


@pytest.mark.parametrize("last_day", ["9999-12-31", "9999-12-30", "2200-01-01"])
async def test_a_last_day_beyond_all_years_is_refused_by_its_field(
    client: httpx.AsyncClient, harness: GovernanceHarness, last_day: str
) -> None:
    person = await harness.person("P-1")
    held = await harness.appoint(AO, "P-1")
    right = await harness.grant("10H")
    ends = {"last_day": last_day}
    requests: list[tuple[str, dict[str, str]]] = [
        ("appointments", {"post": AO, "person": person, "first_day": TODAY, **ends}),
        (f"appointments/{held}/ending", {"reason": "retired", **ends}),
        ("decision-rights", {**RIGHT, **ends}),
        (f"decision-rights/{right}/ending", {"reason": "scheme-revised", **ends}),
    ]
    for path, body in requests:
        refused = await client.post(f"/v1/{path}", json=body, headers={"If-Match": '"1"'})
        assert refused.status_code == 422, f"{path}: {refused.status_code} {refused.text}"
        assert [reason["field"] for reason in refused.json()["reasons"]] == ["last_day"]


@pytest.mark.parametrize("first_day", ["9999-12-31", "0001-01-01", "1899-12-31"])
async def test_a_first_day_outside_all_years_is_refused_by_its_field(client: httpx.AsyncClient, first_day: str) -> None:
    begins = {"first_day": first_day}
    requests: list[tuple[str, dict[str, str]]] = [
        ("bodies", {"organisation": "10Y", **begins}),
        ("posts", {"organisation": "10H", "title": "Chair", **begins}),
        ("appointments", {"post": AO, "person": "P-1", **begins}),
        ("decision-rights", {**RIGHT, **begins}),
    ]
    for path, body in requests:
        refused = await client.post(f"/v1/{path}", json=body)
        assert refused.status_code == 422, f"{path}: {refused.status_code} {refused.text}"
        assert [reason["field"] for reason in refused.json()["reasons"]] == ["first_day"]


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01"])
async def test_no_read_fails_on_a_day_at_the_end_of_time(client: httpx.AsyncClient, day: str) -> None:
    for path in (
        "bodies",
        "bodies/10H-governing-body",
        "appointments",
        "vacancies",
        "decision-rights",
        "decisions/contract-award/deciders?organisation=10H&value_pence=1",
    ):
        answer = await client.get(f"/v1/{path}{'&' if '?' in path else '?'}as_at={day}")
        assert answer.status_code in {200, 422}, f"{path}: {answer.status_code} {answer.text}"
