"""An act names its authority; a published decision verifies it, in whatever order the two are known."""

from collections.abc import Sequence
from datetime import date
from itertools import permutations
from typing import Any

import pytest

from libs.common.database.connection import Database
from libs.common.events import Event
from libs.common.events.governance import DecisionReversed, DecisionTaken
from services.contracts.authorities.commands import record, why_not_authorised
from services.contracts.authorities.queries import deciding
from tests.support.contracts_harness import ContractsHarness, a_lead, at

COMMIT = "consolidation.commit"
BEFORE, AFTER = date(2016, 9, 30), date(2017, 4, 1)
DECIDED_ON = date(2017, 3, 1)


def decision(number: str = "D1", *, on: date = DECIDED_ON, **changed: Any) -> DecisionTaken:
    said: dict[str, Any] = {
        "decision": number,
        "proposal": "P1",
        "body": "05C-GB",
        "organisation": "05C",
        "binds": ("05C",),
        "subject": "BC-PLAN",
        "action": COMMIT,
        "outcome": "approved",
        "conditions": (),
        "minute": "3/17",
        "value_pence": 0,
        "annual_pence": 0,
        "recurrent": True,
        "case": "",
        "case_version": 0,
        "revision": 2,
        "urgent": False,
    }
    return DecisionTaken(effective_on=on, stated_at=at(on), **(said | changed))


def reversal(number: str = "D1", *, on: date = date(2017, 5, 1)) -> DecisionReversed:
    return DecisionReversed(
        effective_on=on,
        stated_at=at(on),
        decision=number,
        proposal="P1",
        body="05C-GB",
        organisation="05C",
        subject="BC-PLAN",
        by_decision="D9",
        minute="9/17",
        ratification_refused=False,
    )


async def act(database: Database, *, on: date = date(2017, 4, 1), revision: int = 2) -> bool:
    async with database.begin() as session:
        return await record(
            session,
            COMMIT,
            "BC-PLAN",
            "05C",
            minute="Minute 3/17",
            on=on,
            stated_at=at(on),
            by=a_lead("05C"),
            revision=revision,
        )


async def open_findings(database: Database) -> Sequence[str]:
    rows = await database.fetch("SELECT kind FROM finding WHERE cleared_at IS NULL ORDER BY kind")
    return [row["kind"] for row in rows]


async def test_an_act_is_unverified_until_its_decision_is_known_and_questioned_when_it_is_reversed(
    harness: ContractsHarness,
) -> None:
    assert not await act(harness.database)
    assert await open_findings(harness.database) == ["authority_unverified"]
    await harness.hear(decision(), decision())
    assert await open_findings(harness.database) == []
    await harness.hear(reversal())
    assert await open_findings(harness.database) == ["authority_reversed"]
    await harness.hear(decision("D2", on=date(2017, 6, 1)))
    assert await open_findings(harness.database) == []


async def test_a_decision_that_was_known_first_verifies_the_act(harness: ContractsHarness) -> None:
    await harness.hear(decision())
    assert await act(harness.database)
    assert await open_findings(harness.database) == []


async def test_a_decision_of_a_later_day_verifies_the_act_whichever_is_known_first(harness: ContractsHarness) -> None:
    await harness.hear(decision(on=date(2017, 4, 3)))
    assert await act(harness.database)
    assert await open_findings(harness.database) == []


async def test_a_reversed_decision_is_questioned_of_acts_without_a_revision_too(harness: ContractsHarness) -> None:
    await act(harness.database, revision=0)
    await harness.hear(decision(), reversal())
    assert await open_findings(harness.database) == ["authority_reversed"]


async def test_a_reversal_that_comes_first_leaves_the_same_findings(harness: ContractsHarness) -> None:
    await act(harness.database)
    await harness.hear(reversal(), decision())
    assert await open_findings(harness.database) == ["authority_reversed"]


@pytest.mark.parametrize(
    "other", [{"revision": 1}, {"outcome": "rejected"}, {"action": "contract.ratify"}, {"subject": "OTHER"}]
)
async def test_a_decision_on_something_else_verifies_nothing(harness: ContractsHarness, other: dict[str, Any]) -> None:
    await harness.hear(decision(**other))
    assert not await act(harness.database)
    assert await open_findings(harness.database) == ["authority_unverified"]


async def test_the_order_of_decisions_and_reversals_changes_nothing(harness: ContractsHarness) -> None:
    await act(harness.database)
    told: list[Event] = [decision(), reversal(), decision(minute="corrected", on=date(2017, 3, 2))]
    for order in permutations(told):
        await harness.hear(*order)
        assert await open_findings(harness.database) == ["authority_reversed"], order
    rows = await harness.database.fetch("SELECT minute FROM known_decision")
    assert [row["minute"] for row in rows] == ["corrected"]


async def test_the_pack_refuses_from_its_day_what_has_no_decision_and_warned_before(harness: ContractsHarness) -> None:
    async def refused(on: date, form: str = "") -> list[str]:
        found = await why_not_authorised(
            harness.database, COMMIT, "BC-PLAN", ["05C", "05L"], on=on, field="plan", revision=2, form=form
        )
        return [error.message for error in found]

    assert await refused(BEFORE) == []
    assert await refused(AFTER) == [
        f"{code} has not decided on {COMMIT} of BC-PLAN: authority-2016 asks for a published decision"
        for code in ("05C", "05L")
    ]
    assert await refused(date(2027, 3, 31), form="consolidation.at_once") == []
    assert len(await refused(date(2027, 4, 1), form="consolidation.at_once")) == 2
    await harness.hear(decision(binds=("05C", "05L")))
    assert await refused(AFTER) == []
    assert await deciding(harness.database, COMMIT, "BC-PLAN", ["05C"], on=date(2017, 2, 28)) == frozenset()
