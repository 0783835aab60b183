"""Creates and changes watch lists: codes and footprints that a caller follows."""

from pydantic import BaseModel, ConfigDict, Field, model_validator
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.errors import Reason
from libs.common.identity import Caller
from services.registry.core import recording
from services.registry.core.codes import Code, Name
from services.registry.core.errors import OrganisationNotFound
from services.registry.watch_lists.errors import WatchListNotFound, WatchListTaken
from services.registry.watch_lists.models import WatchList

_MOST_CODES = 500


class Watch(BaseModel):
    """The codes to watch, and the footprints to watch with everything below them."""

    model_config = ConfigDict(extra="forbid")

    name: Name = Field(examples=["North East mergers"])
    codes: list[Code] = Field(default_factory=list, max_length=_MOST_CODES, examples=[["13T", "00P"]])
    footprints: list[Code] = Field(
        default_factory=list,
        max_length=20,
        description="codes that are watched with everything below them on the day of the request",
        examples=[["QHM"]],
    )

    @model_validator(mode="after")
    def _watches_something(self) -> "Watch":
        if not self.codes and not self.footprints:
            raise ValueError("name at least one code or footprint to watch")
        return self


async def make_watch_list(session: AsyncSession, command: Watch, *, by: Caller) -> WatchList:
    """Create a list of the caller's. Raises WatchListTaken, OrganisationNotFound with every unknown code."""
    await _must_exist(session, command)
    await _must_be_free(session, command.name, by=by)
    made = WatchList(owner=by.subject, name=command.name, codes=command.codes, footprints=command.footprints)
    session.add(made)
    await session.flush()
    return made


async def change_watch_list(session: AsyncSession, watched: WatchList, command: Watch, *, by: Caller) -> None:
    """Replace the content of a locked list. Raises WatchListTaken, OrganisationNotFound."""
    await _must_exist(session, command)
    if command.name != watched.name:
        await _must_be_free(session, command.name, by=by)
    watched.name, watched.codes, watched.footprints = command.name, command.codes, command.footprints
    watched.version += 1
    await session.flush()


async def get_watch_list_to_change(session: AsyncSession, number: int, *, by: Caller) -> WatchList:
    """Lock a list of the caller's. Raises WatchListNotFound, also for another caller's list."""
    found = await session.scalar(
        select(WatchList)
        .where(WatchList.id == number, WatchList.owner == by.subject)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise WatchListNotFound(f"you have no watch list {number}")
    return found


async def _must_exist(session: AsyncSession, command: Watch) -> None:
    known = await recording.ids_of(await raw(session), {*command.codes, *command.footprints})
    reasons = [
        Reason(f"no organisation has the code {code}", f"{field}.{number}")
        for field, codes in (("codes", command.codes), ("footprints", command.footprints))
        for number, code in enumerate(codes)
        if code not in known
    ]
    if reasons:
        raise OrganisationNotFound("; ".join(reason.message for reason in reasons), reasons=reasons)


async def _must_be_free(session: AsyncSession, name: str, *, by: Caller) -> None:
    # One request of a caller at a time, so that two at once do not both find the name free.
    await (await raw(session)).execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 1))", by.subject)
    taken = await session.scalar(select(WatchList.id).where(WatchList.owner == by.subject, WatchList.name == name))
    if taken is not None:
        raise WatchListTaken(
            f"your watch list {taken} has the name {name}", reasons=[Reason(f"{name} is taken", "name")]
        )
