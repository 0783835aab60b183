"""Routes about motions, votes and results."""

from typing import Annotated

from fastapi import Path

from libs.common.database.connection import raw
from libs.common.http.dependencies import StatedAt, Today, Write, binds, commands_router, problems
from libs.common.identity import NotYoursToDecide, RoleMissing
from services.governance.ballots import commands
from services.governance.core import errors as core
from services.governance.decisions import errors as decisions
from services.governance.edge import Lead
from services.governance.meetings import errors
from services.governance.meetings.agenda import show_item
from services.governance.meetings.commands import ItemRef, get_item_to_change
from services.governance.meetings.views import ItemView

router = commands_router(tags=["Meetings"])

ItemPath = Annotated[ItemRef, Path(description="The id that `POST /meetings/{meeting}/items` returned.")]
_RIGHTS = (NotYoursToDecide, RoleMissing)
_SITTING = (errors.MeetingOver, errors.MeetingNotCalled, errors.NotYetDue)
_WHOSE = ("the body's organisation", "the body that took it over")


@router.post(
    "/items/{item}/motion",
    status_code=201,
    summary="Put an item to the vote",
    responses=problems(
        errors.ItemNotFound,
        *_SITTING,
        errors.ItemClosed,
        errors.NotPresiding,
        core.PersonNotFound,
        core.TermsNotFound,
        *_RIGHTS,
    ),
)
@binds(*_WHOSE)
async def put_motion(
    item: ItemPath, command: commands.PutMotion, session: Write, by: Lead, today: Today, stated_at: StatedAt
) -> ItemView:
    """Open an item for votes. `presides` is whom the meeting elected, where no one of the terms' order is there."""
    found, row = await get_item_to_change(session, item, by=by, today=today)
    await commands.put_motion(session, found, row, command, by=by, today=today, stated_at=stated_at)
    return await show_item(await raw(session), item, by=by, as_known=None)


@router.post(
    "/items/{item}/votes",
    status_code=201,
    summary="Record votes at an item",
    responses=problems(
        errors.ItemNotFound,
        *_SITTING,
        errors.NoMotion,
        errors.ItemClosed,
        errors.NotPresent,
        errors.Conflicted,
        errors.ProxyVoid,
        errors.VotedTwice,
        core.TermsNotFound,
        *_RIGHTS,
    ),
)
@binds(*_WHOSE)
async def cast_votes(
    item: ItemPath, command: commands.CastVotes, session: Write, by: Lead, today: Today, stated_at: StatedAt
) -> ItemView:
    """Record the votes of seats at one instant. A seat, and a person, votes once; who is not there or excluded, never.

    A proxy counts where the terms of reference know proxies, and never of someone who is excluded.
    """
    found, row = await get_item_to_change(session, item, by=by, today=today)
    await commands.cast_votes(session, found, row, command, by=by, today=today, stated_at=stated_at)
    return await show_item(await raw(session), item, by=by, as_known=None)


@router.post(
    "/items/{item}/result",
    status_code=201,
    summary="Close an item",
    responses=problems(
        errors.ItemNotFound,
        *_SITTING,
        errors.NoMotion,
        errors.ItemClosed,
        errors.NotQuorate,
        errors.CastingVoteNotYours,
        errors.MinutesMissing,
        errors.MinutesApproved,
        core.TermsNotFound,
        decisions.NoLongerStands,
        *decisions.BY_DECISION,
        *_RIGHTS,
    ),
)
@binds(*_WHOSE)
async def close_item(
    item: ItemPath, command: commands.CloseItem, session: Write, by: Lead, today: Today, stated_at: StatedAt
) -> ItemView:
    """Count the votes by the body's method, with a quorum at each of them; `can` permits what they came to or not.

    Minutes are approved where the item is about them and carried, by a right to `minutes.approve`; `MeetingHeld` is
    published again.
    """
    found, row = await get_item_to_change(session, item, by=by, today=today)
    await commands.close_item(session, found, row, command, by=by, today=today, stated_at=stated_at)
    return await show_item(await raw(session), item, by=by, as_known=None)
