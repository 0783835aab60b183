"""The base of a body's allowance in each year: the people whom the registry counted, at the rate as known.

A year takes the latest count up to its first day, or to the day on which the body opens in it. A body that was not
counted since it took over others has the sum of theirs, restated by exact shares. Where lists are counted by local
authority and the ONS's people of the authority are known, they are moderated. A year that a pack names is set as soon
as count and rate are known; one without a pack of its own takes the last one before when it begins.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from functools import lru_cache

from libs.common.rulepacks import RulePack
from libs.organisations.boundaries import Steps, divided, parts_on
from libs.organisations.populations import Count, in_precedence
from services.finance.allowances.errors import NoRateYet
from services.finance.allowances.rates import PACKS, Rate, allowance_pence, rate_of
from services.finance.core.years import FinancialYear, days_of
from services.finance.populations.moderation import Moderated, moderated


@dataclass(frozen=True, slots=True)
class CountOf:
    """A count of a body's people, or of those who live in one local authority."""

    code: str
    authority: str
    count: Count


@dataclass(frozen=True, slots=True)
class Commissioner:
    """A commissioner that is open in a year from `first_day` on, and its kind."""

    code: str
    kind: str
    first_day: date


@dataclass(frozen=True, slots=True)
class BaseOfYear:
    """What a body's allowance is in a year, known from `since` on."""

    since: datetime
    people: int
    moderated: Fraction | None
    source: str
    first_day: date
    rate: Rate
    pence: int


class Counts:
    """All counts of one basis, to be asked by body, day and instant."""

    def __init__(self, counts: Iterable[CountOf], totals: Iterable[CountOf], steps: Steps) -> None:
        self._whole: dict[str, list[Count]] = defaultdict(list)
        self._lists: dict[tuple[str, str], list[Count]] = defaultdict(list)
        self._totals: dict[str, list[Count]] = defaultdict(list)
        self._steps = steps
        for one in counts:
            if one.authority:
                self._lists[one.code, one.authority].append(one.count)
            else:
                self._whole[one.code].append(one.count)
        for one in totals:
            self._totals[one.code].append(one.count)
        self._bodies: dict[str, list[str]] = defaultdict(list)
        self._authorities: dict[str, list[str]] = defaultdict(list)
        for body, authority in sorted(self._lists):
            self._bodies[authority].append(body)
            self._authorities[body].append(authority)
        self._sources: dict[str, set[str]] = defaultdict(set)
        for code in [*steps]:
            for reached in _reached(code, steps):
                self._sources[reached].add(code)

    def instants(self, code: str) -> set[datetime]:
        """Return when anything was stated that a body's population follows from."""
        bodies = {code, *self._sources[code]}
        whole = [count for one in bodies for count in self._whole.get(one, ())]
        authorities = {authority for body, authority in self._lists if body in bodies}
        lists = [count for (_, one), several in self._lists.items() if one in authorities for count in several]
        totals = [count for one in authorities for count in self._totals.get(one, ())]
        return {count.stated_at for count in (*whole, *lists, *totals)}

    def people(self, code: str, day: date, known: datetime) -> tuple[int, str] | None:
        """Return a body's people on a day, as known, and the source: its own count, or those of whom it took over."""
        lists, sources = self._lists_near(code, day, known)
        listed = [people for (body, _), people in lists.items() if body == code]
        people, others = self._unlisted(code, day, known)
        if not listed and not people:
            return None
        return sum(listed) + people, ", ".join(dict.fromkeys([*sources, *others]))

    def moderated(self, code: str, day: date, known: datetime, rate_pence: int) -> Moderated | None:
        """Return a body's people after moderation, as known; None where none of its authorities was counted."""
        lists, _ = self._lists_near(code, day, known)
        authorities = {authority for body, authority in lists if body == code}
        found = {one: _latest(self._totals.get(one, ()), day, known) for one in authorities}
        totals = {one: count.people for one, count in found.items() if count}
        near = {key: people for key, people in lists.items() if key[1] in authorities}
        if not totals:
            return None
        own, (unlisted, _) = moderated(near, totals, rate_pence)[code], self._unlisted(code, day, known)
        return Moderated(own.people + unlisted, own.pence + rate_pence * unlisted)

    def _unlisted(self, code: str, day: date, known: datetime) -> tuple[int, list[str]]:
        """Return a body's people and their sources by counts of whole bodies, of those that no list of a day counts."""
        people, sources = 0, []
        counted_on = self._counted_on(code, day, known)
        for source in sorted({code, *self._sources[code]}):
            count = _latest(self._whole.get(source, ()), day, known)
            if count is None or self._own_lists(source, day, known):
                continue
            parts = parts_on(day, source, count.effective_on, self._steps)
            for part, amount in zip(parts, divided(count.people, parts), strict=True):
                if part.code == code and (source == code or part.steps[-1].effective_on > counted_on):
                    people += amount
                    sources.append(count.source if source == code else f"{count.source} of {source}")
        return people, sources

    def _lists_near(self, code: str, day: date, known: datetime) -> tuple[dict[tuple[str, str], int], list[str]]:
        """Return the lists of a body's authorities by body and authority, and the sources of the body's own.

        Lists of bodies that were followed pass to who followed.
        """
        authorities = {one for body in (code, *self._sources[code]) for one in self._authorities.get(body, ())}
        lists: dict[tuple[str, str], int] = defaultdict(int)
        sources = []
        for source, authority in sorted((body, one) for one in authorities for body in self._bodies[one]):
            count = _latest(self._lists[source, authority], day, known)
            if count is None:
                continue
            parts = parts_on(day, source, count.effective_on, self._steps)
            for part, people in zip(parts, divided(count.people, parts), strict=True):
                passes = part.code != source
                if passes and part.steps[-1].effective_on <= self._counted_on(part.code, day, known):
                    continue
                lists[part.code, authority] += people
                if part.code == code:
                    sources.append(f"{count.source} of {source}" if passes else count.source)
        return lists, sources

    def _own_lists(self, code: str, day: date, known: datetime) -> list[Count]:
        several = (_latest(self._lists[code, one], day, known) for one in self._authorities.get(code, ()))
        return [count for count in several if count]

    def _counted_on(self, code: str, day: date, known: datetime) -> date:
        """Return the last day on which a body itself was counted, whole or by authority; the first of all if never."""
        whole = _latest(self._whole.get(code, ()), day, known)
        counts = [*self._own_lists(code, day, known), *([whole] if whole else [])]
        return max((one.effective_on for one in counts), default=date.min)


