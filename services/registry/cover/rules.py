"""Rules that every practice and area is covered exactly once, on every day (NHS Act 2006 s.14A)."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from itertools import pairwise
from typing import Literal

from libs.common.errors import Reason
from libs.common.rulepacks import RulePack, in_force
from libs.common.temporal.history import FIRST_DAY, LAST_DAY, Days
from services.registry.core.rule_packs import PACKS
from services.registry.core.standing import Standing

Sort = Literal["practices", "areas"]
Holders = frozenset[str]
Stated = tuple[tuple[Days, str], ...]

_TIMES = {0: "none", 2: "two", 3: "three"}


@dataclass(frozen=True, slots=True)
class Subject:
    """A practice or an area: the days on which it has to be covered, and the bodies stated for it."""

    code: str
    required: tuple[Days, ...] = ()
    stated: Stated = ()


@dataclass(frozen=True, slots=True)
class Breach:
    """Days on which no commissioner covers it, or several do."""

    days: Days
    holders: Holders


@dataclass(frozen=True, slots=True)
class Listed:
    """The complete practices and areas of one commissioner from a day; None changes nothing."""

    practices: frozenset[str] | None = None
    areas: frozenset[str] | None = None

    def of(self, sort: Sort) -> frozenset[str] | None:
        """Return the practices or the areas."""
        return self.practices if sort == "practices" else self.areas


@dataclass(slots=True)
class Commissioners:
    """Which bodies can cover: the days on which each is open, whether the law then lets it, and its successors.

    What is stated of a body that has closed applies to its successors: a merger moves its practices and areas without
    a statement about each.
    """

    open_on: Mapping[str, Sequence[tuple[Days, bool]]]
    followed: Mapping[str, Sequence[tuple[str, date]]]
    _known: dict[str, tuple[tuple[Days, Holders], ...]] = field(default_factory=dict)
    _found: dict[tuple[tuple[Days, ...], Stated], tuple[Breach, ...]] = field(default_factory=dict)

    def on(self, code: str, day: date, _seen: Holders = frozenset()) -> Holders:
        """Return the bodies that cover on a day what is stated for `code`."""
        for days, may_cover in self.open_on.get(code, ()):
            if day in days:
                return frozenset({code}) if may_cover else frozenset()
        seen = _seen | {code}
        onto = [one for one, since in self.followed.get(code, ()) if since <= day and one not in seen]
        return frozenset().union(*(self.on(one, day, seen) for one in onto))

    def breaches(self, subject: Subject) -> tuple[Breach, ...]:
        """Return every period of required days on which it is not covered exactly once."""
        key = (subject.required, subject.stated)
        if key not in self._found:
            pieces = [
                (common, holders)
                for days, code in subject.stated
                for span, holders in self._over_time(code)
                if (common := overlap(days, span))
            ]
            self._found[key] = tuple(breach for days in subject.required for breach in _breaches(days, pieces))
        return self._found[key]

    def _over_time(self, code: str) -> tuple[tuple[Days, Holders], ...]:
        """Return the bodies that cover what is stated for `code`, for all days."""
        if code not in self._known:
            line, bounds = [code], {FIRST_DAY, LAST_DAY}
            for one in line:
                bounds.update(day for days, _ in self.open_on.get(one, ()) for day in (days.start, days.end))
                for successor, since in self.followed.get(one, ()):
                    bounds.add(since)
                    if successor not in line:
                        line.append(successor)
            self._known[code] = tuple((Days(a, b), self.on(code, a)) for a, b in pairwise(sorted(bounds)))
        return self._known[code]


def after_a_succession(
    before: Commissioners, day: date, *, closed: Collection[str], successors: Iterable[Standing]
) -> Commissioners:
    """Return which bodies can cover once these are closed from a day and these successors take over."""
    open_on = dict(before.open_on)
    for code in closed:
        until = [(overlap(days, Days(end=day)), may_cover) for days, may_cover in open_on.get(code, ())]
        open_on[code] = tuple((days, may_cover) for days, may_cover in until if days)
    onto = []
    for successor in successors:
        open_on[successor.code] = days_as_commissioner(successor)
        onto.append((successor.code, day))
    moved = {code: (*before.followed.get(code, ()), *onto) for code in closed}
    return Commissioners(open_on, {**before.followed, **moved})


def _breaches(required: Days, pieces: Sequence[tuple[Days, Holders]]) -> Iterator[Breach]:
    inside = [(common, holders) for days, holders in pieces if (common := overlap(days, required))]
    bounds = {required.start, required.end, *(day for days, _ in inside for day in (days.start, days.end))}
    last: Breach | None = None
    for start, end in pairwise(sorted(bounds)):
        holders: Holders = frozenset().union(*(who for days, who in inside if start in days))
        if last and last.holders == holders and last.days.end == start:
            last = Breach(Days(last.days.start, end), holders)
            continue
        if last:
            yield last
        last = None if len(holders) == 1 else Breach(Days(start, end), holders)
    if last:
        yield last


def overlap(one: Days, other: Days) -> Days | None:
    """Return the days that both have."""
    start, end = max(one.start, other.start), min(one.end, other.end)
    return Days(start, end) if start < end else None


def restated(
    subject: Subject, owners: Collection[str], complete: Collection[str], who: Commissioners, day: date
) -> Subject:
    """Return what is stated about a subject once `owners` list it and the lists of `complete` are complete.

    It holds from the day up to the next statement; a body whose list is not given keeps its own.
    """
    current = next(((days, code) for days, code in subject.stated if day in days), None)
    later = (days.start for days, _ in subject.stated if days.start > day)
    new = Days(day, current[0].end if current else min(later, default=LAST_DAY))
    stated = [one for one in subject.stated if one != current]
    if current and current[0].start < day:
        stated.append((Days(current[0].start, day), current[1]))
    if current and (who.on(current[1], day) - set(complete)):
        stated.append((new, current[1]))
    stated.extend((new, owner) for owner in sorted(owners))
    return Subject(subject.code, subject.required, tuple(sorted(stated, key=lambda one: (one[0].start, one[1]))))


def reasons_against(
    sort: Sort,
    subjects: Iterable[Subject],
    before: Commissioners,
    after: Commissioners,
    lists: Mapping[str, Listed],
    day: date,
) -> list[Reason]:
    """Return a reason for each practice or area that would stop being covered exactly once, on any day.

    What was not covered exactly once before, in the same way, is a finding and not this command's fault. `lists` are
    the complete lists of what these bodies cover from `day`, by the command.
    """
    complete = {code for code, listed in lists.items() if listed.of(sort) is not None}
    owners: dict[str, list[str]] = {}
    for code in sorted(complete):
        for one in lists[code].of(sort) or ():
            owners.setdefault(one, []).append(code)
    subjects = list(subjects)
    then = [
        restated(subject, owners.get(subject.code, []), complete, after, day) if complete else subject
        for subject in subjects
    ]
    return reasons_between(sort, {subject.code: subject for subject in subjects}, then, before, after, day)


def reasons_between(
    sort: Sort,
    subjects: Mapping[str, Subject],
    changed: Iterable[Subject],
    before: Commissioners,
    after: Commissioners,
    day: date,
) -> list[Reason]:
    """Return a reason for each of the changed practices or areas that is not covered exactly once as it was."""
    reasons: list[Reason] = []
    for subject in changed:
        earlier = subjects.get(subject.code, subject)
        broken = _new(before.breaches(earlier), after.breaches(subject), day)
        reasons.extend(Reason(_sentence(earlier, breach, before), sort) for breach in broken)
    return reasons


def _new(before: Sequence[Breach], after: Sequence[Breach], since: date) -> Iterator[Breach]:
    """Yield the breaches on or after a day that did not exist before."""
    for breach in after:
        left = [days for days in (overlap(breach.days, Days(since)),) if days]
        for old in before:
            if old.holders == breach.holders:
                left = [piece for days in left for piece in _without(days, old.days)]
        yield from (Breach(days, breach.holders) for days in left)


def _without(days: Days, other: Days) -> list[Days]:
    if not overlap(days, other):
        return [days]
    pieces = [(days.start, other.start), (other.end, days.end)]
    return [Days(start, end) for start, end in pieces if start < end]


def _sentence(subject: Subject, breach: Breach, before: Commissioners) -> str:
    start, end = breach.days.start, breach.days.end
    span = f"from {start}" if end == LAST_DAY else f"from {start} to {end - timedelta(days=1)}"
    count = _TIMES.get(len(breach.holders), str(len(breach.holders)))
    if breach.holders:
        return f"{subject.code} would be in {count} {span}: {', '.join(sorted(breach.holders))}"
    held = next((before.on(code, start) for days, code in subject.stated if start in days), frozenset())
    return f"{subject.code} would be in none {span}" + (f"; it is in {', '.join(sorted(held))}" if held else "")


def law_on(day: date, packs: Iterable[RulePack] = PACKS) -> RulePack | None:
    """Return the pack that rules cover on a day; None: no law requires cover."""
    found = in_force(packs, day, subject="cover")
    return found[0] if found else None


@cache
def _laws() -> tuple[tuple[Days, RulePack], ...]:
    """Return the packs with their days, the end exclusive."""
    a_day = timedelta(days=1)
    return tuple(
        (Days(pack.effective_from, pack.effective_to + a_day if pack.effective_to else LAST_DAY), pack)
        for pack in PACKS
        if pack.subject == "cover" and pack.status == "active"
    )


def days_of_law_on(day: date) -> Days:
    """Return the days of the pack that rules cover on a day; none where no law requires cover."""
    return next((days for days, _ in _laws() if day in days), Days(day, day))


def days_as_commissioner(body: Standing) -> tuple[tuple[Days, bool], ...]:
    """Return the days on which a body is open, each with whether the law of the day lets it cover anything."""
    bounds = {day for periods in (body.kinds, _laws()) for days, _ in periods for day in (days.start, days.end)}
    return tuple(
        (piece, _may_cover(body, piece.start))
        for days, status in body.life
        if status == "open"
        for piece in _cut(days, bounds)
    )


def _may_cover(body: Standing, day: date) -> bool:
    law = law_on(day)
    return law is not None and body.kind_on(day) in law.values["commissioners"]


def _cut(days: Days, bounds: Iterable[date]) -> list[Days]:
    inside = sorted({days.start, days.end, *(day for day in bounds if days.start < day < days.end)})
    return [Days(start, end) for start, end in pairwise(inside)]


def days_required_of_practice(practice: Standing) -> tuple[Days, ...]:
    """Return the days on which a body has to belong to a commissioner: open, a GP practice, and in England."""
    return _joined(
        common
        for law_days, law in _laws()
        if law.values["practices"] and not practice.code.startswith(tuple(law.values["practices_elsewhere"]))
        for life_days, status in practice.life
        if status == "open" and (open_days := overlap(life_days, law_days))
        for kind_days, kind in practice.kinds
        if kind == "gp_practice" and (common := overlap(open_days, kind_days))
    )


@cache
def days_required_of_area(known_from: date) -> tuple[Days, ...]:
    """Return the days on which an area has to be covered: none before the first known day."""
    return _joined(
        common for days, law in _laws() if law.values["areas"] and (common := overlap(days, Days(known_from)))
    )


def _joined(periods: Iterable[Days]) -> tuple[Days, ...]:
    """Return the periods in order, joining those that touch."""
    joined: list[Days] = []
    for days in sorted(periods, key=lambda one: one.start):
        if joined and joined[-1].end == days.start:
            joined[-1] = Days(joined[-1].start, days.end)
        else:
            joined.append(days)
    return tuple(joined)
