"""Reads NHS England's file of the mergers of 1 April 2020: CCGs before and after, STPs, regions, hubs."""

from collections.abc import Iterator
from datetime import date

from libs.common.events import Event
from libs.common.events.registry import OrganisationClosed, OrganisationSucceeded
from libs.organisations.successions import Shape
from services.registry.core.kinds import Kind
from services.registry.imports.files.values import code_of
from services.registry.imports.formats.csv_tables import Reading, Row, Table
from services.registry.imports.formats.lookups import in_stp_and_region, part_of

FAMILY = "nhse"
_LAST_DAY, _THE_DAY = date(2020, 3, 31), date(2020, 4, 1)


def _before(reading: Reading) -> Iterator[Event]:
    """Yield each CCG under its local office, and in its STP's footprint, up to the day of the mergers."""

    def row(one: Row) -> Iterator[Event]:
        ccg, stp, office = one["CCG Code"], one["STP Code"], one["Region (Local Office) Code"]
        yield from reading.seen(ccg, one["CCG Name"], Kind.CCG)
        yield from reading.seen(stp, one["STP Name"], Kind.STP)
        yield from reading.seen(office, one["Region (Local Office) Name"], Kind.LOCAL_OFFICE)
        yield from reading.seen(one["Region Code"], one["Region Name"], Kind.NHS_ENGLAND_REGION)
        yield part_of(reading, ccg, office, until=_THE_DAY)
        yield part_of(reading, ccg, office, relation="in local office", until=_THE_DAY)
        yield part_of(reading, ccg, stp, relation="in STP")
        yield part_of(reading, ccg, one["Region Code"], relation="in region")
        yield part_of(reading, office, one["Region Code"], until=_THE_DAY)
        yield part_of(reading, office, one["Region Code"], relation="in region", until=_THE_DAY)

    return reading.each(row)


def _after(reading: Reading) -> Iterator[Event]:
    """Yield each CCG under its STP, and that under its region, since the day of the mergers."""

    def row(one: Row) -> Iterator[Event]:
        ccg, stp, region = one["CCG Code"], one["STP Code"], one["Region Code"]
        yield from reading.seen(ccg, one["CCG Name"], Kind.CCG)
        yield from reading.seen(stp, one["STP Name"], Kind.STP)
        yield from reading.seen(region, one["Region Name"], Kind.NHS_ENGLAND_REGION)
        yield from in_stp_and_region(reading, ccg, stp, region)

    return reading.each(row)


def _stps(reading: Reading) -> Iterator[Event]:
    """Yield each STP under the local office that it had before the mergers; its number of CCGs follows from these."""

    def row(one: Row) -> Iterator[Event]:
        stp, office = one["STP Code"], one["Legacy Region (Local Office) Code"]
        yield from reading.seen(stp, one["STP Name"], Kind.STP)
        yield from reading.seen(office, one["Legacy Region (Local Office) Name"], Kind.LOCAL_OFFICE)
        yield part_of(reading, stp, office, until=_THE_DAY)
        yield part_of(reading, stp, office, relation="in local office", until=_THE_DAY)

    return reading.each(row)


def _mergers(reading: Reading) -> Iterator[Event]:
    """Yield the successions on the day of the mergers, with the names of both bodies."""

    def row(one: Row) -> Iterator[Event]:
        old, new = one["Legacy (closing) CCG Code"], one["New CCG Code"]
        yield from reading.seen(old, one["Legacy (closing) CCG Name"], Kind.CCG, on=_LAST_DAY)
        yield from reading.seen(new, one["New CCG Name"], Kind.CCG)
        yield _followed(reading, old, new, Shape.MERGER)

    return reading.each(row)


def _hubs(reading: Reading) -> Iterator[Event]:
    """Yield the commissioning hubs that closed on the day, and the new or retained ones that took over."""

    def row(one: Row) -> Iterator[Event]:
        old, new = one["Legacy (closing) Commissioning Hub Code"], one["New / Retained Commissioning Hub Code"]
        old_name = one["Legacy (closing) Commissioning Hub Name"]
        yield from reading.seen(old, old_name, Kind.COMMISSIONING_HUB, on=_LAST_DAY)
        yield from reading.seen(new, one["New / Retained Commissioning Hub Name"], Kind.COMMISSIONING_HUB)
        yield OrganisationClosed(code=old, effective_on=_THE_DAY, **reading.saying)
        yield _followed(reading, old, new, Shape.ACQUISITION)

    return reading.each(row)


def _followed(reading: Reading, old: str, new: str, shape: Shape) -> OrganisationSucceeded:
    return OrganisationSucceeded(
        code=code_of(old),
        successor=code_of(new),
        shape=shape,
        share="1",
        effective_on=_THE_DAY,
        **reading.saying,
    )


FORMS = tuple(
    Table(title, FAMILY, columns, read, day).form()
    for title, columns, read, day in (
        (
            "CCGs before April 2020, with STP and local office",
            "CCG Code|STP Code|Region (Local Office) Code|Region Code",
            _before,
            _LAST_DAY,
        ),
        ("CCGs from April 2020, with STP and region", "CCG Code|STP Code|Region Code|Region Name", _after, _THE_DAY),
        ("STPs and their local offices", "Legacy Region (Local Office) Code|STP Code|CCG Count", _stps, _LAST_DAY),
        ("mergers of CCGs of April 2020", "Legacy (closing) CCG Code|New CCG Code", _mergers, _THE_DAY),
        (
            "commissioning hubs that closed in April 2020",
            "Legacy (closing) Commissioning Hub Code|New / Retained Commissioning Hub Code",
            _hubs,
            _THE_DAY,
        ),
    )
)
