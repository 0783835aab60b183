"""Operator routes: list, resume and discard parked events; do due work; move the clock."""

import json
from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from libs.common.audit import record_write
from libs.common.database.connection import Database
from libs.common.errors import Conflict, Reason
from libs.common.events import CATALOGUE, Envelope, Undecodable
from libs.common.http.dependencies import (
    By,
    Page,
    Paging,
    Rows,
    Today,
    Write,
    allowed,
    binds_none,
    commands_router,
    page,
    problems,
)
from libs.common.http.problems import Unprocessable
from libs.common.http.transactions import SteppedRoute
from libs.common.identity import Caller, Role
from libs.common.messaging import parking
from libs.common.messaging.parking import NotFirstInQueue, ParkedEvent, ParkedEventNotFound, Resumed
from libs.common.messaging.subscriptions import Subscriptions
from libs.common.process import context
from libs.common.process.clock import Clock
from libs.common.service.clock_row import keep_moved
from libs.common.service.due_work import DueWork
from libs.common.service.health_routes import numbers_of
from libs.common.temporal.days import AS_WRITTEN, WrittenDay

ParkedId = Annotated[int, Path(ge=1, le=2**63 - 1, description="The id in the list of parked events.")]
Operator = Annotated[Caller, allowed(Role.OPERATOR)]

_RUNS_THE_SYSTEM = "an operator runs the system, and decides for no organisation"

router = commands_router(prefix="/operations", tags=["Operations"])
stepped = APIRouter(prefix="/operations", tags=["Operations"], route_class=SteppedRoute)


class ClockNotMovable(Conflict):
    """The clock of this deployment cannot be moved.

    It follows the real day. Only a demonstration or test that sets CLOCK_MOVABLE has a clock that an operator may move.
    """


class DayNotReached(Unprocessable):
    """Due work can be done up to today only.

    `up_to` lies in the future. Move the clock first, where that is allowed.
    """


class ParkedView(BaseModel):
    """An event that could not be applied, or that waits behind one that could not."""

    id: int
    source: str
    position: int
    keys: list[str]
    attempts: int = Field(description="Number of attempts; 0 if it only waits behind another event.")
    error: str = Field(description="The error; of an event for its parties only the error's kind alone.")
    parked_at: datetime
    event: dict[str, Any] | None = Field(
        description="The event as received, without its `data` if that is for its parties only; null if unreadable."
    )


class BackboneView(BaseModel):
    """The numbers behind readiness, and the last error of each task that died. A lag counts events."""

    model_config = ConfigDict(from_attributes=True)

    outbox_events: int
    oldest_outbox_seconds: float
    last_position: int
    published_lag: int
    consumer_lag: dict[str, int | None] = Field(description="By publisher; null if it cannot be reached.")
    consumer_waiting_seconds: dict[str, float] = Field(
        description="By publisher, how long its next event has waited while the consumer did not move; else 0."
    )
    parked_events: int
    parked_keys: int
    newer_events: dict[str, int] = Field(
        description="Of the parked events those that wait for a newer version of this service, by name and version.",
        examples=[{"CCGMerged version 2": 1}],
    )
    dead_tasks: dict[str, str] = Field(default={}, description="By task, its last error.")


class ResumedView(BaseModel):
    """Result of retrying parked events."""

    applied: list[int]
    parked: list[int] = Field(description="Ids that failed again, or wait behind one that did.")


class ResumeKey(BaseModel):
    """Retry all events parked under one key."""

    source: str = Field(max_length=100, examples=["registry"])
    key: str = Field(max_length=500, examples=["10G"])


class Discard(BaseModel):
    """Why a parked event is discarded."""

    reason: str = Field(min_length=3, max_length=500, examples=["Agreed with finance: corrected by hand"])


@router.get("/backbone", summary="Show the backbone's numbers")
async def show_backbone(request: Request, _: Operator) -> BackboneView:
    """Return how many events wait, are behind or are parked, and which background tasks died of what."""
    dead = {name: death.error for name, death in request.app.state.tasks.dead.items()}
    return BackboneView.model_validate(await numbers_of(request)).model_copy(update={"dead_tasks": dead})


@router.get("/parked", summary="List parked events")
async def list_parked(
    rows: Rows,
    by: Operator,  # noqa: ARG001
    paging: Paging,
    request: Request,
    source: Annotated[str | None, Query(description="Only events of this publisher.")] = None,
) -> Page[ParkedView]:
    """List events that could not be applied and those that wait behind them, in the order of arrival."""
    [after] = paging.key(int) or (0,)
    found = await parking.list_parked(rows, source=source, after=after, limit=paging.fetch)
    return page([_view(event) for event in found], key=lambda event: event.id, request=request)


@router.post(
    "/parked/{parked_id}/resume",
    summary="Retry a parked event",
    responses=problems(ParkedEventNotFound, NotFirstInQueue),
)
@binds_none(because=_RUNS_THE_SYSTEM)
async def resume_parked(parked_id: ParkedId, session: Write, by: Operator, request: Request) -> ResumedView:  # noqa: ARG001
    """Retry one parked event. If it fails again it stays parked."""
    return _resumed(await parking.resume(session, _subscriptions(request), parked_id))


