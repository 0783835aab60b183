"""What the registry answers of organisations: as at a day, as known at an instant. SQL, because these reads are hot."""

import json
from collections.abc import Collection
from dataclasses import dataclass, replace
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
from services.registry.core.links import CODE_OF, ROLE

# Lists leave this out: it costs a look at what the body bears. $1 is the day, $2 the instant.
BORNE = f"""
       (SELECT json_agg(json_build_array(t.sort, t.other, lower(b.valid), upper(b.valid)) ORDER BY t.sort, t.other)
          FROM tie t JOIN {believed_link("b")}
         WHERE t.code = o.code AND (t.sort = '{ROLE}' OR starts_with(t.sort, '{CODE_OF}'))) AS borne
"""  # noqa: S608  (only constants of ours are put in)


@dataclass(frozen=True, slots=True)
class DatedValue:
    """A value, with the first and last day on which it holds, where they are known."""

    value: str
    since: date | None
    last_day: date | None


@dataclass(frozen=True, slots=True)
class ExternalIdentifier:
    """A code of another system that it bears on the day."""

    system: str
    identifier: str
    since: date | None
    last_day: date | None


@dataclass(frozen=True, slots=True)
class Where:
    """Its address."""

    lines: tuple[str, ...]
    postcode: str


@dataclass(frozen=True, slots=True)
class OrganisationRecord:
    """What is known of one organisation on a day beside its life, kind, name and parent."""

    legal: DatedValue | None = None
    legal_form: str | None = None
    remit: str | None = None
    address: Where | None = None
    roles: tuple[DatedValue, ...] = ()
    identifiers: tuple[ExternalIdentifier, ...] = ()


NOTHING = OrganisationRecord()


def record_of(row: asyncpg.Record) -> OrganisationRecord:
    """Read what is believed of it (`described`, by facet) and what it bears (`borne`)."""
    described: dict[str, list[Any]] = json.loads(row["described"] or "{}")
    borne = [
        (sort, other, _day(start), _day_before(end)) for sort, other, start, end in json.loads(row["borne"] or "[]")
    ]
    legal, address = described.get(str(Facet.LEGAL.value)), described.get(str(Facet.ADDRESS.value))
    return OrganisationRecord(
        legal=DatedValue(legal[0], _day(legal[1]), _day_before(legal[2])) if legal else None,
        legal_form=_value(described, Facet.LEGAL_FORM),
        remit=_value(described, Facet.REMIT),
        address=_where(address[0]) if address else None,
        roles=tuple(DatedValue(other, start, last) for sort, other, start, last in borne if sort == ROLE),
        identifiers=tuple(
            ExternalIdentifier(sort.removeprefix(CODE_OF), other, start, last)
            for sort, other, start, last in borne
            if sort != ROLE
        ),
    )


def _value(described: dict[str, list[Any]], facet: Facet) -> str | None:
    found = described.get(str(facet.value))
    return str(found[0]) if found else None


def _where(address: str) -> Where:
    *lines, postcode = address.split("\n")
    return Where(tuple(lines), postcode)


def _day(day: str | None) -> date | None:
    return None if day is None else date.fromisoformat(day)


def _day_before(end: str | None) -> date | None:
    return None if end is None else date.fromisoformat(end) - timedelta(days=1)


# What was said last by the instant asked about, and the other days that had been said before.
_MERGERS = """
       (SELECT json_agg(json_build_object(
                   'reference', m.reference, 'successor', m.successor, 'predecessors', m.predecessors,
                   'status', plan.status, 'effective_on', plan.effective_on, 'stated_at', plan.stated_at,
                   'slipped_from', (SELECT coalesce(json_agg(DISTINCT other.effective_on), '[]') FROM merger_plan other
                                     WHERE other.merger_id = m.id AND other.stated_at <= $2
                                       AND other.effective_on <> plan.effective_on))
                        ORDER BY plan.effective_on, m.reference)
          FROM merger m
         CROSS JOIN LATERAL (SELECT * FROM merger_plan said WHERE said.merger_id = m.id AND said.stated_at <= $2
                              ORDER BY said.stated_at DESC, said.number DESC LIMIT 1) plan
         WHERE m.successor = o.code OR m.predecessors @> ARRAY[o.code]) AS mergers
"""

