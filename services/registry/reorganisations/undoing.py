"""Undoes a succession that was stated by hand, with all its effects; both statements stay on record."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from itertools import pairwise
from typing import Any

import asyncpg
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.errors import as_sentence
from libs.common.events import Event
from libs.common.events.registry import (
    AreasAssigned,
    OrganisationClosed,
    OrganisationKindChanged,
    OrganisationLegalStatusChanged,
    OrganisationOpened,
    OrganisationParentChanged,
    OrganisationProposed,
    SuccessionUndone,
)
from libs.common.identity import Caller
from libs.common.temporal.believed import NOW, about
from libs.common.temporal.history import FIRST_DAY, LAST_DAY, Days, Statement, history
from libs.organisations.statements import Facet
from services.registry.core.believed import believed
from services.registry.core.change import Change, change
from services.registry.core.kinds import ESTABLISHED
from services.registry.core.permissions import must_act_for
from services.registry.core.sight import EVERYTHING
from services.registry.core.standing import Standing
from services.registry.cover.checks import against_change, records_of
from services.registry.reorganisations.commands import state_standing
from services.registry.reorganisations.errors import SuccessionNotFound, SuccessionNotUndoable
from services.registry.reorganisations.models import Reorganisation
from services.registry.reorganisations.queries import get_reorganisation
from services.registry.reorganisations.views import ReorganisationView

_MOVED = f"""
SELECT o.code FROM organisation o JOIN organisation_statement s ON s.subject_id = o.id AND {about("s", Facet.PARENT)}
 WHERE s.stated_at = $1 AND s.source = 'command' AND lower(s.valid) = $2 AND s.value = ANY($3)
"""  # noqa: S608  (only names of ours are put in)

_SAID = """
SELECT o.code, s.facet, s.value, lower(s.valid), upper(s.valid), s.stated_at, s.fills_before, s.rank,
       s.stated_at = $3 AND s.source = 'command' AS undone
  FROM organisation o JOIN organisation_statement s ON s.subject_id = o.id
 WHERE o.code = ANY($1) AND s.facet = ANY($2)
 ORDER BY s.fills_before DESC, s.valid, s.value NULLS FIRST
"""

_SAID_OF_AREAS = """
SELECT a.code, s.facet, s.value, lower(s.valid), upper(s.valid), s.stated_at, s.fills_before, s.rank,
       s.stated_at = $1 AND s.source = 'command' AS undone
  FROM area a JOIN area_statement s ON s.subject_id = a.id
 WHERE a.id IN (SELECT subject_id FROM area_statement WHERE stated_at = $1 AND source = 'command' AND value = ANY($2))
 ORDER BY s.fills_before DESC, s.valid, s.value NULLS FIRST
