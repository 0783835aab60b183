"""How a contract may be left in time (rules EXIT-1, EXIT-2): its terms, the ends on offer, and their notice days.

Every day here is a last day of service. Terms are counted from the first day of service, not from one another, so that
short months do not shorten later terms.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from libs.common.temporal.days import LATEST
from libs.common.temporal.months import after_months, last_day_of_term, share_of_a_year
from services.contracts.core.exit_terms import NO_TERMS, ExitTerms
from services.contracts.core.notice import last_notice_day, months_of_term

ONE_DAY = timedelta(days=1)
_RENEWALS_SHOWN = 3
_OPEN_YEARS_SHOWN = 3
_MONTHS_BETWEEN = {"month": 1, "quarter": 3, "year": 12}


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaving:
    """The terms by which a contract may be left, as known at one instant.

    `last_day` is the end of its first term, the latest day that there is where it is open-ended; `not_before` the
    earliest last day of service that notice allows. `noticed_for` is the day for which a valid notice stands.
    """

    starts_on: date
    last_day: date
    notice_months: int
    annual_pence: int
    not_before: date | None = None
    terms: ExitTerms = NO_TERMS
    noticed_for: date | None = None

    @property
    def minimum_ends_on(self) -> date | None:
        """The last day of the minimum term, the later one where it is stated as a day and in months."""
        if self.terms.minimum_months is None:
            return self.not_before
        return max(last_day_of_term(self.starts_on, self.terms.minimum_months), self.not_before or date.min)

    @property
    def first_months(self) -> int | None:
        """The whole months of the first term; None where it does not end as whole months do."""
        return self.terms.initial_months or months_of_term(self.starts_on, self.last_day)

    def term_end(self, number: int) -> date:
        """Return the end of the first term (0), or of a renewal; the latest day that there is beyond the calendar."""
        if number == 0 or self.terms.renewal_months is None:
            return self.last_day
        months, first = self.first_months, self.starts_on
        if months is None:
            months, first = 0, self.last_day + ONE_DAY
        try:
            return min(last_day_of_term(first, months + number * self.terms.renewal_months), LATEST)
        except OverflowError:
            return LATEST

    def term_on(self, day: date) -> int:
        """Return the number of the term in which a day lies: 0 up to the end of the first, then that of the renewal."""
        renewal, day = self.terms.renewal_months, min(day, LATEST)
        if day <= self.last_day or renewal is None:
            return 0
        passed = (day.year - self.last_day.year) * 12 + day.month - self.last_day.month
        number = max(0, passed // renewal - 1)
        while self.term_end(number) < day:
            number += 1
        return number

    def payment_ends_on(self, exit_day: date) -> date:
        """Return the day to which charges count as remaining: the term's end, open-ended the minimum term's."""
        if self.terms.open_ended:
            return self.minimum_ends_on or self.starts_on - ONE_DAY
        return self.term_end(self.term_on(exit_day))


@dataclass(frozen=True, slots=True, kw_only=True)
class ExitPosition:
    """How a contract may be left, seen from one day.

    `current_end` is None where it is open-ended. `last_notice_on` is the last notice day for the window that is
    watched: the present term's end where it renews, the minimum term's where it is open-ended; None where nothing has
    to be done. `earliest_exit` is what notice served on the day reaches, `earliest_free_exit` the first without a
    contractual payment.
    """

    current_end: date | None
    next_end: date | None
    last_notice_on: date | None
    days_left: int | None
    is_missed: bool
    exposure_pence: int
    earliest_exit: date
    earliest_exit_notice_by: date | None
    earliest_free_exit: date
    earliest_free_exit_notice_by: date | None


def exits_on(contract: Leaving, day: date) -> ExitPosition:
    """Return how a contract may be left, seen from a day on or before its last one."""
    if contract.noticed_for is not None:
        return _ending(contract.noticed_for)
    earliest, free = earliest_exit_from(contract, day), earliest_free_exit_from(contract, day)
    current = None if contract.terms.open_ended else contract.term_end(contract.term_on(day))
    window = watched_window(contract, day)
    due = None if window is None else last_notice_day(window, contract.notice_months)
    missed = due is not None and due < day
    following = _following(contract, day, earliest, is_missed=missed)
    exposure = 0
    if missed and window is not None and following is not None:
        exposure = charge_between(contract.annual_pence, window + ONE_DAY, following)
    return ExitPosition(
        current_end=current,
        next_end=following,
        last_notice_on=due,
        days_left=None if due is None or missed else (due - day).days,
        is_missed=missed,
        exposure_pence=exposure,
        earliest_exit=earliest,
        earliest_exit_notice_by=notice_due_for(contract, earliest),
        earliest_free_exit=free,
        earliest_free_exit_notice_by=notice_due_for(contract, free),
    )


def charge_if_missed(contract: Leaving, day: date) -> int:
    """Return the charge of the term that follows where the window to watch on a day passes without notice."""
    position, window = exits_on(contract, day), watched_window(contract, day)
    if position.last_notice_on is None or window is None:
        return 0
    return charge_between(contract.annual_pence, window + ONE_DAY, position.next_end or window)


def _ending(exit_day: date) -> ExitPosition:
    return ExitPosition(
        current_end=exit_day,
        next_end=None,
        last_notice_on=None,
        days_left=None,
        is_missed=False,
        exposure_pence=0,
        earliest_exit=exit_day,
        earliest_exit_notice_by=None,
        earliest_free_exit=exit_day,
        earliest_free_exit_notice_by=None,
    )


def _following(contract: Leaving, day: date, earliest: date, *, is_missed: bool) -> date | None:
    if contract.terms.renewal_months is not None:
        return contract.term_end(contract.term_on(day) + 1)
    return earliest if is_missed else None


def watched_window(contract: Leaving, day: date) -> date | None:
    """Return the end whose notice day must not be missed: of the present term, or of an open-ended one's minimum."""
    if contract.terms.renewal_months is not None:
        return contract.term_end(contract.term_on(day))
    minimum = contract.minimum_ends_on
    if contract.terms.open_ended and minimum is not None and day <= minimum:
        return minimum
    return None


