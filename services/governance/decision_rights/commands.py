"""Grants and ends decision rights of bodies and posts, and passes them on within their limits."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Annotated, Self

import asyncpg
from pydantic import ConfigDict, Field, StrictBool, StrictInt, model_validator
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.errors import Conflict, Reason
from libs.common.identity import Caller
from libs.common.messaging import outbox
from libs.common.temporal.days import WrittenDay
from libs.common.temporal.history import FIRST_DAY, Days
from libs.common.temporal.timeline import NewStatement
from services.governance.bodies.joint import JOINT, get_joint_body, not_member
from services.governance.bodies.leads import get_lead_body, list_leading
from services.governance.bodies.organisations import (
    get_body_to_change,
    get_post,
    lock_bodies,
    organisation_of,
    organisation_refusals,
)
from services.governance.core.actions import action_refusals, dotted
from services.governance.core.acts import paper_refusals, reason_title
from services.governance.core.chains import LimitBasis, Missing, NewRight, Question
from services.governance.core.codes import (
    Action,
    BodyReference,
    Command,
    ConditionCode,
    Document,
    Function,
    Note,
    OrganisationCode,
    PowerId,
    Reference,
    RightEnding,
    Scope,
    Sentence,
)
from services.governance.core.errors import (
    BeyondDelegation,
    BodyNotStanding,
    ConditionNotListed,
    DecisionRightNotFound,
    EndsBeforeItBegins,
    NoPower,
    NotToBeRemade,
    PostNotFound,
    PostNotStanding,
    RightNotStanding,
    refuse,
)
from services.governance.core.members import joint_prefix
from services.governance.core.models import Act, Body, DecisionRight, Facet, Post, body_time, post_time, right_time
from services.governance.core.powers import conditions_on
from services.governance.core.queries import find_grantor
from services.governance.decision_rights.permits import Asked, ask_for_act, record_permit
from services.governance.findings.commands import clear_findings
from services.governance.lifetimes.rights import ended_rights, granted_rights, remake_finding
from services.governance.lifetimes.standing import (
    Piece,
    days_of,
    end,
    pieces_from,
    spelt,
    standing,
    stands_throughout,
    state,
)

_DELEGATED = """
WITH RECURSIVE passed_on (id) AS (
    SELECT $1::int UNION SELECT r.id FROM decision_right r JOIN passed_on ON r.delegated_from = passed_on.id
)
SELECT id FROM passed_on
"""
_CHANGED = "UPDATE decision_right SET version = version + 1 WHERE id = ANY($1)"


class GrantDecisionRight(Command):
    """A right of a body or a post, by minute, to decide on an action up to a value."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "organisation": "07X",
                    "post": "07X/accountable-officer",
                    "action": "contract.award",
                    "value_limit_pence": 5000000,
                    "limit_basis": "whole_life",
                    "first_day": "2017-04-01",
                    "source_minute": "Governing body, 23 March 2017, item 7",
                }
            ]
        }
    )

    organisation: OrganisationCode
    body: Annotated[
        BodyReference | None,
        Field(
            description="The body whose right, or whose post's right, it is; left out: the post's, else the one that "
            "leads."
        ),
    ] = None
    post: Annotated[Reference | None, Field(description="The post that may decide; left out: the body itself.")] = None
    action: Annotated[Action | None, Field(description="Needed, unless `function` is given.")] = None
    function: Annotated[
        Function | None, Field(description="The action with dashes for dots, as it was written before.")
    ] = None
    scope: Annotated[
        Scope, Field(description="The one contract, supplier, function or place that it is for; empty: all.")
    ] = ""
    value_limit_pence: Annotated[StrictInt | None, Field(ge=0, le=10**15)] = None
    limit_basis: Annotated[
        LimitBasis, Field(description="What the limit measures: this commitment, its highest year, or all its years.")
    ] = LimitBasis.SINGLE
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
    conditions: Annotated[
        tuple[ConditionCode, ...], Field(max_length=10, description="Codes of the rule pack on decision rights.")
    ] = ()
    delegated_from: Annotated[StrictInt | None, Field(description="The right that is passed on with this one.")] = None
    power: Annotated[
        PowerId | None,
        Field(description="The power in law, of a right that is passed on from none. Left out: whichever covers it."),
    ] = None
    remakes: Annotated[StrictInt | None, Field(description="The predecessor's right that this one makes again.")] = None
    note: Note = None

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        if self.last_day is not None and self.last_day < self.first_day:
            raise ValueError("last_day lies before first_day")
        return self

    @model_validator(mode="after")
    def _says_what_for(self) -> Self:
        if (self.action is None) == (self.function is None):
            raise ValueError("action: name the action, or the function, and not both")
        if self.power is not None and self.delegated_from is not None:
            raise ValueError("power: a right that is passed on comes from the other right, not from a power")
        return self

    @property
    def dotted(self) -> str:
        """The action that it is for."""
        return self.action or dotted(str(self.function))


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
    """Grant a right. Raises BodyNotFound, PostNotFound, OrganisationNotOpen, BodyNotStanding, NoPower and the like."""
    body = await _holding_body(session, command, by=by, today=today)
    post = await _post_on(session, command, body) if command.post is not None else None
    if post is not None and post.body_id != body.id:
        body = await session.get_one(Body, post.body_id)  # locked with all bodies of the organisation
    days = days_of(command.first_day, command.last_day)
    refusals = await _not_standing(session, command, body, post, days, today=today)
    refusals += await not_member(await raw(session), body, command.organisation, days)
    instrument, not_led = await _led_under(session, command, body)
    refusals += not_led
    refusals += _not_listed(command)
    asked = await _ask(session, command, body, stated_at=stated_at)
    refusals += _beyond(command, asked)
    remade = await _to_be_remade(session, command)
    if command.remakes is not None and remade is None:
        message = f"{command.remakes} does not wait to be made again for {command.organisation}"
        refusals.append(_refusal(NotToBeRemade, message, "remakes"))
    refuse(refusals)

    right = _new_right(command, body, post, instrument)
    session.add(right)
    await session.flush()
    right.permit = await record_permit(session, asked, act=f"R-{right.id}", by=by)
    session.add(_act(command.organisation, command, "right granted", right.id, days.start, by, stated_at))
    if remade is not None:
        remade.remade_by = right.id
        remade.version += 1
        taken_up = NewStatement(remade.id, Facet.REMADE_BY, str(right.id), Days(days.start), stated_at)
        await state(await raw(session), right_time, [taken_up], by=by.subject)
        key = remake_finding(remade.id, command.organisation)
        await clear_findings(session, [key], on=days.start, reason="remade", stated_at=stated_at)
    connection = await raw(session)
    stands = await state(connection, right_time, [standing(right.id, days, stated_at)], by=by.subject)
    await outbox.add_all(session, await granted_rights(connection, stands))
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
    pieces = await _in_force_from(connection, right, first_without)
    refuse(paper_refusals(first_without, field="last_day", document=command.document, today=today, stated_at=stated_at))
    ended = await end(connection, right_time, Facet.STANDS, pieces, stated_at=stated_at, by=by.subject)
    why = [
        NewStatement(change.subject_id, Facet.BECAUSE, reason, Days(first_without), change.stated_at)
        for change in ended
    ]
    await state(connection, right_time, why, by=by.subject)
    await connection.execute(_CHANGED, sorted({piece.subject_id for piece in pieces}))
    await session.refresh(right)
    await outbox.add_all(session, await ended_rights(connection, ended, reason=command.reason))
    body = await session.get_one(Body, right.body_id)
    session.add(_act(right.member or body.organisation, command, "right ended", right.id, first_without, by, stated_at))
    await session.flush()
    return right


