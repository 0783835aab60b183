"""States what commissioners cover, as complete lists; refuses a practice or area left out or covered twice."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.errors import Reason, as_sentence
from libs.common.events import Event
from libs.common.events.registry import AreasAssigned, OrganisationParentChanged
from libs.common.identity import Caller
from libs.common.temporal.history import LAST_DAY, Days
from services.registry.core.change import Change, change
from services.registry.core.codes import AreaCode, Code, Day
from services.registry.core.errors import NoChange
from services.registry.cover.checks import (
    Records,
    against_lists,
    listed_areas,
    listed_practices,
    reasons_against_list,
    records_of,
)
from services.registry.cover.errors import CoverBroken
from services.registry.cover.rules import Commissioners, Listed, Subject, law_on
from services.registry.cover.views import CoverOfView, CoverStatedView


def events_of(
    records: Records, after: Commissioners, lists: Mapping[str, Listed], day: date, stated_at: datetime
) -> list[Event]:
    """Return the events for each practice and area whose commissioner changes from the day."""
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
    """Return the first later day about which something else is stated already."""
    bounds = [bound for days, _ in stated for bound in (days.start, days.end) if bound > day]
    return min(bounds, default=LAST_DAY)


def _later(
    gained: Sequence[str], areas: Mapping[str, Subject], day: date, stated_at: datetime
) -> Iterator[AreasAssigned]:
    """Repeat what is known about later days, because an assignment of areas holds for all days to come."""
    again: dict[tuple[date, str], list[str]] = {}
    for area in gained:
        for days, owner in areas[area].stated:
            if days.start > day:
                again.setdefault((days.start, owner), []).append(area)
    for (start, owner), codes in sorted(again.items()):
        yield AreasAssigned(code=owner, areas=tuple(codes), effective_on=start, stated_at=stated_at)


_LATEST_OF_AREAS = """
SELECT max(s.stated_at) FROM area_statement s JOIN area a ON a.id = s.subject_id WHERE a.code = ANY($1)
"""


class CoverList(BaseModel):
    """Everything that one commissioner covers from the day. A list that is left out changes nothing."""

    model_config = ConfigDict(extra="forbid")

    code: Code = Field(description="an open commissioner", examples=["16C"])
    practices: list[Code] | None = Field(
        default=None,
        max_length=20_000,
        fail_fast=True,
        description="all of its practices",
        examples=[["A81001", "A81002"]],
    )
    areas: list[AreaCode] | None = Field(
        default=None,
        max_length=40_000,
        fail_fast=True,
        description="all of its areas, LSOAs of 2011",
        examples=[["E01012018"]],
    )

    @model_validator(mode="after")
    def _lists_something(self) -> Self:
        if self.practices is None and self.areas is None:
            raise ValueError("give its practices, its areas, or both")
        return self


class StateCover(BaseModel):
    """The complete lists of what some commissioners cover from a day, as after a boundary change."""

    model_config = ConfigDict(extra="forbid")

    effective_on: Day = Field(description="the first day on which the lists hold", examples=["2021-04-01"])
    commissioners: list[CoverList] = Field(
        min_length=1,
        max_length=300,
        examples=[[{"code": "01H", "practices": ["A81001"]}, {"code": "01K", "practices": ["B82001"]}]],
    )


async def state_cover(
    session: AsyncSession, command: StateCover, *, by: Caller, stated_at: datetime
) -> CoverStatedView:
    """Let these commissioners cover exactly these practices and areas from a day on (NHS Act 2006 s.14E, s.14F).

    It binds the commissioners: the lists are theirs, and the practices and areas are what the lists are about. It holds
    up to the next day about which something is known already. Raises CoverBroken with a reason for every
    practice and area that would not be covered exactly once on some day, and for every wrong code; NoChange;
    NotYoursToDecide.
    """
    lists = listed(command.commissioners)
    practices = listed_practices(lists)
    async with change(session, lists.keys(), by=by, stated_at=stated_at, in_bulk=practices) as now:
        records = await records_of(now.connection, lists, command.effective_on)
        reasons = [
            *reasons_against_lists(command.commissioners, records, command.effective_on),
            *against_lists(records, lists, command.effective_on),
        ]
        if reasons:
            raise CoverBroken(as_sentence(reasons), reasons=reasons)
        await follow_areas(now, lists)
        events = events_of(records, records.commissioners(), lists, command.effective_on, now.at)
        if not events:
            raise NoChange(f"they cover exactly this on {command.effective_on} already")
        now.publish(*events)
        # A commissioner that is listed with exactly what it covers already does not change.
        now.changed = {code for event in events for code in event.keys}
    return _stated(command, events)


def listed(commissioners: Sequence[CoverList]) -> dict[str, Listed]:
    """Return the lists by commissioner."""
    return {
        one.code: Listed(
            None if one.practices is None else frozenset(one.practices),
            None if one.areas is None else frozenset(one.areas),
        )
        for one in commissioners
    }


def reasons_against_lists(commissioners: Sequence[CoverList], records: Records, day: date) -> Iterator[Reason]:
    """Yield a reason for each wrong code in the lists."""
    law = law_on(day)
    times = Counter(one.code for one in commissioners)
    for number, one in enumerate(commissioners):
        place = f"commissioners.{number}"
        body = records.bodies.get(one.code)
        if times[one.code] > 1:
            yield Reason(f"{one.code} occurs {times[one.code]} times", f"{place}.code")
        if body is None:
            yield Reason(f"{one.code} is not known", f"{place}.code")
        elif body.on(day) != "open":
            yield Reason(f"{one.code} is {body.on(day)} on {day}", f"{place}.code")
        elif law and body.kind_on(day) not in law.values["commissioners"]:
            yield Reason(f"{one.code} is no commissioner on {day} but of the kind {body.kind_on(day)}", f"{place}.code")
        yield from reasons_against_list("practices", one.practices or (), records, day, place=f"{place}.practices")
        yield from reasons_against_list("areas", one.areas or (), records, day, place=f"{place}.areas")


async def follow_areas(now: Change, lists: Mapping[str, Listed]) -> None:
    """Move the change's instant after all statements about the areas, once no other command can add any."""
    now.follow(await now.connection.fetchval(_LATEST_OF_AREAS, sorted(listed_areas(lists))))


def _stated(command: StateCover, events: Sequence[Event]) -> CoverStatedView:
    practices = Counter(event.parent for event in events if isinstance(event, OrganisationParentChanged))
    areas = {
        event.code: len(event.areas)
        for event in events
        if isinstance(event, AreasAssigned) and event.effective_on == command.effective_on
    }
    law = law_on(command.effective_on)
    return CoverStatedView(
        effective_on=command.effective_on,
        rule_pack=law.id if law else None,
        commissioners=[
            CoverOfView(
                code=one.code,
                practices=None if one.practices is None else len(one.practices),
                areas=None if one.areas is None else len(one.areas),
                practices_gained=practices[one.code],
                areas_gained=areas.get(one.code, 0),
            )
            for one in command.commissioners
        ],
    )
