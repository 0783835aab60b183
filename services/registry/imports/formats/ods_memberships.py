"""Dated memberships of practices (ODS epcmem): the parent of each, with its days as in the file."""

import re
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.events import Event
from libs.common.events.registry import OrganisationParentChanged
from services.registry.imports.formats.ods_rows import Columns, Unusable, code_of, day_of, last_day_or_none
from services.registry.imports.formats.source_file import Form, SourceFile
from services.registry.imports.report import FileReport

_COLUMNS = 6
_COMMISSIONER = "W"
"""The only type of parent that the file has: a PCG, PCT or CCG."""


async def _take(_: AsyncSession, file: SourceFile, stated_at: datetime, report: FileReport) -> Sequence[Event]:
    return list(memberships_in(file, stated_at, report))


def memberships_in(file: SourceFile, stated_at: datetime, report: FileReport) -> Iterator[OrganisationParentChanged]:
    """Yield what each line states: a parent from the day of joining to the day of leaving, both included.

    Nothing is compared with the registry: a membership that another source contradicts, or that lasts longer than the
    parent, is recorded as it arrives, and becomes an anomaly (`services.registry.evidence.anomalies`).
    """
    saying = file.saying(stated_at)
    seen: dict[tuple[str, str, date], int] = {}
    for line, columns in file.lines():
        report.lines += 1
        try:
            event = _membership(columns, saying)
            key = (event.code, event.parent, event.effective_on)
            if key in seen:
                raise Unusable(f"line {seen[key]} states the same already")
        except Unusable as reason:
            report.refuse(line, columns[0], str(reason))
            continue
        seen[key] = line
        yield event


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


def _fits(_: str, first: Columns) -> bool:
    """Whether a first line is one of practice, parent, type, joined, left, amended."""
    return len(first) == _COLUMNS and first[2] == _COMMISSIONER and re.fullmatch(r"\d{8}", first[3]) is not None


FORMS = (Form("dated memberships of practices (epcmem)", "ods-epcmem", _fits, _take),)
