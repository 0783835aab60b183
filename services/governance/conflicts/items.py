"""Reads who is conflicted at an item, what was decided on it, and where else the item may go."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from libs.common.database.connection import Reads
from libs.common.identity import Caller
from libs.common.rulepacks import in_force
from services.governance.core.catalogue import PACKS
from services.governance.core.errors import TermsNotFound
from services.governance.forecasts.queries import list_elsewhere, with_everyone
from services.governance.interests.rules import Conflict
from services.governance.meetings import queries as meetings
from services.governance.meetings.agenda import reads_private
from services.governance.meetings.errors import ItemNotFound
from services.governance.people.accounts import person_of

PRINCIPLES = "award-principles"


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemConflicts:
    """Who is conflicted at an item, who is excluded from it, and who else may decide where no quorum can be had."""

    item: Mapping[str, Any]
    conflicts: Mapping[str, Conflict]
    decided: Mapping[str, Mapping[str, Any]]
    excluded: Collection[str]
    can_be_quorate: bool | None
    elsewhere: Mapping[str, bool | None]
    """Posts and bodies; whether the holder is free of conflicts, or the body can have a quorum. None: not known."""
    withheld: bool = False


async def conflicts_at_item(db: Reads, item: str, *, by: Caller, as_known: datetime | None) -> ItemConflicts:
    """Return who is conflicted at an item. Raises ItemNotFound, of a private item to whom it does not concern too.

    Who is excluded from a private item sees the own conflict alone.
    """
    row = await meetings.get_item(db, item, as_known=as_known)
    persons = await _seated(db, row, as_known=as_known)
    conflicts = await meetings.conflicts_at(db, row, persons, as_known)
    decided = {one["person"]: one for one in await meetings.list_recusals(db, item, as_known=as_known)}
    excluded = await meetings.excluded_from(db, row, {*persons, *decided}, as_known=as_known)
    if row["private_reason"] and not await reads_private(db, row, by=by):
        own = {await person_of(db, by)}
        if not own & {*conflicts, *decided}:
            raise ItemNotFound(f"there is no item {item}")
        return ItemConflicts(
            item=row,
            conflicts={person: one for person, one in conflicts.items() if person in own},
            decided={person: one for person, one in decided.items() if person in own},
            excluded=[person for person in excluded if person in own],
            can_be_quorate=None,
            elsewhere={},
            withheld=True,
        )
    quorate = await can_be_quorate(db, row, as_known=as_known)
    others = await list_elsewhere(db, row, as_known=as_known) if quorate is False else {}
    return ItemConflicts(
        item=row,
        conflicts=conflicts,
        decided=decided,
        excluded=sorted(excluded),
        can_be_quorate=quorate,
        elsewhere={holder: await _is_free(db, row, one, as_known) for holder, one in sorted(others.items())},
    )


async def can_be_quorate(db: Reads, item: Mapping[str, Any], *, as_known: datetime | None) -> bool | None:
    """Return whether an item could have a quorum if all who are not excluded came; None without terms of reference."""
    try:
        room = await meetings.room_at(db, item, as_known=as_known)
    except TermsNotFound:
        return None
    found = with_everyone(room, item["starts_at"])
    return found.additions is not None if found.complete else None


async def _is_free(
    db: Reads, item: Mapping[str, Any], decider: Mapping[str, Any], as_known: datetime | None
) -> bool | None:
    """Return whether a post's holder is not excluded, or a body could have a quorum, were the item its own."""
    there = {**item, "body": decider["body"], "item": "", "meeting": ""}
    if decider["post"] is None:
        return await can_be_quorate(db, there, as_known=as_known)
    return not await meetings.excluded_from(db, there, [decider["person"]], as_known=as_known)


async def _seated(db: Reads, item: Mapping[str, Any], *, as_known: datetime | None) -> set[str]:
    places = await meetings.places_of(db, item["body"], on=item["held_on"], as_known=as_known)
    return {person for place in places for person in (place.holder, *place.deputies) if person is not None}


def principles_on(day: date) -> list[Mapping[str, str]]:
    """Return the principles of an award by the pack of a day, each with code and title; none where no pack is."""
    packs = in_force(PACKS, day, subject=PRINCIPLES)
    return list(packs[0].values["principles"]) if packs else []
