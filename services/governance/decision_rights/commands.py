"""Grants and ends decision rights of bodies and posts, and passes them on within their limits."""

from datetime import date, datetime, timedelta
from typing import Annotated, Self

from pydantic import ConfigDict, Field, StrictBool, StrictInt, model_validator
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.errors import Conflict, Reason
from libs.common.identity import Caller
from libs.common.temporal.days import WrittenDay
from libs.common.temporal.history import FIRST_DAY, Days
from libs.common.temporal.timeline import NewStatement
from services.governance.bodies.organisations import get_body_to_change, organisation_refusals
from services.governance.bodies.posts import get_post, organisation_of
from services.governance.bodies.standing import days_of, end, pieces_from, spelt, standing, stands_throughout, state
from services.governance.core.acts import paper_refusals, reason_title
from services.governance.core.codes import Command, Document, Note, OrganisationCode, Reference, RightEnding, Sentence
from services.governance.core.errors import (
    BeyondDelegation,
    BodyNotStanding,
    DecisionRightNotFound,
    EndsBeforeItBegins,
    NotToBeRemade,
    PostNotFound,
    PostNotStanding,
    RightNotStanding,
    refuse,
)
from services.governance.core.models import Act, Body, DecisionRight, Facet, Post, body_time, post_time, right_time

Function = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=80, examples=["contract-award"])]

_DELEGATED = """
WITH RECURSIVE passed_on (id) AS (
    SELECT $1::int UNION SELECT r.id FROM decision_right r JOIN passed_on ON r.delegated_from = passed_on.id
)
SELECT id FROM passed_on
"""


class GrantDecisionRight(Command):
    """A right of a body or a post, by minute, to decide on a function up to a value."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "organisation": "07X",
                    "post": "07X/accountable-officer",
                    "function": "contract-award",
                    "value_limit_pence": 5000000,
                    "first_day": "2017-04-01",
                    "source_minute": "Governing body, 23 March 2017, item 7",
                }
            ]
        }
    )

    organisation: OrganisationCode
    post: Annotated[Reference | None, Field(description="The post that may decide; left out: the body itself.")] = None
    function: Function
    value_limit_pence: Annotated[StrictInt | None, Field(ge=0, le=10**15)] = None
    recurrent: Annotated[StrictBool, Field(description="Whether it covers commitments that recur each year.")] = False
    first_day: WrittenDay
    last_day: WrittenDay | None = None
    source_minute: Annotated[
        Sentence,
        Field(
            description="The minute by which it is granted. Everybody reads it with the right: it names no person.",
            examples=["Governing body, 24 May 2018, item 7"],
        ),
    ]
    delegated_from: Annotated[StrictInt | None, Field(description="The right that is passed on with this one.")] = None
    remakes: Annotated[StrictInt | None, Field(description="The predecessor's right that this one makes again.")] = None
    note: Note = None

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        if self.last_day is not None and self.last_day < self.first_day:
            raise ValueError("last_day lies before first_day")
        return self


class EndDecisionRight(Command):
    """The last day on which the right may be used, and the reason."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "last_day": "2019-06-30",
                    "reason": "scheme-revised",
                    "document": "Governing body, 20 June 2019, item 8",
                }
            ]
        }
    )

    last_day: WrittenDay
    reason: RightEnding
    note: Note = None
    document: Document = None


async def grant_decision_right(
    session: AsyncSession, command: GrantDecisionRight, *, by: Caller, today: date, stated_at: datetime
) -> DecisionRight:
    """Grant a right. Raises BodyNotFound, PostNotFound, OrganisationNotOpen, BodyNotStanding and the like."""
    body = await get_body_to_change(session, command.organisation, by=by, today=today)
    post = await _post_on(session, command.post, body) if command.post is not None else None
    remade = None
    days = days_of(command.first_day, command.last_day)
    refusals = await _not_standing(session, command, body, post, days, today=today)
    if command.delegated_from is not None:
        refusals += await _beyond(session, command, body, days)
    if command.remakes is not None:
        remade = await _to_be_remade(session, command.remakes, command.organisation)
        if remade is None:
            message = f"{command.remakes} does not wait to be made again for {command.organisation}"
            refusals.append(_refusal(NotToBeRemade, message, "remakes"))
    refuse(refusals)

    right = DecisionRight(
        body_id=body.id,
        post_id=post.id if post else None,
        function=command.function,
        value_limit_pence=command.value_limit_pence,
        recurrent=command.recurrent,
        source_minute=command.source_minute,
        delegated_from=command.delegated_from,
    )
    session.add(right)
    await session.flush()
    session.add(_act(body, command, "right granted", right.id, days.start, by, stated_at))
    if remade is not None:
        remade.remade_by = right.id
        remade.version += 1
    await state(await raw(session), right_time, [standing(right.id, days, stated_at)], by=by.subject)
    return right


