"""Reads the name and code tables of the Office for National Statistics: bodies of a day, and their parents.

ONS gives a body another code when its area changes; its ODS code stays. So ONS codes hold from the day of a table on,
and end where a later table gives the body another one (`services.registry.imports.files.identifiers`).
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal, InvalidOperation
from fractions import Fraction

from libs.common.events import Event
from libs.common.events.registry import OrganisationClosed, OrganisationParentChanged, OrganisationRelated
from services.registry.core.kinds import Kind
from services.registry.core.links import Relation
from services.registry.core.shares import parts_of_a_whole
from services.registry.imports.files.repeats import decided
from services.registry.imports.files.values import Unusable, code_of
from services.registry.imports.formats.csv_tables import Reading, Row, Table

FAMILY = "ons"
REFORM = date(2013, 4, 1)
"""Health and Social Care Act 2012 ss.33, 34: SHAs and PCTs are abolished, and CCGs are open."""

_APRIL_2021 = date(2021, 4, 1)
_LAST_APRIL_OF_PCTS = date(2012, 4, 1)
_REGIONS_OF_2013 = {"E40000001": "Y54", "E40000002": "Y55", "E40000003": "Y56", "E40000004": "Y57"}
"""The commissioning regions of 2013, for which ONS published no table with both codes."""


def part_of(
    reading: Reading, code: str, parent: str, *, relation: str = "part of", until: date | None = None
) -> OrganisationParentChanged:
    """Return the event that a body was part of another on the table's day, its first day unknown."""
    return OrganisationParentChanged(
        code=code_of(code),
        relation=relation,
        parent=code_of(parent),
        effective_on=reading.day,
        until=until,
        observed=True,
        **reading.saying,
    )


def tied(
    reading: Reading, code: str, relation: Relation, other: str, *, share: str = "", until: date | None = None
) -> OrganisationRelated:
    """Return the event that a body has a relation to another from the table's day."""
    return OrganisationRelated(
        code=code_of(code),
        relation=relation,
        other=code_of(other),
        share=share,
        effective_on=reading.day,
        until=until,
        **reading.saying,
    )


def exact_share(text: str) -> str:
    """Return a decimal fraction (`2.15e-06`) as the exact fraction that it is (`43/20000000`). Raises Unusable."""
    try:
        share = Decimal(text)
    except InvalidOperation:
        raise Unusable(f"{text!r} is no share") from None
    if not share.is_finite() or not 0 < share <= 1:
        raise Unusable(f"{text} is no share of a whole")
    above, below = share.as_integer_ratio()
    return f"{above}/{below}"


def _listed(kind: Kind, code: str, ons: str, name: str) -> Callable[[Reading], Iterator[Event]]:
    """Return how to read bodies of one kind from their columns of code, ONS code and name."""

    def read(reading: Reading) -> Iterator[Event]:
        return reading.each(lambda row: reading.seen(row[code], row[name], kind, ons=row[ons]))

    return read


def _abolished(kind: Kind, code: str, ons: str, name: str) -> Callable[[Reading], Iterator[Event]]:
    """Return how to read such bodies that were abolished when CCGs began."""

    def read(reading: Reading) -> Iterator[Event]:
        def row(one: Row) -> Iterator[Event]:
            yield from reading.seen(one[code], one[name], kind, ons=one[ons])
            yield OrganisationClosed(code=one[code], effective_on=REFORM, **reading.saying)

        return reading.each(row)

    return read


def _pcts_in_shas(reading: Reading) -> Iterator[Event]:
    """Yield the SHA of each PCT; four PCTs lay in the areas of two, and so belonged to neither alone."""
    shas: dict[str, set[str]] = defaultdict(set)
    for _, row in reading.rows():
        shas[row["PCO12CDO"]].add(row["SHA12CDO"])
    for code, within in sorted(shas.items()):
        for sha in sorted(within):
            yield tied(reading, code, Relation.IN_AREA_OF, sha, until=REFORM)
        if len(within) == 1:
            yield part_of(reading, code, *within, until=REFORM)


def _area_teams(reading: Reading) -> Iterator[Event]:
    def row(one: Row) -> Iterator[Event]:
        return reading.seen(reading.body_with(one["NHSAT13CD"]), one["NHSAT13NM"], Kind.LOCAL_OFFICE)

    return reading.each(row)


def _ccgs_in_area_teams(reading: Reading) -> Iterator[Event]:
    def row(one: Row) -> Iterator[Event]:
        team = reading.body_with(one["NHSAT13CD"])
        region = _REGIONS_OF_2013.get(one["NHSCR13CD"]) or reading.body_with(one["NHSCR13CD"])
        ccg = reading.body_with(one["CCG13CD"])
        yield part_of(reading, ccg, team)
        yield part_of(reading, ccg, team, relation="in local office")
        yield part_of(reading, ccg, region, relation="in region")
        yield part_of(reading, team, region)
        yield part_of(reading, team, region, relation="in region")
        yield from reading.seen(region, one["NHSCR13NM"], Kind.NHS_ENGLAND_REGION, ons=one["NHSCR13CD"])

    return reading.each(row)


def in_stp_and_region(reading: Reading, ccg: str, stp: str, region: str) -> Iterator[Event]:
    """Yield the STP and the region of a CCG, and the STP's region, as seen on the table's day."""
    yield part_of(reading, ccg, stp)
    yield part_of(reading, ccg, stp, relation="in STP")
    yield part_of(reading, ccg, region, relation="in region")
    yield part_of(reading, stp, region)
    yield part_of(reading, stp, region, relation="in region")