def notice_due_for(contract: Leaving, exit_day: date) -> date | None:
    """Return the last notice day for an end; None where the contract ends then by itself."""
    if not contract.terms.open_ended and contract.terms.renewal_months is None and exit_day >= contract.last_day:
        return None
    for clause in contract.terms.breaks:
        if clause.last_day == exit_day and not _is_open_to_notice(contract, exit_day):
            return last_notice_day(exit_day, _break_months(contract, clause.notice_months))
    return last_notice_day(exit_day, contract.notice_months)


def _break_months(contract: Leaving, months: int | None) -> int:
    return contract.notice_months if months is None else months


def _is_open_to_notice(contract: Leaving, exit_day: date) -> bool:
    """Whether notice of the contract's own period may end it then, breaks apart."""
    first = max(contract.starts_on, contract.minimum_ends_on or date.min)
    return exit_day >= first and next_exit_day(contract, exit_day) == exit_day


def is_offered(contract: Leaving, exit_day: date) -> bool:
    """Whether the terms allow an end on a day, on notice in time."""
    return _is_open_to_notice(contract, exit_day) or any(
        clause.last_day == exit_day for clause in contract.terms.breaks
    )


def earliest_exit_from(contract: Leaving, deemed_on: date) -> date:
    """Return the earliest last day of service that notice deemed served on a day allows."""
    soonest = max(
        after_months(deemed_on, contract.notice_months), contract.starts_on, contract.minimum_ends_on or date.min
    )
    breaks = (
        clause.last_day
        for clause in contract.terms.breaks
        if after_months(deemed_on, _break_months(contract, clause.notice_months)) <= clause.last_day
    )
    return min([next_exit_day(contract, soonest), *breaks])


def earliest_free_exit_from(contract: Leaving, deemed_on: date) -> date:
    """Return the earliest end that notice deemed served on a day reaches without a contractual payment."""
    earliest = earliest_exit_from(contract, deemed_on)
    if not contract.terms.has_payment or earliest >= contract.payment_ends_on(earliest):
        return earliest
    soonest = max(contract.payment_ends_on(earliest), after_months(deemed_on, contract.notice_months))
    if contract.terms.open_ended:
        return next_exit_day(contract, soonest)
    return contract.term_end(contract.term_on(soonest))


def next_exit_day(contract: Leaving, day: date) -> date:
    """Return the first last day of service, on or after a day, that the terms allow; breaks apart.

    The end of a term is always one. A contract that does not renew ends with its last day at the latest.
    """
    end = LATEST if contract.terms.open_ended else contract.term_end(contract.term_on(day))
    if day >= end:
        return end
    days = contract.terms.days_of_exit
    if days == "any_day":
        return day
    if days == "term_end":
        return end
    if days == "anniversary":
        return min(_anniversary(contract.starts_on, day), end)
    return min(_end_of_months(day, _MONTHS_BETWEEN[days]), end)


def _anniversary(starts_on: date, day: date) -> date:
    years = max(1, day.year - starts_on.year)
    last = last_day_of_term(starts_on, years * 12)
    return last if last >= day else last_day_of_term(starts_on, (years + 1) * 12)


