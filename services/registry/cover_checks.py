"""Whether a command would leave a practice or an area uncovered, or in two: on its day, or on any later one."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date

import asyncpg

from libs.common.errors import Reason
from libs.common.temporal.history import LAST_DAY, Days
from services.registry.cover_records import Records, read, read_bodies
from services.registry.cover_rules import (
    Commissioners,
    Listed,
    Sort,
    Subject,
    after_a_succession,
    days_as_commissioner,
    days_of_law_on,
    days_required_of_practice,
    overlap,
    reasons_against,
    reasons_between,
    restated,
)
from services.registry.errors import CoverBroken
from services.registry.kinds import Kind
from services.registry.standings import Standing

PRACTICE_KINDS = frozenset({Kind.GP_PRACTICE, Kind.COST_CENTRE})

# Two commands that each keep the invariants may break them together: they take turns.
_TAKE_TURNS = "SELECT pg_advisory_xact_lock(hashtextextended('cover', 0))"


def listed_practices(lists: Mapping[str, Listed]) -> frozenset[str]:
    """Return every practice that a list names."""
    return frozenset().union(*(one.practices or () for one in lists.values()))


def listed_areas(lists: Mapping[str, Listed]) -> frozenset[str]:
    """Return every area that a list names."""
    return frozenset().union(*(one.areas or () for one in lists.values()))


async def records_of(
    connection: asyncpg.Connection, lists: Mapping[str, Listed], since: date, others: Collection[str] = ()
) -> Records:
    """Read what bears on these lists, and on what others cover, once no other command can change it.

    The caller has locked the organisations that it changes: they come first, then cover.
    """
    await connection.execute(_TAKE_TURNS)
    return await read(
        connection,
        {*lists, *others},
        since=since,
        practices=listed_practices(lists),
        areas=listed_areas(lists),
    )


def against_lists(
    records: Records, lists: Mapping[str, Listed], day: date, *, after: Commissioners | None = None
) -> list[Reason]:
    """Return a reason for each practice and area that would not be covered exactly once, on that day or a later one.

    `after`: who can cover once the command is done, where that differs.
    """
    before = records.commissioners()
    then = after or before
    practices = [one.subject() for one in records.practices.values()]
    return [
        *reasons_against("practices", practices, before, then, lists, day),
        *reasons_against("areas", records.areas.values(), before, then, lists, day),
    ]


def reasons_against_list(
    sort: Sort, codes: Sequence[str], records: Records, day: date, *, place: str
) -> Iterator[Reason]:
    """Give a reason for each code of a list of practices or areas that is not what it has to be."""
    for code, count in Counter(codes).items():
        if count > 1:
            yield Reason(f"{code} occurs {count} times in one list", place)
        if sort == "practices":
            yield from (Reason(message, place) for message in _against(code, records, day))


def _against(code: str, records: Records, day: date) -> Iterator[str]:
    practice = records.practices.get(code)
    if practice is None:
        yield f"{code} is not known"
    elif practice.standing.kind_on(day) not in PRACTICE_KINDS:
        yield f"{code} is no practice but of the kind {practice.standing.kind_on(day)}"
    elif practice.standing.on(day) != "open":
        yield f"{code} is {practice.standing.on(day)} on {day}"


def against_change(before: Records, after: Records, day: date) -> list[Reason]:
    """Return a reason for each practice and area that is not covered exactly once any more after what was done."""
    held, then = before.commissioners(), after.commissioners()
    practices_before = {code: one.subject() for code, one in before.practices.items()}
    practices = [one.subject() for one in after.practices.values()]
    return [
        *reasons_between("practices", practices_before, practices, held, then, day),
        *reasons_between("areas", before.areas, after.areas.values(), held, then, day),
    ]


async def reasons_against_merger(
    connection: asyncpg.Connection,
    successor: str,
    predecessors: Collection[str],
    effective_on: date,
    *,
    kind: Kind,
    practices: Sequence[str] | None = None,
    areas: Sequence[str] | None = None,
) -> list[Reason]:
    """Return a reason for each practice and area that a merger of commissioners would leave in none, or in two.

    Without lists the successor takes over all that its predecessors cover. With them it covers exactly what they name:
    what a predecessor covers and they leave out would be in none, what another body covers and they name in two.
    The caller has locked the organisations.
    """
    lists = {}
    if practices is not None or areas is not None:
        lists[successor] = Listed(
            None if practices is None else frozenset(practices), None if areas is None else frozenset(areas)
        )
    records = await records_of(connection, lists, effective_on, others={successor, *predecessors})
    after = after_a_succession(
        records.commissioners(),
        effective_on,
        closed=predecessors,
        successors=[Standing(successor, kind, ((Days(effective_on), "open"),))],
    )
    return [
        *reasons_against_list("practices", practices or (), records, effective_on, place="practices"),
        *reasons_against_list("areas", areas or (), records, effective_on, place="areas"),
        *against_lists(records, lists, effective_on, after=after),
    ]


async def reasons_against_opening(
    connection: asyncpg.Connection, opened: Sequence[Standing], parents: Mapping[str, str]
) -> list[Reason]:
    """Return a reason for each practice that would not be in exactly one commissioner from its first day on.

    `opened` are all bodies that a command opens, as they will stand, `parents` the bodies that some of them belong to.
    """
    await connection.execute(_TAKE_TURNS)
    bodies, followed = await read_bodies(connection, sorted(set(parents.values())))
    bodies.update((body.code, body) for body in opened)
    who = Commissioners({code: days_as_commissioner(body) for code, body in bodies.items()}, followed)
    reasons: list[Reason] = []
    for body in opened:
        if parent := parents.get(body.code):
            day = body.first_day_open() or LAST_DAY
            # What ends with that law ends for everybody: it is no fault of this opening.
            spans = [overlap(days, days_of_law_on(day)) for days in days_required_of_practice(body)]
            then = Subject(body.code, tuple(days for days in spans if days), ((Days(day), parent),))
            reasons.extend(reasons_between("practices", {body.code: Subject(body.code)}, [then], who, who, day))
    return reasons


async def reasons_against_closing(connection: asyncpg.Connection, code: str, effective_on: date) -> list[Reason]:
    """Return a reason for each practice and area that would be in none if nobody followed the body that closes.

    The caller has locked the organisation.
    """
    records = await records_of(connection, {}, effective_on, others=[code])
    after = after_a_succession(records.commissioners(), effective_on, closed=[code], successors=[])
    return against_lists(records, {}, effective_on, after=after)


async def reasons_against_parent(
    connection: asyncpg.Connection, code: str, parent: str, effective_on: date
) -> list[Reason]:
    """Return the reason against another parent for a body, if it is a practice that would then be in no commissioner.

    The caller has locked the body.
    """
    lists = {parent: Listed(practices=frozenset([code]))}
    records = await records_of(connection, lists, effective_on)
    before = records.commissioners()
    if code not in records.practices:
        return []
    practice = records.practices[code].subject()
    then = restated(practice, [parent], records.bodies.keys(), before, effective_on)
    return reasons_between("practices", {code: practice}, [then], before, before, effective_on)


async def reasons_against_kind(
    connection: asyncpg.Connection, code: str, kind: Kind, effective_on: date
) -> list[Reason]:
    """Return a reason for each practice and area of a body that could not cover them any more as another kind of body.

    The caller has locked the body.
    """
    records = await records_of(connection, {}, effective_on, others=[code])
    if code not in records.bodies:
        return []
    then = as_kind(records.bodies[code], kind, effective_on)
    after = after_a_succession(records.commissioners(), effective_on, closed=[], successors=[then])
    return against_lists(records, {}, effective_on, after=after)


def as_kind(body: Standing, kind: Kind, day: date) -> Standing:
    """Return a body as it will stand once it is of another kind from a day, up to the next kind that is known."""
    earlier = [(overlap(days, Days(end=day)), held) for days, held in body.kinds]
    later = tuple((days, held) for days, held in body.kinds if days.start > day)
    new = (Days(day, later[0][0].start if later else LAST_DAY), kind)
    kinds = (*((days, held) for days, held in earlier if days), new, *later)
    return replace(body, kind=kinds[-1][1], kinds=kinds)


def cover_broken(reasons: Sequence[Reason]) -> CoverBroken:
    """Return the refusal with all of its reasons."""
    return CoverBroken(in_words(reasons), reasons=reasons)


def in_words(reasons: Sequence[Reason]) -> str:
    """Return reasons as one sentence; of a long list how many there are, since each stands by itself beside it."""
    if len(reasons) <= 20:
        return "; ".join(reason.message for reason in reasons)
    counts = Counter(reason.field or "other things" for reason in reasons)
    return f"{len(reasons)} reasons: " + ", ".join(f"{count} about {field}" for field, count in sorted(counts.items()))
