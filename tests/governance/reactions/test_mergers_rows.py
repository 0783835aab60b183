"""Each event on mergers and on instruments' papers, backwards and then again in order: HTTP shows what it changes."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

import httpx

from libs.common.events import Event
from libs.common.events.contracts import AgreementSettled, AgreementToRemake, ContractTransferred
from libs.common.events.registry import (
    CCGMerged,
    CCGMergerAgreed,
    CCGMergerRedated,
    CCGMergerWithdrawn,
    MergerApplicationDetermined,
    MergerApplied,
    MergerConditionMet,
    OrganisationOpened,
    OrganisationSucceeded,
    SuccessionUndone,
)
from libs.common.identity import Role
from libs.common.messaging.bus.direct import DirectBus
from tests.support.apps import running_service
from tests.support.edge import Tokens
from tests.support.governance_harness import MERGED_ON, GovernanceHarness, at

MADE_ON, SEEN = date(2015, 4, 1), date(2018, 6, 1)
NINE = {name: date(2017, month, 1) for month, name in enumerate(("applied", "determined", "met", "moved", "off"), 6)}
DAY = {"as_at": SEEN.isoformat()}
TERMS = {"quorum": [{"least": 1}], "majority": {"basis": "members"}}


@dataclass
class World:
    """Three CCGs of a row, with one joint committee of theirs, read over HTTP."""

    client: httpx.AsyncClient
    prefix: str
    instrument: str = ""
    body: str = ""

    @property
    def codes(self) -> tuple[str, str, str]:
        """The parties; the first two are those that merge."""
        return f"{self.prefix}1", f"{self.prefix}2", f"{self.prefix}3"

    @property
    def successor(self) -> str:
        return f"{self.prefix}9"

    @property
    def merger(self) -> dict[str, Any]:
        about = {"merger": f"M-{self.prefix}9X", "successor": self.successor, "predecessors": self.codes[:2]}
        return about | {"successor_name": "NHS Nine"}

    @property
    def application(self) -> dict[str, Any]:
        about = {"application": f"A-{self.prefix}9X", "applicants": self.codes[:2]}
        return about | {"successor": self.successor}

    @property
    def agreement(self) -> dict[str, Any]:
        about: dict[str, Any] = {"agreement": f"AGR-{self.prefix}", "parties": self.codes}
        return about | {"successor": self.successor}

    def anonymous(self, value: Any) -> Any:
        """The value with this row's prefix left out of its codes."""
        if isinstance(value, list):
            return [self.anonymous(one) for one in value]
        return value.replace(self.prefix, "") if isinstance(value, str) else value

    async def read(self, path: str, *names: str, **asked: Any) -> Any:
        """Fields of an answer, or of each item of a list."""
        found = (await self.client.get(f"/v1{path}", params=asked if "mergers" in path else DAY | asked)).json()
        if "items" in found:
            return [tuple(self.anonymous(item[name]) for name in names) for item in found["items"]]
        return tuple(self.anonymous(found[name]) for name in names)


Shown = Callable[[World], Awaitable[Any]]


@dataclass(frozen=True)
class Row:
    """Events that follow one another, and what is shown then."""

    events: Callable[[World], list[Event]]
    shown: Shown
    expected: Any


def on(day: date, stated: date | None = None) -> dict[str, Any]:
    return {"effective_on": day, "stated_at": at(stated or day)}


def merged(world: World) -> Event:
    return CCGMerged(**world.merger, **on(MERGED_ON))


async def parties(world: World) -> Any:
    return await world.read(f"/instruments/{world.instrument}", "parties", "stands")


async def bound(world: World) -> Any:
    """Whom the committee binds before the merger, on its day, and when it is seen; what waits, and what was found."""
    bindings = []
    for day in (date(2018, 3, 31), MERGED_ON, SEEN):
        asked = {"action": "contract.award", "as_at": day.isoformat()}
        bindings += await world.read(f"/bodies/{world.body}/binding", "binding", **asked)
    waits = await world.read("/to-remake", "kind", "organisation", successor=world.successor)
    asked = {"about": world.instrument, "kind": "instrument_to_remake"}
    found = await world.read("/findings", "kind", **asked)
    return bindings, [kind for kind, _ in waits if kind == "instrument"], found


async def course(world: World) -> Any:
    reference = world.application["application"]
    shown = await world.read(f"/mergers/{reference}", "stage", "effective_on")
    conditions = (await world.client.get(f"/v1/mergers/{reference}")).json()["conditions"]
    found = await world.read("/findings", "parties", kind="applied_without_decision", about=reference)
    return shown, [one["met_on"] for one in conditions], found


async def preview(world: World) -> Any:
    stage, day, listed = await world.read(
        f"/mergers/{world.merger['merger']}/preview", "stage", "effective_on", "instruments"
    )
    return stage, day, len(listed)


def agreed(world: World) -> Event:
    return CCGMergerAgreed(**world.merger, **on(MERGED_ON, NINE["determined"]))


def applied(world: World) -> Event:
    asked = world.application | {"successor_name": "NHS Nine", "to_take_effect_on": SEEN}
    return MergerApplied(**asked, **on(NINE["applied"]))


def determined(world: World, outcome: str = "approved_with_conditions") -> Event:
    found: dict[str, Any] = {"merger": world.merger["merger"], "conditions": ("Plan",)}
    found = found if outcome.startswith("approved") else {"merger": "", "conditions": ()}
    return MergerApplicationDetermined(**world.application, outcome=outcome, **found, **on(NINE["determined"]))


