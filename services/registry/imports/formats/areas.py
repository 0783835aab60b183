"""Small areas (LSOA 2011) with their CCG and local authority, as ONS looked them up for April 2021."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date

from libs.common.events import Event
from libs.common.events.registry import AreasAssigned
from services.registry.core.kinds import Kind
from services.registry.imports.files.repeats import decided
from services.registry.imports.files.values import code_of
from services.registry.imports.formats.csv_tables import Reading, Table
from services.registry.imports.formats.lookups import FAMILY, local_authority

_APRIL_2021 = date(2021, 4, 1)


def _areas(reading: Reading) -> Iterator[Event]:
    """Yield the areas of each CCG in each local authority; of an area on several lines, the later codes are taken."""
    areas: dict[tuple[str, str], list[str]] = defaultdict(list)
    names: dict[str, tuple[str, str]] = {}
    lines: dict[str, list[tuple[int, tuple[str, str]]]] = defaultdict(list)
    for line, row in reading.rows():
        area = row["LSOA11CD"]
        try:
            ccg, authority = code_of(row["CCG21CDH"]), code_of(row["LAD21CD"])
            lines[code_of(area)].append((line, (ccg, authority)))
        except ValueError as reason:
            reading.report.refuse(line, area, str(reason))
            continue
        names[ccg] = max(names.get(ccg, ("", "")), (row["CCG21NM"], row["CCG21CD"]))
        names[authority] = max(names.get(authority, ("", "")), (row["LAD21NM"], authority))
    for area, entries in lines.items():
        areas[decided(entries, area, lambda place: place, "whose codes are later", reading.report)].append(area)
    for ccg in sorted({ccg for ccg, _ in areas}):
        name, ons = names[ccg]
        yield from reading.seen(ccg, name, Kind.CCG, ons=ons)
    for authority in sorted({authority for _, authority in areas}):
        yield from local_authority(reading, authority, names[authority][0])
    for (ccg, authority), within in sorted(areas.items()):
        yield AreasAssigned(
            code=ccg,
            areas=tuple(sorted(within)),
            local_authority=authority,
            effective_on=reading.day,
            **reading.saying,
        )


FORMS = (
    Table(
        "areas of April 2021 with their CCG and local authority (ONS)",
        FAMILY,
        "LSOA11CD CCG21CDH LAD21CD",
        _areas,
        _APRIL_2021,
    ).form(),
)
