"""Reads backlog by organisation and footprint, and keys, as known at an instant."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from libs.common.database.connection import Reads
from libs.common.temporal.believed import ALL_DAYS, holds
from libs.common.temporal.history import FIRST_DAY, LAST_DAY
from libs.organisations.boundaries import Part, get_steps, parts_on
from services.finance.backlogs.division import (
    UNASSIGNED,
    Division,
    FootprintPart,
    Key,
    Manner,
    by_footprint,
    divide,
    ranks,
)
from services.finance.backlogs.errors import BacklogNotFound, EstateKeyNotFound, FootprintBacklogNotFound
from services.finance.backlogs.views import (
    BacklogView,
    EstateKeyPeriodView,
    EstateKeyView,
    EstateWeightView,
    FootprintBacklogView,
    FootprintPartsView,
    FootprintPartView,
    FootprintsBacklogView,
    ListedEstateKeyView,
    MannerView,
)
from services.finance.core.models import known
from services.finance.core.years import FinancialYear, day_before
from services.finance.estates.queries import StatedReturn, amounts_view, list_returns
from services.finance.estates.sheets import Amounts, summed
from services.finance.parties.queries import footprints_of_each

NOW: Final = datetime.max.replace(tzinfo=UTC)
EQUAL_SHARES: Final = "equal shares"

_KEY = f"""
SELECT k.organisation, k.name, k.version, c.source, c.weights, lower(b.valid) AS start, upper(b.valid) AS stop
  FROM estate_key k JOIN estate_key_belief b ON b.subject_id = k.id JOIN estate_key_content c ON c.digest = b.value
 WHERE k.organisation = $1 AND k.name = $2 AND {holds("b", ALL_DAYS, "$3")}
 ORDER BY b.valid
"""  # noqa: S608  (what is put in is ours)

_KEYS = f"""
SELECT k.organisation, k.name, k.version, c.source,
       (SELECT count(DISTINCT one ->> 0) FROM jsonb_array_elements(c.weights::jsonb) AS one)::int AS organisations
  FROM estate_key k JOIN estate_key_belief b ON b.subject_id = k.id JOIN estate_key_content c ON c.digest = b.value
 WHERE {holds("b", "$1", "$2")} AND ($3::text IS NULL OR k.organisation = $3) AND (k.organisation, k.name) > ($4, $5)
 ORDER BY k.organisation, k.name LIMIT $6
