"""Previews what a merger would affect, from what the registry knows; the rest is unknown."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import chain

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import Reads, raw
from libs.common.errors import Reason
from libs.common.rulepacks import RulePack
from libs.common.temporal.history import ALWAYS
from libs.organisations.statements import Facet
from services.registry.core.believed import believed, believed_link
from services.registry.core.kinds import Kind
from services.registry.core.links import Relation
from services.registry.core.standing import standings
from services.registry.cover.checks import reasons_against_merger
from services.registry.cover.queries import covered_by_each
from services.registry.merger_previews.views import BodyTouchedView, MergerPreviewView, SchemeNeededView
from services.registry.mergers.models import SchemeType
from services.registry.mergers.queries import agreed_mergers_of
from services.registry.mergers.rules import Surroundings, kind_of_merger, law_on, reasons_against
from services.registry.mergers.views import LackView
from services.registry.parts.queries import locations_below
from services.registry.populations.queries import people_of

_BODIES = f"""
SELECT o.code, name.value AS name, life.value AS status, coalesce(system.value, parent.value) AS parent,
       (SELECT coalesce(array_agg(t.other ORDER BY t.other), '{{}}')
          FROM tie t JOIN {believed_link("b", day="$2", known="$3")}
         WHERE t.code = o.code AND t.sort = $4) AS footprints
  FROM organisation o
  LEFT JOIN {believed("life", Facet.LIFE, day="$2", known="$3")}
  LEFT JOIN {believed("name", Facet.NAME, day="$2", known="$3")}
  LEFT JOIN {believed("parent", Facet.PARENT, day="$2", known="$3")}
  LEFT JOIN {believed("system", Facet.STP, Facet.ICB, day="$2", known="$3")}
 WHERE o.code = ANY($1)
"""  # noqa: S608  (only names of ours are put in)

_AUTHORITIES = """
SELECT DISTINCT local_authority FROM area WHERE code = ANY($1) AND local_authority IS NOT NULL ORDER BY 1
"""


async def preview(
    session: AsyncSession,
    predecessors: Sequence[str],
    successor: str | None,
    effective_on: date,
    *,
    as_at: date,
    as_known: datetime | None,
) -> MergerPreviewView:
    """Return what a merger of these bodies would affect as at a day, with the reasons against it now."""
    codes, connection = list(dict.fromkeys(predecessors)), await raw(session)
    successor_parents = await _parents_of(connection, successor, effective_on, as_known)
    found = {row["code"]: row for row in await _rows(connection, codes, as_at, as_known)}
    bodies = [
        await _body(connection, found.get(one.code), one, successor_parents)
        for one in await _figures(connection, codes, as_at, as_known)
    ]
    kind, law, reasons = await _ruled(session, predecessors, successor, effective_on)
    authorities = _union([body.local_authorities for body in bodies])
    parents = _union([body.parents for body in bodies])
    return MergerPreviewView(
        kind=kind,
        successor=successor,
        effective_on=effective_on,
        as_at=as_at,
        as_known=as_known,
        bodies=bodies,
        practices=_sum([body.practices for body in bodies]),
        people=_sum([body.people for body in bodies]),
        areas=_sum([body.areas for body in bodies]),
        local_authorities=authorities,
        local_authorities_crossed=None if authorities is None else len(authorities) > 1,
        parents=parents,
        parents_crossed=None if parents is None else len(parents) > 1,
        successor_parents=successor_parents,
        schemes_needed=[SchemeNeededView(sort=sort, predecessor=code) for sort in SchemeType for code in codes],
        reasons=[LackView.model_validate(one) for one in reasons],
        rule_pack=law.id if law else None,
    )


async def _ruled(
    session: AsyncSession, predecessors: Sequence[str], successor: str | None, effective_on: date
) -> tuple[Kind, RulePack | None, list[Reason]]:
    """Return the kind that would merge, the law, and every reason against the merger."""
    concerned, connection = {*predecessors, successor or ""}, await raw(session)
    around = Surroundings(await standings(connection, concerned), await agreed_mergers_of(session, concerned))
    kind = kind_of_merger(predecessors, around.standing, effective_on - timedelta(days=1))
    reasons = reasons_against(successor or "", predecessors, effective_on, around=around)
    if successor and all(around.standing[code].exists for code in predecessors):
        reasons.extend(await reasons_against_merger(connection, successor, predecessors, effective_on, kind=kind))
    return kind, law_on(effective_on, kind), reasons


@dataclass(frozen=True, slots=True)
class _Figures:
    """What a body has itself, and through the sub-ICB locations below it. `people` is None where one is not counted."""

    code: str
    below: list[str]
    practices: list[str]
    areas: list[str]
    people: int | None


async def _figures(db: Reads, codes: Sequence[str], as_at: date, as_known: datetime | None) -> list[_Figures]:
    """Return the figures of each of the bodies: an ICB's are those of its locations, where none is stated for it."""
    below: dict[str, list[str]] = {code: [] for code in codes}
    for location, above in sorted((await locations_below(db, codes, as_at=as_at, as_known=as_known)).items()):
        below[above].append(location)
    concerned = sorted({*codes, *chain.from_iterable(below.values())})
    covered = {one.code: one for one in await covered_by_each(db, concerned, as_at=as_at, as_known=as_known)}
    people = await people_of(db, concerned, as_at=as_at, as_known=as_known)
    return [
        _Figures(
            code=code,
            below=locations,
            practices=sorted({one for part in (code, *locations) for one in covered[part].practices}),
            areas=sorted({one for part in (code, *locations) for one in covered[part].areas or ()}),
            people=_sum([people[one] for one in locations]) if people[code] is None else people[code],
        )
        for code, locations in below.items()
    ]


async def _body(
    db: Reads, row: asyncpg.Record | None, figures: _Figures, successor_parents: list[str] | None
) -> BodyTouchedView:
    authorities = [one[0] for one in await db.fetch(_AUTHORITIES, figures.areas)] if figures.areas else None
    parents = _parents(row)
    return BodyTouchedView(
        code=figures.code,
        name=row["name"] if row else None,
        status=(row["status"] if row else None) or "unknown",
        parents=parents,
        changes_parent=None if parents is None or successor_parents is None else parents != successor_parents,
        below=figures.below,
        practices=len(figures.practices) or None,
        people=figures.people,
        areas=len(figures.areas) or None,
        local_authorities=authorities or None,
    )


async def _parents_of(db: Reads, code: str | None, as_at: date, as_known: datetime | None) -> list[str] | None:
    rows = await _rows(db, [code] if code else [], as_at, as_known)
    return _parents(rows[0]) if rows else None


async def _rows(db: Reads, codes: Sequence[str], as_at: date, as_known: datetime | None) -> list[asyncpg.Record]:
    return await db.fetch(_BODIES, list(codes), as_at, as_known or ALWAYS, Relation.PART_OF_FOOTPRINT)


def _parents(row: asyncpg.Record | None) -> list[str] | None:
    """Return the footprints that a body is part of, else its STP, ICB or parent; None where none is known."""
    if row is None:
        return None
    return list(row["footprints"]) or ([row["parent"]] if row["parent"] else None)


def _sum(numbers: Sequence[int | None]) -> int | None:
    known = [number for number in numbers if number is not None]
    return sum(known) if known and len(known) == len(numbers) else None


def _union(sets: Sequence[list[str] | None]) -> list[str] | None:
    known = [one for one in sets if one is not None]
    return sorted({code for one in known for code in one}) if known and len(known) == len(sets) else None
