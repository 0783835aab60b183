"""The route that forecasts the quorum of a meeting."""

from typing import Annotated

from fastapi import Path

from libs.common.http.dependencies import AsAt, AsKnown, By, Rows, commands_router, problems
from services.governance.core import errors as core
from services.governance.forecasts import queries
from services.governance.forecasts.views import ForecastView
from services.governance.meetings import errors
from services.governance.meetings.commands import MeetingRef

router = commands_router(tags=["Meetings"])

MeetingPath = Annotated[MeetingRef, Path(description="Its reference.", examples=["14Y-governing-body-2019-03-28"])]


@router.get(
    "/meetings/{meeting}/forecast",
    summary="Forecast the quorum of a meeting",
    responses=problems(errors.MeetingNotFound, core.TermsNotFound),
)
async def forecast_meeting(meeting: MeetingPath, rows: Rows, by: By, as_at: AsAt, as_known: AsKnown) -> ForecastView:
    """Say for each item whether those who come make a quorum after conflicts, and who would have to come too.

    Where no one can make it one, the other bodies and posts are named that may decide on the item's proposal. Of an
    item in private, who does not read it sees whether there is a quorum, and whether they are excluded.
    """
    return await queries.forecast_meeting(rows, meeting, by=by, as_at=as_at, as_known=as_known)
