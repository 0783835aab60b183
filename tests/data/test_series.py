"""The lists of 211 CCGs through all 37 mergers to 106, and those of 2019 through one year: both series, and bridges."""

from collections import Counter
from collections.abc import AsyncIterator, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from libs.common.database.connection import Database
from libs.common.events.registry import CCGMerged, OrganisationOpened, PopulationPublished
from services.finance.core.years import FinancialYear
from services.finance.series.queries import get_bridge, list_series
from tests.data.whole import rows
from tests.support.databases import Databases, NewDatabase
from tests.support.finance_harness import EVERYTHING, FinanceHarness, at
from tests.support.platform import schema

LISTED, ESTIMATED = date(2015, 1, 1), date(2020, 4, 1)
EVERYBODY, OF_NO_CCG, IN_2019 = 56_938_358, 2_759, 56_286_961
BODIES = {
    date(2015, 3, 31): 211,
    date(2015, 4, 1): 209,
    date(2017, 4, 1): 207,
    date(2018, 4, 1): 195,
    date(2019, 4, 1): 191,
    date(2020, 4, 1): 135,
    date(2021, 4, 1): 106,
}
PEOPLE = {
    (date(2018, 4, 1), "14Y"): 537_381,
    (date(2020, 4, 1), "93C"): 1_514_582,
    (date(2021, 4, 1), "W2U3Z"): 2_293_189,
    (date(2021, 4, 1), "D4U1Y"): 760_990,
}


def mergers(shared: Path) -> list[CCGMerged]:
    return [
        CCGMerged(
            effective_on=(day := date.fromisoformat(row["effective_date"])),
            stated_at=at(day),
            merger=f"M-{row['successor_code']}",
            successor=row["successor_code"],
            successor_name="",
            predecessors=tuple(row["predecessor_codes"].split()),
        )
        for row in rows(shared / "ods-succession" / "ccg_merger_events_37.csv")
    ]


def lists(shared: Path) -> Counter[str]:
    """The people on the lists of each body, by the file's code."""
    people: Counter[str] = Counter()
    for row in rows(shared / "gp-weighted-populations" / "patient_list_size_2015_01-03.csv.gz"):
        sexes = (int(Decimal(number)) for name, number in row.items() if name.startswith(("Male ", "Female ")))
        people[row["PCO Code"]] += sum(sexes)
    return people


def counts(people: Mapping[str, int], basis: str, day: date) -> list[PopulationPublished]:
    return [
        PopulationPublished(effective_on=day, stated_at=at(day), code=code, basis=basis, people=number)
        for code, number in people.items()
    ]


@pytest.fixture
async def harness(templates: Databases, new_database: NewDatabase) -> AsyncIterator[FinanceHarness]:
    database = Database(await new_database(await templates.template_for("finance", schema("finance"))))
    await database.open()
    yield FinanceHarness(database)
    await database.close()


async def by_body(harness: FinanceHarness, boundaries: date, *, basis: str, year: int) -> dict[str, int]:
    found = await list_series(
        harness.database,
        None,
        sight=EVERYTHING,
        today=boundaries,
        measure="population",
        series="management",
        years=(FinancialYear(year), FinancialYear(year)),
        boundaries=boundaries,
        basis=basis,
        planned=False,
        as_known=None,
        after=None,
        limit=1000,
    )
    return {row.organisation: row.amount for row in found}


async def test_the_lists_of_2015_are_the_same_people_on_the_boundaries_of_every_day(
    harness: FinanceHarness, shared: Path
) -> None:
    listed = lists(shared)
    merged = mergers(shared)
    established = {one.successor for one in merged}
    in_2013 = {row["CCG13CDH"] for row in rows(shared / "ons-lookups" / "CCG_APR_2013.csv")}
    ccgs = {code: listed[f"{code}00"] for code in sorted(in_2013)}
    dissolved = {code for one in merged for code in one.predecessors} - established
    assert (len(ccgs), len(merged), sum(ccgs.values())) == (211, 37, EVERYBODY)
    assert dissolved <= ccgs.keys()
    assert sum(listed.values()) - EVERYBODY == OF_NO_CCG
    names = rows(shared / "ons-lookups" / "ref_ccg20.csv")
    in_2020 = {row["CCG20CD"]: row["CCG20CDH"] for row in names}
    estimates = rows(shared / "gp-weighted-populations" / "ccg_population_mid2019_135ccgs.csv")
    mid_2019 = {in_2020[row["ccg_code"]]: int(Decimal(row["total_population"])) for row in estimates}

    opened = [
        OrganisationOpened(effective_on=day, stated_at=at(day), code=code, name=code, kind="ccg")
        for day in [date(2013, 4, 1)]
        for code in ccgs
    ]
    published = [*counts(ccgs, "registered", LISTED), *counts(mid_2019, "resident", ESTIMATED)]
    await harness.hear(*merged[20:], *opened, *published, *merged[:20], *merged)

    for boundaries, bodies in BODIES.items():
        people = await by_body(harness, boundaries, basis="registered", year=2014)
        assert (len(people), sum(people.values())) == (bodies, EVERYBODY)
        for (day, code), number in PEOPLE.items():
            assert day != boundaries or people[code] == number
        for code in [code for day, code in PEOPLE if day == boundaries]:
            bridge = await get_bridge(
                harness.database,
                code,
                FinancialYear(2014),
                sight=EVERYTHING,
                today=boundaries,
                measure="population",
                boundaries=boundaries,
                prices=None,
                basis="registered",
                planned=False,
                as_known=None,
            )
            assert (bridge.statutory, bridge.management, bridge.not_restated) == (0, people[code], [])
            assert sum(line.amount for line in bridge.lines) == people[code]
            assert {line.kind for line in bridge.lines} == {"merger"}

    for boundaries, bodies in {ESTIMATED: 135, date(2021, 4, 1): 106}.items():
        people = await by_body(harness, boundaries, basis="resident", year=2020)
        assert (len(people), sum(people.values())) == (bodies, IN_2019)
