"""Reads parties' sectors, members of footprints and named sets, as known at an instant, and makes lenses of them."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from fractions import Fraction
from functools import lru_cache
from typing import Any, Final

from libs.common.database.connection import Reads
from libs.common.rulepacks import RulePack
from libs.common.temporal.believed import ALL_DAYS, about, holds
from libs.common.temporal.history import FIRST_DAY, LAST_DAY, Days
from libs.organisations.mergers import mergers_from
from libs.organisations.relations import HOSTS, OWNS, PART_OF_FOOTPRINT, PARTNER_IN, WHOLLY
from libs.organisations.statements import Facet
from services.finance.core.lenses import DatedLens, Lens, OrganisationLens, SectorLens, SocietyLens
from services.finance.core.models import known
from services.finance.core.packs import pack_on
from services.finance.core.sight import Sight
from services.finance.parties.errors import LensNotFound, PartyNotFound
from services.finance.parties.rules import (
    Aspect,
    Dated,
    Holder,
    PartyRecord,
    SectorOnDays,
    sector_on,
    sector_periods,
)

NOW: Final = datetime.max.replace(tzinfo=UTC)
ORGANISATION, PUBLIC_SECTOR, SOCIETY = "organisation", "public_sector", "uk_society"
FOOTPRINT, NAMED = "footprint", "set"
_STEPS: Final = 6
"""Owners of owners are read so far."""

_PARTIES = f"""
SELECT p.code, b.facet, b.value, lower(b.valid) AS start, upper(b.valid) AS stop
  FROM known_party p JOIN known_party_belief b ON b.subject_id = p.id
 WHERE p.code = ANY($1) AND {holds("b", ALL_DAYS, "$2")}
 ORDER BY p.code, b.facet, b.valid
"""  # noqa: S608  (what is put in is ours)

_KINDS = f"""
SELECT o.code, b.value, lower(b.valid) AS start, upper(b.valid) AS stop
  FROM known_organisation o JOIN known_organisation_belief b ON b.subject_id = o.id
 WHERE o.code = ANY($1) AND {about("b", Facet.KIND)} AND {holds("b", ALL_DAYS, "$2")}
 ORDER BY o.code, b.valid
"""  # noqa: S608  (what is put in is ours)

_HOLDERS = f"""
SELECT r.code, r.relation, r.other, b.value, lower(b.valid) AS start, upper(b.valid) AS stop
  FROM known_relation r JOIN known_relation_belief b ON b.subject_id = r.id
 WHERE r.other = ANY($1) AND r.relation IN ('{OWNS}', '{HOSTS}') AND {holds("b", ALL_DAYS, "$2")}
 ORDER BY r.other, r.relation, r.code, b.valid
"""  # noqa: S608  (what is put in is ours)

_MEMBERS = f"""
SELECT r.code, lower(b.valid) AS start, upper(b.valid) AS stop
  FROM known_relation r JOIN known_relation_belief b ON b.subject_id = r.id
 WHERE r.other = $1 AND r.relation = '{PART_OF_FOOTPRINT}' AND {holds("b", ALL_DAYS, "$2")}
 ORDER BY r.code, b.valid
"""  # noqa: S608  (what is put in is ours)

_FOOTPRINTS = f"""
SELECT DISTINCT r.other FROM known_relation r JOIN known_relation_belief b ON b.subject_id = r.id
 WHERE r.code = ANY($1) AND r.relation = '{PART_OF_FOOTPRINT}' AND {holds("b", "$2", "$3")}
 ORDER BY 1
"""  # noqa: S608  (what is put in is ours)

# Practices are partners in primary care networks, which are no footprints.
_FOOTPRINTS_OF_EACH = f"""
SELECT DISTINCT r.code, r.other FROM known_relation r JOIN known_relation_belief b ON b.subject_id = r.id
 WHERE r.code = ANY($1) AND r.relation IN ('{PART_OF_FOOTPRINT}', '{PARTNER_IN}') AND {holds("b", "$2", "$3")}
   AND NOT EXISTS (SELECT FROM known_organisation o JOIN known_organisation_belief k ON k.subject_id = o.id
                    WHERE o.code = r.other AND {about("k", Facet.KIND)} AND k.value = 'pcn'
                      AND {holds("k", "$2", "$3")})
 ORDER BY 1, 2
"""  # noqa: S608  (what is put in is ours)

_NAMED = f"""
SELECT l.organisation, l.name, l.version, b.value, lower(b.valid) AS start, upper(b.valid) AS stop
  FROM lens l JOIN lens_belief b ON b.subject_id = l.id
 WHERE l.organisation = $1 AND l.name = $2 AND {holds("b", ALL_DAYS, "$3")}
 ORDER BY b.valid
