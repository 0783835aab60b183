"""The exits of golden 12, as pure values, and the same figures from arithmetic that imports nothing of the services."""

from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from libs.common.rulepacks import in_force
from services.finance.appraisals.discounting import Schedule, schedule_of
from services.finance.charges.rules import ChargePeriod
from services.finance.core.packs import PACKS
from services.finance.core.years import FinancialYear
from services.finance.exits.lines import StatedTerms, TermsPrice
from services.finance.exits.rules import ExitInputs, OfferedExit

BASE = 2017


def standard_schedule() -> Schedule:
    """The Green Book's standard schedule."""
    return schedule_of(in_force(PACKS, date(2017, 4, 1), subject="discounting-standard")[0])


@dataclass(frozen=True)
class Case:
    """A contract of whole years from 1 April 2017, with everything that decides when to leave it."""

    charge: int
    term: int
    replacement: int
    transition: int
    share: Fraction
    stranded: tuple[int, ...]
    years: int

    def terms(self) -> StatedTerms:
        """What contracts would publish."""
        return StatedTerms(
            supplier="0CX",
            term_ends_on=date(BASE + self.term, 3, 31),
            payment_share=self.share,
            stranded_pence=self.stranded,
            breakage_pence=0,
            redundancy_pence=0,
            reprocurement_pence=0,
        )

    def periods(self) -> list[ChargePeriod]:
        """The charges of one customer."""
        last_day = date(BASE + self.term, 3, 31)
        return [ChargePeriod(date(BASE, 4, 1), last_day, ("06H",), self.charge, (Fraction(1),))]

    def inputs(self) -> ExitInputs:
        """What the assessment states."""
        return ExitInputs(
            base_year=FinancialYear(BASE),
            years=self.years,
            replacement_pence=self.replacement,
            transition_pence=self.transition,
        )

    def offers(self) -> list[OfferedExit]:
        """An exit at the beginning of each year from year 1, on notice of six months."""
        return [
            OfferedExit(
                exit_on=date(BASE + year, 4, 1),
                last_notice_on=date(BASE + year - 1, 9, 30),
                price=TermsPrice(self.terms(), self.periods(), date(BASE + year, 4, 1)).price(),
            )
            for year in range(1, self.term + 1)
        ]

    def present_cost(self, year: int, *, public_until: int = 0, own: bool = True) -> Fraction:
        """The present cost of leaving at the start of a year: the customer's, or the public sector's.

        The supplier is public in the years before `public_until`.
        """
        total = Fraction(0)
        for t in range(self.years):
            factor = Fraction(1000, 1035) ** t
            total += factor * (self.charge if t < year else self.replacement)
            if t == year:
                total += factor * self.transition
                if own or t >= public_until:
                    total += factor * int(self.share * self.charge * (self.term - year) + Fraction(1, 2))
            stranded = t - year
            if not own and t < public_until and 0 <= stranded < len(self.stranded) and t < self.term:
                total += factor * self.stranded[stranded]
        return total


def golden(share: str = "1/2") -> Case:
    """Golden 12, in pence."""
    return Case(
        charge=100_000_000,
        term=5,
        replacement=60_000_000,
        transition=25_000_000,
        share=Fraction(share),
        stranded=(30_000_000, 15_000_000),
        years=10,
    )


SECOND = Case(
    charge=83_456_789,
    term=4,
    replacement=51_234_567,
    transition=19_000_001,
    share=Fraction(3, 7),
    stranded=(12_345_678, 6_000_001, 1_234_567),
    years=8,
)
