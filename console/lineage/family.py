"""A family of bodies and the successions among them, as the registry stated them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import cached_property
from typing import Any

from console.core.words import day as day_words


@dataclass(frozen=True, slots=True, order=True)
class Succession:
    """One body followed by another on a day, with the share that passed as the registry stated it."""

    on: date
    code: str
    successor: str
    share: str = ""
    """An exact fraction; empty where no source states it."""
    shape: str = ""

    @property
    def stays(self) -> bool:
        """Whether the first body continues for itself after the day."""
        return self.code == self.successor or self.shape in ("boundary_change", "parent_change")


@dataclass(frozen=True, slots=True)
class Slip:
    """A day that was planned for a merger into a body, and the day that it has now."""

    successor: str
    planned: date
    on: date


@dataclass(frozen=True)
class Family:
    """Bodies that successions connect, those that were there before any of them, and the names to show."""

    steps: tuple[Succession, ...]
    focus: str
    founders: frozenset[str] = frozenset()
    """Bodies that were there before the first of their own predecessors joined them."""
    names: Mapping[str, str] = field(default_factory=dict)
    slips: tuple[Slip, ...] = ()
    closed: Mapping[str, date] = field(default_factory=dict)
    """The last days of bodies that closed."""
    opened: Mapping[str, date] = field(default_factory=dict)
    """The first days of bodies whose beginning no succession states."""
    turned: Mapping[str, date] = field(default_factory=dict)
    """Of bodies that were there before others passed to them: the day on which they became what they are."""

    @cached_property
    def codes(self) -> tuple[str, ...]:
        """Every body of the family, by code."""
        return tuple(sorted({self.focus, *(code for step in self.steps for code in (step.code, step.successor))}))

    @cached_property
    def before(self) -> dict[str, list[Succession]]:
        """The successions into each body, by day and code."""
        return _grouped(self.steps, "successor")

    @cached_property
    def after(self) -> dict[str, list[Succession]]:
        """The successions from each body, by day and successor."""
        return _grouped(self.steps, "code")

    @cached_property
    def path(self) -> frozenset[str]:
        """The asked body with everything that led to it and that followed it."""
        back = _reached(self.focus, self.before, "code")
        return back | _reached(self.focus, self.after, "successor")

    def first_day(self, code: str) -> date | None:
        """Return the day on which a body's life begins in the drawing; None: before the first event."""
        days = [step.on for step in self.before.get(code, ()) if not step.stays]
        if not days or code in self.founders:
            return None
        first = min(days)
        return None if any(step.on < first for step in self.after.get(code, ())) else first

    def last_day(self, code: str) -> date | None:
        """Return the day from which a body is no longer drawn; None: it continues."""
        after = self.after.get(code, ())
        stays = {step.on for step in after if step.stays}
        gone = [step.on for step in after if not step.stays and step.on not in stays]
        if not gone:
            return None
        last = max(gone)
        return None if any(step.on > last for step in (*after, *self.before.get(code, ()))) else last


def _grouped(steps: Iterable[Succession], by: str) -> dict[str, list[Succession]]:
    found: dict[str, list[Succession]] = defaultdict(list)
    for step in sorted(steps):
        if step.code != step.successor:
            found[getattr(step, by)].append(step)
    return dict(found)


def _reached(focus: str, steps: Mapping[str, Sequence[Succession]], towards: str) -> frozenset[str]:
    reached = [focus]
    for code in reached:
        reached += sorted({getattr(step, towards) for step in steps.get(code, ())} - {*reached})
    return frozenset(reached)


def family_of(
    lineages: Sequence[Mapping[str, Any]],
    *,
    focus: str,
    names: Mapping[str, str] | None = None,
    slips: Sequence[Slip] = (),
    closed: Mapping[str, date] | None = None,
    turned: Mapping[str, date] | None = None,
) -> Family:
    """Return the family that the registry's lineage answers state together."""
    steps = {
        (step["code"], step["successor"], step["effective_on"]): Succession(
            date.fromisoformat(step["effective_on"]), step["code"], step["successor"], step["share"], step["shape"]
        )
        for lineage in lineages
        for step in (*lineage["before"], *lineage["after"])
    }
    founders = frozenset(code for lineage in lineages for code in lineage["origins"])
    return Family(
        tuple(sorted(steps.values())),
        focus,
        founders,
        names or {},
        tuple(slips),
        closed or {},
        turned=turned or {},
    )


def established_on(body: Mapping[str, Any]) -> dict[str, date]:
    """Return the day from which the law has an organisation, by its code; nothing where the registry does not say."""
    legal = body.get("legal") or {}
    is_known = legal.get("status") == "established" and legal.get("since")
    return {body["code"]: date.fromisoformat(legal["since"])} if is_known else {}


def naming_days(family: Family, *, most: int) -> dict[date, list[str]]:
    """Return days on which bodies that went were still there, each with those to name on it; those that name most."""
    ends = {code: last for code in family.codes if (last := family.last_day(code)) is not None}
    eves = sorted({last - timedelta(days=1) for last in ends.values()})
    left, found = set(ends), dict[date, list[str]]()
    for _ in range(most):
        there = {
            eve: sorted(code for code in left if (family.first_day(code) or date.min) <= eve < ends[code])
            for eve in eves
        }
        best = max(eves, key=lambda eve: len(there[eve]), default=None)
        if best is None or not there[best]:
            break
        found[best] = there[best]
        left -= {*there[best]}
    return found


MOST_PREDECESSORS = 12
"""So many predecessors of one day are drawn each in a lane of its own, unless all are asked for."""


@dataclass(frozen=True, slots=True)
class Others:
    """Predecessors of one body and day that are drawn as a single lane."""

    code: str
    codes: tuple[str, ...]


def rolled_up(family: Family, *, most: int = MOST_PREDECESSORS) -> tuple[Family, tuple[Others, ...]]:
    """Return the family with the many predecessors off the asked body's path as one lane for each day.

    Only bodies without predecessors of their own, of which all passed to one successor, are put together.
    """
    alike: dict[tuple[str, date], list[Succession]] = defaultdict(list)
    for step in family.steps:
        alone = step.code not in family.before and len(family.after.get(step.code, ())) == 1
        if alone and not step.stays and step.share in ("", "1") and step.code not in family.path:
            alike[step.successor, step.on].append(step)
    others, dropped, added = [], set[Succession](), []
    for (successor, on), steps in sorted(alike.items()):
        if len([one for one in family.before[successor] if one.on == on]) <= most:
            continue
        many = Others(f"{len(steps)} others into {successor}, {day_words(on)}", tuple(step.code for step in steps))
        others.append(many)
        dropped |= {*steps}
        share = steps[0].share if len({step.share for step in steps}) == 1 else ""
        added.append(Succession(on, many.code, successor, share))
    steps_left = sorted([*(step for step in family.steps if step not in dropped), *added])
    return replace(family, steps=tuple(steps_left)), tuple(others)
