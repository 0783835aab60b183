"""One unit of change: how every command of the registry changes bodies.

    async with change(session, [code], by=by, stated_at=stated_at) as now:
        if now.standings[code].on(day) != "open":
            raise NotOpen(...)
        now.publish(OrganisationClosed(code=code, effective_on=day, stated_at=now.at))

It asks for the right to act for the bodies, locks them, gives their standing and the instant of the change, and at the
end increments their versions, records what the events state and publishes them. After an exception nothing of this is
done.
"""

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import asyncpg
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm.attributes import set_committed_value

from libs.common.database.connection import raw
from libs.common.events import Event
from libs.common.identity import Caller, Role
from libs.common.process.context import locks
from services.registry.core import recording
from services.registry.core.codes import ByCode
from services.registry.core.errors import OrganisationNotFound
from services.registry.core.models import Organisation
from services.registry.core.permissions import must_act_for
from services.registry.core.standing import Standing, standings

_LATEST = """
SELECT max(at) FROM (
    SELECT max(s.stated_at) FROM organisation o JOIN organisation_statement s ON s.subject_id = o.id
     WHERE o.code = ANY($1)
     UNION ALL
    SELECT max(s.stated_at) FROM tie t JOIN tie_statement s ON s.subject_id = t.id WHERE t.code = ANY($1)
     UNION ALL
    SELECT max(stated_at) FROM succession_statement WHERE code = ANY($1)
     UNION ALL
    SELECT max(stated_at) FROM population_statement WHERE code = ANY($1)
) AS stated (at)
"""

_LOCK = "SELECT FROM organisation WHERE code = ANY($1) ORDER BY code FOR UPDATE"

_COUNT_UP = "UPDATE organisation SET version = version + 1 WHERE code = ANY($1) RETURNING code, version"


@dataclass(slots=True, kw_only=True)
class Change:
    """The standing and the instant that a command works with, and the events that it publishes at the end."""

    session: AsyncSession
    connection: asyncpg.Connection
    by: Caller
    organisations: dict[str, Organisation]
    """The locked bodies that exist, by code."""
    standings: dict[str, Standing]
    """How each locked code stands, also one that names no body yet."""
    at: datetime
    """When the command states what it publishes."""
    in_its_place: bool
    """Whether a late statement goes where its instant puts it, before what was stated later."""
    changed: set[str]
    """The bodies whose versions are incremented at the end."""
    events: list[Event] = field(default_factory=list)

    def publish(self, *events: Event) -> None:
        """Publish these events at the end, after those that were added before."""
        self.events.extend(events)

    def follow(self, latest: datetime | None) -> None:
        """Move the instant after the latest of another log, unless a late statement keeps its own."""
        if not self.in_its_place:
            self.at = behind(latest, self.at)

    async def introduce(self, codes: Collection[str]) -> None:
        """Give these new codes to bodies, which begin at version 1. Raises CodeTaken."""
        if codes:
            await recording.introduce(self.session, codes)
            self.organisations.update(await get_organisations_to_change(self.session, codes))


@asynccontextmanager
async def change(
    session: AsyncSession,
    codes: Collection[str],
    *,
    by: Caller,
    stated_at: datetime,
    bound: Collection[str] | None = None,
    checks: Collection[str] = (),
    in_bulk: Collection[str] = (),
    after: datetime | None = None,
    in_its_place: bool | None = None,
) -> AsyncIterator[Change]:
    """Lock bodies in sorted order, let the command change them, and record and publish what it did.

    `bound` are the bodies that the caller must act for, all of them and before any lock: those of `codes` if left out.
    The instant is `stated_at`, or a microsecond after the latest that was stated of `codes`. A loader's statement keeps
    its own instant; `in_its_place` decides that for any caller. `checks` are bodies that the command only reads: locked
    too, but their log does not move the instant and their versions stay. `in_bulk` are bodies that change by the
    thousand, such as the practices of a list: locked like `codes`, with an instant after their latest too, but not
    loaded. `after` is the latest instant of the act's own log, such as a merger's, which a loader follows as well.
    """
    await must_act_for(session, codes if bound is None else bound, by)
    connection = await raw(session)
    locked = {*codes, *checks}
    locks(in_bulk)
    if in_bulk:
        # Loading 7,000 practices and their standing took 2 to 4 s, locking them 0.1 s.
        await connection.execute(_LOCK, sorted({*locked, *in_bulk}))
    organisations = await get_organisations_to_change(session, locked) if locked else {}
    now = Change(
        session=session,
        connection=connection,
        by=by,
        organisations=organisations,
        standings=await standings(connection, locked) if locked else {},
        at=behind(after, stated_at),
        in_its_place=by.has(Role.LOADER) if in_its_place is None else in_its_place,
        changed=organisations.keys() & set(codes),
    )
    if (followed := sorted({*codes, *in_bulk})) and not now.in_its_place:
        now.follow(await connection.fetchval(_LATEST, followed))
    yield now
    for code, version in await connection.fetch(_COUNT_UP, sorted(now.changed)) if now.changed else ():
        if code in now.organisations:
            set_committed_value(now.organisations[code], "version", version)
    await recording.record(session, now.events, source=recording.COMMAND, by=by.subject)


def behind(latest: datetime | None, at: datetime) -> datetime:
    """Return the instant, or a microsecond after the latest where that is later."""
    return at if latest is None else max(at, latest + timedelta(microseconds=1))


async def get_organisations_to_change(session: AsyncSession, codes: Collection[str]) -> ByCode[Organisation]:
    """Lock those of the organisations that exist, in sorted order, and return them by code as they are now."""
    locks(codes)
    found = await session.scalars(
        select(Organisation)
        .where(Organisation.code.in_(sorted(set(codes))))
        .order_by(Organisation.code)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return {organisation.code: organisation for organisation in found}


async def get_organisation_to_change(session: AsyncSession, code: str, *, by: Caller) -> Organisation:
    """Lock one organisation that the caller acts for. Raises NotYoursToDecide, OrganisationNotFound."""
    await must_act_for(session, [code], by)
    found = await get_organisations_to_change(session, [code])
    if code not in found:
        raise OrganisationNotFound(f"no organisation has the code {code}")
    return found[code]
