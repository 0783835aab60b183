"""Reads predecessors and successors, and the bodies that codes live on in by a day."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any, Literal

from libs.common.database.connection import Reads
from libs.common.temporal.believed import as_known
from libs.common.temporal.history import ALWAYS, OFFICIAL
from libs.organisations.successions import Shape
from services.registry.core.codes import ByCode
from services.registry.core.queries import OrganisationFilter, get_organisation, list_organisations
from services.registry.evidence.conflicts import Conflict, of_successions
from services.registry.lineage.lives import LIVES, Doubted, Lifetime, believable, lives_in, lives_of
from services.registry.lineage.tracing import PARENT_CHANGE, Ends, Origins, Step, living
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

# A body that was divided is one with several successors, or with one that got a part: what led to it is read too.
_CHAINS = f"""
WITH RECURSIVE line (code) AS (
    SELECT unnest($1::text[])
     UNION
    SELECT s.successor FROM succession s JOIN line USING (code) WHERE s.effective_on <= $2 AND {as_known("s", "$3")}
), step AS MATERIALIZED (
    SELECT s.* FROM succession s JOIN line USING (code) WHERE s.effective_on <= $2 AND {as_known("s", "$3")}
), back (code) AS (
    SELECT code FROM step GROUP BY code
    HAVING count(*) > 1 OR bool_or(share NOT IN ('', '1') OR shape = '{Shape.BOUNDARY_CHANGE}')
     UNION
    SELECT s.code FROM succession s JOIN back ON s.successor = back.code
     WHERE s.effective_on <= $2 AND {as_known("s", "$3")}
), led AS MATERIALIZED (
    SELECT s.* FROM succession s JOIN back ON s.successor = back.code
     WHERE s.effective_on <= $2 AND {as_known("s", "$3")}
), named AS (
    SELECT unnest($1::text[]) AS code
     UNION SELECT code FROM step UNION SELECT successor FROM step
     UNION SELECT code FROM led UNION SELECT successor FROM led
)
SELECT 'step' AS what, code, successor AS value, effective_on AS first, NULL::date AS until, NULL::date AS seen_on,
       lower(known) AS known_from, nullif(merger, '') AS merger, source, shape, share FROM step
 UNION ALL
SELECT 'led', code, successor, effective_on, NULL, NULL, lower(known), nullif(merger, ''), source, shape, share FROM led
{{lives}}
 ORDER BY what, first, code, value
"""  # noqa: S608  (only names of ours are put in)

_CHAINS_ALONE = _CHAINS.format(lives="")
_CHAINS_AND_LIVES = _CHAINS.format(
    lives=f"""
 UNION ALL
SELECT 'life', life.*, NULL, NULL, NULL, NULL, NULL
  FROM ({LIVES.format(codes="SELECT code FROM named", known="$3")}) life
"""  # noqa: S608  (only names of ours are put in)
)

_FIRST_TO_GIVE = f"""
(SELECT s.source FROM succession_statement s
  WHERE s.code = step.code AND s.successor = step.successor AND s.effective_on = step.effective_on AND s.holds
    AND s.{{value}} <> '' AND s.{{value}} = step.{{value}} AND s.rank >= {OFFICIAL} AND s.stated_at <= $1
  ORDER BY s.rank DESC, s.stated_at, s.source LIMIT 1)
"""  # noqa: S608  (only names of ours are put in)

_VALUE_SOURCES = f"""
SELECT {", ".join(_FIRST_TO_GIVE.format(value=value) for value in ("shape", "share", "merger"))}
  FROM unnest($2::text[], $3::text[], $4::date[], $5::text[], $6::text[], $7::text[]) WITH ORDINALITY
       AS step (code, successor, effective_on, shape, share, merger, place)
 ORDER BY place
