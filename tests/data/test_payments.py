"""The payments of London's and Somerset's commissioners, to the pound, before and after they merged."""

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import pytest

from libs.common.database.connection import Database
from libs.common.database.migrations import migrate
from libs.common.events.registry import CCGMerged, OrganisationSucceeded
from services.contracts.imports.views import PaymentImportView
from services.contracts.spend.models import Flag
from services.contracts.spend.queries import SpendBy
from tests.support.contracts_harness import ContractsHarness, at
from tests.support.databases import Databases, NewDatabase
from tests.support.payments import imported, name, payments, spend

NORTH_WEST = ("07P", "07W", "07Y", "08C", "08E", "08G", "08Y", "09A")
NORTH_EAST = ("07L", "07T", "08F", "08M", "08N", "08V", "08W")
NORTH_CENTRAL = ("07M", "07R", "07X", "08D", "08H")
APRIL_2020, APRIL_2021 = date(2020, 4, 1), date(2021, 4, 1)
POUND = 100


@pytest.fixture
async def database(templates: Databases, new_database: NewDatabase) -> AsyncIterator[Database]:
    """A contracts database."""
    opened = Database(await new_database(await templates.template_for("contracts_migrated", _build)))
    await opened.open()
    yield opened
    await opened.close()


async def _build(url: str) -> None:
    await migrate(url, "contracts")


def _merged(successor: str, predecessors: tuple[str, ...], on: date) -> CCGMerged:
    return CCGMerged(
        effective_on=on,
        stated_at=at(on, 0),
        merger=f"M-{successor}",
        successor=successor,
        successor_name=f"NHS {successor}",
        predecessors=predecessors,
    )


async def _london(database: Database, shared: Path, file: str) -> PaymentImportView:
    content = (shared / "london-ccg-spend-2020-21" / file).read_bytes()
    return await imported(database, content, file=file)


async def test_payments_of_london_to_its_support_units_before_and_after_the_mergers(
    database: Database, shared: Path
) -> None:
    await ContractsHarness(database).hear(
        _merged("93C", NORTH_CENTRAL, APRIL_2020),
        _merged("W2U3Z", NORTH_WEST, APRIL_2021),
        _merged("A3A8R", NORTH_EAST, APRIL_2021),
    )
    done = await _london(database, shared, "london_ccg_payments.csv.gz")
    assert (done.state, done.lines, done.taken, done.repeated, done.refused) == ("done", 76_077, 76_077, 0, 0)
    whole = (await spend(database, by=SpendBy.TOTAL))["total"].figures
    assert (whole.lines - whole.without_amount, whole.amount_pence) == (76_072, 7_292_166_399 * POUND)
    assert (whole.without_amount, whole.without_day) == (5, 15)
    assert [one.flags[0].flag for one in await payments(database, flag=Flag.AMOUNT_MISSING)] == ["amount_missing"] * 5
    assert {one.payer for one in await payments(database, flag=Flag.DAY_MISSING)} == {"07P"}

    for written in ("NHS NEL CSU", "TRUST NHS NEL CSU"):
        await name(database, written, "0DJ")
    await name(database, "North of England Commissioning Support Unit", "0AR")
    units = ("0DJ", "0AR")
    of_units = (await spend(database, by=SpendBy.TOTAL, suppliers=units))["total"].figures
    assert (of_units.lines, of_units.amount_pence) == (123, 32_366_313 * POUND)
    assert (of_units.reversals, of_units.reversed_pence) == (10, -2_817_387 * POUND)
    assert (of_units.duplicates, of_units.duplicate_pence) == (1, 72_538 * POUND)

    before = await spend(database, suppliers=units)
    after = await spend(database, payers_on=APRIL_2021, suppliers=units)
    assert len(before) == 12
    assert {key: group.figures.amount_pence // POUND for key, group in after.items()} == {
        "W2U3Z": 877_329,
        "A3A8R": 12_505_800,
        "93C": 561_688,
        "72Q": 12_325_443,
        "36L": 6_096_053,
    }
    assert (after["A3A8R"].payers_missing, after["W2U3Z"].payers_missing, after["93C"].payers_missing) == (
        ["07T"],
        [],
        [],
    )
    own = {part.payer.code: part.figures for group in after.values() for part in group.payers}
    assert own == {key: group.figures for key, group in before.items()}
    everything = await spend(database, payers_on=APRIL_2021)
    assert everything["W2U3Z"].figures.amount_pence == 1_668_651_399 * POUND
    assert everything["A3A8R"].figures.amount_pence == 2_015_446_048 * POUND

    again = await _london(database, shared, "london_ccg_csu_payments.csv")
    assert (again.state, again.lines, again.taken, again.repeated) == ("done", 123, 0, 123)


async def test_payments_of_somerset_through_its_declared_succession(database: Database, shared: Path) -> None:
    july_2022 = date(2022, 7, 1)
    content = (shared / "icb-spend-over-threshold" / "spend_somerset.csv.gz").read_bytes()
    done = await imported(database, content, file="spend_somerset.csv.gz")
    assert (done.lines, done.taken, done.refused) == (40_167, 40_167, 0)
    assert set(await spend(database)) == {"NHS Somerset CCG", "NHS Somerset ICB"}
    await name(database, "NHS Somerset CCG", "11X", last_day=date(2022, 6, 30))
    await name(database, "NHS Somerset ICB", "QSL", since=july_2022)
    for one, code in (("SOUTH CENTRAL AND WEST", "0CX"), ("NORTH OF ENGLAND", "0AR")):
        await name(database, f"NHS {one} COMMISSIONING SUPPORT UNIT", code)
    await ContractsHarness(database).hear(
        OrganisationSucceeded(
            effective_on=july_2022,
            stated_at=at(july_2022, 0),
            code="11X",
            successor="QSL",
            shape="abolition",
            share="1",
        )
    )
    pounds = {key: group.figures.amount_pence for key, group in (await spend(database)).items()}
    assert pounds == {"11X": 551_736_952_48, "QSL": 4_516_127_951_72}
    [(key, group)] = (await spend(database, payers_on=july_2022)).items()
    assert (key, group.figures.amount_pence) == ("QSL", 5_067_864_904_20)
    assert (group.figures.duplicates, group.figures.duplicate_pence) == (1_299, 105_391_929_69)
    assert group.months_missing == [*(f"2021-{month:02}" for month in range(8, 13)), "2022-01", "2022-02", "2022-03"]
    assert (await spend(database, payers_on=date(2022, 6, 30))).keys() == {"11X", "QSL"}
