"""A file that can be imported: its format, its day, its source, and its lines, plain or gzip."""

import codecs
import csv
import gzip
import io
import zlib
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, TextIO

from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.events import Event
from services.registry.core.sources import rank_of
from services.registry.imports.files.days_in_names import day_in, iso_day_in
from services.registry.imports.report import FileRefused, FileReport

MOST_RATIO = 30
"""How many times its own size a packed upload may have when unpacked: the files of ODS and ONS have 4 to 13 times."""
SMALL_BYTES = 1_000_000
"""A file of up to this size when unpacked may be packed as tightly as it likes."""
UNREADABLE = "\ufffd"
"""The character in place of a byte that is none."""
_PART = 1_000_000
_ZIP = b"PK\x03\x04"
_LOOKED_AT = 200
"""The lines by which a file is recognised."""


class NotRecognised(FileRefused):
    """A file is of no format that can be imported, or its day is not known."""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file of a known format, as of a day."""

    path: Path
    form: "Form"
    day: date
    most_bytes: int | None = None
    """The most bytes that it may have when unpacked, of an upload; an operator's own file has no bound."""

    @property
    def name(self) -> str:
        """The file's name, under which its statements are recorded."""
        return self.path.name

    @property
    def source(self) -> str:
        """The source of its statements: the family of its format, and its name."""
        return f"{self.form.family}:{self.name}"

    def saying(self, stated_at: datetime) -> dict[str, Any]:
        """Return the fields of each event that this file states: the instant, the source and its rank."""
        rank = self.form.rank
        if rank is None:
            rank = rank_of(self.source, self.day) or 0
        return {"stated_at": stated_at, "source": self.source, "rank": rank}

    def text(self) -> TextIO:
        """Open the file as text."""
        return opened(self.path, self.most_bytes)

    def lines(self) -> Iterator[tuple[int, list[str]]]:
        """Yield the stripped columns of each line that is not empty, with its number, without the header."""
        with self.text() as text:
            reader = csv.reader(text)
            try:
                for columns in reader:
                    if columns and not (self.form.header and reader.line_num == 1):
                        yield reader.line_num, [column.strip() for column in columns]
            except csv.Error as error:
                raise FileRefused(f"line {reader.line_num} cannot be read: {error}") from error


Take = Callable[[AsyncSession, SourceFile, datetime, FileReport], AsyncIterator[Event]]
"""A reader of files of one format: it yields everything that the file states, as events, while it reads.

It is called inside the file's transaction, and writes nothing itself. Each event has `**file.saying(stated_at)`. It
counts every line with content in `report.lines`, refuses a line that cannot be used by `report.refuse`, and reports
what is odd but imported by `report.find`. It must state the same whatever was imported before: the registry's state may
lead to a finding, not to another statement. It may name codes that no source has described yet.
"""


Fits = Callable[[str, Sequence[list[str]]], bool]
"""Decides by a file's name in lower case and the columns of its first lines whether it has a format."""


@dataclass(frozen=True, slots=True)
class Form:
    """A file format.

    `key` names it in a choice, `title` in reports, `family` in the sources of its statements
    (`ods-eccg`). `fits` recognises a file, and `by` says in words by what. `header`: the first line names the columns.
    `rank`: where it differs from the one that the source packs give the family. `day`: of a file whose name gives none.
    """

    key: str
    title: str
    family: str
    by: str
    fits: Fits
    take: Take
    header: bool = False
    rank: int | None = None
    day: date | None = None

    def __str__(self) -> str:
        return self.title


@dataclass(frozen=True, slots=True)
class Given:
    """The days of files by their names, and the keys of their formats, as the caller gives them."""

    days: Mapping[str, date] = field(default_factory=dict)
    forms: Mapping[str, str] = field(default_factory=dict)


NOTHING_GIVEN = Given()


def recognised(
    path: Path,
    forms: Sequence[Form],
    *,
    stated_on: date | None,
    given: Given = NOTHING_GIVEN,
    most_bytes: int | None = None,
) -> SourceFile:
    """Recognise a file by the first of the formats that it fits, unless one is given.

    Its day is the one given for it, else an ISO day in its name, else the format's, else a day that its name has in
    another way (`day_in`), else `stated_on`. Raises NotRecognised.
    """
    form = _form(path, forms, given.forms.get(path.name), most_bytes)
    day = given.days.get(path.name) or iso_day_in(path.name) or form.day or day_in(path.name) or stated_on
    if day is None:
        raise NotRecognised(f"its name gives no day: set one with --stated-at {path.name}=2020-01-31")
    return SourceFile(path, form, day, most_bytes)


