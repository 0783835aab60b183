"""A file that can be imported: its format, its day, its source, and its lines, plain or gzip."""

import calendar
import csv
import gzip
import re
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, TextIO, cast

from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.events import Event
from services.registry.core.sources import rank_of
from services.registry.imports.report import FileReport

_DAY_IN_NAME = re.compile(r"(?<!\d)(\d{4})-(\d{2})(?:-(\d{2}))?(?!\d)")


class NotRecognised(ValueError):
    """A file that is none of those that can be imported, or whose day is not known."""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file of a known form, as it stood on a day."""

    path: Path
    form: "Form"
    day: date

    @property
    def name(self) -> str:
        """The file's name, under which what it says is kept."""
        return self.path.name

    @property
    def source(self) -> str:
        """The source that its statements bear: the family of its form, and its name."""
        return f"{self.form.family}:{self.name}"

    def saying(self, stated_at: datetime) -> dict[str, Any]:
        """Return what each event has that this file states: when, its source, and the rank of that."""
        rank = self.form.rank
        if rank is None:
            rank = rank_of(self.source, self.day) or 0
        return {"stated_at": stated_at, "source": self.source, "rank": rank}

    def lines(self) -> Iterator[tuple[int, list[str]]]:
        """Give the stripped columns of each line that is not empty, with its number, without the header."""
        with opened(self.path, self.form.encoding) as text:
            reader = csv.reader(text)
            for columns in reader:
                if columns and not (self.form.header and reader.line_num == 1):
                    yield reader.line_num, [column.strip() for column in columns]


Take = Callable[[AsyncSession, SourceFile, datetime, FileReport], Awaitable[Sequence[Event]]]
"""What takes a file of one form: it returns everything that the file states, as events.

It is called inside the file's transaction, and writes nothing itself. Each event bears `**file.saying(stated_at)`. It
counts every line that says something into `report.lines`, puts a line that cannot be used at all into `report.refuse`,
and what is odd but taken into `report.find`. It must state the same whatever was imported before: what the registry
holds may lead to a finding, not to another statement. Codes that nobody described yet may be named freely.
"""


@dataclass(frozen=True, slots=True)
class Form:
    """One sort of file.

    `title` names it in reports, `family` in the sources of what it states (`ods-eccg`). `fits` says, by the file's name
    in small letters and the columns of its first line, whether a file is of this sort. `header`: the first line names
    the columns. `rank`: where it is not the one that the packs of sources give the family. `day`: of a file whose name
    says none.
    """

    title: str
    family: str
    fits: Callable[[str, list[str]], bool]
    take: Take
    header: bool = False
    encoding: str = "latin-1"
    rank: int | None = None
    day: date | None = None

    def __str__(self) -> str:
        return self.title


def recognised(path: Path, forms: Sequence[Form], *, stated_on: date | None) -> SourceFile:
    """Return what a file is: the first of the forms that it fits.

    Its day is the one in its name (`2016-02-29`; of `2016-02` the last day of the month), else the form's, else
    `stated_on`.
    Raises NotRecognised.
    """
    form = _form(path, forms)
    day = day_in(path.name) or form.day or stated_on
    if day is None:
        raise NotRecognised("its name says no day: give one with --stated-at")
    return SourceFile(path, form, day)


def day_in(name: str) -> date | None:
    """Return the day that a file's name says; of a month its last day, since that is when all of it is known."""
    found = _DAY_IN_NAME.search(name)
    if found is None:
        return None
    year, month, day = (int(part or 0) for part in found.groups())
    try:
        return date(year, month, day or calendar.monthrange(year, month)[1])
    except ValueError:
        return None


def files_in(
    folder: Path, forms: Sequence[Form], *, stated_on: date | None
) -> tuple[list[SourceFile], list[tuple[str, str]]]:
    """Return the files of a folder, oldest first, and the names of those that are of no form, with the reason."""
    files, others = [], []
    for path in sorted(one for one in folder.iterdir() if one.is_file()):
        try:
            files.append(recognised(path, forms, stated_on=stated_on))
        except NotRecognised as reason:
            others.append((path.name, str(reason)))
    files.sort(key=lambda file: (file.day, forms.index(file.form), file.name))
    return files, others


def _form(path: Path, forms: Sequence[Form]) -> Form:
    try:
        with opened(path, "latin-1") as text:
            first = [column.strip() for column in next(csv.reader(text), [])]
    except (OSError, csv.Error, EOFError) as error:
        raise NotRecognised(f"it cannot be read: {error}") from error
    for form in forms:
        if form.fits(path.name.lower(), first):
            return form
    raise NotRecognised("its name and its first line are those of no file that can be imported")


def opened(path: Path, encoding: str) -> TextIO:
    """Open a file that may be compressed, as text."""
    if path.suffix == ".gz":
        return cast("TextIO", gzip.open(path, "rt", encoding=encoding, newline=""))
    return path.open(encoding=encoding, newline="")