def moved(world: World, by: str) -> Event:
    plain = {key: value for key, value in world.merger.items() if key != "successor_name"}
    if by == "met":
        return MergerConditionMet(**plain, condition=1, evidence="minute", **on(NINE["met"]))
    if by == "off":
        return CCGMergerWithdrawn(**plain, **on(NINE["off"]))
    return CCGMergerRedated(**plain, previously_on=MERGED_ON, **on(date(2019, 4, 1), NINE["moved"]))


def flagged(world: World, *, expected: bool = False) -> Event:
    about = world.agreement | {"merger": world.merger["merger"], "kind": "other", "expected": expected}
    return AgreementToRemake(**about, **on(MERGED_ON))


def settled(world: World, outcome: str, day: date) -> Event:
    return AgreementSettled(**world.agreement, outcome=outcome, into="", evidence="", **on(day))


def undone(world: World) -> list[Event]:
    later = on(MERGED_ON, date(2018, 5, 1))
    return [
        event
        for code in world.codes[:2]
        for event in (
            SuccessionUndone(code=code, successor=world.successor, **later),
            OrganisationOpened(code=code, name="NHS", kind="ccg", **later),
        )
    ]


def transferred(world: World) -> Event:
    about: dict[str, Any] = {"contract": world.agreement["agreement"], "supplier": "0CX", "merger": ""}
    customers = (*world.codes[1:], world.successor)
    return ContractTransferred(
        **about, from_customers=world.codes[:1], customers=customers, annual_pence=1, **on(MERGED_ON)
    )


def taken_over(world: World) -> Event:
    return OrganisationSucceeded(
        code=world.codes[0], successor=world.codes[2], shape="acquisition", share="1", **on(MERGED_ON)
    )


WAITS = (["all", "none", "none"], ["instrument"], [("instrument_to_remake",)])
SETTLED: tuple[Any, ...] = (["all", "all", "all"], [], [])
REMADE: tuple[Any, ...] = (["all", "none", "all"], [], [])
MISSING = [(["1"],), (["2"],)]
ROWS = {
    "CCGMerged": Row(lambda world: [merged(world)], parties, (["3", "9"], True)),
    "SuccessionUndone": Row(lambda world: [merged(world), *undone(world)], parties, (["1", "2", "3"], True)),
    "OrganisationSucceeded": Row(lambda world: [taken_over(world)], parties, (["2", "3"], True)),
    "ContractTransferred": Row(lambda world: [transferred(world)], parties, (["2", "3", "9"], True)),
    "AgreementToRemake": Row(lambda world: [merged(world), flagged(world)], bound, WAITS),
    "AgreementToRemake expected": Row(lambda world: [flagged(world, expected=True)], bound, SETTLED),
    "AgreementSettled": Row(
        lambda world: [merged(world), flagged(world), settled(world, "remade", date(2018, 5, 1))], bound, REMADE
    ),
    "AgreementSettled before": Row(
        lambda world: [settled(world, "saved", date(2018, 3, 1)), merged(world), flagged(world)], bound, SETTLED
    ),
    "CCGMergerAgreed": Row(lambda world: [agreed(world)], preview, ("agreed", "2018-04-01", 1)),
    "CCGMergerRedated": Row(lambda world: [agreed(world), moved(world, "moved")], preview, ("agreed", "2019-04-01", 1)),
    "CCGMergerWithdrawn": Row(
        lambda world: [agreed(world), moved(world, "moved"), moved(world, "off")],
        preview,
        ("withdrawn", "2019-04-01", 0),
    ),
    "MergerApplied": Row(lambda world: [applied(world)], course, (("applied", "2018-06-01"), [], MISSING)),
    "MergerApplicationDetermined": Row(
        lambda world: [applied(world), determined(world, "rejected")], course, (("rejected", "2018-06-01"), [], [])
    ),
    "MergerConditionMet": Row(
        lambda world: [applied(world), determined(world), agreed(world), moved(world, "met")],
        course,
        (("agreed", "2018-04-01"), ["2017-08-01"], MISSING),
    ),
}


async def begun(harness: GovernanceHarness, world: World) -> None:
    """The row's CCGs have a joint committee."""
    await harness.hear_of_ccgs(*world.codes)
    seats = [{"title": "Member", "organisation": code, "described_in": "Agreement, 4"} for code in world.codes]
    together = {"title": "Together", "seats": seats, "terms": TERMS}
    world.instrument = await harness.instrument(
        "joint_committee",
        *world.codes,
        on=MADE_ON,
        agreement=world.agreement["agreement"],
        constitution=together,
    )
    [world.body] = await world.read(f"/instruments/{world.instrument}", "body")
    for code in world.codes:
        await harness.grant(code, body=world.body, first_day=MADE_ON)


async def test_late_and_twice_each_event_shows_the_same_over_http(
    harness: GovernanceHarness, url: str, tokens: Tokens
) -> None:
    bus, lead = DirectBus({"registry": url}), tokens.header(Role.GOVERNANCE_LEAD, organisations=("*",))
    found = {}
    async with running_service("governance", tokens.settings(url), bus, lead) as (_, client):
        worlds = {name: World(client, f"{chr(ord('A') + number)}0") for number, name in enumerate(ROWS)}
        for name, world in worlds.items():
            await begun(harness, world)
            events = ROWS[name].events(world)
            await harness.hear(*reversed(events), *events)
            if any(isinstance(event, AgreementToRemake) and not event.expected for event in events):
                await harness.grant(world.successor, body=world.body, first_day=MERGED_ON)
        moved = {"moved_to": SEEN.isoformat()}
        await client.put("/v1/operations/clock", json=moved, headers=tokens.header(Role.OPERATOR))
        for name, world in worlds.items():
            found[name] = await ROWS[name].shown(world)
    assert found == {name: row.expected for name, row in ROWS.items()}