# Of one body all that is believed on the day is found in one look: half the time of a join for each facet.
_ONE = f"""
SELECT o.code, coalesce(seen.kind, 'unknown') AS kind, o.version, seen.status, seen.name, seen.parent,
       seen.since, seen.until, seen.described, {_MERGERS}, {BORNE}
  FROM organisation o
 CROSS JOIN LATERAL (
       SELECT {IN_ONE_LOOK},
              json_object_agg(b.facet, json_build_array(b.value, lower(b.valid), upper(b.valid)))
                  FILTER (WHERE b.facet BETWEEN {Facet.LEGAL:d} AND {Facet.REMIT:d}) AS described
         FROM organisation_belief b
        WHERE b.subject_id = o.id AND {holds("b")}) seen
 WHERE o.code = $3
"""  # noqa: S608  (only constants of ours are put in)


@dataclass(frozen=True, slots=True)
class PartInMerger:
    """A merger that an organisation is part of, as it was known: what was said last, and the days said before."""

    reference: str
    successor: str
    predecessors: tuple[str, ...]
    status: str
    effective_on: date
    stated_at: datetime
    slipped_from: tuple[date, ...]


@dataclass(frozen=True, slots=True)
class OrganisationAsAt:
    """One organisation as at a day. `last_day` is the last one of this status, where one is known."""

    code: str
    kind: Kind
    version: int
    status: Status
    name: str | None
    parent: str | None
    since: date | None
    last_day: date | None
    mergers: tuple[PartInMerger, ...] = ()
    details: OrganisationRecord = NOTHING


@dataclass(frozen=True, slots=True)
class OrganisationFilter:
    """Which organisations are asked for; None leaves a filter out."""

    kind: Kind | None = None
    status: Status | None = None
    name: str | None = None
    parent: str | None = None
    codes: Collection[str] | None = None


async def get_organisation(db: Reads, code: str, *, as_at: date, as_known: datetime | None) -> OrganisationAsAt:
    """Return one organisation. Raises OrganisationNotFound for a code that was never given."""
    rows = await db.fetch(_ONE, as_at, as_known or ALWAYS, code)
    if not rows:
        raise OrganisationNotFound(f"no organisation has the code {code}")
    found = as_at_of(rows[0], tuple(_part(entry) for entry in json.loads(rows[0]["mergers"] or "[]")))
    return replace(found, details=record_of(rows[0]))


async def list_organisations(
    db: Reads, filters: OrganisationFilter, *, as_at: date, as_known: datetime | None, after: str | None, limit: int
) -> list[OrganisationAsAt]:
    """Return organisations in the order of their codes, from the one behind `after`."""
    chosen = Conditions(as_at, as_known or ALWAYS)
    chosen.equals(Facet.KIND, filters.kind)
    chosen.equals(Facet.LIFE, filters.status)
    chosen.equals(Facet.PARENT, filters.parent)
    if filters.name is not None:
        chosen.believed(Facet.NAME, f"strpos(lower(b.value), lower({chosen.of(filters.name)})) > 0")
    if filters.codes is not None:
        chosen.where(f"o.code = ANY({chosen.of(list(filters.codes))})")
    rows = await db.fetch(chosen.sql(limit, after=after), *chosen.arguments)
    return [as_at_of(row) for row in rows]


def as_at_of(row: asyncpg.Record, mergers: tuple[PartInMerger, ...] = ()) -> OrganisationAsAt:
    """Return the organisation in a row."""
    status = cast("Status", row["status"] or "unknown")
    return OrganisationAsAt(
        code=row["code"],
        kind=Kind(row["kind"]),
        version=row["version"],
        status=status,
        name=None if status == "unknown" else row["name"],
        parent=row["parent"],
        since=row["since"],
        last_day=_last(row["until"]),
        mergers=mergers,
    )


def _part(entry: dict[str, Any]) -> PartInMerger:
    return PartInMerger(
        reference=entry["reference"],
        successor=entry["successor"],
        predecessors=tuple(entry["predecessors"]),
        status=entry["status"],
        effective_on=date.fromisoformat(entry["effective_on"]),
        stated_at=datetime.fromisoformat(entry["stated_at"]),
        slipped_from=tuple(date.fromisoformat(day) for day in entry["slipped_from"]),
    )


def _last(end: date | None) -> date | None:
    """Return the last day before `end`, None where there is no end."""
    return None if end in (None, LAST_DAY) else end - timedelta(days=1)