def _reached(code: str, steps: Steps) -> set[str]:
    reached, left = set[str](), [code]
    while left:
        new = {step.successor for step in steps.get(left.pop(), ())} - reached
        reached |= new
        left += new
    return reached


def _latest(counts: Sequence[Count], day: date, known: datetime) -> Count | None:
    usable = [one for one in counts if one.effective_on <= day and one.stated_at <= known]
    return in_precedence(usable)[0] if usable else None


def bases_of(
    body: Commissioner,
    year: FinancialYear,
    counts: Mapping[str, Counts],
    *,
    now: datetime,
    packs: tuple[RulePack, ...] = PACKS,
) -> list[BaseOfYear]:
    """Return what a body's allowance of a year was known to be, in order; `counts` are by basis."""
    stated = {pack.stated_at for pack in packs if pack.stated_at}
    instants = stated | {one for each in counts.values() for one in each.instants(body.code)}
    found: list[BaseOfYear] = []
    for instant in sorted(one for one in instants if one <= now):
        if (base := _base(body, year, counts, instant, packs)) and (not found or _differs(base, found[-1])):
            found.append(base)
    return found


def _differs(one: BaseOfYear, other: BaseOfYear) -> bool:
    return (one.people, one.moderated, one.rate, one.pence) != (other.people, other.moderated, other.rate, other.pence)


@lru_cache(maxsize=4096)
def _our_rate(year: FinancialYear, as_known: datetime) -> Rate:
    # When counts change, each body is asked about each year as known at each instant: 147,000 times in the demo.
    return rate_of(year, as_known=as_known)


def _base(
    body: Commissioner,
    year: FinancialYear,
    counts: Mapping[str, Counts],
    instant: datetime,
    packs: tuple[RulePack, ...],
) -> BaseOfYear | None:
    try:
        rate = _our_rate(year, instant) if packs is PACKS else rate_of(year, packs, as_known=instant)
    except NoRateYet:
        return None
    counted = counts.get(rate.basis)
    if counted is None or not rate.found or body.kind not in rate.pack.values.get("kinds", [body.kind]):
        return None
    if (people := counted.people(body.code, body.first_day, instant)) is None:
        return None
    number, source = people
    days = days_of(body.first_day, year.last_day)
    after = counted.moderated(body.code, body.first_day, instant, rate.pence)
    whole = after.pence if after else rate.pence * number
    pence = allowance_pence(1, whole, year, days)
    return BaseOfYear(instant, number, after.people if after else None, source, body.first_day, rate, pence)
