"""The line of a merger, from the application to day one, and where its marks are drawn."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any

from console.core.words import by_clock

WIDTH, MARGIN, LEAST_GAP = 900, 24, 30
"""Of the drawing, in its own units: the whole, the margins, and the least distance of two marks."""
_OUTCOMES = {
    "approved": "Approved by NHS England",
    "approved_with_conditions": "Approved by NHS England with conditions",
    "rejected": "Rejected by NHS England",
}


@dataclass(frozen=True, slots=True)
class Moment:
    """A day of the line: what was done then, or what was planned for it.

    `kind` is `act` for what was done, `slip` for a day one that was planned and moved, `ahead` for the one to come,
    `late` for one that has passed without effect, `done` for one that came about, `ended` for a withdrawal.
    """

    day: date
    words: str
    kind: str = "act"
    note: str = ""


@dataclass(frozen=True, slots=True)
class Mark:
    """A moment on the drawing, with its number in the list beneath."""

    x: int
    number: int
    moment: Moment


@dataclass(frozen=True, slots=True)
class Slip:
    """A planned day one that was moved: an arc from mark to mark."""

    start: int
    end: int
    words: str

    @property
    def middle(self) -> int:
        """Where its words are drawn."""
        return (self.start + self.end) // 2


@dataclass(frozen=True, slots=True)
class Line:
    """The moments in order, as marks with their positions, and the slips between them."""

    marks: Sequence[Mark]
    slips: Sequence[Slip]

    @property
    def sentence(self) -> str:
        """The drawing in words."""
        return "; ".join(f"{spoken(mark.moment.day)}: {mark.moment.words}" for mark in self.marks)


def spoken(day: date) -> str:
    """Return a day as it is read aloud: 6 August 2018."""
    return f"{day.day} {day:%B %Y}"


def line_of(merger: Mapping[str, Any], application: Mapping[str, Any] | None) -> Line:
    """Return the line of a merger; `application` is governance's answer about the same merger, if there is one."""
    plans = sorted(merger["plans"], key=lambda plan: (plan["stated_at"], plan["number"]))
    moments = sorted([*_before(application), *_of_plans(plans, overdue=merger["overdue"])], key=_order)
    marks = [Mark(x, number, one) for number, (x, one) in enumerate(zip(_positions(moments), moments, strict=True), 1)]
    return Line(marks, list(_slips(plans, marks)))


def _before(application: Mapping[str, Any] | None) -> Iterator[Moment]:
    if application is None:
        return
    if application["applied_on"]:
        yield Moment(_day(application["applied_on"]), "Application filed")
    for one in application["determinations"]:
        words = _OUTCOMES.get(one["outcome"], f"Determined: {one['outcome']}")
        if one["deferred_to"]:
            words = f"Deferred by NHS England to {spoken(_day(one['deferred_to']))}"
        yield Moment(_day(one["decided_on"]), words)
    for one in application["conditions"]:
        if one["met_on"]:
            yield Moment(_day(one["met_on"]), f"Condition {one['condition']} met: {one['title']}")


def _of_plans(plans: Sequence[Mapping[str, Any]], *, overdue: bool) -> Iterator[Moment]:
    """Yield what was planned when, and each day one that was planned, with what became of it."""
    before: date | None = None
    for plan in plans:
        stated, day = _instant(plan["stated_at"]), _day(plan["effective_on"])
        match plan["status"]:
            case "withdrawn":
                yield Moment(stated, "Withdrawn", "ended")
                yield Moment(day, "Planned day one, withdrawn", "slip")
            case "carried_out":
                yield Moment(day, "Day one: carried out", "done")
            case _ if before is None:
                yield Moment(stated, f"Agreed for {spoken(day)}")
            case _ if day != before:
                yield Moment(stated, f"Moved to {spoken(day)}", note=how_far(before, day))
        if before is not None and day != before:
            yield Moment(before, "Planned day one, moved", "slip", f"to {spoken(day)}, {how_far(before, day)}")
        before = day
    if plans and plans[-1]["status"] == "agreed":
        day = _day(plans[-1]["effective_on"])
        yield Moment(day, "Day one, not carried out yet" if overdue else "Day one", "late" if overdue else "ahead")


def how_far(before: date, after: date) -> str:
    """Return how much later, or earlier, a day is than another."""
    days = (after - before).days
    return f"{abs(days):,} day{'' if abs(days) == 1 else 's'} {'later' if days > 0 else 'earlier'}"


def _order(moment: Moment) -> tuple[date, bool]:
    return moment.day, moment.kind not in ("act", "ended")


def _positions(moments: Sequence[Moment]) -> list[int]:
    """Return where the marks are: in proportion to their days, and never closer than the least gap."""
    if not moments:
        return []
    first, last = moments[0].day, moments[-1].day
    span, width = max((last - first).days, 1), WIDTH - 2 * MARGIN
    gap = min(LEAST_GAP, width // max(len(moments) - 1, 1))
    found = [MARGIN + width * (one.day - first).days // span for one in moments]
    for number in range(1, len(found)):
        found[number] = max(found[number], found[number - 1] + gap)
    for number in reversed(range(len(found))):
        limit = WIDTH - MARGIN - gap * (len(found) - 1 - number)
        found[number] = min(found[number], limit)
    return found


def _slips(plans: Sequence[Mapping[str, Any]], marks: Sequence[Mark]) -> Iterator[Slip]:
    """Yield an arc for each day one that was moved, between the marks of the two days."""
    of_days = {mark.moment.day: mark.x for mark in marks if mark.moment.kind in ("slip", "ahead", "late", "done")}
    days = [_day(plan["effective_on"]) for plan in plans]
    for before, after in pairwise(days):
        if before != after and before in of_days and after in of_days:
            yield Slip(of_days[before], of_days[after], how_far(before, after))


def _day(text: str) -> date:
    return date.fromisoformat(text)


def _instant(text: str) -> date:
    return by_clock(text).date()
