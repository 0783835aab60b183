"""Reads assessments of exits: gathers what is known of a contract, and computes every exit through every lens."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final

from libs.common.database.connection import Reads
from services.finance.allowances.divisions import divided_by_rule
from services.finance.appraisals.discounting import Schedule, schedule_of
from services.finance.charges.projection import contracts_of, statements_of_contracts
from services.finance.charges.rules import ChargePeriod, ContractStatement, charge_periods
from services.finance.core.lenses import Lens, SetLens
from services.finance.core.models import known
from services.finance.core.packs import pack_on
from services.finance.core.sight import Sight
from services.finance.core.terminations import PricedTermination, list_terminations
from services.finance.core.years import FinancialYear
from services.finance.exits.errors import BeyondHorizon, ContractNotKnown, ExitAssessmentNotFound, ExitTermsUnknown
from services.finance.exits.lines import (
    ExitLine,
    ExitPrice,
    StatedTerms,
    TermsPrice,
    breakage_by_payee,
    period_on,
)
from services.finance.exits.projection import KnownExits, known_exits_of
from services.finance.exits.rules import Assessment, ExitInputs, OfferedExit, assess
from services.finance.parties.queries import (
    FOOTPRINT,
    PUBLIC_SECTOR,
    SOCIETY,
    footprints_of,
    lens_called,
    load_sectors,
)

_ALWAYS: Final = datetime.max.replace(tzinfo=UTC)
OWN, CUSTOMERS = "organisation", "customers"

_VERSIONS = """
SELECT a.contract, a.organisation, v.id, v.version, v.content, v.stated_at, p.stated_at AS published_at
  FROM exit_assessment a
  JOIN exit_assessment_version v ON v.assessment_id = a.id
  LEFT JOIN published_exit_assessment p ON p.version_id = v.id AND p.stated_at <= $2
 WHERE a.contract = ANY($1) AND v.stated_at <= $2
 ORDER BY a.contract, a.organisation, v.version
"""


@dataclass(frozen=True, slots=True)
class Version:
    """One version of an assessment, as it was stated."""

    id: int
    contract: str
    organisation: str
    version: int
    inputs: ExitInputs
    lenses: tuple[str, ...]
    stated_at: datetime
    published_at: datetime | None


@dataclass(frozen=True, slots=True)
class Subject:
    """A contract as finance knows it, as at a day: its charges, its exits, and what was stated of it."""

    contract: str
    statements: tuple[ContractStatement, ...]
    periods: tuple[ChargePeriod, ...]
    exits: KnownExits

    @property
    def title(self) -> str:
        """What its signature names as its functions."""
        return next((one.title for one in self.statements if one.what == "signed"), "")

    @property
    def supplier(self) -> str:
        """Its supplier by the latest statement."""
        return self.statements[-1].supplier if self.statements else ""

    @property
    def every_customer(self) -> set[str]:
        """All that were its customers on any day."""
        return {code for one in self.statements for code in one.customers}

    def customers_on(self, day: date) -> tuple[str, ...]:
        """Its customers on a day, those of its first one before it."""
        return period_on(self.periods, day).customers if self.periods else ()


@dataclass(frozen=True, slots=True)
class Assessed:
    """A version with everything computed from it."""

    version: Version
    subject: Subject
    terms: StatedTerms
    assessment: Assessment
    lenses: tuple[Lens, ...]
    schedule: Schedule
    packs: tuple[str, ...]


async def subjects_of(
    db: Reads, contracts: Collection[str], *, as_at: date, as_known: datetime | None
) -> dict[str, Subject]:
    """Return these contracts as known at an instant, as at a day; a contract that is not known has no statements."""
    stated = await statements_of_contracts(db, contracts, as_known=as_known)
    divided = await divided_by_rule(db, [one for several in stated.values() for one in several], as_known=as_known)
    statements: dict[str, list[ContractStatement]] = {contract: [] for contract in contracts}
    for one in divided:
        statements[one.contract].append(one)
    exits = await known_exits_of(db, contracts, as_at=as_at, as_known=as_known)
    return {
        contract: Subject(contract, tuple(several), tuple(charge_periods(several)), exits[contract])
        for contract, several in statements.items()
    }


async def get_subject(
    db: Reads, contract: str, *, sight: Sight, as_at: date, as_known: datetime | None = None
) -> Subject:
    """Return a contract. Raises ContractNotKnown, also where the caller reads none of its customers' figures."""
    return seen((await subjects_of(db, [contract], as_at=as_at, as_known=as_known))[contract], sight)


