"""ODS files of successions: every line is stated, whatever the codes name."""

import re
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.events import Event
from libs.common.events.registry import OrganisationSucceeded
from services.registry.imports.files.repeats import REPEATED
from services.registry.imports.files.source_file import Form, SourceFile
from services.registry.imports.files.values import Unusable, code_of, day_of, iso_day
from services.registry.imports.formats.ods_rows import Columns
from services.registry.imports.report import FileReport

_FIVE, _THREE = 5, 3
_HEADER = ["old_code", "new_code", "effective_date"]


@dataclass(frozen=True, slots=True)
class SuccessionLine:
    """A line that states a succession: from a day `successor` takes over from `code`."""

    code: str
    successor: str
    effective_on: date


async def take(_: AsyncSession, file: SourceFile, stated_at: datetime, report: FileReport) -> AsyncIterator[Event]:
    """State every line, oldest first: mergers of CCGs follow from them, as far as the registry knows the bodies.

    A body that a line names as its own successor is stated so too: its lineage continues with it.
    """
    saying = file.saying(stated_at)
    found = sorted(_rows(file, report), key=lambda row: row.effective_on)
    for row in found:
        if row.code == row.successor:
            report.find("own successor", row.code, f"by the file it succeeds itself on {row.effective_on}")
        yield OrganisationSucceeded(code=row.code, successor=row.successor, effective_on=row.effective_on, **saying)


def _rows(file: SourceFile, report: FileReport) -> Iterator[SuccessionLine]:
    seen: dict[SuccessionLine, int] = {}
    for line, columns in file.lines():
        report.lines += 1
        try:
            row = _row(columns, _THREE if file.form.header else _FIVE)
        except ValueError as reason:
            report.refuse(line, columns[0], str(reason))
            continue
        if row in seen:
            report.find(REPEATED, row.code, f"line {line} repeats line {seen[row]}")
            continue
        seen[row] = line
        yield row


def _row(columns: Columns, width: int) -> SuccessionLine:
    if len(columns) != width:
        raise Unusable(f"it has {len(columns)} columns, not {width}")
    day = day_of(columns[3], "date") if width == _FIVE else iso_day(columns[2])
    return SuccessionLine(code_of(columns[0]), code_of(columns[1]), day)


def _fits_five(_: str, lines: Sequence[list[str]]) -> bool:
    return len(lines[0]) == _FIVE and re.fullmatch(r"\d{8}", lines[0][3]) is not None


def _fits_three(_: str, lines: Sequence[list[str]]) -> bool:
    return lines[0] == _HEADER


FORMS = (
    Form(
        key="succ",
        title="successions, five columns",
        family="ods-succession",
        by="lines of five columns: old code, new code, reason, day, indicator; no header",
        fits=_fits_five,
        take=take,
    ),
    Form(
        key="successions",
        title="successions, three columns",
        family="ods-succession",
        by=f"a first line with the columns {', '.join(_HEADER)}",
        fits=_fits_three,
        take=take,
        header=True,
    ),
)