"""  # noqa: S608  (only names of ours are put in)

_BACKWARD = _LINE.format(onto="code", from_="successor")
_FORWARD = _LINE.format(onto="successor", from_="code")


@dataclass(frozen=True, slots=True)
class Chains:
    """The successions from some codes by a day that the lives of the bodies allow, and what is known beside them."""

    steps: tuple[Step, ...]
    doubted: ByCode[list[Doubted]]
    lives: ByCode[Lifetime]
    origins: Origins

    def ends_of(self, codes: Collection[str], *, since: date = date.min) -> dict[str, Ends]:
        """Return the bodies that each code lives on in, by successions from `since`."""
        return living(self.steps, codes, since=since, origins=self.origins)

    def followers_of(self, code: str, *, by: date) -> frozenset[str]:
        """Return every body that followed a code by a day, however many steps away."""
        reached = [code]
        for one in reached:
            reached += {step.successor for step in self.steps if step.code == one and step.effective_on <= by} - {
                *reached
            }
        return frozenset(reached[1:])


@dataclass(frozen=True, slots=True)
class Lineage:
    """Predecessors and successors of a code, and the bodies that it lives on in, with exact shares."""

    code: str
    before: tuple[StepView, ...]
    after: tuple[StepView, ...]
    living: Ends
    origins: tuple[str, ...]
    """The first of its predecessors, with those that acquired others; itself where it has none, and all of a circle."""
    doubted: tuple[Doubted, ...] = ()

    @property
    def resolves_to(self) -> tuple[str, ...]:
        """The codes that it lives on in."""
        return tuple(code for code, _ in self.living)


async def get_lineage(
    db: Reads, code: str, *, as_at: date, as_known: datetime | None, direction: Direction
) -> LineageView:
    """Return all predecessors and successors of a code, as at a day, as known at an instant.

    Raises OrganisationNotFound.
    """
    await get_organisation(db, code, as_at=as_at, as_known=as_known)
    lineage = await lineage_of(db, code, as_at=as_at, as_known=as_known or ALWAYS, by_lives=True)
    living = await _ends(db, lineage, as_at=as_at, as_known=as_known)
    steps = await _with_sources(db, [*lineage.before, *lineage.after], as_known or ALWAYS)
    before, after = steps[: len(lineage.before)], steps[len(lineage.before) :]
    named = {code, *(step.code for step in steps)}
    disagreements = await of_successions(db, named, as_known=as_known)
    return LineageView(
        code=code,
        as_at=as_at,
        as_known=as_known,
        before=[] if direction == "after" else before,
        after=[] if direction == "before" else after,
        resolves_to=list(lineage.resolves_to),
        living=living,
        origins=list(lineage.origins),
        boundaries=[],
        findings=[*_notes(living, lineage.doubted), *_disagreements(disagreements)],
        because=[_sentence(step) for step in steps],
    )


async def _with_sources(db: Reads, steps: Sequence[StepView], as_known: datetime) -> list[StepView]:
    """Return the steps with the source of each value: that of the highest rank, and then the first, that gives it."""
    keys = ([step.code for step in steps], [step.successor for step in steps], [step.effective_on for step in steps])
    values = ([step.shape for step in steps], [step.share for step in steps], [step.merger or "" for step in steps])
    rows = await db.fetch(_VALUE_SOURCES, as_known, *keys, *values)
    return [
        step.model_copy(update={"shape_source": shape, "share_source": share, "merger_source": merger})
        for step, (shape, share, merger) in zip(steps, rows, strict=True)
    ]


def _disagreements(found: Iterable[Conflict]) -> list[LineageNoteView]:
    return [
        LineageNoteView(finding="sources-disagree", message=f"{one.code}: {span.because}")
        for one in found
        for span in one.differs
    ]


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


def _notes(living: Sequence[EndView], doubted: Iterable[Doubted]) -> list[LineageNoteView]:
    doubts = {one.step.code: one for one in doubted}
    notes = [
        LineageNoteView(finding="no-source-says", message=f"{end.code} is closed, and no source names its successor")
        for end in living
        if end.status == "closed" and end.code not in doubts
    ]
    notes += [LineageNoteView(finding=one.doubt, message=one.because) for one in doubted]
    unstated = [end.code for end in living if end.share is None]
    if unstated:
        message = f"no source states what share went to {', '.join(unstated)}"
        notes.append(LineageNoteView(finding="share-not-stated", message=message))
    return notes


async def lineage_of(
    db: Reads, code: str, *, as_at: date, as_known: datetime = ALWAYS, by_lives: bool = False
) -> Lineage:
    """Return the lineage by the successions that took effect on or before a day, as known at an instant.

    A body that is its own successor continues; circles in the sources end the walk. With `by_lives`, a succession of a
    body that is still open, or had closed before, is not followed: `doubted` has it.
    """
    before = await _steps(db, _BACKWARD, [code], as_at, as_known)
    chains = await chains_from(db, [code], as_at, as_known, beside=before, by_lives=by_lives)
    after = await _steps(db, _FORWARD, [code], as_at, as_known)
    ends = chains.ends_of([code])[code]
    reached = {end for end, _ in ends} | {code}
    doubted = [one for code in sorted(reached) for one in chains.doubted.get(code, ())]
    origins = _origins(code, before, chains.origins)
    return Lineage(
        code, _with_distance(code, before, -1), _with_distance(code, after, 1), ends, origins, tuple(doubted)
    )


def _origins(code: str, before: Sequence[Step], origins: Origins) -> tuple[str, ...]:
    """Return the first predecessors, those among them that were there before what they acquired; all of a circle."""
    named = {code, *(step.code for step in before)}
    return tuple(sorted(one for one in named if origins.is_first(one)) or sorted(named))


async def chains_from(
    db: Reads,
    codes: Collection[str],
    as_at: date,
    as_known: datetime = ALWAYS,
    *,
    beside: Sequence[Step] = (),
    by_lives: bool = True,
) -> Chains:
    """Return the successions from these codes by a day, and with `by_lives` what the lives of bodies say of them.

    What led to a body that was divided is read too, because a share is one of all that the body had. `beside` are
    other successions whose bodies' lives are to be known.
    """
    read: dict[str, list[Any]] = {"step": [], "led": [], "life": []}
    sql = _CHAINS_AND_LIVES if by_lives else _CHAINS_ALONE
    for what, code, value, first, until, seen_on, *rest in await db.fetch(sql, list(codes), as_at, as_known):
        read[what].append((code, value, first, until, seen_on) if what == "life" else Step(code, value, first, *rest))
    steps, lives = read["step"], dict(lives_in(read["life"]))
    others = {code for step in beside for code in (step.code, step.successor)} - lives.keys()
    if by_lives and others:
        lives |= await lives_of(db, others, as_known=as_known)
    followed, doubted = believable(steps, lives, as_at)
    led, _ = believable(dict.fromkeys((*steps, *read["led"], *beside)), lives, as_at)
    opens = {code: life.opens for code, life in lives.items() if life.opens is not None}
    return Chains(followed, doubted, lives, Origins(led, opens))


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
    said = f"{step.code} was followed by {step.successor} on {step.effective_on}{shape}: {step.source}"
    others = (("shape", step.shape_source), ("share", step.share_source), ("merger", step.merger_source))
    return said + "".join(f"; its {value} by {source}" for value, source in others if source not in (None, step.source))


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
