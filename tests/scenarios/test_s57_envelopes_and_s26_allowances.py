"""S57 and S26, the part of finance: envelopes of ICBs that stay apart until they merge, and of two CCGs."""

from collections.abc import AsyncIterator
from datetime import date
from fractions import Fraction

import httpx
import pytest
from fastapi import FastAPI

from libs.common.events import Event
from libs.common.events.registry import ICBMerged, ICBsClustered, OrganisationOpened, PopulationPublished
from libs.common.identity import Role
from libs.common.messaging.bus.direct import DirectBus
from libs.common.service.due_work import DueWork
from tests.finance.conftest import database, harness, url
from tests.support.apps import running_service
from tests.support.edge import Tokens
from tests.support.finance_harness import FinanceHarness, a_merger, at

__all__ = ["database", "harness", "url"]

ENVELOPE, RATE_2015 = Fraction("18.76"), Fraction("22.07")
"""Pounds a head."""


def pence(people: int, pounds: Fraction) -> int:
    return int(people * pounds * 100)


@pytest.fixture
async def service(
    url: str,
    harness: FinanceHarness,  # noqa: ARG001
    tokens: Tokens,
) -> AsyncIterator[tuple[FastAPI, httpx.AsyncClient]]:
    lead = tokens.header(Role.FINANCE_LEAD, Role.LOADER)
    bus = DirectBus({"registry": url, "contracts": url})
    async with running_service("finance", tokens.settings(url), bus, lead) as running:
        yield running


@pytest.fixture
def client(service: tuple[FastAPI, httpx.AsyncClient]) -> httpx.AsyncClient:
    return service[1]


@pytest.fixture
def due_work(service: tuple[FastAPI, httpx.AsyncClient]) -> DueWork:
    """What the running service does by itself too: they take turns."""
    found: DueWork = service[0].state.due_work
    return found


async def amounts(client: httpx.AsyncClient, year: str, *codes: str) -> list[int]:
    found = [(await client.get(f"/v1/allowances/{code}/{year}")).json() for code in codes]
    return [one["amount_pence"] for one in found]


@pytest.mark.parametrize(("first", "second"), [(1_600_000, 1_400_000), (1_234_567, 7)])
async def test_s57_a_cluster_has_two_envelopes_and_a_merger_one(
    client: httpx.AsyncClient, harness: FinanceHarness, due_work: DueWork, first: int, second: int
) -> None:
    established, counted = date(2022, 7, 1), date(2025, 4, 1)
    opened: list[Event] = [
        OrganisationOpened(effective_on=established, stated_at=at(established), code=code, name=code, kind="icb")
        for code in ("QUE", "QH8")
    ]
    counts: list[Event] = [
        PopulationPublished(effective_on=counted, stated_at=at(counted), code=code, basis="registered", people=people)
        for code, people in (("QUE", first), ("QH8", second))
    ]
    clustered = ICBsClustered(
        effective_on=counted, stated_at=at(counted), cluster="X", name="X", icbs=("QUE", "QH8"), shares=("chair",)
    )
    await harness.hear(*counts, clustered, *opened, *counts)
    await due_work.run_up_to(date(2026, 6, 1))
    assert await amounts(client, "2025-26", "QUE", "QH8") == [pence(first, ENVELOPE), pence(second, ENVELOPE)]
    if first == 1_600_000:
        assert await amounts(client, "2025-26", "QUE", "QH8") == [30_016_000_00, 26_264_000_00]

    for code, people in (("QUE", first), ("QH8", second)):
        body = {"population": people, "source": "as in 2025-26"}
        stated = await client.put(f"/v1/organisations/{code}/populations/2027-28", json=body)
        assert (stated.status_code, stated.json()["rate_found"]) == (201, False), stated.text
    day = date(2027, 4, 1)
    merged = ICBMerged(
        effective_on=day,
        stated_at=at(day),
        merger="M-QNEW",
        successor="QNEW",
        successor_name="",
        predecessors=("QH8", "QUE"),
    )
    await harness.hear(merged, merged)
    [whole] = await amounts(client, "2027-28", "QNEW")
    assert whole == pence(first + second, ENVELOPE)
    assert await amounts(client, "2027-28", "QUE", "QH8") == [0, 0]


@pytest.mark.parametrize(("first", "second"), [(200_000, 330_000), (123_457, 7)])
async def test_s26_the_allowance_of_two_ccgs_is_their_successors(
    client: httpx.AsyncClient, harness: FinanceHarness, due_work: DueWork, first: int, second: int
) -> None:
    counted = date(2015, 1, 1)
    counts: list[Event] = [
        PopulationPublished(effective_on=counted, stated_at=at(counted), code=code, basis="registered", people=people)
        for code, people in (("10H", first), ("10Y", second))
    ]
    await harness.hear(*counts, a_merger("14Y", "10H", "10Y", on=date(2015, 10, 1)))
    await due_work.run_up_to(date(2026, 6, 1))
    shown = await amounts(client, "2015-16", "10H", "10Y", "14Y")
    assert sum(shown) == pence(first + second, RATE_2015)
    if first == 200_000:
        assert sum(shown) == 11_697_100_00
        assert sum(shown) - sum(shown) // 5 == 9_357_680_00
