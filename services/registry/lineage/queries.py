"""Reads predecessors and successors, and the bodies that codes live on in by a day."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any, Literal

from libs.common.database.connection import Reads
from libs.common.temporal.believed import as_known
from libs.common.temporal.history import ALWAYS
from services.registry.core.codes import ByCode
from services.registry.core.queries import OrganisationFilter, get_organisation, list_organisations
from services.registry.lineage.tracing import PARENT_CHANGE, Ends, Step, living
from services.registry.lineage.views import EndView, LineageNoteView, LineageView, StepView

Direction = Literal["before", "after", "both"]

_MOST_ENDS = 10_000

_LINE = f"""
WITH RECURSIVE line (code) AS (
    SELECT unnest($1::text[])
     UNION
    SELECT s.{{onto}} FROM succession s JOIN line ON s.{{from_}} = line.code
     WHERE s.effective_on <= $2 AND {as_known("s", "$3")}
)
SELECT s.code, s.successor, s.effective_on, lower(s.known), nullif(s.merger, ''), s.source, s.shape, s.share
  FROM succession s JOIN line ON s.{{from_}} = line.code
 WHERE s.effective_on <= $2 AND {as_known("s", "$3")}
 ORDER BY s.effective_on, s.code, s.successor
"""  # noqa: S608  (only names of ours are put in)

_BACKWARD = _LINE.format(onto="code", from_="successor")
_FORWARD = _LINE.format(onto="successor", from_="code")


@dataclass(frozen=True, slots=True)
class Lineage:
    """Predecessors and successors of a code, and the bodies that it lives on in, with exact shares."""

    code: str
    before: tuple[StepView, ...]
    after: tuple[StepView, ...]
    living: Ends

    @property
    def resolves_to(self) -> tuple[str, ...]:
        """The codes that it lives on in."""
        return tuple(code for code, _ in self.living)

    @property
    def origins(self) -> tuple[str, ...]:
        """The first of its predecessors; itself where it has none, and all of a circle."""
        followed = {step.successor for step in self.before if step.code != step.successor}
        named = {self.code, *(step.code for step in self.before)}
        return tuple(sorted(named - followed) or sorted(named))


async def get_lineage(
    db: Reads, code: str, *, as_at: date, as_known: datetime | None, direction: Direction
) -> LineageView:
    """Return all predecessors and successors of a code, as at a day, as known at an instant.

    Raises OrganisationNotFound.
    """
    await get_organisation(db, code, as_at=as_at, as_known=as_known)
    lineage = await lineage_of(db, code, as_at=as_at, as_known=as_known or ALWAYS)
    living = await _ends(db, lineage, as_at=as_at, as_known=as_known)
    return LineageView(
        code=code,
        as_at=as_at,
        as_known=as_known,
        before=[] if direction == "after" else list(lineage.before),
        after=[] if direction == "before" else list(lineage.after),
        resolves_to=list(lineage.resolves_to),
        living=living,
        origins=list(lineage.origins),
        findings=_notes(living),
        because=[_sentence(step) for step in (*lineage.before, *lineage.after)],
    )


async def _ends(db: Reads, lineage: Lineage, *, as_at: date, as_known: datetime | None) -> list[EndView]:
    """Return what a code lives on in, with the names and statuses of the day."""
    codes = OrganisationFilter(codes=lineage.resolves_to)
    ends = await list_organisations(db, codes, as_at=as_at, as_known=as_known, after=None, limit=_MOST_ENDS)
    named = {one.code: one for one in ends}
    return [
        EndView(
            code=end,
            name=named[end].name if end in named else None,
            status=named[end].status if end in named else "unknown",
            share=None if share is None else str(share),
        )
        for end, share in lineage.living
    ]


def _notes(living: Sequence[EndView]) -> list[LineageNoteView]:
    notes = [
        LineageNoteView(finding="no-source-says", message=f"{end.code} is closed, and no source names its successor")
        for end in living
        if end.status == "closed"
    ]
    unstated = [end.code for end in living if end.share is None]
    if unstated:
        message = f"no source states what share went to {', '.join(unstated)}"
        notes.append(LineageNoteView(finding="share-not-stated", message=message))
    return notes


async def lineage_of(db: Reads, code: str, *, as_at: date, as_known: datetime = ALWAYS) -> Lineage:
    """Return the lineage by the successions that took effect on or before a day, as known at an instant.

    A body that is its own successor continues; circles in the sources end the walk.
    """
    before = await _steps(db, _BACKWARD, [code], as_at, as_known)
    after = await _steps(db, _FORWARD, [code], as_at, as_known)
    return Lineage(code, _with_distance(code, before, -1), _with_distance(code, after, 1), living(after, [code])[code])


async def resolve(db: Reads, codes: Collection[str], as_at: date, as_known: datetime | None = None) -> ByCode[Ends]:
    """Return the bodies that each code lives on in on a day, with exact shares, in one round trip.

    A code without a successor, even an unknown one, lives on in itself with all of it. A share of None is one that no
    source states.
    """
    return living(await steps_from(db, codes, as_at, as_known), codes)


async def steps_from(
    db: Reads, codes: Collection[str], as_at: date, as_known: datetime | None = None
) -> tuple[Step, ...]:
    """Return every succession from these codes by a day, any number of steps away, in order of days."""
    return await _steps(db, _FORWARD, codes, as_at, as_known or ALWAYS)


async def steps_to(
    db: Reads, codes: Collection[str], as_at: date, as_known: datetime | None = None
) -> tuple[Step, ...]:
    """Return every succession to these codes by a day, any number of steps away, in order of days."""
    return await _steps(db, _BACKWARD, codes, as_at, as_known or ALWAYS)


async def successors_of(
    db: Reads, codes: Collection[str], *, as_at: date = date.max, as_known: datetime = ALWAYS
) -> frozenset[str]:
    """Return every code that the given ones live on in."""
    steps = await _steps(db, _FORWARD, codes, as_at, as_known)
    return frozenset(step.successor for step in steps if step.shape != PARENT_CHANGE) - frozenset(codes)


def _sentence(step: StepView) -> str:
    share = {"": "", "1": ", all of it"}.get(step.share, f", {step.share} of it")
    shape = f" ({step.shape.replace('_', ' ')}{share})" if step.shape else f"{share}"
    return f"{step.code} was followed by {step.successor} on {step.effective_on}{shape}: {step.source}"


async def _steps(db: Reads, sql: str, codes: Collection[str], as_at: date, as_known: datetime) -> tuple[Step, ...]:
    rows: list[Any] = await db.fetch(sql, list(codes), as_at, as_known)
    return tuple(Step(*row) for row in rows)


def _with_distance(code: str, steps: Sequence[Step], direction: int) -> tuple[StepView, ...]:
    """Return the steps with their distance from the code: 1 for its own predecessors and successors."""
    far, reached = {code: 0}, [code]
    for one in reached:
        for step in steps:
            nearer, farther = (step.code, step.successor) if direction > 0 else (step.successor, step.code)
            if nearer == one and farther not in far:
                far[farther] = far[one] + 1
                reached.append(farther)
    return tuple(
        StepView(**asdict(step), distance=far[step.code if direction > 0 else step.successor] + 1) for step in steps
    )
