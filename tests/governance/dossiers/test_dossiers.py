"""Dossiers of decisions: written once as acts and events come, in any order, sealed when whole, erased yet verified."""

import json
from datetime import date
from random import Random
from typing import Any

import pytest

from libs.common.events import Envelope, Event
from libs.common.events.contracts import ConsolidationAgreed, ContractSigned, ContractTerminated, ServiceConsolidated
from libs.common.events.finance import CaseAppraised, SavingContracted, SavingRealised
from libs.common.messaging.subscriptions import Delivery
from services.governance.dossiers.commands import write_dossiers
from services.governance.dossiers.errors import DossierNotFound
from services.governance.dossiers.queries import find_decided, get_own, missing_steps
from services.governance.dossiers.verify import check
from services.governance.reactions.publishers import subscriptions
from tests.governance.subjects.test_subjects import a_plan
from tests.support.governance_harness import GovernanceHarness, a_lead, at

ON, MOVED = date(2017, 6, 1), date(2018, 4, 1)
BODY = "10H-governing-body"
BEFORE = ("meeting", "quorum", "votes")
"""The steps that only a meeting gives: a decision by itself has none of them."""
_PARTIES: dict[str, Any] = {"supplier": "0DE", "customers": ("10H", "10Y")}
_SHARED: dict[str, Any] = {**_PARTIES, "contract": "K-9", "functions": ("payroll",), "annual_pence": 300_000_00}


def a_saving(kind: type[SavingContracted | SavingRealised], on: date, cause: str) -> Event:
    figures: dict[str, Any] = {"function": "payroll", "financial_year": "2018-19", "amount_pence": 100, "line": "BL-1"}
    return kind(
        effective_on=on, stated_at=at(on), initiative="I-1", organisation="10H", recurrent=True, cause=cause, **figures
    )


def what_followed() -> dict[str, tuple[Event, str]]:
    """The events of a consolidation by their ids, each with the id of what caused it."""
    on: dict[str, Any] = {"effective_on": ON, "stated_at": at(ON, 15)}
    moved: dict[str, Any] = {"effective_on": MOVED, "stated_at": at(MOVED)}
    appraised: dict[str, Any] = {"contracts": (), "lens": "own", "preferred": "A", "passes": (), "packs": ()}
    appraised |= {"npv_pence": 1, "pvb_pence": 2, "pvc_pence": 1, "bcr": "2", "payback_year": 1, "digest": "0a"}
    case = CaseAppraised(**on, case="C-1", version=1, organisations=("10H", "10Y"), **appraised)
    agreed = ConsolidationAgreed(
        **(on | _SHARED),
        plan="PL-1",
        replaced=("K-1",),
        move_on=(MOVED,),
        previous_annual_pence=400_000_00,
        initiative="I-1",
        decisions=(),
    )
    signed = ContractSigned(**(on | _SHARED), title="Shared payroll", last_day=date(2021, 3, 31))
    ended = ContractTerminated(**(moved | _PARTIES), contract="K-1", reason="consolidated", into="K-9")
    together: dict[str, Any] = {"title": "Shared payroll", "replaced": ("K-1",), "last_day": date(2021, 3, 31)}
    whole = ServiceConsolidated(**(moved | _SHARED), **together, previous_annual_pence=400_000_00)
    return {
        "case": (case, "a request"),
        "planned": (a_plan(1, "10H", "10Y"), "another request"),
        "agreed": (agreed, "a third request"),
        "signed": (signed, "a third request"),
        "contracted": (a_saving(SavingContracted, ON, "agreed"), "agreed"),
        "ended": (ended, ""),
        "consolidated": (whole, ""),
        "realised": (a_saving(SavingRealised, MOVED, "ended"), "ended"),
    }