async def _in_force_from(connection: asyncpg.Connection, right: DecisionRight, day: date) -> list[Piece]:
    """Return the days from one on of a right and of all that were passed on from it.

    Raises EndsBeforeItBegins, RightNotStanding.
    """
    last_day = (day - timedelta(days=1)).isoformat()
    ids = [row["id"] for row in await connection.fetch(_DELEGATED, right.id)]
    own = await pieces_from(connection, right_time, Facet.STANDS, [right.id], FIRST_DAY)
    if own and day <= own[0].days.start:
        message = f"{last_day} lies before {own[0].days.start.isoformat()}, the first day"
        raise EndsBeforeItBegins(message, reasons=[Reason(message, "last_day")])
    pieces = await pieces_from(connection, right_time, Facet.STANDS, ids, day)
    if right.id not in {piece.subject_id for piece in pieces}:
        in_force = ", ".join(spelt(piece.days) for piece in own) or "on no day"
        raise RightNotStanding(f"{right.id} is in force on no day after {last_day}, but {in_force}")
    return pieces


async def get_decision_right_to_change(
    session: AsyncSession, right_id: int, *, by: Caller, today: date
) -> DecisionRight:
    """Lock a right, after its body. Raises DecisionRightNotFound, RoleMissing, NotYoursToDecide."""
    right = await session.get(DecisionRight, right_id)
    if right is None:
        raise DecisionRightNotFound(f"there is no decision right {right_id}")
    body = await session.get_one(Body, right.body_id)
    await lock_bodies(session, right.member or body.organisation, by=by, today=today)
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


