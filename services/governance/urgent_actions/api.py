"""Routes about urgent actions."""

from typing import Annotated

from fastapi import Path

from libs.common.database.connection import raw
from libs.common.http.dependencies import (
    AsKnown,
    By,
    Rows,
    StatedAt,
    Today,
    Write,
    binds,
    commands_router,
    problems,
)
from libs.common.identity import NotYoursToDecide, RoleMissing
from services.governance.core import errors as core
from services.governance.decisions import errors as decisions
from services.governance.edge import Lead
from services.governance.meetings import errors as meetings
from services.governance.meetings.commands import get_meeting_to_change
from services.governance.urgent_actions import commands, errors
from services.governance.urgent_actions.queries import get_urgent_action
from services.governance.urgent_actions.views import UrgentActionView

router = commands_router(tags=["Meetings"])

UrgentActionPath = Annotated[
    str,
    Path(pattern=r"^UA-[A-Za-z0-9-]{1,40}$", description="The id that `POST /urgent-actions` returned."),
]
_WHOSE = ("the body's organisation", "the body that took it over")


@router.get(
    "/urgent-actions/{urgent_action}",
    summary="Read an urgent action",
    responses=problems(errors.UrgentActionNotFound),
)
async def read_urgent_action(urgent_action: UrgentActionPath, rows: Rows, _: By, as_known: AsKnown) -> UrgentActionView:
    """Return who acted after consulting whom, and what the meeting made of it that it was reported to."""
    return UrgentActionView.model_validate(await get_urgent_action(rows, urgent_action, as_known=as_known))


@router.post(
    "/urgent-actions",
    status_code=201,
    summary="Act between meetings",
    responses=problems(
        core.BodyNotFound,
        core.TermsNotFound,
        core.PersonNotFound,
        core.DocumentMissing,
        meetings.NotYetDue,
        errors.UrgentNotAllowed,
        meetings.Conflicted,
        *decisions.BY_DECISION,
        NotYoursToDecide,
        RoleMissing,
    ),
)
@binds(*_WHOSE)
async def act_urgently(
    command: commands.ActUrgently, session: Write, by: Lead, today: Today, stated_at: StatedAt
) -> UrgentActionView:
    """Decide on a proposal for a body between its meetings, as its terms of reference allow and `can` permits.

    Publishes `DecisionTaken`. The action is reported to the next meeting, or becomes a finding.
    """
    made = await commands.act_urgently(session, command, by=by, today=today, stated_at=stated_at)
    return UrgentActionView.model_validate(await get_urgent_action(await raw(session), made.reference, as_known=None))


@router.post(
    "/urgent-actions/{urgent_action}/report",
    status_code=201,
    summary="Report an urgent action to the next meeting",
    responses=problems(
        errors.UrgentActionNotFound,
        errors.UrgentReported,
        meetings.MeetingNotFound,
        meetings.MeetingOver,
        meetings.NotALaterMeeting,
        NotYoursToDecide,
        RoleMissing,
    ),
)
@binds(*_WHOSE)
async def report_urgent_action(
    urgent_action: UrgentActionPath,
    command: commands.ReportUrgentAction,
    session: Write,
    by: Lead,
    today: Today,
    stated_at: StatedAt,
) -> UrgentActionView:
    """Put an urgent action on a meeting's agenda. Its vote ratifies it; where it fails, the decision is reversed.

    What was done meanwhile stands.
    """
    found = await get_meeting_to_change(session, command.meeting, by=by, today=today)
    await commands.report_urgent_action(session, found, urgent_action, command, by=by, stated_at=stated_at)
    return UrgentActionView.model_validate(await get_urgent_action(await raw(session), urgent_action, as_known=None))
