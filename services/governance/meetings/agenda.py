"""Shows meetings and items as a caller may read them: private titles to leads, and to members who are not excluded."""

from datetime import date, datetime
from typing import Any

from libs.common.database.connection import Reads
from libs.common.identity import Caller, Role
from services.governance.core.members import organisations_of
from services.governance.core.models import known
from services.governance.meetings import queries
from services.governance.meetings.views import (
    AttendanceView,
    ItemSummary,
    ItemView,
    MeetingView,
    MotionView,
    RecusalView,
    ResultView,
    VoteView,
)
from services.governance.people.accounts import person_of


async def show_meeting(db: Reads, meeting: str, *, by: Caller, as_at: date, as_known: datetime | None) -> MeetingView:
    """Return a meeting with its agenda and attendance; before its day without what happened there.

    Raises MeetingNotFound.
    """
    row = await queries.get_meeting(db, meeting, as_at=as_at, as_known=as_known)
    items = await queries.list_items(db, meeting, as_known=as_known)
    there = [dict(one) for one in await queries.list_attendance(db, meeting, as_known=as_known)]
    if as_at < row["held_on"]:
        items = [item | {"outcome": None} for item in items]
        there = [one | {"arrived": [], "departed": []} for one in there]
    return MeetingView(
        **row | {"as_at": as_at, "as_known": as_known},
        items=[ItemSummary.model_validate(await _shown(db, item, by)) for item in items],
        attendance=[AttendanceView.model_validate(one) for one in there],
    )


async def show_item(db: Reads, item: str, *, by: Caller, as_known: datetime | None) -> ItemView:
    """Return an item with its motion, votes, result and recusals.

    Of a private one, who does not read it sees what it came to, and what is the caller's own. Raises ItemNotFound.
    """
    row = await queries.get_item(db, item, as_known=as_known)
    shown = await _shown(db, row, by)
    # Whose recusals and votes the caller reads alone; None: all.
    own = (await person_of(db, by) or "no one") if shown["title"] is None else None
    there = await queries.list_recusals(db, item, as_known=as_known)
    cast = await queries.list_votes(db, item, as_known=as_known)
    return ItemView(
        **shown,
        as_known=as_known,
        recusals=[RecusalView.model_validate(dict(one)) for one in there if own in (None, one["person"])],
        motion=MotionView.model_validate(dict(row)) if row["put_at"] is not None and own is None else None,
        votes=[VoteView.model_validate(dict(one)) for one in cast if own in (None, one["voter"], one["cast_by"])],
    )


async def _shown(db: Reads, item: queries.Row, by: Caller) -> dict[str, Any]:
    """Return an item as the caller may read it."""
    hidden = bool(item["private_reason"]) and not await reads_private(db, item, by=by)
    counted: dict[str, Any] = {"filled": [], "counted": []} if hidden else {}
    result = ResultView.model_validate({**item, **counted}) if item["outcome"] is not None else None
    return {**item, "title": None if hidden else item["title"], "stage": item["stage"] or None, "result": result}


async def reads_private(db: Reads, item: queries.Row, *, by: Caller) -> bool:
    """Whether a caller reads a private item: a lead of whose body it is, a member or deputy; no one excluded."""
    person = await person_of(db, by)
    if person is not None and person in await queries.excluded_from(db, item, [person], as_known=None):
        return False
    codes = await organisations_of(db, item["body"], on=item["held_on"], as_known=None)
    predecessors = () if by.acts_for_one_of(codes) else await known.predecessors(db, by.organisations)
    if by.has(Role.GOVERNANCE_LEAD) and by.acts_for_one_of(codes, predecessors=predecessors):
        return True
    if person is None:
        return False
    places = await queries.places_of(db, item["body"], on=item["held_on"], as_known=None)
    return any(person in (place.holder, *place.deputies) for place in places)
