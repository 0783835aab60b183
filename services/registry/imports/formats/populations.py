"""Reads counts of people: practices' patients, weighted lists, residents of CCGs; and practices in networks."""

from collections.abc import Callable, Iterator
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation

from libs.common.events import Event
from libs.common.events.registry import PopulationPublished
from services.registry.core.kinds import Kind
from services.registry.core.links import Relation
from services.registry.imports.files.values import Unusable, code_of
from services.registry.imports.formats.csv_tables import Reading, Row, Table
from services.registry.imports.formats.lookups import tied

_MID_2019, _PUBLISHED_ON = date(2019, 6, 30), date(2020, 9, 30)
"""The day for which the residents were counted, and the day on which it was published for the CCGs of April 2020."""

_WEIGHTS = {"registered": "pop 2022/23", "weighted": "Final WP", "weighted_primary_care": "Final PMC WP"}
"""By basis, the column; its heading says 2022/23 in the tables of both years."""


def people(text: str) -> int:
    """Return a number of people; a modelled number that is no whole one is rounded, half to even. Raises Unusable."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise Unusable(f"{text!r} is no number of people") from None
    if not number.is_finite() or number < 0:
        raise Unusable(f"{text!r} is no number of people")
    return int(number.quantize(Decimal(1), ROUND_HALF_EVEN))


def published(reading: Reading, code: str, basis: str, number: int, *, on: date | None = None) -> PopulationPublished:
    """Return a body's population on a day: the table's, unless another is given."""
    return PopulationPublished(
        code=code_of(code), basis=basis, people=number, effective_on=on or reading.day, **reading.saying
    )


def _residents(reading: Reading) -> Iterator[Event]:
    def row(one: Row) -> Iterator[Event]:
        ccg, number = reading.body_with(one["ccg_code"]), people(one["total_population"])
        yield published(reading, ccg, "resident", number, on=_MID_2019)

    return reading.each(row)


def _patients(reading: Reading) -> Iterator[Event]:
    """Yield each practice's patients: the sum over its columns of ages, male and female."""

    def row(one: Row) -> Iterator[Event]:
        ages = [people(number) for name, number in one.items() if name.startswith(("Male ", "Female "))]
        yield published(reading, one["Practice Code"], "registered", sum(ages))

    return reading.each(row)


def _weighted(reading: Reading) -> Iterator[Event]:
    def row(one: Row) -> Iterator[Event]:
        for basis, column in _WEIGHTS.items():
            yield published(reading, one["Practice_Code"], basis, people(one[column]))

    return reading.each(row)


def _networks(reading: Reading) -> Iterator[Event]:
    """Yield the network of each practice, and the ONS codes of its CCG and STP."""

    def row(one: Row) -> Iterator[Event]:
        network, practice = one["PCN_CODE"], one["PRACTICE_CODE"]
        yield from reading.seen(practice, one["PRACTICE_NAME"], Kind.GP_PRACTICE)
        if network and network != "U":
            yield from reading.seen(network, one["PCN_NAME"], Kind.PCN)
            yield tied(reading, practice, Relation.MEMBER_OF, network)
        yield reading.identified(code_of(one["CCG_CODE"]), one["ONS_CCG_CODE"])
        yield reading.identified(code_of(one["STP_CODE"]), one["ONS_STP_CODE"])

    return reading.each(row)


def _table(
    title: str, columns: str, read: Callable[[Reading], Iterator[Event]], day: date | None = None, family: str = "nhse"
) -> Table:
    return Table(title, family, columns, read, day)


FORMS = (
    _table(
        "residents of CCGs, mid-2019 (ONS)", "ccg_code ccg_name total_population", _residents, _PUBLISHED_ON, "ons"
    ).form(),
    _table("patients of practices by age", "Practice Code|PCO Code|Male 0-4|Female 75+", _patients).form(),
    _table("weighted populations of practices", "Practice_Code|pop 2022/23|Final WP|Final PMC WP", _weighted).form(),
    _table("practices in networks", "PRACTICE_CODE PCN_CODE ONS_CCG_CODE ONS_STP_CODE", _networks).form(),
)
