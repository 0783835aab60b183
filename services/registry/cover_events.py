"""What is told where another body covers a practice or an area than before."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime

from libs.common.events import Event
from libs.common.events.registry import AreasAssigned, OrganisationParentChanged
from libs.common.temporal.history import LAST_DAY, Days
from services.registry.cover_records import Records
from services.registry.cover_rules import Commissioners, Listed, Subject


def events_of(
    records: Records, after: Commissioners, lists: Mapping[str, Listed], day: date, stated_at: datetime
) -> list[Event]:
    """Return what is told of each practice and area that another body covers from the day on than before."""
    events: list[Event] = []
    for code, one in sorted(lists.items()):
        for practice in sorted(one.practices or ()):
            stated = records.practices[practice].parents
            if not _is_with(stated, code, after, day):
                until = _until(stated, day)
                events.append(
                    OrganisationParentChanged(
                        code=practice,
                        relation="commissioned by",
                        parent=code,
                        until=None if until == LAST_DAY else until,
                        effective_on=day,
                        stated_at=stated_at,
                    )
                )
        areas = sorted(one.areas or ())
        gained = [area for area in areas if not _is_with(records.areas[area].stated, code, after, day)]
        if gained:
            events.append(AreasAssigned(code=code, areas=tuple(gained), effective_on=day, stated_at=stated_at))
            events.extend(_later(gained, records.areas, day, stated_at))
    return events


def _is_with(stated: Sequence[tuple[Days, str]], code: str, who: Commissioners, day: date) -> bool:
    return any(who.on(owner, day) == {code} for days, owner in stated if day in days)


def _until(stated: Sequence[tuple[Days, str]], day: date) -> date:
    """Return the first day after `day` of which something else is stated already."""
    bounds = [bound for days, _ in stated for bound in (days.start, days.end) if bound > day]
    return min(bounds, default=LAST_DAY)


def _later(
    gained: Sequence[str], areas: Mapping[str, Subject], day: date, stated_at: datetime
) -> Iterator[AreasAssigned]:
    """Give again what is known of later days: that areas are assigned says so of all days to come."""
    again: dict[tuple[date, str], list[str]] = {}
    for area in gained:
        for days, owner in areas[area].stated:
            if days.start > day:
                again.setdefault((days.start, owner), []).append(area)
    for (start, owner), codes in sorted(again.items()):
        yield AreasAssigned(code=owner, areas=tuple(codes), effective_on=start, stated_at=stated_at)
