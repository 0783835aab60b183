"""Who followed whom, however many steps away."""

from datetime import date, datetime

from libs.common.database import Database, raw
from services.registry.lineage import lineage_of
from tests.registry.desk import Desk

STATED = datetime.fromisoformat("2022-10-31T00:00:00+00:00")


async def test_a_chain_of_two_mergers_resolves_by_the_day_asked_about(desk: Desk) -> None:
    await desk.open("10G", "10T", "11C", "10C", "10V")
    await desk.merge("15D", "10G", "10T", "11C", on="2018-04-01")
    await desk.merge("D4U1Y", "15D", "10C", "10V", on="2021-04-01")

    async def resolved(as_at: str) -> list[str]:
        found = await desk.call("GET", "/organisations/10G/lineage", params={"as_at": as_at})
        return list(found["resolves_to"])

    days = ("2018-03-31", "2018-04-01", "2021-03-31", "2021-04-01")
    assert [await resolved(day) for day in days] == [["10G"], ["15D"], ["15D"], ["D4U1Y"]]
    whole = await desk.call("GET", "/organisations/D4U1Y/lineage")
    assert {step["code"] for step in whole["before"]} == {"10G", "10T", "11C", "15D", "10C", "10V"}
    assert whole["after"] == []
    assert {step["merger"] for step in whole["before"]} == {"M-15D", "M-D4U1Y"}


async def test_the_lineage_of_a_code_that_was_never_given_is_not_found(desk: Desk) -> None:
    await desk.call("GET", "/organisations/ZZZ/lineage", expect=404)


async def test_self_references_circles_and_splits_end_the_walk(database: Database) -> None:
    async with database.begin() as session:
        rows = [
            ("A1", "A1", date(2010, 4, 1)),
            ("A1", "B1", date(2011, 4, 1)),
            ("A1", "B2", date(2011, 4, 1)),
            ("C1", "C2", date(2012, 4, 1)),
            ("C2", "C1", date(2013, 4, 1)),
        ]
        await (await raw(session)).executemany(
            "INSERT INTO succession (code, successor, effective_on, stated_at, source) VALUES ($1, $2, $3, $4, 'test')",
            [(*row, STATED) for row in rows],
        )
    split = await lineage_of(database, "A1", as_at=date(2015, 1, 1))
    assert split.resolves_to == ("B1", "B2")
    circle = await lineage_of(database, "C1", as_at=date(2015, 1, 1))
    assert circle.resolves_to == ("C1", "C2")
    unknown_then = await lineage_of(
        database, "A1", as_at=date(2015, 1, 1), as_known=datetime.fromisoformat("2022-10-30T00:00:00+00:00")
    )
    assert unknown_then.resolves_to == ("A1",)