async def hear(harness: GovernanceHarness, *ids: str) -> None:
    """These events arrive, in this order and in one batch."""
    story = what_followed()
    deliveries = []
    for position, name in enumerate(ids, 1_000):
        event, causation = story[name]
        envelope = Envelope(
            id=name,
            source=event.topic,
            name=event.event_name,
            version=event.event_version,
            keys=tuple(sorted(event.keys)),
            recorded_at=event.stated_at,
            position=position,
            causation=causation,
            fields=event.model_dump(mode="json"),
        )
        deliveries.append(Delivery(envelope, event))
    async with harness.database.begin() as session:
        await subscriptions.deliver(deliveries, session)


async def due(harness: GovernanceHarness, day: date) -> None:
    """What is due on a day is done, until nothing is."""
    done = 1
    while done:
        async with harness.database.begin() as session:
            done = await write_dossiers(session, up_to=day, stated_at=at(day, 18), by=a_lead())


async def entries(harness: GovernanceHarness, decision: str) -> list[tuple[str, str]]:
    rows = await harness.database.fetch(
        "SELECT kind, key FROM dossier_entry WHERE decision = $1 ORDER BY number", decision
    )
    return [(row["kind"], row["key"]) for row in rows]


async def lacking(harness: GovernanceHarness, decision: str) -> list[tuple[str, str]]:
    decided = await find_decided(harness.database, decision)
    assert decided is not None
    return [(one.step, one.about) for one in await missing_steps(harness.database, decided)]


async def verified(harness: GovernanceHarness, decision: str) -> str:
    """What is wrong with the stored chain; empty where nothing is."""
    rows = await harness.database.fetch(
        "SELECT line, encode(chain, 'hex') AS hash FROM dossier_entry WHERE decision = $1 ORDER BY number", decision
    )
    hashes = [row["hash"] for row in rows]
    return check([row["line"].encode() for row in rows], hashes, hashes[-1])


async def test_a_dossier_is_written_once_in_whatever_order_events_come(plan: tuple[GovernanceHarness, str]) -> None:
    harness, decision = plan
    with pytest.raises(DossierNotFound, match="is not begun yet"):
        await get_own(harness.database, decision, by=a_lead("10H"))
    await due(harness, ON)
    assert (await get_own(harness.database, decision, by=a_lead("10H"))).decision == decision
    after = [(step, "") for step in ("agreed", "saving-contracted", "consolidated", "saving-realised")]
    assert await lacking(harness, decision) == [*((step, "") for step in BEFORE), *after]
    chance = Random(13)
    later = ["agreed", "signed", "contracted", "ended", "consolidated", "realised"]
    order = [*later, *later]
    chance.shuffle(order)
    for name in order:
        await hear(harness, name)
        await due(harness, MOVED)
    found = await entries(harness, decision)
    assert len(found) == len(set(found))
    assert {kind for kind, _ in found} == {
        *("proposal", "consent", "authority", "decision", "CaseAppraised", "ConsolidationPlanned"),
        *("ConsolidationAgreed", "ContractSigned", "SavingContracted", "ContractTerminated", "ServiceConsolidated"),
        "SavingRealised",
    }
    assert await lacking(harness, decision) == [(step, "") for step in BEFORE]
    assert await verified(harness, decision) == ""
    assert await harness.told("DossierSealed") == [], "it has no meeting"


async def test_an_entry_has_no_words_of_an_event_and_the_answer_of_can(plan: tuple[GovernanceHarness, str]) -> None:
    harness, decision = plan
    await hear(harness, "agreed", "signed", "ended")
    await due(harness, ON)
    rows = await harness.database.fetch("SELECT kind, line FROM dossier_entry WHERE decision = $1", decision)
    fields = {row["kind"]: json.loads(row["line"])["fields"] for row in rows}
    assert "Shared payroll" not in "".join(row["line"] for row in rows)
    assert "reason" not in fields["ContractTerminated"]
    answer = fields["authority"]["answer"]["10H"]
    assert (answer["may"], answer["power"]) == (True, "ccg-functions-2013")
    assert fields["proposal"]["digest"] == "0a"
