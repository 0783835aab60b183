"""What is heard of parties gives the same in any order and any repetition, and is asked for as known."""

from datetime import date
from itertools import permutations

from libs.common.events import Event
from libs.common.events.contracts import SupplierChangedHands
from libs.common.events.registry import (
    OrganisationOpened,
    OrganisationRelated,
    OrganisationSucceeded,
    OrganisationUnrelated,
    SuccessionUndone,
)
from services.finance.parties.queries import footprint_lens, footprints_of, get_sectors
from tests.support.finance_harness import FinanceHarness, at

HOSTED, SOLD = date(2013, 4, 1), date(2017, 4, 1)
STATED, TAKEN_BACK = date(2017, 6, 12), date(2018, 6, 12)


def _hands(supplier: str, stated: date, sector: str, owner: str) -> SupplierChangedHands:
    return SupplierChangedHands(
        effective_on=SOLD,
        stated_at=at(stated),
        supplier=supplier,
        owner=owner,
        host="",
        owner_sector=sector,
        status="acquired",
    )


def _events(supplier: str) -> tuple[Event, ...]:
    return (
        OrganisationOpened(effective_on=HOSTED, stated_at=at(HOSTED), code="13N", name="England", kind="nhs_england"),
        OrganisationRelated(effective_on=HOSTED, stated_at=at(HOSTED), code="13N", relation="hosts", other=supplier),
        _hands(supplier, STATED, "private", "CAPITA"),
        _hands(supplier, TAKEN_BACK, "", ""),
    )


async def test_any_order_and_repetition_give_the_same_sectors(harness: FinanceHarness) -> None:
    found = set()
    for number, order in enumerate([*permutations(range(4))][::3]):
        events = _events(f"UNIT{number}")
        await harness.hear(*(events[index] for index in order))
        await harness.hear(*(events[index] for index in reversed(order)))
        on_the_days = []
        for as_known in (at(date(2017, 6, 11)), at(STATED, 12), at(TAKEN_BACK, 12), None):
            sectors = await get_sectors(harness.database, f"UNIT{number}", as_known=as_known)
            on_the_days.append(tuple(sectors.on(f"UNIT{number}", day) for day in (HOSTED, SOLD)))
        found.add(tuple(on_the_days))
    assert found == {(("public", "public"), ("public", "private"), ("public", "public"), ("public", "public"))}


async def test_the_sector_of_a_supplier_that_was_taken_over_is_that_of_its_successor(harness: FinanceHarness) -> None:
    """A unit that was sold merges into one that is not: what it is owed from then on is owed to a public body."""
    merged = date(2018, 10, 1)
    opened = [
        OrganisationOpened(effective_on=HOSTED, stated_at=at(HOSTED), code=code, name=code, kind="csu")
        for code in ("0AQ", "0DJ")
    ]
    succeeded = OrganisationSucceeded(
        effective_on=merged, stated_at=at(merged), code="0AQ", successor="0DJ", shape="acquisition", share="1"
    )
    undone = SuccessionUndone(effective_on=merged, stated_at=at(date(2019, 1, 1)), code="0AQ", successor="0DJ")
    await harness.hear(undone, succeeded, _hands("0AQ", STATED, "private", "CAPITA"), *opened, succeeded, undone)
    found = [
        (await get_sectors(harness.database, "0AQ", as_known=known)).on("0AQ", day)
        for known in (at(date(2018, 12, 1)), None)
        for day in (HOSTED, SOLD, merged)
    ]
    assert found == ["public", "private", "public", "public", "private", "private"]
    [*_, last] = (await get_sectors(harness.database, "0AQ", as_known=at(date(2018, 12, 1)))).periods("0AQ")
    assert (last.basis, last.because, last.days.start) == ("successor", ("0DJ",), merged)


async def test_a_footprint_has_the_parts_of_each_day(harness: FinanceHarness) -> None:
    part = {"relation": "part of footprint", "other": "E54000042"}
    await harness.hear(
        OrganisationRelated(effective_on=HOSTED, stated_at=at(HOSTED), code="10H", **part),
        OrganisationRelated(effective_on=HOSTED, stated_at=at(HOSTED), code="10Y", **part),
        OrganisationUnrelated(effective_on=SOLD, stated_at=at(STATED), code="10Y", **part),
    )
    lens = await footprint_lens(harness.database, "E54000042")
    assert [lens.has("10Y", day) for day in (HOSTED, date(2017, 3, 31), SOLD)] == [True, True, False]
    before = await footprint_lens(harness.database, "E54000042", as_known=at(date(2017, 1, 1)))
    assert before.has("10Y", SOLD)
    assert not before.has("06H", SOLD)
    assert await footprints_of(harness.database, ["10Y"], as_at=SOLD) == []
    assert await footprints_of(harness.database, ["10Y", "10H"], as_at=SOLD) == ["E54000042"]