"""  # noqa: S608  (what is put in is ours)

_LISTED = f"""
SELECT l.organisation, l.name, l.version, b.value, lower(b.valid) AS start, upper(b.valid) AS stop
  FROM lens l JOIN lens_belief b ON b.subject_id = l.id
 WHERE ($1::text[] IS NULL OR l.organisation = ANY($1)) AND {holds("b", "$2", "$3")}
   AND (l.organisation, l.name) > ($4, $5)
 ORDER BY l.organisation, l.name LIMIT $6
"""  # noqa: S608  (what is put in is ours)

_KNOWN = """
SELECT code FROM known_organisation WHERE code = ANY($1)
 UNION SELECT code FROM known_party WHERE code = ANY($1)
 UNION SELECT supplier FROM known_contract WHERE supplier = ANY($1)
"""


@dataclass(frozen=True, slots=True)
class LensMembers:
    """The members of a named set on some days."""

    organisation: str
    name: str
    version: int
    codes: tuple[str, ...]
    days: Days


class Sectors:
    """The sectors of some parties as known at one instant, by the pack of that instant."""

    def __init__(self, records: dict[str, PartyRecord], pack: RulePack) -> None:
        self.pack = pack
        self._records = records
        # A ledger asks for few parties and many days; each pair is derived once.
        self._on = lru_cache(maxsize=100_000)(lambda code, day: sector_on(code, day, records, pack).sector)

    def on(self, code: str, day: date) -> str:
        """Return a party's sector on a day: `public`, `private`, `third` or `unknown`."""
        return self._on(code, day)

    def periods(self, code: str) -> list[SectorOnDays]:
        """Return a party's sector through time, with what it follows from."""
        return sector_periods(code, self._records, self.pack)

    def knows(self, code: str) -> bool:
        """Whether anything is known of a party."""
        record = self._records.get(code)
        return record is not None and bool(record.bounds)


async def unknown_parties(db: Reads, codes: Collection[str]) -> list[str]:
    """Return those of the codes that neither the registry nor contracts has told finance of, sorted."""
    known_codes = {row["code"] for row in await db.fetch(_KNOWN, sorted(set(codes)))}
    return sorted(set(codes) - known_codes)


async def load_sectors(db: Reads, codes: Collection[str], *, as_known: datetime | None = None) -> Sectors:
    """Return the sectors of these parties, with all who own or host them, as known at an instant."""
    instant, records = as_known or NOW, dict[str, PartyRecord]()
    missing = set(codes) - {""}
    for _ in range(_STEPS):
        if not missing:
            break
        records |= await _records(db, missing, instant)
        missing = {holder for record in records.values() for holder in record.holders} - records.keys()
    # What counts as public is a convention without a day of its own: the pack that is known rules every day.
    return Sectors(records, pack_on(LAST_DAY, subject="sectors", as_known=as_known))


async def _records(db: Reads, codes: Collection[str], instant: datetime) -> dict[str, PartyRecord]:
    records = {code: PartyRecord() for code in codes}
    asked = sorted(codes)
    for row in await db.fetch(_PARTIES, asked, instant):
        records[row["code"]].stated.setdefault(Aspect(row["facet"]), []).append(Dated(row["value"], _days(row)))
    for row in await db.fetch(_KINDS, asked, instant):
        records[row["code"]].kinds.append(Dated(row["value"], _days(row)))
    for row in await db.fetch(_HOLDERS, asked, instant):
        share = None if row["value"] == WHOLLY else Fraction(row["value"])
        holder = Holder(row["code"], _days(row), share)
        record = records[row["other"]]
        (record.owners if row["relation"] == OWNS else record.hosts).append(holder)
    for merger in await mergers_from(db, known.successions, asked, as_known=instant):
        for code in records.keys() & set(merger.predecessors):
            # Of two words of who took a body over, which only anomalies have, the earlier day's comes first.
            records[code].successors.append(Dated(merger.successor, Days(merger.effective_on)))
    return records


async def get_sectors(db: Reads, code: str, *, as_known: datetime | None) -> Sectors:
    """Return the sectors of one party. Raises PartyNotFound where nothing is known of it."""
    sectors = await load_sectors(db, [code], as_known=as_known)
    if not sectors.knows(code) and await unknown_parties(db, [code]):
        raise PartyNotFound(f"{code}: nothing is known of a party of this code")
    return sectors


