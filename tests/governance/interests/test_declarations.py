"""Who has to declare is a finding from the first day in a post, and again when the register has to be checked."""

from datetime import date
from typing import Any

import pytest

from libs.common.database.connection import Database
from libs.common.findings import FindingFilter
from services.governance.findings.queries import list_findings
from services.governance.interests import commands
from services.governance.interests import due as due_work
from services.governance.interests.due import find_undeclared
from tests.support.governance_harness import MERGED_ON, GovernanceHarness, a_lead, a_merger, at

SEATED = date(2013, 5, 1)


async def due(database: Database, day: date) -> int:
    async with database.begin() as session:
        return await find_undeclared(session, up_to=day, stated_at=at(day), by=a_lead())


async def listed(harness: GovernanceHarness, *organisations: str, as_at: date) -> list[tuple[Any, ...]]:
    """Who has to declare by when, and since when it is a finding."""
    found = await list_findings(
        *(harness.database, FindingFilter(kind="declaration_due")),
        by=a_lead(*organisations),
        as_at=as_at,
        as_known=None,
        after=None,
        limit=10,
    )
    return [(harness.called(row["about"][0]), row["about"][1], row["due_on"], row["raised_on"]) for row in found]


async def nil(harness: GovernanceHarness, short: str, organisation: str, day: date) -> None:
    command = commands.ReturnNil(organisation=organisation, person=harness.ids[short])
    async with harness.database.begin() as session:
        await commands.return_nil(session, command, by=a_lead(), today=day, stated_at=at(day))


async def test_a_declaration_is_found_missing_once_and_again_when_the_register_is_checked(
    harness: GovernanceHarness, database: Database
) -> None:
    await harness.body("10H", "Chair", "Chief finance officer")
    for short, post in (("P-chair", "10H/chair"), ("P-cfo", "10H/chief-finance-officer")):
        await harness.person(short)
        await harness.appoint(post, short, SEATED)
    assert await due(database, date(2013, 4, 30)) == 0
    assert [await due(database, SEATED), await due(database, SEATED)] == [2, 0]
    body = "10H-governing-body"
    missing = [(short, body, date(2013, 5, 29), SEATED) for short in ("P-cfo", "P-chair")]
    assert sorted(await listed(harness, "10H", as_at=SEATED)) == missing
    assert await listed(harness, "10Y", as_at=SEATED) == []

    returned = date(2013, 5, 20)
    await nil(harness, "P-chair", "10H", returned)
    assert [await due(database, returned), await due(database, returned)] == [1, 0]
    assert await due(database, SEATED) == 0, "an earlier day undoes nothing"
    assert await listed(harness, "10H", as_at=returned) == missing[:1]
    assert [await due(database, date(2013, 11, 19)), await due(database, date(2013, 11, 20))] == [0, 1]
    again = ("P-chair", body, date(2013, 11, 20), date(2013, 11, 20))
    assert await listed(harness, "10H", as_at=date(2013, 11, 20)) == [*missing[:1], again]

    told = [one for one in await harness.told() if one.get("kind") == "declaration_due"]
    assert [(one["name"], harness.called(one["about"][0]), one["effective_on"]) for one in told[2:]] == [
        ("GovernanceFindingCleared", "P-chair", "2013-05-20"),
        ("GovernanceFindingRaised", "P-chair", "2013-11-20"),
    ]
    assert "(interests-2014)" in told[0]["text"]


async def test_who_leaves_has_nothing_to_declare_and_a_successors_register_begins_anew(
    harness: GovernanceHarness, database: Database
) -> None:
    await harness.bucks()
    await due(database, SEATED)
    assert len(await listed(harness, as_at=SEATED)) == 5, "one officer of two organisations has two registers"
    await harness.hear(a_merger())
    assert await due(database, MERGED_ON) == 6
    [left] = await listed(harness, "14Y", as_at=MERGED_ON)
    assert (left[0], left[3]) == ("P-ao", MERGED_ON)
    told = [one for one in await harness.told("GovernanceFindingCleared") if one["kind"] == "declaration_due"]
    assert [one["reason"] for one in told] == ["left"] * 5


async def test_one_piece_of_work_raises_or_clears_so_many_and_the_next_ones_the_rest(
    harness: GovernanceHarness, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(due_work, "AT_ONCE", 2)
    await harness.bucks()
    assert [await due(database, SEATED) for _ in range(4)] == [2, 2, 1, 0]
    await harness.hear(a_merger())
    assert [await due(database, MERGED_ON) for _ in range(4)] == [3, 2, 1, 0]
    assert [row[0] for row in await listed(harness, as_at=MERGED_ON)] == ["P-ao"]
