"""S29: what a body's delay of a proposal costs, by whole months, with lawful deferrals, on both horizons."""

from datetime import date
from fractions import Fraction
from typing import Any

import httpx
import pytest

from libs.common.database.connection import raw
from libs.common.events import Event
from libs.common.events.governance import (
    DecisionAwaited,
    DecisionDeferred,
    DecisionReversed,
    DecisionTaken,
    ObstructionEnded,
    ObstructionFound,
    ProposalOpened,
    ProposalWithdrawn,
)
from libs.common.identity import Role, service_caller
from services.finance.delays.commands import price_delays
from tests.finance.conftest import client, database, harness, url
from tests.support.cases import a_case, half_up, worth
from tests.support.edge import Tokens, tokens
from tests.support.finance_client import kind
from tests.support.finance_harness import FinanceHarness, at
from tests.support.waiting import until

__all__ = ["client", "database", "harness", "tokens", "url"]

DUE = date(2017, 4, 1)
WHOM = {"proposal": "P-1", "body": "B-1", "organisation": "06H"}


def opened() -> ProposalOpened:
    """The proposal on the case, by another body's organisation."""
    return ProposalOpened(
        effective_on=date(2017, 1, 10),
        stated_at=at(date(2017, 1, 10)),
        proposal="P-1",
        organisation="10Y",
        subject="SHARED-1",
        kind="consolidation",
        action="consolidation.commit",
        consents=("B-1",),
        value_pence=1,
        annual_pence=1,
        recurrent=False,
        case="SHARED-1",
        case_version=1,
        series="",
    )


def deferred(first: date, until: date | None, *, lawful: bool = True) -> DecisionDeferred:
    """The body puts its decision off."""
    return DecisionDeferred(
        effective_on=first, stated_at=at(first), from_on=first, until_on=until, lawful=lawful, reason="quorum", **WHOM
    )


def taken(on: date) -> DecisionTaken:
    """The body decides."""
    return DecisionTaken(
        effective_on=on,
        stated_at=at(on),
        decision="D-1",
        binds=("06H",),
        subject="SHARED-1",
        action="consolidation.commit",
        outcome="approved",
        conditions=(),
        minute="M-1",
        value_pence=1,
        annual_pence=1,
        recurrent=False,
        case="SHARED-1",
        case_version=1,
        revision=0,
        urgent=False,
        **WHOM,
    )


AWAITED = DecisionAwaited(effective_on=date(2017, 1, 10), stated_at=at(date(2017, 1, 10)), due_on=DUE, **WHOM)
REVERSED = DecisionReversed(
    effective_on=date(2017, 7, 15),
    stated_at=at(date(2017, 7, 15)),
    decision="D-1",
    subject="SHARED-1",
    by_decision="D-2",
    minute="M-2",
    ratification_refused=False,
    **WHOM,
)
VETO = ObstructionFound(effective_on=DUE, stated_at=at(DUE), kind="veto", since=date(2017, 5, 1), share="2/3", **WHOM)
FREED = ObstructionEnded(effective_on=date(2017, 6, 15), stated_at=at(date(2017, 6, 15)), by="D-1", **WHOM)
WITHDRAWN = ProposalWithdrawn(
    effective_on=date(2017, 6, 20),
    stated_at=at(date(2017, 6, 20)),
    proposal="P-1",
    organisation="10Y",
    subject="SHARED-1",
    reason="superseded",
)


def by_month(saving: int, outlay: int) -> tuple[Fraction, Fraction]:
    """A month's cost in pounds on a fixed and on a rolling horizon, by arithmetic of its own."""
    _, npv, _ = worth(saving, outlay)
    shorter, *_ = worth(saving, outlay, years=9)
    later = (shorter - outlay) / Fraction(1035, 1000)
    return (npv - later) / 12, npv * (1 - Fraction(1000, 1035)) / 12