async def _holding_body(session: AsyncSession, command: GrantDecisionRight, *, by: Caller, today: date) -> Body:
    """Lock the body that the right is of: one of the organisation's, or another one that it delegates to.

    That is a joint body of which it is a member, or its lead commissioner's.
    """
    owner = organisation_of(command.body or command.organisation)
    if command.body is not None and owner not in (JOINT, command.organisation):
        return await get_lead_body(session, command.body, command.organisation, by=by, today=today)
    if command.body is None or owner != JOINT:
        return await get_body_to_change(session, command.organisation, by=by, today=today, reference=command.body)
    await lock_bodies(session, command.organisation, by=by, today=today)
    return await get_joint_body(session, command.body)


async def _led_under(session: AsyncSession, command: GrantDecisionRight, body: Body) -> tuple[str, list[Conflict]]:
    """Return the instrument under which the body of another organisation is granted a right, and why it is not."""
    if body.organisation in ("", command.organisation):
        return "", []
    on, last_day = command.first_day, command.last_day
    leading = await list_leading(await raw(session), body.organisation, command.dotted, on=on)
    ours = [one for one in leading if command.organisation in one.parties]
    if not ours:
        why = f"{body.organisation} does not lead for {command.organisation} on {command.dotted} on {on.isoformat()}"
        return "", [_refusal(NoPower, why, "body")]
    found: list[Conflict] = []
    lasting = [one for one in ours if one.last_day is None or (last_day is not None and last_day <= one.last_day)]
    if not lasting:
        spans = ", ".join(f"{one.instrument} stands with these parties to {one.last_day}" for one in ours)
        found.append(_refusal(NoPower, spans, "last_day"))
    return (lasting or ours)[0].instrument, found


async def _post_on(session: AsyncSession, command: GrantDecisionRight, body: Body) -> Post:
    """Return the post, of the body if one is named, else of any of the organisation's. Raises PostNotFound."""
    reference = str(command.post)
    if organisation_of(reference) != (body.organisation or JOINT):
        raise PostNotFound(f"{reference} is no post of {body.reference}")
    post = await get_post(session, reference)
    if command.body is not None and post.body_id != body.id:
        raise PostNotFound(f"{reference} is no post of {body.reference}")
    return post


async def _to_be_remade(session: AsyncSession, command: GrantDecisionRight) -> DecisionRight | None:
    """Lock the right that waits to be made again for the organisation; return None, unlocked, where none does."""
    if command.remakes is None:
        return None
    right = await session.get(DecisionRight, command.remakes)
    if right is None:
        raise DecisionRightNotFound(f"there is no decision right {command.remakes}")
    if right.to_remake_for == command.organisation:
        await session.refresh(right, with_for_update=True)
    return right if right.to_remake_for == command.organisation and right.remade_by is None else None