@router.post("/parked/resume", summary="Retry all parked events of a key", responses=problems(ParkedEventNotFound))
@binds_none(because=_RUNS_THE_SYSTEM)
async def resume_parked_key(command: ResumeKey, session: Write, by: Operator, request: Request) -> ResumedView:  # noqa: ARG001
    """Retry, in order, all events parked under a key and all events linked to them through other keys."""
    return _resumed(await parking.resume_key(session, _subscriptions(request), command.source, command.key))


@router.post("/parked/{parked_id}/discard", summary="Discard a parked event", responses=problems(ParkedEventNotFound))
@binds_none(because=_RUNS_THE_SYSTEM)
async def discard_parked(parked_id: ParkedId, command: Discard, session: Write, by: Operator) -> ParkedView:
    """Discard a parked event, so that it is never applied. The caller and the reason are recorded."""
    return _view(await parking.discard(session, parked_id, by=by, reason=command.reason))


class DueWorkUpTo(BaseModel):
    """Do all work due on or before a day."""

    up_to: WrittenDay = Field(description="The last day whose work is done.", examples=["2018-04-01"])


class DueWorkDone(BaseModel):
    """How many pieces of work were done."""

    done: int


class ClockView(BaseModel):
    """The service's present day, and whether the clock was moved."""

    today: date
    moved_to: date | None
    movable: bool


class MoveClock(BaseModel):
    """The day to move the clock to; null for the real day."""

    moved_to: Annotated[date, Field(ge=date(1948, 7, 5), le=date(2199, 12, 31)), AS_WRITTEN] | None = Field(
        examples=["2015-04-01"]
    )


@stepped.post("/due-work", summary="Do due work", responses=problems(DayNotReached))
@binds_none(because=_RUNS_THE_SYSTEM)
async def do_due_work(
    command: DueWorkUpTo,
    by: Annotated[Caller, allowed(Role.OPERATOR, Role.LOADER)],
    request: Request,
    today: Today,
) -> DueWorkDone:
    """Do all work due on or before this day; the response comes when it is done."""
    if command.up_to > today:
        message = f"{command.up_to} lies after today, {today}"
        raise DayNotReached(message, reasons=[Reason(message, "up_to")])
    async with _database(request).begin() as session:
        await record_write(session, by, "do_due_work", request=context.origin().causation)
    return DueWorkDone(done=await _run_due_work(request, command.up_to))


@stepped.get("/clock", summary="Show the service's day")
async def show_clock(by: By, request: Request) -> ClockView:  # noqa: ARG001
    """Return the service's present day."""
    return _clock_view(request)


@stepped.put("/clock", summary="Move the clock", responses=problems(ClockNotMovable))
@binds_none(because=_RUNS_THE_SYSTEM)
async def move_clock(command: MoveClock, by: Operator, request: Request) -> ClockView:
    """Move the clock to another day and do the work due by then; the response comes when it is done."""
    if not request.app.state.settings.clock_movable:
        raise ClockNotMovable("CLOCK_MOVABLE is off: this service uses the real day")
    clock: Clock = request.app.state.clock
    async with _database(request).begin() as session:
        await keep_moved(session, command.moved_to)
        await record_write(session, by, "move_clock", request=context.origin().causation)
    clock.moved_to = command.moved_to
    await _run_due_work(request, clock.today())
    return _clock_view(request)


def _database(request: Request) -> Database:
    database: Database = request.app.state.database
    return database


def _clock_view(request: Request) -> ClockView:
    clock: Clock = request.app.state.clock
    return ClockView(today=clock.today(), moved_to=clock.moved_to, movable=request.app.state.settings.clock_movable)


async def _run_due_work(request: Request, day: date) -> int:
    work: DueWork | None = request.app.state.due_work
    return await work.run_up_to(day) if work is not None else 0


def _subscriptions(request: Request) -> Subscriptions:
    service = request.app.state.service
    return service.subscriptions or Subscriptions(service.name)


def _view(event: ParkedEvent) -> ParkedView:
    shown = _for_operators(event.body)
    is_open = shown is not None and "data" in shown
    return ParkedView(
        id=event.id,
        source=event.source,
        position=event.position,
        keys=list(event.keys),
        attempts=event.attempts,
        error=event.error if is_open else event.error.partition(":")[0],  # an error repeats what it is about
        parked_at=event.parked_at,
        event=shown,
    )


def _for_operators(body: bytes) -> dict[str, Any] | None:
    """Return an event without what only its parties may read: operators run the system, and are no party."""
    try:
        envelope = Envelope.decode(body)
    except Undecodable:
        return None
    document: dict[str, Any] = json.loads(body)
    kind = CATALOGUE.get((envelope.name, envelope.version))
    if kind is None or kind.parties_only:
        del document["data"]
    return document


def _resumed(resumed: Resumed) -> ResumedView:
    return ResumedView(applied=list(resumed.applied), parked=list(resumed.parked))