async def footprints_of(
    db: Reads, codes: Collection[str], *, as_at: date, as_known: datetime | None = None
) -> list[str]:
    """Return the footprints of which some organisations are a part on a day, sorted."""
    return [row["other"] for row in await db.fetch(_FOOTPRINTS, sorted(codes), as_at, as_known or NOW)]


async def footprints_of_each(
    db: Reads, codes: Collection[str], *, as_at: date, as_known: datetime | None = None
) -> dict[str, list[str]]:
    """Return by organisation the footprints of which it is a part or a partner on a day; one in none is left out.

    Trusts and local authorities are partners in the STPs of ODS's mapping, of which commissioners are a part.
    """
    found: dict[str, list[str]] = defaultdict(list)
    for row in await db.fetch(_FOOTPRINTS_OF_EACH, sorted(codes), as_at, as_known or NOW):
        found[row["code"]].append(row["other"])
    return dict(found)


async def footprint_lens(db: Reads, code: str, *, as_known: datetime | None = None) -> DatedLens:
    """Return a footprint as a lens: its parts by the registry, those of each day. Raises PartyNotFound."""
    periods: dict[str, list[Days]] = defaultdict(list)
    for row in await db.fetch(_MEMBERS, code, as_known or NOW):
        periods[row["code"]].append(_days(row))
    if not periods:
        raise PartyNotFound(f"{code}: no organisation is known to be part of a footprint of this code")

    @lru_cache(maxsize=10_000)
    def members_on(day: date) -> frozenset[str]:
        return frozenset(member for member, several in periods.items() if any(day in days for days in several))

    return DatedLens(f"{FOOTPRINT}:{code}", members_on)


async def named_lens(db: Reads, organisation: str, name: str, *, sight: Sight, as_known: datetime | None) -> DatedLens:
    """Return a set that an organisation named as a lens. Raises LensNotFound, also for who does not read it."""
    several = await list_members(db, organisation, name, sight=sight, as_known=as_known)

    def members_on(day: date) -> frozenset[str]:
        return frozenset(code for one in several if day in one.days for code in one.codes)

    return DatedLens(f"{NAMED}:{organisation}:{name}", members_on)


async def list_members(
    db: Reads, organisation: str, name: str, *, sight: Sight, as_known: datetime | None
) -> list[LensMembers]:
    """Return the members of a named set through time. Raises LensNotFound."""
    rows = await db.fetch(_NAMED, organisation, name, as_known or NOW) if sight.sees(organisation) else []
    if not rows:
        raise LensNotFound(f"{organisation} has named no set of parties {name}")
    return [_members(row) for row in rows]


async def list_lenses(
    db: Reads,
    *,
    codes: Sequence[str] | None,
    as_at: date,
    as_known: datetime | None,
    after: tuple[str, str],
    limit: int,
) -> list[LensMembers]:
    """Return the sets that some organisations (None: all) have named, as at a day, by organisation and name."""
    return [_members(row) for row in await db.fetch(_LISTED, codes, as_at, as_known or NOW, *after, limit)]


def folded(reference: str) -> str:
    """Return a reference of a lens as it is kept: codes in capitals, the name of a set in small letters."""
    kind, *rest = reference.split(":")
    return ":".join((kind, *(code.upper() for code in rest[:1]), *(name.lower() for name in rest[1:])))


async def lens_called(
    db: Reads, reference: str, *, sectors: Sectors, sight: Sight, as_known: datetime | None = None
) -> Lens:
    """Return the lens of a reference: `public_sector`, `uk_society`, `organisation:06H`, `footprint:QE1`,
    `set:06H:acute`.

    `sectors` are those of the parties of the ledger that is read. Raises LensNotFound, PartyNotFound.
    """
    match folded(reference).split(":"):
        case ["public_sector"]:
            return SectorLens(sectors.on)
        case ["uk_society"]:
            return SocietyLens()
        case ["organisation", code]:
            if await unknown_parties(db, [code]):
                raise PartyNotFound(f"{code}: nothing is known of a party of this code")
            return OrganisationLens(code)
        case ["footprint", code]:
            return await footprint_lens(db, code, as_known=as_known)
        case ["set", organisation, name]:
            return await named_lens(db, organisation, name, sight=sight, as_known=as_known)
        case _:
            raise LensNotFound(f"{reference} is no lens: see the list of lenses")


def _days(row: Any) -> Days:
    return Days(row["start"] or FIRST_DAY, row["stop"] or LAST_DAY)


def _members(row: Any) -> LensMembers:
    return LensMembers(row["organisation"], row["name"], row["version"], tuple(row["value"].split(",")), _days(row))
