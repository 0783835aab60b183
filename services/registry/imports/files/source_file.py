"""A file that can be imported: its format, its day, its source, and its lines, plain or gzip."""

import calendar
import codecs
import csv
import gzip
import io
import re
import zlib
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, TextIO

from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.events import Event
from services.registry.core.sources import rank_of
from services.registry.imports.report import FileRefused, FileReport

MOST_BYTES = 64_000_000
"""The largest size of a file, unpacked, in bytes."""
MOST_RATIO = 30
"""How many times its own size a packed file may have when unpacked: the files of ODS and ONS have 4 to 13 times."""
SMALL_BYTES = 1_000_000
"""A file of up to this size when unpacked may be packed as tightly as it likes."""
UNREADABLE = "\ufffd"
"""The character in place of a byte that is none."""
_PART = 1_000_000
_DAY_IN_NAME = re.compile(r"(?<!\d)(\d{4})-(\d{2})(?:-(\d{2}))?(?!\d)")


class NotRecognised(FileRefused):
    """A file is of no format that can be imported, or its day is not known."""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file of a known format, as of a day."""

    path: Path
    form: "Form"
    day: date

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
        return opened(self.path)

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


@dataclass(frozen=True, slots=True)
class Form:
    """A file format.

    `title` names it in reports, `family` in the sources of its statements (`ods-eccg`). `fits` decides by the file's
    name in lower case and the columns of its first line whether a file has this format. `header`: the first line names
    the columns. `rank`: where it differs from the one that the source packs give the family. `day`: of a file whose
    name gives none.
    """

    title: str
    family: str
    fits: Callable[[str, list[str]], bool]
    take: Take
    header: bool = False
    rank: int | None = None
    day: date | None = None

    def __str__(self) -> str:
        return self.title


def recognised(path: Path, forms: Sequence[Form], *, stated_on: date | None) -> SourceFile:
    """Recognise a file by the first of the formats that it fits.

    Its day is the one in its name (`2016-02-29`; of `2016-02` the last day of the month), else the format's, else
    `stated_on`. Raises NotRecognised.
    """
    form = _form(path, forms)
    day = day_in(path.name) or form.day or stated_on
    if day is None:
        raise NotRecognised("its name gives no day: set one with --stated-at")
    return SourceFile(path, form, day)


def day_in(name: str) -> date | None:
    """Return the day in a file's name; of a month its last day, when all of it is known."""
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
    """Return the files of a folder, oldest first, and those of no format, with the reason."""
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
        with _decoded(path, "utf-8-sig") as text:
            first = [column.strip() for column in next(csv.reader(text), [])]
    except (OSError, csv.Error, FileRefused) as error:
        raise NotRecognised(f"it cannot be read: {error}") from error
    if not first:
        raise NotRecognised("it is empty, or its first line is")
    for form in forms:
        if form.fits(path.name.lower(), first):
            return form
    raise NotRecognised("its name and its first line are those of no file that can be imported")


def opened(path: Path) -> TextIO:
    """Open a file that may be packed, as text: UTF-8 with or without its mark, else Windows-1252.

    Reading raises FileRefused as soon as it is too large, or no text. A byte that is no character of Windows-1252
    either is read as UNREADABLE.
    """
    about = path.stat()
    return _decoded(path, _encoding(path, about.st_size, about.st_mtime_ns))


def _decoded(path: Path, encoding: str) -> TextIO:
    return io.TextIOWrapper(io.BufferedReader(_Content(path)), encoding=encoding, errors="replace", newline="")


@lru_cache(maxsize=100)
def _encoding(path: Path, _size: int, _changed: int) -> str:
    """Return the encoding of a whole file: its first lines may be in ASCII, and the others not."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    with _Content(path) as content:
        try:
            while part := content.read(_PART):
                decoder.decode(part)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "cp1252"
    return "utf-8-sig"


class _Content(io.RawIOBase):
    """The unpacked bytes of a file, bounded while they are unpacked."""

    def __init__(self, path: Path) -> None:
        self._is_packed = path.suffix == ".gz"
        self._file = gzip.GzipFile(path) if self._is_packed else io.FileIO(path)
        packed_to = max(SMALL_BYTES, MOST_RATIO * path.stat().st_size)
        self._most = min(MOST_BYTES, packed_to) if self._is_packed else MOST_BYTES
        self._read = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            part = self._file.read(len(buffer))
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise FileRefused(f"it is cut off, or not compressed by gzip: {error}") from error
        self._read += len(part)
        if self._read > self._most:
            raise FileRefused(
                f"it has more than {self._most} bytes when unpacked: at most {MOST_BYTES}, and {MOST_RATIO} times its "
                "packed size"
                if self._is_packed
                else f"it has more than {MOST_BYTES} bytes"
            )
        if b"\x00" in part:
            raise FileRefused("it is no text: it has a NUL")
        buffer[: len(part)] = part
        return len(part)

    def close(self) -> None:
        self._file.close()
        super().close()
