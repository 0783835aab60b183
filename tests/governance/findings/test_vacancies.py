"""A post that has to be filled is a finding from its first day without a holder, read by its organisation alone."""

from datetime import date

from libs.common.database.connection import Database, raw
from libs.common.findings import FindingFilter
from libs.common.identity import Role
from libs.common.messaging.bus.direct import DirectBus
from services.governance.appointments.vacancies import find_vacancies
from services.governance.findings.queries import list_findings
from tests.support.apps import running_service
from tests.support.edge import Tokens
from tests.support.governance_harness import ENGLAND_OPENED, MERGED_ON, GovernanceHarness, a_lead, a_merger, at

OFFICER = "post_vacant:10H/accountable-officer"
LEFT = date(2014, 6, 30)


async def due(database: Database, day: date) -> int:
    async with database.begin() as session:
        return await find_vacancies(session, up_to=day, stated_at=at(day), by=a_lead())


async def listed(database: Database, *organisations: str, as_at: date) -> list[tuple[str, date]]:
    found = await list_findings(
        database, FindingFilter(), by=a_lead(*organisations), as_at=as_at, as_known=None, after=None, limit=10
    )
    return [(row["key"], row["raised_on"]) for row in found]


async def test_a_mandatory_post_is_found_vacant_once_and_cleared_when_it_is_filled(
    harness: GovernanceHarness, database: Database
) -> None:
    await harness.person("P-ao")
    await harness.body("10H", "Chair")
    assert await due(database, ENGLAND_OPENED) == 1
    assert await due(database, ENGLAND_OPENED) == 0
    assert await listed(database, "10H", as_at=ENGLAND_OPENED) == [(OFFICER, ENGLAND_OPENED)]
    assert await listed(database, "10Y", as_at=ENGLAND_OPENED) == []

    officer = await harness.appoint("10H/accountable-officer", "P-ao", date(2013, 5, 1))
    assert await due(database, date(2013, 5, 1)) == 1
    assert await listed(database, "10H", as_at=date(2013, 5, 1)) == []
    await harness.end(officer, LEFT)
    assert await due(database, LEFT) == 0
    assert await due(database, date(2014, 7, 5)) == 1
    assert await listed(database, "10H", as_at=date(2014, 7, 5)) == [(OFFICER, date(2014, 7, 1))]
    for earlier in (ENGLAND_OPENED, date(2013, 5, 1)):
        assert await due(database, earlier) == 0, "what was so on an earlier day is neither raised nor cleared again"
    told = [event for event in await harness.told() if event["name"].startswith("GovernanceFinding")]
    assert [(event["name"], event["effective_on"], event["parties"]) for event in told] == [
        ("GovernanceFindingRaised", "2013-04-01", ["10H"]),
        ("GovernanceFindingCleared", "2013-05-01", ["10H"]),
        ("GovernanceFindingRaised", "2014-07-01", ["10H"]),
    ]


async def test_vacancies_of_many_bodies_are_found_in_as_many_statements_as_of_one(
    harness: GovernanceHarness, database: Database
) -> None:
    async def found() -> tuple[int, int]:
        counted: list[object] = []
        count = counted.append
        async with database.begin() as session:
            connection = await raw(session)
            connection.add_query_logger(count)
            raised = await find_vacancies(session, up_to=MERGED_ON, stated_at=at(MERGED_ON), by=a_lead())
            connection.remove_query_logger(count)
        return raised, len(counted)

    await harness.body("10H")
    await found()  # types are looked up once a connection
    await harness.body("10Y")
    one, of_one = await found()
    codes = ("10A", "10B", "15A")
    await harness.hear_of_ccgs(*codes)
    for code in codes:
        await harness.body(code)
    several, of_several = await found()
    assert (one, several, of_several <= of_one) == (1, 3, True)


async def test_a_merger_moves_the_finding_to_the_successor_that_reads_its_predecessors_too(
    harness: GovernanceHarness, database: Database, url: str, tokens: Tokens
) -> None:
    await harness.body("10H", "Chair")
    await due(database, ENGLAND_OPENED)
    await harness.hear(a_merger())
    await due(database, MERGED_ON)
    assert await listed(database, "10H", as_at=MERGED_ON) == []
    assert await listed(database, "14Y", as_at=MERGED_ON) == [("post_vacant:14Y/accountable-officer", MERGED_ON)]
    reader = tokens.header(Role.PARTNER, organisations=("14Y",))
    buses = DirectBus(dict.fromkeys(("registry", "contracts", "finance"), url))
    async with running_service("governance", tokens.settings(url), buses, reader) as (_, client):
        asked = {"as_at": "2018-04-01", "cleared": "true", "limit": "1"}
        answer = (await client.get("/v1/findings", params=asked)).json()
        assert [(one["finding"], one["reason"]) for one in answer["items"]] == [(OFFICER, "post_ended")]
        second = (await client.get(answer["next"])).json()
        assert [one["finding"] for one in second["items"]] == ["post_vacant:14Y/accountable-officer"]
        packs = (await client.get("/v1/rule-packs")).json()
        assert packs[0]["citation"]
        pack = await client.get(f"/v1/rule-packs/{packs[0]['id']}")
        assert pack.json()["values"]
        assert (await client.get("/v1/rule-packs/gravity-1687")).status_code == 404
