"""A tiny service for tests of the edge: beacons that are lit, renamed and put out."""

from dataclasses import replace
from datetime import date, datetime
from typing import Annotated, Any

import pytest
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field, model_validator
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, MappedAsDataclass, mapped_column

from libs.common.database.connection import service_metadata
from libs.common.database.tables import add_to
from libs.common.errors import Conflict, NotFound, Reason
from libs.common.events import Event, OdsCode
from libs.common.http.dependencies import (
    AsAt,
    AsKnown,
    By,
    IfMatch,
    Page,
    Paging,
    Read,
    Rows,
    StatedAt,
    Today,
    Write,
    allowed,
    binds,
    binds_none,
    commands_router,
    etag,
    page,
    problems,
    stale,
)
from libs.common.identity import Caller, Role
from libs.common.messaging import outbox
from libs.common.service.app import Service
from tests.support.databases import Databases, NewDatabase


class Base(MappedAsDataclass, DeclarativeBase, kw_only=True, eq=False):
    """What this service keeps."""

    metadata = service_metadata()


add_to(Base.metadata)


class Beacon(Base):
    """A fire on a hill."""

    __tablename__ = "beacon"

    code: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    version: Mapped[int] = mapped_column(default=1)


class BeaconLit(Event, topic="beacons", keys=("code",)):
    """A beacon was lit."""

    code: OdsCode


class BeaconWhispered(Event, topic="beacons", keys=("code", "signals"), parties_only=True):
    """Something about a beacon that concerns its keepers only; a signal's name may look like a beacon's code."""

    code: OdsCode
    signals: tuple[str, ...] = ()


class AlreadyLit(Conflict):
    """The beacon is lit already."""


class BeaconNotFound(NotFound):
    """There is no such beacon."""


class LightBeacon(BaseModel):
    """Light a beacon."""

    code: str = Field(pattern="^[A-Z]{3}$", examples=["IVI"])
    name: str = Field(min_length=3, examples=["Ivinghoe"])
    height: int = Field(default=1, gt=0)
    signals: tuple[str, ...] = ()
    fails_at_commit: bool = False

    @model_validator(mode="after")
    def _is_no_test(self) -> "LightBeacon":
        if self.name == "test":
            raise ValueError("a beacon is no test")
        return self


class BeaconView(BaseModel):
    """A beacon."""

    model_config = {"from_attributes": True}

    code: str
    name: str
    version: int


class Days(BaseModel):
    """The days and instants that the edge gave."""

    today: date
    as_at: date
    as_known: datetime | None


router = commands_router(tags=["beacons"])
_ABOUT_NOTHING = "it is about no organisation"
executions: list[str] = []
"""Which commands ran, in order."""


@router.post("/beacons", status_code=201, response_model=BeaconView, responses=problems(AlreadyLit))
@binds("code")
async def light_beacon(
    command: LightBeacon,
    session: Write,
    by: Annotated[Caller, allowed(Role.REGISTRAR)],
    stated_at: StatedAt,
    today: Today,
    response: Response,
) -> Beacon:
    """Light a beacon."""
    executions.append(command.code)
    by.must_act_for([command.code])
    if await session.get(Beacon, command.code):
        raise AlreadyLit(f"{command.code} burns", reasons=[Reason("it burns", "code")])
    beacon = Beacon(code=command.code, name=command.name)
    session.add(beacon)
    if command.fails_at_commit:
        await session.execute(text("INSERT INTO promise (kept) VALUES (0)"))
    await outbox.add(session, BeaconLit(code=command.code, effective_on=today, stated_at=stated_at))
    whispered = BeaconWhispered(code=command.code, signals=command.signals, effective_on=today, stated_at=stated_at)
    await outbox.add(session, whispered)
    etag(response, beacon.version)
    response.headers["Location"] = f"/v1/beacons/{beacon.code}"
    return beacon


