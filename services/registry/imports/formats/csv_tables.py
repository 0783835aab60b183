"""Published tables whose first line names their columns: how they are recognised, read and turned into statements."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.events import Event
from libs.common.events.registry import OrganisationIdentified, OrganisationOpened
from libs.common.text import visible
from services.registry.core.kinds import Kind
from services.registry.imports.formats.identifiers import ONS, bodies_with, with_ends
from services.registry.imports.formats.ods_rows import Unusable, code_of
from services.registry.imports.formats.source_file import Form, SourceFile, content_of
from services.registry.imports.report import FileReport

_MARK = "ï»¿"
"""The byte order mark of UTF-8, as it looks in the encoding in which formats are tried."""

Row = Mapping[str, str]


@dataclass(slots=True)
class Reading:
    """A table being read: its file, the fields of each of its statements, and the ONS codes that the registry knows."""

    file: SourceFile
    saying: dict[str, Any]
    report: FileReport
    by_ons: Mapping[str, str] = field(default_factory=dict)
    """The code of the body that has an ONS code."""

    @property
    def day(self) -> date:
        """The day that the table describes."""
        return self.file.day

    def each(self, read: Callable[[Row], Iterable[Event]]) -> Iterator[Event]:
        """Yield the events that `read` makes of each row, each once; a row that is Unusable is refused."""
        given: set[Event] = set()
        for line, row in self.rows():
            try:
                events = list(read(row))
            except Unusable as reason:
                self.report.refuse(line, next(iter(row.values()), ""), str(reason))
                continue
            for event in events:
                if event not in given:
                    given.add(event)
                    yield event

    def rows(self) -> Iterator[tuple[int, Row]]:
        """Yield each row by its columns' names, with its line."""
        reader = csv.DictReader(io.StringIO(text_of(self.file.path), newline=""))
        for row in reader:
            self.report.lines += 1
            yield reader.line_num, {name.strip(): (value or "").strip() for name, value in row.items() if name}

    def seen(self, code: str, name: str, kind: Kind, *, ons: str = "", on: date | None = None) -> Iterator[Event]:
        """Yield that a body operates under this name and ONS code on a day, by default the table's."""
        day = on or self.day
        if not name:
            raise Unusable(f"{code} has no name")
        try:
            visible(name)
        except ValueError:
            raise Unusable("its name has a character that cannot be seen") from None
        yield OrganisationOpened(code=code_of(code), name=name, kind=kind, effective_on=day, **self.saying)
        if ons:
            yield self.identified(code, ons)

    def identified(self, code: str, identifier: str, system: str = ONS) -> OrganisationIdentified:
        """Return the event that a body has a code of another system from the table's day."""
        return OrganisationIdentified(
            code=code, system=system, identifier=identifier, effective_on=self.day, **self.saying
        )

    def body_with(self, ons: str) -> str:
        """Return the code of the body that has an ONS code. Raises Unusable where none has it."""
        if ons not in self.by_ons:
            raise Unusable(f"no organisation has the ONS code {ons}")
        return self.by_ons[ons]


@dataclass(frozen=True, slots=True)
class Table:
    """A type of table: its title, its source, its columns, how it is read, and the day that it describes.

    `day` is None where the file's name has to give it. The source packs rank lists below ODS's own files, because a
    list also names bodies that are not its subject.
    """

    title: str
    family: str
    columns: str
    """The names, separated by spaces or, where they have spaces themselves, by `|`."""
    read: Callable[[Reading], Iterable[Event]]
    day: date | None = None

    def form(self) -> Form:
        """Return the format of such files."""
        wanted = {name.strip() for name in self.columns.split("|" if "|" in self.columns else None)}

        def fits(_: str, first: list[str]) -> bool:
            return wanted <= {name.removeprefix(_MARK).strip('" ') for name in first}

        return Form(self.title, self.family, fits, self._take, header=True, day=self.day)

    async def _take(
        self, session: AsyncSession, file: SourceFile, stated_at: datetime, report: FileReport
    ) -> Sequence[Event]:
        connection = await raw(session)
        reading = Reading(file, file.saying(stated_at), report, await bodies_with(connection, ONS))
        return await with_ends(connection, list(self.read(reading)), report)


def text_of(path: Path) -> str:
    """Return a file's text: UTF-8 with or without its mark, else Windows-1252; decompressed if needed."""
    content = content_of(path)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")
