"""The exit calendar and the people of a footprint, of those who are part of it on the day, as known."""

from datetime import date
from typing import Any

import httpx

from libs.common.events.contracts import ContractSigned, NoticeDatesStated
from libs.common.events.registry import OrganisationRelated, OrganisationUnrelated, PopulationPublished
from libs.common.identity import Role
from tests.support.contract_terms import exit_terms
from tests.support.edge import Tokens
from tests.support.finance_client import kind
from tests.support.finance_harness import FinanceHarness, at

STATED, LATER = at(date(2018, 1, 10)), at(date(2018, 9, 1))
START = date(2018, 4, 1)


def contract_of(reference: str, customer: str, annual_pence: int) -> tuple[Any, ...]:
    """A contract that may be left after one year or after two, as contracts publishes it."""
    of = {
        "effective_on": START,
        "stated_at": STATED,
        "contract": reference,
        "supplier": "0CX",
        "customers": (customer,),
    }
    terms = exit_terms(
        **of,
        term_ends_on=date(2021, 3, 31),
    )
    days = {date(2020, 4, 1): date(2019, 9, 30), date(2021, 4, 1): date(2020, 9, 30)}
    return (
        ContractSigned(**of, title="HR", functions=("hr",), last_day=date(2021, 3, 31), annual_pence=annual_pence),
        terms,
        NoticeDatesStated(**of, exit_on=tuple(days), last_notice_on=tuple(days.values())),
    )


def related(code: str, on: date) -> OrganisationRelated:
    return OrganisationRelated(effective_on=on, stated_at=STATED, code=code, relation="part of footprint", other="QUE")


EVENTS = (
    *contract_of("SMALL-2018", "06H", 700_000),
    *contract_of("LARGE-2018", "10Y", 900_000),
    *contract_of("OTHER-2018", "10H", 5_000_000),
    related("06H", START),
    related("10Y", date(2018, 7, 1)),
    OrganisationUnrelated(
        effective_on=date(2018, 10, 1), stated_at=LATER, code="06H", relation="part of footprint", other="QUE"
    ),
    *(
        PopulationPublished(effective_on=START, stated_at=STATED, code=code, people=people, basis="registered")
        for code, people in (("06H", 300), ("10H", 5_000))
    ),
    PopulationPublished(effective_on=date(2018, 9, 1), stated_at=LATER, code="10Y", people=100, basis="registered"),
)


async def test_a_footprint_is_that_of_the_day_in_its_calendar_and_in_its_people(
    client: httpx.AsyncClient, harness: FinanceHarness, tokens: Tokens
) -> None:
    # Twice, and the second time the other way round.
    await harness.hear(*EVENTS)
    await harness.hear(*reversed(EVENTS))

    async def calendar(day: str, **asked: str) -> list[tuple[str, int]]:
        answer = await client.get("/v1/exit-assessments", params={"footprint": "QUE", "as_at": day} | asked)
        return [(one["contract"], one["cost_of_missing_pence"]) for one in answer.json()["items"]]

    small, large = ("SMALL-2018", 700_000), ("LARGE-2018", 900_000)
    assert await calendar("2018-06-30") == [small]
    # What the next missed notice costs most comes first.
    assert await calendar("2018-07-01") == [large, small]
    assert await calendar("2018-10-01") == [large]
    assert await calendar("2018-10-01", as_known="2018-08-31") == [large, small]
    one = tokens.header(Role.PARTNER, organisations=("06H",))
    shown = await client.get("/v1/exit-assessments", params={"footprint": "QUE", "as_at": "2018-07-01"}, headers=one)
    assert [each["contract"] for each in shown.json()["items"]] == ["SMALL-2018"]

    async def people(day: str, **asked: str) -> tuple[int, list[str], list[str]]:
        answer = await client.get("/v1/footprints/QUE/population", params={"as_at": day} | asked)
        shown = answer.json()
        return shown["people"], [each["organisation"] for each in shown["members"]], shown["uncounted"]

    assert await people("2018-06-30") == (300, ["06H"], [])
    assert await people("2018-07-01") == (300, ["06H", "10Y"], ["10Y"])
    assert await people("2018-09-30") == (400, ["06H", "10Y"], [])
    assert await people("2018-10-01") == (100, ["10Y"], [])
    assert await people("2018-10-01", as_known="2018-08-31") == (300, ["06H", "10Y"], ["10Y"])
    assert await people("2018-10-01", basis="weighted") == (0, ["10Y"], ["10Y"])
    assert kind(await client.get("/v1/footprints/QZZ/population")) == "party-not-found"