async def delays(client: httpx.AsyncClient, as_at: str, headers: dict[str, str] | None = None) -> list[dict[str, Any]]:
    answer = await client.get("/v1/delays", params={"as_at": as_at, "proposal": "P-1"}, headers=headers or {})
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize(
    ("events", "months", "running"),
    [
        pytest.param((), 5, True, id="inertia"),
        pytest.param((deferred(date(2017, 6, 1), date(2017, 8, 1)),), 3, True, id="golden 29"),
        pytest.param((deferred(date(2017, 6, 1), None),), 2, False, id="open deferral"),
        pytest.param((deferred(date(2017, 6, 1), None, lawful=False),), 5, True, id="not lawful"),
        pytest.param((taken(date(2017, 6, 15)),), 2, False, id="decided"),
        pytest.param((taken(date(2017, 6, 15)), REVERSED), 3, True, id="reversed"),
        pytest.param((taken(date(2017, 6, 15)), FREED, REVERSED), 3, True, id="freed and reversed"),
        pytest.param((taken(date(2017, 5, 1)), VETO), 4, True, id="veto"),
        pytest.param((WITHDRAWN,), 2, False, id="withdrawn"),
    ],
)
async def test_s29_whole_months_by_what_governance_published_in_any_order_and_twice(
    client: httpx.AsyncClient,
    harness: FinanceHarness,
    events: tuple[Event, ...],
    months: int,
    *,
    running: bool,
    backwards: bool,
) -> None:
    body = {"case": "SHARED-1", "organisation": "10Y", "content": a_case()}
    all_of_them = [AWAITED, opened(), *events]
    if backwards:
        await harness.hear(*reversed(all_of_them), *all_of_them)
    assert (await client.post("/v1/cases", json=body)).status_code == 201
    await harness.hear(*all_of_them, *all_of_them)
    [found] = await delays(client, "2017-09-01")
    assert (found["months"], found["running"], found["case"], found["version"]) == (months, running, "SHARED-1", 1)
    fixed, rolling = by_month(2_515_000, 4_000_000)
    assert [cost["to_date_pence"] for cost in found["costs"]] == [
        int(half_up(month * months * 100)) for month in (fixed, rolling)
    ]
    if not events:
        assert [(cost["horizon"], cost["monthly"], cost["to_date"]) for cost in found["costs"]] == [
            ("fixed", "£187,800", "£939,000"),
            ("rolling", "£39,222", "£196,112"),
        ]
        assert (found["costs"][0]["monthly_pence"], found["costs"][0]["to_date_pence"]) == (18_779_999, 93_899_994)


async def test_s29_second_figures_sight_and_what_is_published(
    client: httpx.AsyncClient, harness: FinanceHarness, tokens: Tokens
) -> None:
    saving, outlay = 1_234_567, 2_000_001
    body = {"case": "SHARED-1", "organisation": "10Y", "content": a_case(one_off=outlay * 100, saving=saving * 100)}
    await client.post("/v1/cases", json=body)
    await harness.hear(AWAITED)
    [unpriced] = await delays(client, "2017-09-01")
    assert (unpriced["case"], unpriced["costs"], unpriced["months"]) == (None, [], 5)
    await harness.hear(opened())
    [found] = await delays(client, "2017-09-30")
    assert [cost["monthly_pence"] for cost in found["costs"]] == [
        int(half_up(month * 100)) for month in by_month(saving, outlay)
    ]
    assert await delays(client, "2017-09-01", tokens.header(Role.PARTNER, organisations=("11C",))) == []
    operator, fixed = tokens.header(Role.OPERATOR), by_month(saving, outlay)[0]
    expected: list[tuple[int, int]] = []
    for day, months in (("2017-04-20", 0), ("2017-06-30", 2), ("2017-06-30", 2), ("2017-07-01", 3)):
        clock = await client.put("/v1/operations/clock", json={"moved_to": day}, headers=operator)
        assert clock.status_code == 200
        if months and (months, int(half_up(fixed * 100 * months))) not in expected:
            expected.append((months, int(half_up(fixed * 100 * months))))
        await until(lambda: _is_priced(harness, expected))
    assert await cases_read(harness, date(2017, 7, 1)) == 0
    await _leads_to_events(client, harness, tokens)


