"""Published tables whose first line names their columns: how they are recognised, read and turned into statements."""

import csv
import re
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.events import Event
from libs.common.events.registry import OrganisationIdentified, OrganisationOpened
from services.registry.core.kinds import Kind
from services.registry.imports.files.identifiers import ONS, bodies_with, with_ends
from services.registry.imports.files.repeats import TWICE, later_end, repeated
from services.registry.imports.files.source_file import Form, SourceFile
from services.registry.imports.files.values import Unusable, code_of, name_of, note_unreadable
from services.registry.imports.report import FileRefused, FileReport

_SUBJECT = ("code", "successor", "relation", "other", "system", "basis", "role", "local_authority", "effective_on")
"""The fields of an event that say what it is about; the others say what it states of that."""
_AT_ONCE = 100_000
"""How many events are remembered, so that each is given once. One that was forgotten changes nothing later on."""

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
            except ValueError as reason:
                self.report.refuse(line, next(iter(row.values()), ""), str(reason))
                continue
            if len(given) > _AT_ONCE:
                given.clear()
            for event in events:
                if event not in given:
                    given.add(event)
                    yield event

    def rows(self) -> Iterator[tuple[int, Row]]:
        """Yield each row by its columns' names, with its line."""
        with self.file.text() as text:
            reader = csv.DictReader(text)
            try:
                for row in reader:
                    self.report.lines += 1
                    yield reader.line_num, {name.strip(): (value or "").strip() for name, value in row.items() if name}
            except csv.Error as error:
                raise FileRefused(f"line {reader.line_num} cannot be read: {error}") from error

    def seen(self, code: str, name: str, kind: Kind, *, ons: str = "", on: date | None = None) -> Iterator[Event]:
        """Yield that a body operates under this name and ONS code on a day, by default the table's."""
        day = on or self.day
        if not name:
            raise Unusable(f"{code} has no name")
        note_unreadable(code, name, self.report)
        yield OrganisationOpened(code=code_of(code), name=name_of(name), kind=kind, effective_on=day, **self.saying)
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

        def fits(_: str, lines: Sequence[list[str]]) -> bool:
            return wanted <= {name.strip('" ') for name in lines[0]}

        return Form(
            key="-".join(re.findall(r"[a-z0-9]+", self.title.lower().replace("'", ""))),
            title=self.title,
            family=self.family,
            by=f"a first line with the columns {', '.join(sorted(wanted))}",
            fits=fits,
            take=self._take,
            header=True,
            day=self.day,
        )

    async def _take(
        self, session: AsyncSession, file: SourceFile, stated_at: datetime, report: FileReport
    ) -> AsyncIterator[Event]:
        connection = await raw(session)
        by_ons = await bodies_with(connection, ONS)
        reading = Reading(file, file.saying(stated_at), report, by_ons)
        # What is stated twice has to be known before the first of it is given.
        first = Reading(file, reading.saying, FileReport(file.name, file.form.title, file.day), by_ons)
        identified = []
        for event in _each_once(self.read(reading), repeated(_about(event) for event in self.read(first)), report):
            if isinstance(event, OrganisationIdentified):
                identified.append(event)
            else:
                yield event
        for event in await with_ends(connection, identified, report):
            yield event


def _about(event: Event) -> str:
    """Return what an event is about, so that two events about the same are compared."""
    return " ".join([event.event_name, *(str(getattr(event, name, "")) for name in _SUBJECT)])


def _each_once(events: Iterable[Event], again: set[str], report: FileReport) -> Iterator[Event]:
    """Yield the events; of those about the same, at the end, the one that ends later, or is later by its words."""
    several: dict[str, list[Event]] = defaultdict(list)
    for event in events:
        if (about := _about(event)) in again:
            several[about].append(event)
        else:
            yield event
    for _, found in sorted(several.items()):
        taken = max(found, key=lambda event: (later_end(getattr(event, "until", None)), event.model_dump_json()))
        for other in found:
            if other != taken:
                report.find(TWICE, getattr(taken, "code", ""), _difference(other, taken))
        yield taken


def _difference(other: Event, taken: Event) -> str:
    before, after = other.model_dump(mode="json"), taken.model_dump(mode="json")
    words = (f"{name} {before[name]!r} and {after[name]!r}" for name in after if before[name] != after[name])
    return (
        f"{taken.event_name} with {', '.join(words)}: the latter is taken, which lasts longer or is later by its words"
    )
