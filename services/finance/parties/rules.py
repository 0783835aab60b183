"""Derives the sector of a party on each day, as pure functions on what is known of it and of its owners and hosts."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import IntEnum, StrEnum
from fractions import Fraction
from itertools import pairwise

from libs.common.rulepacks import RulePack
from libs.common.temporal.history import FIRST_DAY, LAST_DAY, Days

UNKNOWN = "unknown"
_DEEPEST = 6
"""Owners of owners are followed so far; a chain that is longer, or a circle, gives no sector."""


class Aspect(IntEnum):
    """What is stated of a party: facets of its timeline."""

    SECTOR = 1
    """By contracts: `public`, `private` or `third`."""
    OWNER = 2
    HOST = 3
    """Codes, by contracts."""
    LEGAL_FORM = 4
    """By the registry."""


class Basis(StrEnum):
    """What a sector follows from, the first in precedence first."""

    SUCCESSOR = "successor"
    STATED = "stated"
    OWNER = "owner"
    REGISTERED_OWNERS = "registered_owners"
    HOST = "host"
    REGISTERED_HOSTS = "registered_hosts"
    LEGAL_FORM = "legal_form"
    KIND = "kind"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Dated:
    """A value on some days."""

    value: str
    days: Days


@dataclass(frozen=True, slots=True)
class Holder:
    """Another body that owns or hosts a party by the registry on some days, with its share where one is stated."""

    code: str
    days: Days
    share: Fraction | None = None


@dataclass(slots=True)
class PartyRecord:
    """Everything that is known of a party at an instant that decides its sector."""

    kinds: list[Dated] = field(default_factory=list)
    stated: dict[Aspect, list[Dated]] = field(default_factory=dict)
    owners: list[Holder] = field(default_factory=list)
    hosts: list[Holder] = field(default_factory=list)
    successors: list[Dated] = field(default_factory=list)
    """Who took it over whole, on the days from then on."""

    def on(self, aspect: Aspect, day: date) -> str:
        """Return what is stated of an aspect on a day; empty where nothing is."""
        return value_on(self.stated.get(aspect, ()), day)

    @property
    def bounds(self) -> set[date]:
        """The days on which something about it changes."""
        dated = [one.days for values in (self.kinds, self.successors, *self.stated.values()) for one in values]
        dated += [one.days for one in (*self.owners, *self.hosts)]
        return {bound for days in dated for bound in (days.start, days.end)}

    @property
    def holders(self) -> set[str]:
        """The codes of all who own or host it, or took it over, on any day."""
        stated = {one.value for aspect in (Aspect.OWNER, Aspect.HOST) for one in self.stated.get(aspect, ())}
        return {
            *stated,
            *(one.code for one in (*self.owners, *self.hosts)),
            *(one.value for one in self.successors),
        } - {""}


Records = Mapping[str, PartyRecord]


@dataclass(frozen=True, slots=True)
class SectorOnDays:
    """A party's sector on some days, what it follows from, and the bodies or the pack by which."""

    sector: str
    basis: Basis
    because: tuple[str, ...]
    days: Days = field(default_factory=Days)


def value_on(values: Iterable[Dated], day: date) -> str:
    """Return the value of a day; empty where there is none."""
    return next((one.value for one in values if day in one.days), "")


def sector_on(code: str, day: date, records: Records, pack: RulePack, *, above: tuple[str, ...] = ()) -> SectorOnDays:
    """Return a party's sector on a day. `above` are the parties whose sector is being asked for already."""
    record = records.get(code)
    if record is None or code in above or len(above) >= _DEEPEST:
        return SectorOnDays(UNKNOWN, Basis.NONE, ())
    chain = (*above, code)
    if successor := value_on(record.successors, day):
        found = sector_on(successor, day, records, pack, above=chain)
        return SectorOnDays(found.sector, Basis.SUCCESSOR, (successor,))
    if stated := record.on(Aspect.SECTOR, day):
        return SectorOnDays(stated, Basis.STATED, ("contracts",))
    holders = (
        (Basis.OWNER, _stated_holder(record, Aspect.OWNER, day)),
        (Basis.REGISTERED_OWNERS, _holders_on(record.owners, day)),
        (Basis.HOST, _stated_holder(record, Aspect.HOST, day)),
        (Basis.REGISTERED_HOSTS, _holders_on(record.hosts, day)),
    )
    for basis, several in holders:
        sector = _controlling(
            [(sector_on(one, day, records, pack, above=chain).sector, share) for one, share in several]
        )
        # An owner that contracts states counts above the registry and the kind, also where its sector is unknown.
        if sector != UNKNOWN or (basis is Basis.OWNER and several):
            return SectorOnDays(sector, basis, tuple(one for one, _ in several))
    return _by_default(record, day, pack)


def _by_default(record: PartyRecord, day: date, pack: RulePack) -> SectorOnDays:
    form, kind = record.on(Aspect.LEGAL_FORM, day), value_on(record.kinds, day)
    by_form, by_kind = pack.values["by_legal_form"], pack.values["by_kind"]
    if kind not in by_kind and form in by_form:
        return SectorOnDays(str(by_form[form]), Basis.LEGAL_FORM, (form, pack.id))
    if kind in by_kind:
        return SectorOnDays(str(by_kind[kind]), Basis.KIND, (kind, pack.id))
    return SectorOnDays(UNKNOWN, Basis.NONE, (pack.id,))


def _stated_holder(record: PartyRecord, aspect: Aspect, day: date) -> list[tuple[str, Fraction | None]]:
    code = record.on(aspect, day)
    return [(code, None)] if code else []


def _holders_on(holders: Iterable[Holder], day: date) -> list[tuple[str, Fraction | None]]:
    return sorted(((one.code, one.share) for one in holders if day in one.days), key=lambda one: one[0])


def _controlling(sectors: list[tuple[str, Fraction | None]]) -> str:
    """Return the sector that controls: of all holders, or of more than half of the shares; else unknown."""
    names = {sector for sector, _ in sectors}
    if len(names) == 1:
        return names.pop()
    by_sector: dict[str, Fraction] = {}
    for sector, share in sectors:
        by_sector[sector] = by_sector.get(sector, Fraction(0)) + (share or 0)
    return next((name for name, share in by_sector.items() if share > Fraction(1, 2)), UNKNOWN)


def sector_periods(code: str, records: Records, pack: RulePack) -> list[SectorOnDays]:
    """Return a party's sector through time: the periods follow each other without a gap, each unlike the one before."""
    bounds = {FIRST_DAY, LAST_DAY}.union(*(record.bounds for record in records.values()))
    days = sorted(bounds)
    periods: list[SectorOnDays] = []
    for start, end in pairwise(days):
        found = sector_on(code, start, records, pack)
        if periods and (periods[-1].sector, periods[-1].basis, periods[-1].because) == (
            found.sector,
            found.basis,
            found.because,
        ):
            start = periods.pop().days.start
        periods.append(SectorOnDays(found.sector, found.basis, found.because, Days(start, end)))
    return periods