def seen(subject: Subject, sight: Sight) -> Subject:
    """Return a contract of which the caller reads a customer's figures. Raises ContractNotKnown."""
    if not subject.periods or not any(sight.sees(code) for code in subject.every_customer):
        raise ContractNotKnown(f"{subject.contract}: no contract of this reference is known")
    return subject


def assessable(subject: Subject) -> StatedTerms:
    """Return the terms by which a contract may be left. Raises ExitTermsUnknown: no figure stands for what is not."""
    if subject.exits.terms is None or not subject.exits.dates:
        missing = "exit terms" if subject.exits.terms is None else "days on which it may be left"
        raise ExitTermsUnknown(f"{subject.contract}: contracts has published no {missing}")
    return subject.exits.terms


async def list_versions(
    db: Reads, contracts: Collection[str], *, as_known: datetime | None
) -> dict[str, list[Version]]:
    """Return every version of the assessments of these contracts, by organisation and number."""
    found: dict[str, list[Version]] = {contract: [] for contract in contracts}
    for row in await db.fetch(_VERSIONS, sorted(contracts), as_known or _ALWAYS):
        found[row["contract"]].append(_version(row))
    return found


def _version(row: Any) -> Version:
    content = json.loads(row["content"])
    lenses = tuple(content.pop("lenses"))
    base_year = FinancialYear.parse(content.pop("base_year"))
    return Version(
        id=row["id"],
        contract=row["contract"],
        organisation=row["organisation"],
        version=row["version"],
        inputs=ExitInputs(base_year=base_year, **content),
        lenses=lenses,
        stated_at=row["stated_at"],
        published_at=row["published_at"],
    )


async def get_version(
    db: Reads,
    contract: str,
    *,
    sight: Sight,
    organisation: str | None,
    version: int | None,
    as_known: datetime | None,
) -> Version:
    """Return a version that the caller reads, the latest where no number is given. Raises ExitAssessmentNotFound.

    The author reads all of its own, every customer of the contract what was published; its own comes first.
    """
    subject = (await subjects_of(db, [contract], as_at=date.max, as_known=as_known))[contract]
    versions = (await list_versions(db, [contract], as_known=as_known))[contract]
    return version_for(subject, versions, sight=sight, organisation=organisation, version=version)


def version_for(
    subject: Subject,
    versions: Sequence[Version],
    *,
    sight: Sight,
    organisation: str | None = None,
    version: int | None = None,
) -> Version:
    """Return the version that the caller reads, of all that there are; see `get_version`."""
    is_customer = any(sight.sees(code) for code in subject.every_customer)
    several = [
        one
        for one in versions
        if (sight.sees(one.organisation) or (one.published_at is not None and is_customer))
        and organisation in (None, one.organisation)
        and version in (None, one.version)
    ]
    if not several:
        raise ExitAssessmentNotFound(f"{subject.contract}: no such assessment of leaving it is known")
    own = [one for one in several if sight.codes is not None and sight.sees(one.organisation)]
    first = (own or several)[0].organisation
    return [one for one in several if one.organisation == first][-1]


async def assess_version(
    db: Reads, version: Version, subject: Subject, *, as_at: date, as_known: datetime | None
) -> Assessed:
    """Compute an assessment as at a day, as known at an instant, through lenses that its author reads.

    Raises ExitTermsUnknown, BeyondHorizon, NoPackInForce, and LensNotFound or PartyNotFound for a lens that it names.
    """
    terms = assessable(subject)
    ends = await list_terminations(db, subject.contract, as_known=as_known)
    offers = offers_of(subject, version.inputs, ends, as_at=as_at)
    lenses, sector_pack = await _lenses(db, version, subject, offers, as_at=as_at, as_known=as_known)
    pack = pack_on(version.inputs.base_year.first_day, subject="discounting-standard", as_known=as_known)
    schedule = schedule_of(pack)
    assessment = assess(
        subject.contract,
        terms,
        subject.periods,
        offers,
        lenses,
        inputs=version.inputs,
        schedule=schedule,
        as_at=as_at,
        wider=PUBLIC_SECTOR,
        committed_on=subject.exits.committed_on,
    )
    packs = tuple(sorted({pack.id, sector_pack, terms.pack} - {""}))
    return Assessed(version, subject, terms, assessment, tuple(lenses), schedule, packs)


