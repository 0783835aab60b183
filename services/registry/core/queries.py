"""Reads organisations as at a day, as known at an instant: by SQL, because these reads are hot."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, cast

import asyncpg

from libs.common.database.connection import Reads
from libs.common.temporal.believed import holds
from libs.common.temporal.history import ALWAYS, LAST_DAY
from libs.organisations.statements import Facet, Status
from services.registry.core.believed import IN_ONE_LOOK, believed_link
from services.registry.core.errors import OrganisationNotFound
from services.registry.core.filters import Conditions
from services.registry.core.kinds import Kind
from services.registry.core.levels import ABOVE, COLUMNS, OWN, InLevels, Level
from services.registry.core.links import CODE_OF, ROLE
from services.registry.core.provenance import sightings
from services.registry.core.views import (
    AddressView,
    IdentifierView,
    LegalView,
    LevelsView,
    OrganisationInFullView,
    OrganisationView,
    PartInMergerView,
    RoleView,
)

_Described = tuple[str, str | None, str | None]
"""A value with its first day and the day after its last one, as PostgreSQL writes them in JSON."""
_Borne = tuple[str, str, str | None, str | None]
"""A link in JSON: its type, its target, its first day and the day after its last."""

# Lists leave this out: it costs a look at the body's links. $1 is the day, $2 the instant.
BORNE = f"""
       (SELECT json_agg(json_build_array(t.sort, t.other, lower(b.valid), upper(b.valid)) ORDER BY t.sort, t.other)
          FROM tie t JOIN {believed_link("b")}
         WHERE t.code = o.code AND (t.sort = '{ROLE}' OR starts_with(t.sort, '{CODE_OF}'))) AS borne
"""  # noqa: S608  (only constants of ours are put in)


# The latest plan by the instant asked about, and the other days that had been planned before.
_MERGERS = """
       (SELECT json_agg(json_build_object(
                   'reference', m.reference, 'successor', m.successor,
                   'predecessors', coalesce(plan.predecessors, m.predecessors),
                   'status', plan.status, 'effective_on', plan.effective_on, 'stated_at', plan.stated_at,
                   'slipped_from', (SELECT coalesce(json_agg(DISTINCT other.effective_on), '[]') FROM merger_plan other
                                     WHERE other.merger_id = m.id AND other.stated_at <= $2
                                       AND other.effective_on <> plan.effective_on))
                        ORDER BY plan.effective_on, m.reference)
          FROM merger m
         CROSS JOIN LATERAL (SELECT * FROM merger_plan plan WHERE plan.merger_id = m.id AND plan.stated_at <= $2
                              ORDER BY plan.stated_at DESC, plan.number DESC LIMIT 1) plan
         WHERE (m.successor = o.code OR m.predecessors @> ARRAY[o.code]
                OR m.parts @> jsonb_build_array(jsonb_build_object('code', o.code)))
           AND (m.successor = o.code OR coalesce(plan.predecessors, m.predecessors) @> ARRAY[o.code]
                OR m.parts @> jsonb_build_array(jsonb_build_object('code', o.code)))) AS mergers
"""

# One look at the index finds all that is believed of one body on the day: half the time of a join for each facet.
_ONE = f"""
SELECT o.code, coalesce(seen.kind, 'unknown') AS kind, o.version, seen.status, seen.name, seen.parent,
       seen.since, seen.until, seen.described, {COLUMNS}, {_MERGERS}, {BORNE}
  FROM organisation o
 CROSS JOIN LATERAL (
       SELECT {IN_ONE_LOOK}, {OWN},
              json_object_agg(b.facet, json_build_array(b.value, lower(b.valid), upper(b.valid)))
                  FILTER (WHERE b.facet BETWEEN {Facet.LEGAL:d} AND {Facet.REMIT:d}) AS described
         FROM organisation_belief b
        WHERE b.subject_id = o.id AND {holds("b")}) seen
{ABOVE}
 WHERE o.code = $3
