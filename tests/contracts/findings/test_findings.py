"""A finding is raised once, cleared once, and read by those whom it concerns alone."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

from libs.common.database.connection import Database
from libs.common.identity import Caller, Role
from libs.common.messaging.bus.direct import DirectBus
from services.contracts.findings.commands import NewFinding, clear_findings, raise_findings
from services.contracts.findings.models import FindingKind
from services.contracts.findings.queries import FindingFilter, list_findings
from tests.support.apps import running_service
from tests.support.contracts_harness import a_lead, at
from tests.support.edge import Tokens

DUE = date(2017, 9, 30)
OPENS = NewFinding(
    key="notice_window_opens:CSU-BUCKS-2017:2017-09-30",
    kind=FindingKind.NOTICE_WINDOW_OPENS,
    about=("CSU-BUCKS-2017",),
    parties=("10Y", "10H"),
    text="Notice of CSU-BUCKS-2017 is due by 2017-09-30",
    effective_on=date(2017, 6, 30),
    due_on=DUE,
    exposure_pence=60_500_000,
)
LATE = OPENS._replace(key="late:BC", kind=FindingKind.LATE, about=("BC",), parties=("05C",), due_on=None)


async def raised(database: Database, *findings: NewFinding, stated: datetime) -> int:
    async with database.begin() as session:
        return await raise_findings(session, findings, stated_at=stated)


async def cleared(database: Database, key: str, *, on: date) -> int:
    async with database.begin() as session:
        return await clear_findings(session, [key], on=on, reason="notice_served", stated_at=at(on))


async def listed(
    database: Database,
    by: Caller,
    *,
    as_at: date = date(2018, 1, 1),
    as_known: datetime | None = None,
    after: tuple[date, int] | None = None,
    limit: int = 10,
    **filters: Any,
) -> Sequence[Any]:
    found = await list_findings(
        database, FindingFilter(**filters), by=by, as_at=as_at, as_known=as_known, after=after, limit=limit
    )
    return [(row["key"], row["cleared_on"]) for row in found]


async def events(database: Database) -> list[tuple[str, list[str]]]:
    return [(row["name"], row["keys"]) for row in await database.fetch("SELECT name, keys FROM outbox ORDER BY id")]


async def test_a_finding_is_raised_once_and_told_to_whom_it_concerns(database: Database) -> None:
    assert await raised(database, OPENS, OPENS, LATE, stated=at(date(2017, 6, 30))) == 2
    assert await raised(database, OPENS, stated=at(date(2017, 7, 1))) == 0
    assert await listed(database, a_lead("10H")) == [(OPENS.key, None)]
    assert await listed(database, a_lead("0CX")) == []
    national = Caller(subject="england", roles=frozenset({Role.CONTRACT_LEAD}), organisations=frozenset({"*"}))
    assert await listed(database, national) == [(OPENS.key, None), (LATE.key, None)]
    assert [name for name, _ in await events(database)] == ["ContractFindingRaised"] * 2
    assert set((await events(database))[0][1]) == {OPENS.key, "CSU-BUCKS-2017", "10H", "10Y"}


async def test_what_was_cleared_stays_known_as_it_was_and_may_be_raised_again(database: Database) -> None:
    await raised(database, OPENS, stated=at(date(2017, 6, 30)))
    assert await cleared(database, OPENS.key, on=date(2017, 9, 1)) == 1
    assert await cleared(database, OPENS.key, on=date(2017, 9, 2)) == 0
    bucks = a_lead("10Y")
    assert await listed(database, bucks) == []
    assert await listed(database, bucks, with_cleared=True) == [(OPENS.key, date(2017, 9, 1))]
    assert await listed(database, bucks, as_at=date(2017, 8, 31)) == [(OPENS.key, date(2017, 9, 1))]
    assert await listed(database, bucks, as_known=datetime(2017, 8, 1, tzinfo=UTC)) == [(OPENS.key, None)]
    assert await raised(database, OPENS, stated=at(date(2017, 10, 1))) == 1
    assert await listed(database, bucks) == [(OPENS.key, None)]


async def test_findings_are_filtered_and_paged_by_the_day_on_which_they_are_due(database: Database) -> None:
    later = OPENS._replace(key="second", due_on=date(2017, 12, 31), parties=("10H",))
    await raised(database, LATE, later, OPENS, stated=at(date(2017, 6, 30)))
    england = a_lead()
    assert [key for key, _ in await listed(database, england)] == [OPENS.key, "second", LATE.key]
    assert await listed(database, england, kind="late") == [(LATE.key, None)]
    assert await listed(database, england, about="BC") == [(LATE.key, None)]
    assert [key for key, _ in await listed(database, england, party="10Y")] == [OPENS.key]
    rows = await database.fetch("SELECT id FROM finding WHERE key = 'second'")
    assert await listed(database, england, after=(date(2017, 12, 31), rows[0]["id"])) == [(LATE.key, None)]
    assert await listed(database, england, as_at=date(2017, 6, 29)) == []


async def test_a_finding_that_was_raised_again_is_on_its_own_page(database: Database, url: str, tokens: Tokens) -> None:
    await raised(database, OPENS, stated=at(date(2017, 6, 30)))
    await cleared(database, OPENS.key, on=date(2017, 7, 1))
    await raised(database, OPENS, stated=at(date(2017, 7, 2)))
    reader = tokens.header(Role.PARTNER, organisations=("10H",))
    async with running_service("contracts", tokens.settings(url), DirectBus({"registry": url}), reader) as (_, client):
        path, read = "/v1/findings?cleared=true&limit=1&as_at=2017-08-01", []
        while path:
            answer = (await client.get(path)).json()
            read += [(one["finding"], one["cleared_on"]) for one in answer["items"]]
            path = answer.get("next")
    assert read == [(OPENS.key, "2017-07-01"), (OPENS.key, None)]
