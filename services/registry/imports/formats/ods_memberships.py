"""Dated memberships of practices (ODS epcmem): the parent of each, with its days as in the file."""

import re
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.events.registry import OrganisationParentChanged
from services.registry.imports.files.repeats import decided, later_end, repeated
from services.registry.imports.files.source_file import Form, SourceFile
from services.registry.imports.files.values import Unusable, code_of, day_of, last_day_or_none
from services.registry.imports.formats.ods_rows import Columns
from services.registry.imports.report import FileReport

_COLUMNS = 6
_COMMISSIONER = "W"
"""The only type of parent that the file has: a PCG, PCT or CCG."""


async def _take(
    _: AsyncSession, file: SourceFile, stated_at: datetime, report: FileReport
) -> AsyncIterator[OrganisationParentChanged]:
    for event in memberships_in(file, stated_at, report):
        yield event


def memberships_in(file: SourceFile, stated_at: datetime, report: FileReport) -> Iterator[OrganisationParentChanged]:
    """Yield what each line states: a parent from the day of joining to the day of leaving, both included.

    Nothing is compared with the registry: a membership that another source contradicts, or that lasts longer than the
    parent, is recorded as it arrives, and becomes an anomaly (`services.registry.evidence.anomalies`). Of lines by
    which a practice joins on one day, the one that lasts longest is taken.
    """
    saying = file.saying(stated_at)
    again = repeated(_joining(columns) for _, columns in file.lines())
    several: dict[str, list[tuple[int, OrganisationParentChanged]]] = defaultdict(list)
    for line, columns in file.lines():
        report.lines += 1
        try:
            event = _membership(columns, saying)
        except ValueError as reason:
            report.refuse(line, columns[0], str(reason))
            continue
        if (key := _joining(columns)) in again:
            several[key].append((line, event))
        else:
            yield event
    for _, entries in sorted(several.items()):
        yield decided(entries, entries[0][1].code, _precedence, "which lasts longer or has the later code", report)


def _joining(columns: Columns) -> str:
    """Return what a line is about: a practice, and the day on which it joins."""
    return f"{columns[0]} {columns[3]}" if len(columns) == _COLUMNS else ""


def _precedence(event: OrganisationParentChanged) -> tuple[date, str]:
    return later_end(event.until), event.parent


def _membership(columns: Columns, saying: dict[str, Any]) -> OrganisationParentChanged:
    if len(columns) != _COLUMNS:
        raise Unusable(f"it has {len(columns)} columns, not {_COLUMNS}")
    joined, left = day_of(columns[3], "day of joining"), last_day_or_none(columns[4], "day of leaving")
    if left is not None and left < joined:
        raise Unusable(f"it leaves on {left}, before it joins on {joined}")
    return OrganisationParentChanged(
        code=code_of(columns[0]),
        relation="commissioned by",
        parent=code_of(columns[1]),
        effective_on=joined,
        until=None if left is None else left + timedelta(days=1),
        **saying,
    )


def _fits(_: str, lines: Sequence[Columns]) -> bool:
    """Whether a first line is one of practice, parent, type, joined, left, amended."""
    first = lines[0]
    return len(first) == _COLUMNS and first[2] == _COMMISSIONER and re.fullmatch(r"\d{8}", first[3]) is not None


FORMS = (
    Form(
        key="epcmem",
        title="dated memberships of practices (epcmem)",
        family="ods-epcmem",
        by="lines of six columns: practice, parent, W, joined, left, amended; no header",
        fits=_fits,
        take=_take,
    ),
)