"""  # noqa: S608  (only constants of ours are put in)


@dataclass(frozen=True, slots=True)
class OrganisationFilter:
    """Filters of a list of organisations; None leaves a filter out."""

    kind: Kind | None = None
    status: Status | None = None
    name: str | None = None
    parent: str | None = None
    codes: Collection[str] | None = None
    levels: InLevels = field(default_factory=dict)


async def get_organisation(db: Reads, code: str, *, as_at: date, as_known: datetime | None) -> OrganisationInFullView:
    """Return one organisation. Raises OrganisationNotFound for a code that was never used."""
    rows = await db.fetch(_ONE, as_at, as_known or ALWAYS, code)
    if not rows:
        raise OrganisationNotFound(f"no organisation has the code {code}")
    row = rows[0]
    described: dict[str, _Described] = json.loads(row["described"] or "{}")
    borne: list[_Borne] = json.loads(row["borne"] or "[]")
    return OrganisationInFullView(
        **dict(organisation_of(row)),
        legal=_legal(described),
        legal_form=_value(described, Facet.LEGAL_FORM),
        remit=_value(described, Facet.REMIT),
        address=_address(described),
        roles=[
            RoleView(role=other, since=_day(start), last_day=_day_before(end))
            for sort, other, start, end in borne
            if sort == ROLE
        ],
        identifiers=[
            IdentifierView(
                system=sort.removeprefix(CODE_OF), identifier=other, since=_day(start), last_day=_day_before(end)
            )
            for sort, other, start, end in borne
            if sort != ROLE
        ],
        as_at=as_at,
        as_known=as_known,
        mergers=[PartInMergerView.model_validate(merger) for merger in json.loads(row["mergers"] or "[]")],
    )


async def list_organisations(
    db: Reads, filters: OrganisationFilter, *, as_at: date, as_known: datetime | None, after: str | None, limit: int
) -> list[OrganisationView]:
    """Return a page of organisations ordered by code; `after` is the cursor."""
    conditions = Conditions(as_at, as_known or ALWAYS)
    conditions.equals(Facet.KIND, filters.kind)
    conditions.equals(Facet.LIFE, filters.status)
    conditions.equals(Facet.PARENT, filters.parent)
    conditions.within(filters.levels)
    if filters.name is not None:
        conditions.believed(Facet.NAME, f"strpos(lower(b.value), lower({conditions.of(filters.name)})) > 0")
    if filters.codes is not None:
        conditions.where(f"o.code = ANY({conditions.of(list(filters.codes))})")
    rows = await db.fetch(conditions.sql(limit, after=after), *conditions.arguments)
    return [organisation_of(row) for row in rows]


def organisation_of(row: asyncpg.Record) -> OrganisationView:
    """Return the organisation in a row. On a day about which nothing was stated it has no name."""
    status = row["status"] or "unknown"
    return OrganisationView(
        code=row["code"],
        kind=row["kind"],
        status=status,
        name=None if status == "unknown" else row["name"],
        parent=row["parent"],
        since=row["since"],
        last_day=_last(row["until"]),
        version=row["version"],
        levels=LevelsView(**{level: row[level] for level in Level}),
    )


async def add_sightings(
    db: Reads, found: Sequence[OrganisationView], *, as_at: date, as_known: datetime | None
) -> None:
    """Add to organisations where each of their values comes from."""
    of = await sightings(db, [one.code for one in found], as_at=as_at, as_known=as_known)
    for one in found:
        one.sightings = of.get(one.code, [])


def _legal(described: Mapping[str, _Described]) -> LegalView | None:
    if (legal := described.get(str(Facet.LEGAL.value))) is None:
        return None
    status, start, end = legal
    return LegalView(status=cast("Any", status), since=_day(start), last_day=_day_before(end))


def _value(described: Mapping[str, _Described], facet: Facet) -> str | None:
    value, *_ = described.get(str(facet.value), (None,))
    return value


def _address(described: Mapping[str, _Described]) -> AddressView | None:
    if (address := _value(described, Facet.ADDRESS)) is None:
        return None
    *lines, postcode = address.split("\n")
    return AddressView(lines=lines, postcode=postcode)


def _day(day: str | None) -> date | None:
    return None if day is None else date.fromisoformat(day)


def _day_before(end: str | None) -> date | None:
    return None if end is None else date.fromisoformat(end) - timedelta(days=1)


def _last(end: date | None) -> date | None:
    """Return the last day before `end`, None where there is no end."""
    return None if end in (None, LAST_DAY) else end - timedelta(days=1)