def offers_of(
    subject: Subject, inputs: ExitInputs, ends: Sequence[PricedTermination], *, as_at: date
) -> list[OfferedExit]:
    """Return the exits on offer within the horizon, each with contracts' own price of the day where there is one.

    Raises ExitTermsUnknown, BeyondHorizon.
    """
    terms = assessable(subject)
    first, last = inputs.horizon[0].first_day, inputs.horizon[-1].last_day
    days = [(exit_on, due) for exit_on, due in subject.exits.dates if first < exit_on <= last]
    if not days:
        offered = ", ".join(exit_on.isoformat() for exit_on, _ in subject.exits.dates)
        raise BeyondHorizon(f"{subject.contract} offers {offered}, none of them from {first} to {last}")
    priced: dict[date, ExitPrice] = {}
    breakage: tuple[tuple[str, int], ...] = ()
    # The latest statement first, a firm one before any estimate.
    for end in sorted(ends, key=lambda one: one.is_firm, reverse=True):
        if not end.functions and not end.leaving and end.exit_on not in priced:
            lines = tuple(
                ExitLine(one.component, one.nature, one.payer, one.payee, one.pence, one.due_on)
                for one in end.components
            )
            priced[end.exit_on] = ExitPrice(lines, end.unpriced, end.termination)
            breakage = breakage or breakage_by_payee(lines)
    months = inputs.dual_running_months
    return [
        OfferedExit(
            exit_on=exit_on,
            last_notice_on=due,
            price=priced.get(exit_on)
            or TermsPrice(
                terms,
                subject.periods,
                exit_on,
                dual_running_months=months,
                breakage_by_payee=breakage,
                by_notice=due >= as_at or exit_on == subject.exits.committed_on,
            ).price(),
        )
        for exit_on, due in days
    ]


async def _lenses(
    db: Reads,
    version: Version,
    subject: Subject,
    offers: Sequence[OfferedExit],
    *,
    as_at: date,
    as_known: datetime | None,
) -> tuple[list[Lens], str]:
    """Return the lenses of an assessment, the organisation's own first, and the pack of sectors."""
    # Whoever reads a published version reads its figures, also through a set that only the author reads.
    authors = {version.organisation, *await known.predecessors(db, [version.organisation])}
    sight = Sight(frozenset(authors))
    own = {version.organisation} | await known.successors(db, [version.organisation], as_known=as_known)
    lines = [line for one in offers for line in one.price.lines]
    parties = {*subject.every_customer, subject.supplier, *(code for one in lines for code in (one.payer, one.payee))}
    sectors = await load_sectors(db, parties, as_known=as_known)
    lenses: list[Lens] = [SetLens(OWN, frozenset(own))]
    if len(subject.every_customer) > 1:
        lenses.append(SetLens(CUSTOMERS, frozenset(subject.every_customer)))
    footprints = await footprints_of(db, own, as_at=as_at, as_known=as_known)
    shared = [f"{FOOTPRINT}:{code}" for code in footprints]
    lenses += [
        await lens_called(db, reference, sectors=sectors, sight=sight, as_known=as_known)
        for reference in dict.fromkeys([*shared, *version.lenses, PUBLIC_SECTOR, SOCIETY])
    ]
    return lenses, sectors.pack.id


async def list_subjects(db: Reads, codes: Collection[str], *, as_at: date, as_known: datetime | None) -> list[Subject]:
    """Return the contracts of which one of these bodies is a customer on a day, in order of their references."""
    contracts = await contracts_of(db, codes, as_known=as_known)
    subjects = await subjects_of(db, contracts, as_at=as_at, as_known=as_known)
    wanted = set(codes)
    return [
        one
        for one in subjects.values()
        if one.periods
        and wanted.intersection(one.customers_on(as_at))
        and not any(each.what == "ended" and each.effective_on <= as_at for each in one.statements)
    ]