"""

_Periods = dict[tuple[str, int], list[tuple[Days, str]]]
"""What holds of each code and facet, over time."""


async def get_reorganisation_to_change(session: AsyncSession, reference: str, *, by: Caller) -> Reorganisation:
    """Lock a succession that was stated by hand, as who acts for every body that it moved anything of.

    Raises SuccessionNotFound, NotYoursToDecide.
    """
    stated = await session.scalar(select(Reorganisation).where(Reorganisation.reference == reference))
    if stated is not None:
        await must_act_for(session, stated.covering(), by)
    found: Reorganisation | None = await session.scalar(
        select(Reorganisation)
        .where(Reorganisation.reference == reference)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise SuccessionNotFound(f"no succession was stated by hand under {reference}")
    return found


async def undo_succession(
    session: AsyncSession, wrong: Reorganisation, *, by: Caller, stated_at: datetime
) -> ReorganisationView:
    """Undo the locked succession, with all that it changed; later statements of others stay.

    A body that it closed is open again, practices and areas that it moved are where they would be without it. What was
    believed until now stays, as known until now. Raises SuccessionNotUndoable with every practice and area that would
    be left in none or in two, NotYoursToDecide.
    """
    connection = await raw(session)
    before = await get_reorganisation(connection, wrong.reference, as_known=None, sight=EVERYTHING)
    if before.undone_at is not None:
        raise SuccessionNotUndoable(f"{wrong.reference} was undone already")
    day, since = wrong.effective_on, wrong.stated_at
    moved = [row["code"] for row in await connection.fetch(_MOVED, since, day, sorted(wrong.covering()))]
    bound = wrong.covering()
    async with change(
        session, wrong.codes(), by=by, stated_at=stated_at, bound=bound, in_bulk=moved, after=since
    ) as now:
        now.changed.update(moved)
        covered = await records_of(connection, {}, day, others=wrong.covering())
        wrong.version += 1
        await state_standing(now, wrong, None)
        now.publish(*_undone(wrong, now.at), *await _taken_back(now, wrong, moved))
    # The rules judge what is recorded now; a refusal undoes it with the transaction.
    if reasons := against_change(covered, await records_of(connection, {}, day, others=wrong.covering()), day):
        raise SuccessionNotUndoable(as_sentence(reasons), reasons=reasons)
    return await get_reorganisation(connection, wrong.reference, as_known=None, sight=EVERYTHING)


def _undone(wrong: Reorganisation, at: datetime) -> Iterator[Event]:
    for code in wrong.predecessors:
        for successor in wrong.successors:
            yield SuccessionUndone(code=code, successor=successor, effective_on=wrong.effective_on, stated_at=at)


async def _taken_back(now: Change, wrong: Reorganisation, moved: Sequence[str]) -> list[Event]:
    """Return the events that restore all as if the succession had never been stated."""
    connection, day, at = now.connection, wrong.effective_on, now.at
    facets = [Facet.LIFE, Facet.KIND, Facet.LEGAL]
    of_bodies = await connection.fetch(_SAID, wrong.predecessors, facets, wrong.stated_at)
    of_practices = await connection.fetch(_SAID, list(moved), [Facet.PARENT], wrong.stated_at)
    of_areas = await connection.fetch(_SAID_OF_AREAS, wrong.stated_at, sorted(wrong.covering()))
    names = await _names(connection, wrong.predecessors, day)
    events: list[Event] = []
    for (code, facet), spans in _differing(of_bodies, day).items():
        events.extend(
            _of_a_body(now.standings[code], names.get(code, code), Facet(facet), spans or [(Days(day), "")], at)
        )
    for (code, _), spans in _differing(of_practices, day).items():
        events.extend(_of_a_practice(code, spans, day, at))
    owners: dict[tuple[str, date], list[str]] = defaultdict(list)
    for (code, _), spans in _differing(of_areas, day).items():
        for days, owner in spans:
            owners[owner, days.start].append(code)
    events.extend(
        AreasAssigned(code=owner, areas=tuple(sorted(codes)), effective_on=start, stated_at=at)
        for (owner, start), codes in sorted(owners.items(), key=lambda one: one[0][::-1])
    )
    return events


def _differing(rows: Iterable[Sequence[Any]], day: date) -> _Periods:
    """Return what holds from the day on without what is undone, of each code and facet of which that is different."""
    with_it: dict[tuple[str, int], list[Statement[str]]] = defaultdict(list)
    without: dict[tuple[str, int], list[Statement[str]]] = defaultdict(list)
    for order, (code, facet, value, start, end, stated_at, fills_before, rank, undone) in enumerate(rows):
        days = Days(start or FIRST_DAY, end or LAST_DAY)
        stated = Statement(value, days, stated_at, fills_before, order, rank)
        with_it[code, facet].append(stated)
        if not undone:
            without[code, facet].append(stated)
    return {
        key: wanted
        for key, statements in with_it.items()
        if (wanted := _now(without.get(key, []), day)) != _now(statements, day)
    }


def _now(statements: Sequence[Statement[str]], day: date) -> list[tuple[Days, str]]:
    lasting = [belief for belief in history(statements) if belief.known_to is None and belief.days.end > day]
    spans = [(Days(max(belief.days.start, day), belief.days.end), belief.value) for belief in lasting]
    return sorted(spans, key=lambda one: one[0].start)


def _of_a_body(
    body: Standing, name: str, facet: Facet, spans: Sequence[tuple[Days, str]], at: datetime
) -> Iterator[Event]:
    for days, value in spans:
        when = {"effective_on": days.start, "stated_at": at}
        match facet, value:
            case Facet.LIFE, "open":
                yield OrganisationOpened(code=body.code, name=name, kind=body.kind_on(days.start), **when)
            case Facet.LIFE, "proposed":
                yield OrganisationProposed(code=body.code, name=name, kind=body.kind_on(days.start), **when)
            case Facet.LIFE, "closed":
                yield OrganisationClosed(code=body.code, **when)
            case Facet.KIND, _ if value:
                yield OrganisationKindChanged(code=body.code, kind=value, **when)
            case Facet.LEGAL, _:
                yield OrganisationLegalStatusChanged(code=body.code, legal_status=value or ESTABLISHED, **when)


def _of_a_practice(code: str, spans: Sequence[tuple[Days, str]], day: date, at: datetime) -> Iterator[Event]:
    bounds = sorted({day, LAST_DAY, *(bound for days, _ in spans for bound in (days.start, days.end))})
    for start, end in pairwise(bounds):
        parent = next((value for days, value in spans if start in days), "")
        yield OrganisationParentChanged(
            code=code,
            relation="commissioned by",
            parent=parent,
            until=None if end == LAST_DAY else end,
            effective_on=start,
            stated_at=at,
        )


async def _names(connection: asyncpg.Connection, codes: Sequence[str], day: date) -> Mapping[str, str]:
    rows = await connection.fetch(
        f"""
        SELECT o.code, b.value FROM organisation o JOIN {believed("b", Facet.NAME, day="$2", known=NOW)}
         WHERE o.code = ANY($1)
        """,  # noqa: S608  (only names of ours are put in)
        codes,
        day,
    )
    return dict(rows)
