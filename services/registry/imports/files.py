"""Which file is what, of which day, and its lines: plain or gzip, latin-1, with a header or without."""

import calendar
import csv
import gzip
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import TextIO, cast

_ODS_COLUMNS = 27
_SUCCESSION_COLUMNS = 5
_SUCCESSION_HEADER = ["old_code", "new_code", "effective_date"]
_DAY_IN_NAME = re.compile(r"(?<!\d)(\d{4})-(\d{2})(?:-(\d{2}))?(?!\d)")


class Form(StrEnum):
    """What a file holds."""

    AUTHORITIES = "regions and local offices (eauth)"
    TRUSTS = "trusts (etr)"
    CCGS = "CCGs and hubs (eccg)"
    PRACTICES = "practices (epraccur)"
    SUCCESSIONS_FIVE = "successions, five columns"
    SUCCESSIONS_THREE = "successions, three columns"

    @property
    def is_succession(self) -> bool:
        """Whether the file tells who followed whom, and not what bodies are."""
        return self in {Form.SUCCESSIONS_FIVE, Form.SUCCESSIONS_THREE}


_BY_NAME = {"eauth": Form.AUTHORITIES, "etr": Form.TRUSTS, "eccg": Form.CCGS, "epraccur": Form.PRACTICES}
_ORDER = list(Form)


class NotRecognised(ValueError):
    """A file that is none of those that can be imported, or whose day is not known."""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file of a known form, as it stood on a day."""

    path: Path
    form: Form
    day: date

    @property
    def name(self) -> str:
        """The file's name, under which what it says is kept."""
        return self.path.name

    def lines(self) -> Iterator[tuple[int, list[str]]]:
        """Give the columns of each line that is not empty, with its number."""
        with _opened(self.path) as text:
            reader = csv.reader(text)
            if self.form is Form.SUCCESSIONS_THREE:
                next(reader)
            for columns in reader:
                if columns:
                    yield reader.line_num, [column.strip() for column in columns]


def recognised(path: Path, *, stated_on: date | None) -> SourceFile:
    """Return what a file is, by its name and by the shape of its first line.

    Its day is the one in its name (`2016-02-29`; of `2016-02` the last day of the month), else `stated_on`.
    Raises NotRecognised.
    """
    form = _form(path)
    day = day_in(path.name) or stated_on
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


def files_in(folder: Path, *, stated_on: date | None) -> tuple[list[SourceFile], list[tuple[str, str]]]:
    """Return the files of a folder in the order in which to take them, and the names of the others with the reason.

    Bodies come before successions, since a merger of CCGs is known by the kinds of its bodies; then the day decides.
    """
    files, others = [], []
    for path in sorted(one for one in folder.iterdir() if one.is_file()):
        try:
            files.append(recognised(path, stated_on=stated_on))
        except NotRecognised as reason:
            others.append((path.name, str(reason)))
    files.sort(key=lambda file: (file.form.is_succession, file.day, _ORDER.index(file.form), file.name))
    return files, others


def _form(path: Path) -> Form:
    try:
        with _opened(path) as text:
            first = [column.strip() for column in next(csv.reader(text), [])]
    except (OSError, csv.Error, EOFError) as error:
        raise NotRecognised(f"it cannot be read: {error}") from error
    if first == _SUCCESSION_HEADER:
        return Form.SUCCESSIONS_THREE
    stem = path.name.lower()
    if len(first) == _ODS_COLUMNS:
        for beginning, form in _BY_NAME.items():
            if stem.startswith(beginning):
                return form
        raise NotRecognised(
            "it has the 27 columns of an ODS file, but no name that begins with eccg, etr, epraccur, eauth"
        )
    if len(first) == _SUCCESSION_COLUMNS and re.fullmatch(r"\d{8}", first[3]):
        return Form.SUCCESSIONS_FIVE
    raise NotRecognised("it has the shape of no file that can be imported")


def _opened(path: Path) -> TextIO:
    if path.suffix == ".gz":
        return cast("TextIO", gzip.open(path, "rt", encoding="latin-1", newline=""))
    return path.open(encoding="latin-1", newline="")