@pytest.mark.parametrize("codes", [("06H", "11C"), ("11C", "06H")])
async def test_s29_the_delay_of_a_joint_body_is_read_by_and_published_to_each_of_its_organisations(
    client: httpx.AsyncClient, harness: FinanceHarness, tokens: Tokens, codes: tuple[str, str]
) -> None:
    """Governance asks a joint body once for each of its organisations, at one instant."""
    await client.post("/v1/cases", json={"case": "SHARED-1", "organisation": "10Y", "content": a_case()})
    asked = [AWAITED.model_copy(update={"organisation": code}) for code in codes]
    freed = [FREED.model_copy(update={"organisation": code}) for code in codes]
    await harness.hear(opened(), *asked, *freed, *asked)
    seen = [await delays(client, "2017-09-01", tokens.header(Role.PARTNER, organisations=(code,))) for code in codes]
    assert seen[0] == seen[1]
    [found] = seen[0]
    assert (found["organisation"], found["organisations"], found["months"]) == ("06H", ["06H", "11C"], 2)
    assert [stop["why"] for stop in found["stops"]] == ["ended"]
    moved = await client.put(
        "/v1/operations/clock", json={"moved_to": "2017-05-31"}, headers=tokens.header(Role.OPERATOR)
    )
    assert moved.status_code == 200

    async def published() -> bool:
        feeds = [
            await client.get("/v1/events", headers=tokens.header(Role.PARTNER, organisations=(code,))) for code in codes
        ]
        events = [[one["event"] for one in feed.json()["items"]] for feed in feeds]
        return [
            [(one["data"]["organisation"], one["data"]["horizon"], one["data"]["months"]) for one in several]
            for several in ([one for one in each if ".DelayPriced." in one["type"]] for each in events)
        ] == [[(code, horizon, 1) for horizon in ("fixed", "rolling")] for code in codes]

    await until(published)


async def _leads_to_events(client: httpx.AsyncClient, harness: FinanceHarness, tokens: Tokens) -> None:
    """What was published of the delay is found by its digest, what is read today by its path too."""
    [row] = await harness.database.fetch("SELECT digest, to_date_pence FROM priced_delay ORDER BY id DESC LIMIT 1")
    figure = f"/v1/figures/{row['digest']}~costs.0.to_date_pence/provenance"
    found = (await client.get(figure)).json()
    assert (found["answer"], found["value"]) == ("delay", row["to_date_pence"])
    assert _names(found) >= {"DecisionAwaited", "ProposalOpened"}
    [shown] = await delays(client, "2017-09-30")
    asked = {"answer": "/v1/delays?proposal=P-1", "as_at": "2017-09-30"}
    path = f"/v1/figures/{shown['digest']}~months/provenance"
    today = (await client.get(path, params=asked)).json()
    assert (today["value"], _names(today)) == (shown["months"], {"DecisionAwaited", "ProposalOpened", "CaseAppraised"})
    stranger = tokens.header(Role.PARTNER, organisations=("11C",))
    assert kind(await client.get(figure, headers=stranger)) == "figure-not-found"
    assert kind(await client.get(path, params=asked, headers=stranger)) == "figure-not-found"


def _names(found: dict[str, Any]) -> set[str]:
    return {event["type"].split(".")[3] for event in found["events"]}


async def cases_read(harness: FinanceHarness, up_to: date) -> int:
    """How often due work reads a case though all that is due was published: what nothing changed is not appraised."""
    asked: list[str] = []
    async with harness.database.begin() as session:
        with (await raw(session)).query_logger(lambda one: asked.append(one.query)):
            how: dict[str, Any] = {"up_to": up_to, "stated_at": at(up_to), "by": service_caller("finance")}
            assert await price_delays(session, **how) == 0
    assert asked
    return sum("business_case" in sql for sql in asked)


async def _is_priced(harness: FinanceHarness, expected: list[tuple[int, int]]) -> bool:
    rows = await harness.database.fetch("SELECT months, to_date_pence FROM priced_delay ORDER BY id")
    return [(row["months"], row["to_date_pence"]) for row in rows] == expected
