"""Previews a file: runs the real import, compares beliefs before and after it, and rolls back."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from services.registry.core.kinds import Kind
from services.registry.imports.files.source_file import SourceFile
from services.registry.imports.preview.snapshot import (
    Beliefs,
    BodySnapshot,
    beliefs_on,
    carried,
    joined_on,
    parents_last_stated_on,
    states_on,
)
from services.registry.imports.report import FileReport
from services.registry.imports.runner import Say, is_ones_turn, read_in_batches, state_all
from services.registry.imports.views import DifferenceView, Parting, Verdict


@dataclass(frozen=True, slots=True)
class BodyPreview:
    """The effect of the file on one body. `expected` are its parent's successors since."""

    code: str
    name: str | None
    kind: Kind
    verdict: Verdict
    differences: tuple[DifferenceView, ...] = ()
    expected: tuple[str, ...] = ()
    parting: Parting | None = None
    joined_on: date | None = None
    compared: bool = False
    """Whether it operates under a CCG both before and by the file, so that its parent can be compared."""


@dataclass(slots=True)
class ImportPreview:
    """The effect of a file: its report and the bodies that it names."""

    report: FileReport
    bodies: list[BodyPreview] = field(default_factory=list)

    @property
    def verdicts(self) -> dict[Verdict, int]:
        """The number of bodies by verdict."""
        counted = Counter(body.verdict for body in self.bodies)
        return {verdict: counted[verdict] for verdict in Verdict}

    @property
    def compared(self) -> list[BodyPreview]:
        """The bodies that operate under a CCG both before and by the file."""
        return [body for body in self.bodies if body.compared]

    @property
    def partings(self) -> list[BodyPreview]:
        """Those of them whose parent is not the expected one."""
        return [body for body in self.compared if body.parting is not None]


class NotOnesTurn(Exception):
    """An import, or another preview, is not done yet."""


async def preview_file(
    session: AsyncSession, file: SourceFile, *, today: date, say: Say = lambda _: None
) -> ImportPreview:
    """Return what a file would change, and change nothing: the import runs in a savepoint that is rolled back.

    It takes as long as the import, and no import runs meanwhile. Raises NotOnesTurn, FileRefused.
    """
    report = FileReport(file.name, file.form.title, file.day)
    if file.day > today:
        report.refuse(0, "", f"{file.day} lies in the future: set another day")
        return ImportPreview(report)
    connection = await raw(session)
    if not await is_ones_turn(session):
        raise NotOnesTurn
    async with read_in_batches(session, file, report, say) as batches:
        codes = batches.subjects
        said_on = await parents_last_stated_on(connection, codes, file.day)
        before = await beliefs_on(connection, codes, file.day)
        then = await states_on(connection, said_on)
        parents = {code: state.parent for code, state in then.items() if state.parent}
        expected = await carried(connection, parents, said_on, file.day)
        trial = await session.begin_nested()
        await state_all(session, batches, report, say)
        after = await beliefs_on(connection, codes, file.day)
        joined = await joined_on(connection, codes, file.day)
        await trial.rollback()
    bodies = _compared(codes, before, after, _Held(then, said_on, expected, joined))
    return ImportPreview(report, list(bodies))


@dataclass(frozen=True, slots=True)
class _Held:
    """The latest statement about each body's parent: the body's state then, the day, and the parent's successors."""

    then: Mapping[str, BodySnapshot]
    said_on: Mapping[str, date]
    expected: Mapping[str, frozenset[str]]
    joined: Mapping[str, date | None]


def _compared(codes: Collection[str], before: Beliefs, after: Beliefs, held: _Held) -> Iterator[BodyPreview]:
    for code in sorted(codes):
        old, new = before.of(code), after.of(code)
        expected = held.expected.get(code, frozenset())
        parting = _parting(code, new, held) if old.status != "closed" else None
        # A file shows only for its own day that a body is dormant, so it is compared with the last such state.
        last_seen = replace(old, dormant=code in held.then and held.then[code].dormant)
        differences = tuple(_differences(last_seen, new, expected, before.extras.get(code), after.extras.get(code)))
        yield BodyPreview(
            code=code,
            name=new.name or old.name,
            kind=new.kind,
            verdict=_verdict(old, new, differences, parting),
            differences=differences,
            expected=tuple(sorted(expected)),
            parting=parting,
            joined_on=held.joined.get(code),
            compared=_is_compared(new, held.then.get(code)),
        )


def _is_compared(new: BodySnapshot, then: BodySnapshot | None) -> bool:
    return then is not None and then.active and then.of_a_ccg and new.active and new.of_a_ccg


def _parting(code: str, new: BodySnapshot, held: _Held) -> Parting | None:
    expected = held.expected.get(code)
    if not expected or new.status == "closed" or new.parent is None or new.parent in expected:
        return None
    joined = held.joined.get(code)
    return Parting.MOVE if joined is not None and joined > held.said_on[code] else Parting.RESTATEMENT


def _verdict(
    old: BodySnapshot, new: BodySnapshot, differences: Sequence[DifferenceView], parting: Parting | None
) -> Verdict:
    if old.status == "unknown" and old.name is None:
        return Verdict.ADDED if new.status != "unknown" or new.name else Verdict.CHANGED
    if parting is not None:
        return Verdict.CONTRADICTS
    if new.status == "closed" and old.status != "closed":
        return Verdict.CLOSED
    return Verdict.CHANGED if differences else Verdict.AGREES


def _differences(
    old: BodySnapshot,
    new: BodySnapshot,
    expected: Collection[str],
    had: frozenset[str] | None,
    has: frozenset[str] | None,
) -> Iterator[DifferenceView]:
    pairs = (
        ("status", old.status, new.status),
        ("name", old.name, new.name),
        ("kind", old.kind, new.kind),
        ("address", old.address, new.address),
        ("since", _iso(old.since), _iso(new.since)),
        ("dormant", str(old.dormant).lower(), str(new.dormant).lower()),
    )
    yield from (
        DifferenceView(about=about, before=before, after=after) for about, before, after in pairs if before != after
    )
    if new.parent != old.parent and new.parent not in expected:
        yield DifferenceView(about="parent", before=old.parent, after=new.parent)
    gone, come = (
        sorted((had or frozenset()) - (has or frozenset())),
        sorted((has or frozenset()) - (had or frozenset())),
    )
    yield from (DifferenceView(about="relation", before=word, after=None) for word in gone)
    yield from (DifferenceView(about="relation", before=None, after=word) for word in come)


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None