def _ccgs_in_stps(reading: Reading) -> Iterator[Event]:
    def row(one: Row) -> Iterator[Event]:
        ccg, stp, region = one["CCG21CDH"], one["STP21CDH"], one["NHSER21CDH"]
        yield from reading.seen(ccg, one["CCG21NM"], Kind.CCG, ons=one["CCG21CD"])
        yield from reading.seen(stp, one["STP21NM"], Kind.STP, ons=one["STP21CD"])
        yield from reading.seen(region, one["NHSER21NM"], Kind.NHS_ENGLAND_REGION, ons=one["NHSER21CD"])
        yield from in_stp_and_region(reading, ccg, stp, region)

    return reading.each(row)


def local_authority(reading: Reading, code: str, name: str) -> Iterator[Event]:
    """Yield a local authority under its ONS code, the only one that these tables have for it."""
    return reading.seen(code, name, Kind.LOCAL_AUTHORITY, ons=code)


def _ccgs_in_local_authorities(reading: Reading) -> Iterator[Event]:
    def row(one: Row) -> Iterator[Event]:
        yield from reading.seen(one["CCG21CDH"], one["CCG21NM"], Kind.CCG, ons=one["CCG21CD"])
        yield from local_authority(reading, one["LAD21CD"], one["LAD21NM"])
        yield tied(reading, one["CCG21CDH"], Relation.IN_AREA_OF, one["LAD21CD"])

    return reading.each(row)


def _trusts_in_icbs(reading: Reading) -> Iterator[Event]:
    """Yield the share of each trust's patients that comes from an ICB's area.

    ONS rounds shares to decimals, so that a trust's miss the whole by the last digit: they are taken in proportion.
    """
    lines: dict[tuple[str, str], list[tuple[int, str]]] = defaultdict(list)
    for line, row in reading.rows():
        trust, written = row["nhs_trust22_code"], row["proportion_trust_came_from_icb"]
        try:
            exact_share(written)
            lines[code_of(trust), row["icb22_code"]].append((line, f"{Decimal(written):f}"))
        except ValueError as reason:
            reading.report.refuse(line, trust, str(reason))
    by_trust: dict[str, dict[str, str]] = defaultdict(dict)
    for (trust, ons), entries in lines.items():
        by_trust[trust][ons] = decided(entries, trust, Decimal, "whose share is larger", reading.report)
    for trust, written_shares in by_trust.items():
        shares = parts_of_a_whole(list(written_shares.values()))
        if any(Fraction(share) != Fraction(one) for share, one in zip(shares, written_shares.values(), strict=True)):
            words = f"its {len(shares)} shares sum to {sum(map(Decimal, written_shares.values()))}: taken in proportion"
            reading.report.find("rounded shares", trust, words)
        for ons, share in zip(written_shares, shares, strict=True):
            icb = reading.by_ons.get(ons)
            if icb is None:
                # ONS gave eight ICBs new codes in 2022, and no table with both is available: no source has the body.
                icb = ons
                yield reading.identified(icb, ons)
            yield tied(reading, trust, Relation.IN_AREA_OF, icb, share=share)


FORMS = tuple(
    Table(title, FAMILY, columns, read, day).form()
    for title, columns, read, day in (
        ("PCTs in SHAs of 2012 (ONS)", "PCO12CDO SHA12CDO", _pcts_in_shas, _LAST_APRIL_OF_PCTS),
        (
            "strategic health authorities of 2012 (ONS)",
            "SHA12CD SHA12CDO SHA12NM",
            _abolished(Kind.SHA, "SHA12CDO", "SHA12CD", "SHA12NM"),
            _LAST_APRIL_OF_PCTS,
        ),
        (
            "primary care trusts of 2012 (ONS)",
            "PCO12CD PCO12CDO PCO12NM",
            _abolished(Kind.PCT, "PCO12CDO", "PCO12CD", "PCO12NM"),
            _LAST_APRIL_OF_PCTS,
        ),
        (
            "CCGs of 2013 (ONS)",
            "CCG13CD CCG13CDH CCG13NM",
            _listed(Kind.CCG, "CCG13CDH", "CCG13CD", "CCG13NM"),
            REFORM,
        ),
        (
            "area teams of 2013 with both codes",
            "ons_code hscic_code name",
            _listed(Kind.LOCAL_OFFICE, "hscic_code", "ons_code", "name"),
            REFORM,
        ),
        ("CCGs in area teams and regions of 2013 (ONS)", "CCG13CD NHSAT13CD NHSCR13CD", _ccgs_in_area_teams, REFORM),
        ("area teams of 2013 (ONS)", "NHSAT13CD NHSAT13NM", _area_teams, REFORM),
        (
            "CCGs of April 2020 (ONS)",
            "CCG20CD CCG20CDH CCG20NM",
            _listed(Kind.CCG, "CCG20CDH", "CCG20CD", "CCG20NM"),
            date(2020, 4, 1),
        ),
        ("CCGs in STPs and regions of April 2021 (ONS)", "CCG21CDH STP21CDH NHSER21CDH", _ccgs_in_stps, _APRIL_2021),
        ("CCGs in local authorities, April 2021 (ONS)", "CCG21CDH LAD21CD", _ccgs_in_local_authorities, _APRIL_2021),
        (
            "CCGs of April 2021 (ONS)",
            "CCG21CD CCG21CDH CCG21NM",
            _listed(Kind.CCG, "CCG21CDH", "CCG21CD", "CCG21NM"),
            _APRIL_2021,
        ),
        (
            "trusts' patients by ICB, 2022",
            "nhs_trust22_code icb22_code proportion_trust_came_from_icb",
            _trusts_in_icbs,
            date(2022, 7, 1),
        ),
    )
)
