"""Reads populations: what each source states, and sums of predecessors for bodies that no source counted."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime
from fractions import Fraction

from libs.common.database.connection import Reads
from libs.common.temporal.history import ALWAYS
from libs.organisations.populations import Count, in_precedence
from services.registry.core.codes import ByCode
from services.registry.core.sight import Sight
from services.registry.lineage.queries import chains_from, steps_to
from services.registry.lineage.tracing import PARENT_CHANGE
from services.registry.populations.views import (
    AuthorityCountView,
    CountStatementView,
    CountView,
    PartView,
    PopulationView,
)

_COUNTS = """
SELECT code, basis, people, effective_on, source, rank, stated_at
  FROM population_statement
 WHERE code = ANY($1) AND local_authority = '' AND effective_on <= $2 AND stated_at <= $3
 ORDER BY code, basis, effective_on DESC, stated_at DESC, people DESC, source
"""


_BY_AUTHORITY = """
SELECT basis, local_authority, people, effective_on, source, rank, stated_at
  FROM population_statement
 WHERE code = $1 AND local_authority <> '' AND effective_on <= $2 AND stated_at <= $3
 ORDER BY 1, 2
"""


_SAID = """
SELECT id, basis, nullif(local_authority, '') AS local_authority, people, effective_on, source, rank, stated_at,
       recorded_by, recorded_at
  FROM population_statement
 WHERE code = $1 AND stated_at <= $2 AND ($3::text IS NULL OR basis = $3) AND ($4::bigint IS NULL OR id > $4)
 ORDER BY id LIMIT $5
"""


_Counts = Mapping[str, Mapping[str, list[Count]]]
"""By code and basis."""


async def _counts_of(db: Reads, codes: Iterable[str], *, as_at: date, as_known: datetime | None) -> _Counts:
    """Return by code and basis the latest count of each family of sources for a day, in order of precedence."""
    found: dict[str, dict[str, list[Count]]] = defaultdict(lambda: defaultdict(list))
    for row in await db.fetch(_COUNTS, sorted(set(codes)), as_at, as_known or ALWAYS):
        code, basis, *columns = row
        found[code][basis].append(Count(*columns))
    return {
        code: {basis: in_precedence(counts) for basis, counts in sorted(bases.items())} for code, bases in found.items()
    }


async def list_statements(
    db: Reads, code: str, *, sight: Sight, basis: str | None, as_known: datetime | None, after: int | None, limit: int
) -> list[CountStatementView]:
    """Return every count of a body's people, in the order in which they were recorded."""
    rows = await db.fetch(_SAID, code, as_known or ALWAYS, basis, after, limit)
    hidden: dict[str, None] = {} if sight.sees(code) else {"recorded_by": None}
    return [CountStatementView(**{**row, **hidden}) for row in rows]


async def by_authority(db: Reads, code: str, *, as_at: date, as_known: datetime | None) -> list[AuthorityCountView]:
    """Return how many of a body's people live in each local authority, by the count that has precedence."""
    counts: dict[tuple[str, str], list[Count]] = defaultdict(list)
    for row in await db.fetch(_BY_AUTHORITY, code, as_at, as_known or ALWAYS):
        basis, authority, *columns = row
        counts[basis, authority].append(Count(*columns))
    return [
        AuthorityCountView(basis=basis, local_authority=authority, **asdict(in_precedence(several)[0]))
        for (basis, authority), several in counts.items()
    ]


async def populations_of(db: Reads, code: str, *, as_at: date, as_known: datetime | None) -> list[PopulationView]:
    """Return a body's populations as at a day, as known at an instant, in the order of their bases.

    A body that no source counted has the sum of its predecessors (`carried`). The sum is null where one of them was
    not counted, or where only a part of one passed to the body: a number is never guessed.
    """
    return (await _of_each(db, [code], as_at=as_at, as_known=as_known))[code]


async def _of_each(
    db: Reads, codes: Collection[str], *, as_at: date, as_known: datetime | None
) -> ByCode[list[PopulationView]]:
    steps = [
        step
        for step in await steps_to(db, codes, as_at, as_known)
        if step.successor != step.code and step.shape != PARENT_CHANGE
    ]
    named = {*codes, *(step.code for step in steps)}
    chains = await chains_from(db, named, as_at, as_known or ALWAYS)
    doubted = {one.step for some in chains.doubted.values() for one in some}
    before: dict[str, list[str]] = {}
    for step in steps:
        if step not in doubted and step.code not in before.setdefault(step.successor, []):
            before[step.successor].append(step.code)
    ends = chains.ends_of(named)
    counts = await _counts_of(db, named, as_at=as_at, as_known=as_known)
    each: dict[str, list[PopulationView]] = {}
    for code in codes:
        line = _line(code, before)
        whole = {one for one in line if ends[one] == ends[code] or ends[one] == ((code, Fraction(1)),)}
        bases = sorted({basis for one in line for basis in counts.get(one, ())})
        each[code] = [_population(code, basis, counts, before, whole) for basis in bases]
    return each


def _line(code: str, before: Mapping[str, Sequence[str]]) -> list[str]:
    """Return the code and all of its predecessors."""
    line = [code]
    for one in line:
        line += sorted(set(before.get(one, ())) - {*line})
    return line


def _population(
    code: str, basis: str, counts: _Counts, before: Mapping[str, list[str]], whole: set[str]
) -> PopulationView:
    own = counts.get(code, {}).get(basis, [])
    parts = [] if own else _parts(code, basis, counts, before, whole, {code})
    known = [part.people for part in parts if part.people is not None]
    carried = sum(known) if len(known) == len(parts) else None
    return PopulationView(
        basis=basis,
        people=own[0].people if own else carried,
        carried=not own,
        effective_on=own[0].effective_on if own else None,
        source=own[0].source if own else None,
        sources=[_view(count, rules=number == 0) for number, count in enumerate(own)],
        parts=parts,
    )


def _view(count: Count, *, rules: bool) -> CountView:
    return CountView(
        people=count.people,
        effective_on=count.effective_on,
        source=count.source,
        rank=count.rank,
        stated_at=count.stated_at,
        rules=rules,
    )


def _part(code: str, count: Count | None) -> PartView:
    return PartView(
        code=code,
        people=count.people if count else None,
        effective_on=count.effective_on if count else None,
        source=count.source if count else None,
    )


def _parts(
    code: str, basis: str, counts: _Counts, before: Mapping[str, list[str]], whole: set[str], seen: set[str]
) -> list[PartView]:
    """Return what each predecessor contributes, by its own predecessors where it was never counted."""
    parts: list[PartView] = []
    for one in sorted(before.get(code, ())):
        if one in seen:
            continue
        seen.add(one)
        counted = counts.get(one, {}).get(basis)
        if one in whole and not counted and before.get(one):
            parts.extend(_parts(one, basis, counts, before, whole, seen))
        else:
            parts.append(_part(one, counted[0] if counted and one in whole else None))
    return parts


REGISTERED = "registered"
"""The basis of the counts that give a commissioner's population."""


async def people_of(db: Reads, codes: Iterable[str], *, as_at: date, as_known: datetime | None) -> ByCode[int | None]:
    """Return the registered population of each code on a day, None where none is known."""
    each = await _of_each(db, list(codes), as_at=as_at, as_known=as_known)
    return {code: next((one.people for one in found if one.basis == REGISTERED), None) for code, found in each.items()}