"""  # noqa: S608  (what is put in is ours)


@dataclass(frozen=True, slots=True)
class DividedYear:
    """The backlog of a year, divided among footprints by a key."""

    key: str
    source: str
    divisions: list[Division]


async def list_backlog(
    db: Reads,
    year: FinancialYear,
    *,
    organisation: str | None,
    as_at: date,
    as_known: datetime | None,
    after: str | None,
    limit: int,
) -> list[BacklogView]:
    """Return the backlog of organisations in a year, by code, with the footprints that they are in on a day."""
    returns = await list_returns(db, year, as_known=as_known, organisation=organisation, after=after, limit=limit)
    codes = [one.of.organisation for one in returns]
    footprints, parts = await _memberships(db, codes, year, as_at=as_at, as_known=as_known)
    return [_backlog(one, year, divide(one.of, footprints, parts[one.of.organisation], Key())) for one in returns]


def _backlog(one: StatedReturn, year: FinancialYear, division: Division) -> BacklogView:
    return BacklogView(
        organisation=one.of.organisation,
        name=one.of.name,
        financial_year=str(year),
        sites=one.of.sites,
        sites_without_figure=one.of.without_figure,
        backlog=amounts_view(one.of.amounts),
        footprints=[part.footprint for part in division.parts if part.footprint != UNASSIGNED],
        successors=list(division.through),
        workbook=one.workbook,
        stated_at=one.stated_at,
    )


async def _memberships(
    db: Reads, codes: Collection[str], year: FinancialYear, *, as_at: date, as_known: datetime | None
) -> tuple[Mapping[str, Sequence[str]], Mapping[str, Sequence[Part]]]:
    """Return the footprints of these organisations and of who took them over, and where those in none lie on the day.

    A body may be named for the year in which it was taken over: successions count from the year's first day on.
    """
    footprints = await footprints_of_each(db, codes, as_at=as_at, as_known=as_known)
    parts: dict[str, Sequence[Part]] = dict.fromkeys(codes, ())
    if missing := sorted(set(codes) - footprints.keys()):
        successors = await known.successors_of_each(db, missing, as_known=as_known)
        reached = set[str]().union(*successors.values())
        steps = await get_steps(db, known.successions, {*missing, *reached}, as_known=as_known)
        before = day_before(year.first_day)
        parts |= {code: parts_on(as_at, code, before, steps) for code in missing}
        footprints |= await footprints_of_each(db, reached, as_at=as_at, as_known=as_known)
    return footprints, parts


async def _divided(
    db: Reads, year: FinancialYear, *, key: str | None, as_at: date, as_known: datetime | None
) -> DividedYear:
    """Return the backlog of a year divided among footprints. Raises BacklogNotFound, EstateKeyNotFound."""
    returns = [one.of for one in await list_returns(db, year, as_known=as_known)]
    if not returns:
        raise BacklogNotFound(f"no workbook of {year} is known")
    weights = Key() if key is None else await get_weights(db, key, as_at=as_at, as_known=as_known)
    codes = [one.organisation for one in returns]
    footprints, parts = await _memberships(db, codes, year, as_at=as_at, as_known=as_known)
    divisions = [divide(one, footprints, parts[one.organisation], weights) for one in returns]
    return DividedYear(key or EQUAL_SHARES, weights.source, divisions)


async def get_footprints(
    db: Reads, year: FinancialYear, *, key: str | None, as_at: date, as_known: datetime | None
) -> FootprintsBacklogView:
    """Return the backlog of a year by footprint, ranked. Raises BacklogNotFound, EstateKeyNotFound."""
    divided = await _divided(db, year, key=key, as_at=as_at, as_known=as_known)
    parts = by_footprint(divided.divisions)
    unassigned = parts.pop(UNASSIGNED, [])
    sums = {code: summed(part.amounts for _, part in several) for code, several in parts.items()}
    rank = ranks({code: amounts.total for code, amounts in sums.items()})
    names = await _names(db, sums, as_at=as_at, as_known=as_known)
    return FootprintsBacklogView(
        financial_year=str(year),
        as_at=as_at,
        as_known=as_known,
        key=divided.key,
        key_source=divided.source,
        backlog=amounts_view(summed(one.of.amounts for one in divided.divisions)),
        footprints=[
            FootprintBacklogView(
                footprint=code,
                name=names.get(code, ""),
                rank=rank[code],
                organisations=len(parts[code]),
                backlog=amounts_view(amounts),
            )
            for code, amounts in sums.items()
        ],
        unassigned=amounts_view(summed(part.amounts for _, part in unassigned)),
        unassigned_organisations=[_part_view(division, part) for division, part in unassigned],
        manners=_manners(divided.divisions),
        divided_equally=[
            one.of.organisation
            for one in divided.divisions
            if not one.by_key and one.manner in (Manner.SEVERAL, Manner.SUCCESSOR_IN_SEVERAL)
        ],
    )


async def get_footprint(
    db: Reads, footprint: str, year: FinancialYear, *, key: str | None, as_at: date, as_known: datetime | None
) -> FootprintPartsView:
    """Return the backlog of one footprint with the part of each organisation.

    Raises BacklogNotFound, FootprintBacklogNotFound, EstateKeyNotFound.
    """
    divided = await _divided(db, year, key=key, as_at=as_at, as_known=as_known)
    parts = by_footprint(divided.divisions).get(footprint, [])
    if not parts:
        raise FootprintBacklogNotFound(f"{footprint} has no part of the backlog of {year} on {as_at}")
    names = await _names(db, [footprint], as_at=as_at, as_known=as_known)
    return FootprintPartsView(
        footprint=footprint,
        name=names.get(footprint, ""),
        financial_year=str(year),
        as_at=as_at,
        as_known=as_known,
        key=divided.key,
        key_source=divided.source,
        backlog=amounts_view(summed(part.amounts for _, part in parts)),
        parts=[_part_view(division, part) for division, part in parts],
    )


def _part_view(division: Division, part: FootprintPart) -> FootprintPartView:
    return FootprintPartView(
        organisation=division.of.organisation,
        name=division.of.name,
        manner=division.manner,
        share=str(part.share),
        by_key=division.by_key,
        successors=list(division.through),
        backlog=amounts_view(part.amounts),
    )


def _manners(divisions: Iterable[Division]) -> list[MannerView]:
    by_manner: dict[Manner, list[Amounts]] = defaultdict(list)
    for one in divisions:
        by_manner[one.manner].append(one.of.amounts)
    return [
        MannerView(manner=manner, organisations=len(by_manner[manner]), backlog=amounts_view(summed(by_manner[manner])))
        for manner in Manner
        if manner in by_manner
    ]


async def _names(db: Reads, codes: Iterable[str], *, as_at: date, as_known: datetime | None) -> dict[str, str]:
    statuses = await known.statuses(db, list(codes), as_at=as_at, as_known=as_known)
    return {code: one.name for code, one in statuses.items()}


async def get_weights(db: Reads, key: str, *, as_at: date, as_known: datetime | None) -> Key:
    """Return a key as it holds on a day. Raises EstateKeyNotFound."""
    organisation, _, name = key.partition(":")
    for row in await db.fetch(_KEY, organisation, name, as_known or NOW):
        if (row["start"] or FIRST_DAY) <= as_at < (row["stop"] or LAST_DAY):
            by_code: dict[str, dict[str, int]] = defaultdict(dict)
            for one in _weights(row):
                by_code[one.organisation][one.footprint] = one.weight
            return Key(row["source"], by_code)
    raise EstateKeyNotFound(f"{organisation} has stated no key {name} for {as_at}")


async def get_key(db: Reads, organisation: str, name: str, *, as_known: datetime | None) -> EstateKeyView:
    """Return a key through time. Raises EstateKeyNotFound."""
    rows = await db.fetch(_KEY, organisation, name, as_known or NOW)
    if not rows:
        raise EstateKeyNotFound(f"{organisation} has stated no key {name}")
    return EstateKeyView(
        key=f"{organisation}:{name}",
        organisation=organisation,
        name=name,
        version=rows[0]["version"],
        periods=[_period(row) for row in rows],
    )


def _period(row: Any) -> EstateKeyPeriodView:
    return EstateKeyPeriodView(
        first_day=row["start"],
        last_day=None if row["stop"] is None else row["stop"] - timedelta(days=1),
        source=row["source"],
        weights=_weights(row),
    )


def _weights(row: Any) -> list[EstateWeightView]:
    return [
        EstateWeightView(organisation=code, footprint=footprint, weight=weight)
        for code, footprint, weight in json.loads(row["weights"])
    ]


async def list_keys(
    db: Reads,
    *,
    organisation: str | None,
    as_at: date,
    as_known: datetime | None,
    after: tuple[str, str],
    limit: int,
) -> list[ListedEstateKeyView]:
    """Return the keys that hold on a day, by who stated them and name."""
    rows = await db.fetch(_KEYS, as_at, as_known or NOW, organisation, *after, limit)
    return [
        ListedEstateKeyView(
            key=f"{row['organisation']}:{row['name']}",
            source=row["source"],
            organisations=row["organisations"],
            version=row["version"],
        )
        for row in rows
    ]