def _new_right(command: GrantDecisionRight, body: Body, post: Post | None, instrument: str) -> DecisionRight:
    return DecisionRight(
        body_id=body.id,
        post_id=post.id if post else None,
        action=command.dotted,
        scope=command.scope,
        value_limit_pence=command.value_limit_pence,
        limit_basis=command.limit_basis,
        conditions=sorted(set(command.conditions)),
        power=command.power or "",
        recurrent=command.recurrent,
        source_minute=command.source_minute,
        delegated_from=command.delegated_from,
        member="" if body.organisation == command.organisation else command.organisation,
        instrument=instrument,
    )


def _not_listed(command: GrantDecisionRight) -> list[Conflict]:
    """Return a refusal for the action and for each condition that no rule pack of the first day lists."""
    listed = conditions_on(command.first_day)
    unknown = action_refusals(command.dotted, command.first_day, field="action" if command.action else "function")
    return unknown + [
        _refusal(ConditionNotListed, f"{one} is no condition on {command.first_day.isoformat()}", "conditions")
        for one in command.conditions
        if one not in listed
    ]


async def _ask(session: AsyncSession, command: GrantDecisionRight, body: Body, *, stated_at: datetime) -> Asked:
    """Ask `can` whether the grantor may grant as much: who has the right that is passed on, else the leading body.

    Raises DecisionRightNotFound.
    """
    connection = await raw(session)
    if command.delegated_from is not None:
        source = await session.get(DecisionRight, command.delegated_from)
        of_body = await session.get_one(Body, source.body_id) if source is not None else None
        if source is None or of_body is None or (source.member or of_body.organisation) != command.organisation:
            raise DecisionRightNotFound(f"{command.organisation} has no decision right {command.delegated_from}")
    on = command.first_day
    own = body.organisation == command.organisation
    joint = "" if own else await joint_prefix(connection, body.reference, on=on, as_known=None)
    question = Question(
        action=command.dotted,
        recurrent=command.recurrent,
        subjects=frozenset({command.scope} - {""}),
        met=frozenset(command.conditions),
        granted=NewRight(
            source=command.delegated_from,
            power=command.power or "",
            joint=joint,
            limit_pence=command.value_limit_pence,
            limit_basis=command.limit_basis,
            last_day=command.last_day,
        ),
    )
    grantor = await find_grantor(connection, command.organisation, command.delegated_from, as_at=on, as_known=stated_at)
    return await ask_for_act(session, grantor, [command.organisation], question, on=on, stated_at=stated_at)


_FIELDS: Mapping[Missing, str] = {
    Missing.SCOPE: "scope",
    Missing.LIMIT: "value_limit_pence",
    Missing.BASIS: "limit_basis",
    Missing.CONDITION: "conditions",
    Missing.RECURRENT: "recurrent",
    Missing.RIGHT: "first_day",
    Missing.REMAKE: "first_day",
}
"""The field in which a grant goes beyond what it comes from; any other fault is at the right that is passed on."""


def _beyond(command: GrantDecisionRight, asked: Asked) -> list[Conflict]:
    """Return a refusal for each field in which a grant goes beyond its source, or beyond the powers in law."""
    action = "action" if command.action else "function"
    found: dict[str, Conflict] = {}
    for _, fault in asked.faults:
        if fault.missing is Missing.POWER:
            field = "power" if command.power else action
            message = f"{command.organisation} on {command.first_day.isoformat()}: {fault.repair}"
            found.setdefault(field, _refusal(NoPower, message, field))
        else:
            field = action if fault.missing is Missing.ACTION else _FIELDS.get(fault.missing, "delegated_from")
            why = "passes nothing on" if field == "delegated_from" else "does not reach as far"
            message = f"{field}: right {fault.right} {why}: {fault.repair}"
            found.setdefault(field, _refusal(BeyondDelegation, message, field))
    return list(found.values())


def _act(
    organisation: str,
    command: GrantDecisionRight | EndDecisionRight,
    operation: str,
    right: int,
    day: date,
    by: Caller,
    stated_at: datetime,
) -> Act:
    return Act(
        organisation=organisation,
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