def files_in(
    place: Path, forms: Sequence[Form], *, stated_on: date | None, given: Given = NOTHING_GIVEN
) -> tuple[list[SourceFile], list[tuple[str, str]]]:
    """Return the files of a folder, or the one file, oldest first; and those of no format, with the reason."""
    files, others = [], []
    for path in sorted(one for one in place.iterdir() if one.is_file()) if place.is_dir() else [place]:
        try:
            files.append(recognised(path, forms, stated_on=stated_on, given=given))
        except NotRecognised as reason:
            others.append((path.name, str(reason)))
    files.sort(key=lambda file: (file.day, forms.index(file.form), file.name))
    return files, others


def _form(path: Path, forms: Sequence[Form], key: str | None, most_bytes: int | None) -> Form:
    try:
        lines = _first_lines(path, most_bytes)
    except (OSError, csv.Error, FileRefused) as error:
        raise NotRecognised(f"it cannot be read: {error}") from error
    if not lines or not lines[0]:
        raise NotRecognised("it is empty, or its first line is")
    for form in forms:
        if form.key == key if key else form.fits(path.name.lower(), lines):
            return form
    if key:
        raise NotRecognised(f"{key!r} is no format of a file: --forms lists them")
    raise NotRecognised("its name and its first lines are those of no file that can be imported: --forms lists them")


def _first_lines(path: Path, most_bytes: int | None) -> list[list[str]]:
    with path.open("rb") as file:
        if file.read(len(_ZIP)) == _ZIP:
            raise FileRefused("it is a zip archive or a workbook: unpack it, or save its sheets as CSV")
    lines: list[list[str]] = []
    with _decoded(path, "utf-8-sig", most_bytes) as text:
        try:
            for columns in csv.reader(text):
                lines.append([column.strip() for column in columns])
                if len(lines) == _LOOKED_AT:
                    break
        except (csv.Error, FileRefused):
            if not lines:
                raise
    return lines


def opened(path: Path, most_bytes: int | None = None) -> TextIO:
    """Open a file that may be packed, as text: UTF-8 with or without its mark, else Windows-1252.

    Reading raises FileRefused as soon as it is too large, or no text. A byte that is no character of Windows-1252
    either is read as UNREADABLE.
    """
    about = path.stat()
    return _decoded(path, _encoding(path, most_bytes, about.st_size, about.st_mtime_ns), most_bytes)


def _decoded(path: Path, encoding: str, most_bytes: int | None) -> TextIO:
    content = io.BufferedReader(_Content(path, most_bytes))
    return io.TextIOWrapper(content, encoding=encoding, errors="replace", newline="")


@lru_cache(maxsize=100)
def _encoding(path: Path, most_bytes: int | None, _size: int, _changed: int) -> str:
    """Return the encoding of a whole file: its first lines may be in ASCII, and the others not."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    with _Content(path, most_bytes) as content:
        try:
            while part := content.read(_PART):
                decoder.decode(part)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "cp1252"
    return "utf-8-sig"


class _Content(io.RawIOBase):
    """The unpacked bytes of a file, those of an upload bounded while they are unpacked."""

    def __init__(self, path: Path, most_bytes: int | None) -> None:
        self._is_packed = path.suffix == ".gz"
        self._file = gzip.GzipFile(path) if self._is_packed else io.FileIO(path)
        self._most = most_bytes
        if most_bytes is not None and self._is_packed:
            self._most = min(most_bytes, max(SMALL_BYTES, MOST_RATIO * path.stat().st_size))
        self._read = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            part = self._file.read(len(buffer))
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise FileRefused(f"it is cut off, or not compressed by gzip: {error}") from error
        self._read += len(part)
        if self._most is not None and self._read > self._most:
            packed = f" when unpacked, or more than {MOST_RATIO} times its packed size" if self._is_packed else ""
            raise FileRefused(f"it has more than {self._most} bytes{packed}")
        if b"\x00" in part:
            raise FileRefused("it is no text: it has a NUL")
        buffer[: len(part)] = part
        return len(part)

    def close(self) -> None:
        self._file.close()
        super().close()