async def end_decision_right(
    session: AsyncSession,
    right: DecisionRight,
    command: EndDecisionRight,
    *,
    by: Caller,
    today: date,
    stated_at: datetime,
) -> DecisionRight:
    """End a locked right, and with it every right that was passed on from it.

    Raises ReasonNotListed, EndsBeforeItBegins, RightNotStanding, DocumentMissing.
    """
    reason = reason_title(command.reason, command.last_day, subject="decision-right-endings")
    connection = await raw(session)
    first_without = command.last_day + timedelta(days=1)
    ids = [row["id"] for row in await connection.fetch(_DELEGATED, right.id)]
    own = await pieces_from(connection, right_time, Facet.STANDS, [right.id], FIRST_DAY)
    if own and first_without <= own[0].days.start:
        message = f"{command.last_day.isoformat()} lies before {own[0].days.start.isoformat()}, the first day"
        raise EndsBeforeItBegins(message, reasons=[Reason(message, "last_day")])
    pieces = await pieces_from(connection, right_time, Facet.STANDS, ids, first_without)
    if right.id not in {piece.subject_id for piece in pieces}:
        in_force = ", ".join(spelt(piece.days) for piece in own) or "on no day"
        raise RightNotStanding(f"{right.id} is in force on no day after {command.last_day.isoformat()}, but {in_force}")
    refuse(paper_refusals(first_without, field="last_day", document=command.document, today=today, stated_at=stated_at))
    ended = await end(connection, right_time, Facet.STANDS, pieces, stated_at=stated_at, by=by.subject)
    why = [
        NewStatement(change.subject_id, Facet.BECAUSE, reason, Days(first_without), change.stated_at)
        for change in ended
    ]
    await state(connection, right_time, why, by=by.subject)
    for changed in await session.scalars(
        select(DecisionRight).where(DecisionRight.id.in_({piece.subject_id for piece in pieces}))
    ):
        changed.version += 1
    body = await session.get_one(Body, right.body_id)
    session.add(_act(body, command, "right ended", right.id, first_without, by, stated_at))
    await session.flush()
    return right


async def get_decision_right_to_change(
    session: AsyncSession, right_id: int, *, by: Caller, today: date
) -> DecisionRight:
    """Lock a right, after its body. Raises DecisionRightNotFound, RoleMissing, NotYoursToDecide."""
    right = await session.get(DecisionRight, right_id)
    if right is None:
        raise DecisionRightNotFound(f"there is no decision right {right_id}")
    body = await session.get_one(Body, right.body_id)
    await get_body_to_change(session, body.organisation, by=by, today=today)
    await session.refresh(right, with_for_update=True)
    return right


async def _not_standing(
    session: AsyncSession, command: GrantDecisionRight, body: Body, post: Post | None, days: Days, *, today: date
) -> list[Conflict]:
    """Return the reasons why the body or its post cannot have a right on these days."""
    connection = await raw(session)
    refusals = await organisation_refusals(
        connection, command.organisation, command.first_day, command.last_day, today=today
    )
    if not await stands_throughout(connection, body_time, body.id, days):
        refusals.append(_refusal(BodyNotStanding, f"{body.reference} does not exist on all these days", "first_day"))
    if post is not None and not await stands_throughout(connection, post_time, post.id, days):
        refusals.append(_refusal(PostNotStanding, f"{command.post} does not exist on all these days", "post"))
    return refusals


async def _post_on(session: AsyncSession, reference: str, body: Body) -> Post:
    if organisation_of(reference) != body.organisation:
        raise PostNotFound(f"{reference} is no post of {body.reference}")
    return await get_post(session, reference)


async def _to_be_remade(session: AsyncSession, right_id: int, organisation: str) -> DecisionRight | None:
    """Lock a right that waits to be made again for the organisation; return None, unlocked, where it does not."""
    right = await session.get(DecisionRight, right_id)
    if right is None:
        raise DecisionRightNotFound(f"there is no decision right {right_id}")
    if right.to_remake_for == organisation:
        await session.refresh(right, with_for_update=True)
    return right if right.to_remake_for == organisation and right.remade_by is None else None


async def _beyond(session: AsyncSession, command: GrantDecisionRight, body: Body, days: Days) -> list[Conflict]:
    """Return the fields in which a passed-on right would exceed its source."""
    source = await session.get(DecisionRight, command.delegated_from)
    if source is None or source.body_id != body.id:
        raise DecisionRightNotFound(f"{body.reference} has no decision right {command.delegated_from}")
    limit, wanted = source.value_limit_pence, command.value_limit_pence
    faults = {
        "function": source.function != command.function,
        "value_limit_pence": limit is not None and (wanted is None or wanted > limit),
        "recurrent": command.recurrent and not source.recurrent,
        "first_day": not await stands_throughout(await raw(session), right_time, source.id, days),
    }
    return [
        _refusal(BeyondDelegation, f"{field}: more than right {source.id} has", field)
        for field, beyond in faults.items()
        if beyond
    ]


def _act(
    body: Body,
    command: GrantDecisionRight | EndDecisionRight,
    operation: str,
    right: int,
    day: date,
    by: Caller,
    stated_at: datetime,
) -> Act:
    return Act(
        organisation=body.organisation,
        operation=operation,
        subject=f"right {right}",
        effective_on=day,
        reason=command.reason if isinstance(command, EndDecisionRight) else None,
        note=command.note,
        document=command.document if isinstance(command, EndDecisionRight) else command.source_minute,
        stated_at=stated_at,
        recorded_by=by.subject,
    )


def _refusal(kind: type[Conflict], message: str, field: str) -> Conflict:
    return kind(message, reasons=[Reason(message, field)])