@router.put("/beacons/{code}/name", response_model=BeaconView, responses=problems(BeaconNotFound))
@binds_none(because="a name is nothing that a beacon answers for")
async def rename_beacon(code: str, name: str, session: Write, version: IfMatch, response: Response) -> Beacon:
    """Rename a beacon."""
    beacon = await session.get(Beacon, code, with_for_update=True, populate_existing=True)
    if beacon is None:
        raise BeaconNotFound(code)
    stale(beacon.version, version)
    beacon.name, beacon.version = name, beacon.version + 1
    etag(response, beacon.version)
    return beacon


@router.get("/beacons")
async def list_beacons(rows: Rows, paging: Paging, request: Request) -> Page[BeaconView]:
    """List beacons by code."""
    found = await rows.fetch(
        "SELECT code, name, version FROM beacon WHERE code > $1 ORDER BY code LIMIT $2",
        paging.after[0] if paging.after else "",
        paging.fetch,
    )
    return page([BeaconView(**row) for row in found], key=lambda beacon: beacon.code, request=request)


@router.get("/beacons/{code}", response_model=BeaconView, responses=problems(BeaconNotFound))
async def show_beacon(code: str, session: Read, response: Response) -> Beacon:
    """Show one beacon."""
    beacon = await session.get(Beacon, code)
    if beacon is None:
        raise BeaconNotFound(code)
    etag(response, beacon.version)
    return beacon


@router.get("/days")
async def show_days(today: Today, as_at: AsAt, as_known: AsKnown) -> Days:
    """Show what the edge makes of the days asked for."""
    return Days(today=today, as_at=as_at, as_known=as_known)


@router.post("/days")
@binds_none(because=_ABOUT_NOTHING)
async def state_day(stated_at: StatedAt) -> datetime:
    """Say when a command's facts are stated."""
    return stated_at


@router.post("/numbers")
@binds_none(because=_ABOUT_NOTHING)
async def add_numbers(numbers: list[int]) -> int:
    """Add numbers."""
    return sum(numbers)


@router.post("/heights")
@binds_none(because=_ABOUT_NOTHING)
async def add_heights(heights: dict[str, int]) -> int:
    """Add the heights of several beacons."""
    return sum(heights.values())


@router.post("/silence")
@binds_none(because=_ABOUT_NOTHING)
async def keep_silent(session: Write) -> None:
    """Fail in a way that nobody thought of."""
    await session.execute(text("SELECT 1"))
    raise RuntimeError("the secret of the hill")


@router.get("/caller")
async def show_caller(by: By) -> list[str]:
    """Say who calls."""
    return [by.subject, *sorted(by.roles), *sorted(by.organisations)]


SERVICE = Service(
    name="beacons",
    title="Beacons",
    description="Fires on hills.",
    metadata=Base.metadata,
    routers=(router,),
    tags=({"name": "beacons", "description": "Fires on hills."},),
)


def with_predecessors(predecessors: Any) -> Service:
    """This service, where some organisations live on in others."""
    return replace(SERVICE, predecessors=predecessors)


async def create_schema(url: str) -> None:
    """Fill an empty database."""
    engine = create_async_engine(url)
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
        # What a command breaks that is found out at its commit only.
        await connection.execute(text("CREATE TABLE promise (kept int REFERENCES clock DEFERRABLE INITIALLY DEFERRED)"))
    await engine.dispose()


plain = APIRouter()
"""A router that is none of ours."""


@plain.post("/plain")
async def write_past_the_rules() -> None:
    """Be refused when the service is put together."""


twice = commands_router()
"""A router with a command of a name that is taken."""


@twice.post("/more-beacons", name="light_beacon")
@binds_none(because=_ABOUT_NOTHING)
async def light_more() -> None:
    """Be refused when the service is put together."""


undeclared = commands_router()
"""A router with a command that does not say whom it binds."""


@undeclared.post("/bindings")
async def bind_in_silence() -> None:
    """Be refused when the service is put together."""


@pytest.fixture
async def url(templates: Databases, new_database: NewDatabase) -> str:
    """A database of this service."""
    return await new_database(await templates.template_for("beacons", create_schema))