def _end_of_months(day: date, months: int) -> date:
    """Return the end of the month, of the quarter, or of the year to 31 March, in which a day lies."""
    passed = day.year * 12 + day.month - 1
    year, month = divmod(passed + (2 - passed) % months + 1, 12)
    return date(year, month + 1, 1) - ONE_DAY


def offered_exits(contract: Leaving, day: date) -> Iterator[date]:
    """Yield the ends that the terms offer from a day, in order: of any day, those at the ends of quarters.

    A contract that renews shows three renewals beyond the present term, an open-ended one three years.
    """
    day = max(day, contract.starts_on)
    if contract.noticed_for is not None:
        yield contract.noticed_for
        return
    breaks = {clause.last_day for clause in contract.terms.breaks if clause.last_day >= day}
    yield from sorted(breaks | set(_regular_exits(contract, day)))


def _regular_exits(contract: Leaving, day: date) -> Iterator[date]:
    first = max(day, contract.minimum_ends_on or date.min)
    horizon = contract.last_day
    if contract.terms.renewal_months is not None:
        horizon = contract.term_end(contract.term_on(day) + _RENEWALS_SHOWN)
    if contract.terms.open_ended:
        horizon = min(after_months(first, 12 * _OPEN_YEARS_SHOWN), LATEST)
        if contract.minimum_ends_on is not None and contract.minimum_ends_on >= day:
            yield next_exit_day(contract, contract.minimum_ends_on)
    while first <= horizon:
        exit_day = next_exit_day(contract, first)
        if contract.terms.days_of_exit == "any_day":
            end = LATEST if contract.terms.open_ended else contract.term_end(contract.term_on(first))
            exit_day = min(_end_of_months(first, 3), end)
        if exit_day > horizon:
            return
        yield exit_day
        first = exit_day + ONE_DAY


def charge_between(annual_pence: int, first: date, last: date) -> int:
    """Return the charge from `first` to `last`, half a penny rounded up."""
    return rounded(annual_pence * share_of_a_year(first, last))


def rounded(pence: Fraction | int) -> int:
    """Return whole pence, half a penny rounded up; no amount is negative."""
    return int(pence + Fraction(1, 2))


@dataclass(frozen=True, slots=True, kw_only=True)
class LeavingOption:
    """A way to end service by a wanted day, or as soon after it as is free."""

    choice: str
    exit_day: date
    notice_by: date | None
    delay_months: int


def ways_out(contract: Leaving, wanted_day: date, asked_on: date) -> list[LeavingOption]:
    """Return how service may end with a wanted day: by notice, else both ways that remain, to wait or to pay.

    No date is moved: the caller chooses.
    """
    free = free_exit_from(contract, wanted_day, asked_on)
    if free == wanted_day:
        return [LeavingOption(choice="notice", exit_day=free, notice_by=notice_due_for(contract, free), delay_months=0)]
    delay = whole_months(wanted_day + ONE_DAY, free + ONE_DAY)
    return [
        LeavingOption(choice="wait", exit_day=free, notice_by=notice_due_for(contract, free), delay_months=delay),
        LeavingOption(choice="pay", exit_day=wanted_day, notice_by=None, delay_months=0),
    ]


def free_exit_from(contract: Leaving, wanted_day: date, asked_on: date) -> date:
    """Return the first end on or after a wanted day that notice from `asked_on` reaches without a payment."""
    if contract.noticed_for is not None:
        return contract.noticed_for
    earliest = earliest_free_exit_from(contract, asked_on)
    if wanted_day <= earliest:
        return earliest
    if contract.terms.has_payment and not contract.terms.open_ended:
        return contract.term_end(contract.term_on(wanted_day))
    breaks = () if contract.terms.has_payment else contract.terms.breaks
    free = (
        clause.last_day
        for clause in breaks
        if clause.last_day >= wanted_day
        and last_notice_day(clause.last_day, _break_months(contract, clause.notice_months)) >= asked_on
    )
    return min([_regular_exit_from(contract, wanted_day, asked_on), *free])


def _regular_exit_from(contract: Leaving, wanted_day: date, asked_on: date) -> date:
    """Return the first end on or after a wanted day that notice of the contract's own period reaches, breaks apart."""
    soonest = max(wanted_day, after_months(asked_on, contract.notice_months), contract.minimum_ends_on or date.min)
    return next_exit_day(contract, soonest)


def whole_months(first: date, second: date) -> int:
    """Return the whole calendar months from one day to a later one."""
    months = max(0, (second.year - first.year) * 12 + second.month - first.month)
    while months and after_months(first, months) > second:
        months -= 1
    return months
