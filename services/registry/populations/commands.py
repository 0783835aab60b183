"""Publishes populations: how many people an organisation has on a day, by a source."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Literal

import asyncpg
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.errors import Conflict, Reason, as_sentence
from libs.common.events.registry import PopulationPublished
from libs.common.identity import Caller
from libs.common.temporal.believed import NOW, about, as_known
from libs.organisations.statements import Facet
from services.registry.core.change import change
from services.registry.core.codes import Code, Day
from services.registry.core.errors import SourceRefused
from services.registry.core.kinds import Kind
from services.registry.core.models import Organisation, timeline
from services.registry.core.recording import COMMAND
from services.registry.core.sources import SourceName, family_of, rank_of
from services.registry.populations.errors import LocalAuthorityRefused

MOST_PEOPLE = 1_000_000_000

# A body that was ever a local authority: counts of years ago are stated after one was abolished.
_AUTHORITIES = f"""
SELECT DISTINCT o.code FROM organisation o JOIN {timeline.beliefs} k ON k.subject_id = o.id AND {about("k", Facet.KIND)}
   AND {as_known("k", NOW)} AND k.value = '{Kind.LOCAL_AUTHORITY}'
 WHERE o.code = ANY($1)
"""  # noqa: S608  (only names of ours are put in)


class CountOfPeople(BaseModel):
    """A count of people, by its basis and source."""

    model_config = ConfigDict(extra="forbid")

    basis: Literal["registered", "weighted", "weighted_primary_care", "resident"] = Field(
        description="how they are counted: registered with practices, weighted for need, or living there",
        examples=["registered"],
    )
    people: int = Field(strict=True, ge=0, le=MOST_PEOPLE, description="whole people", examples=[250_000])
    local_authority: Code | None = Field(
        default=None, description="counts only those who live in this local authority; left out: all", examples=[None]
    )
    source: SourceName | None = Field(
        default=None,
        description="the source, as `family:document`; left out, the registrar states it",
        examples=["ons:mid-2019 estimates"],
    )


class PublishPopulation(CountOfPeople):
    """A count of people on a day."""

    effective_on: Day = Field(description="the day of the count", examples=["2011-10-31"])


async def publish_population(
    session: AsyncSession, organisation: Organisation, command: PublishPopulation, *, by: Caller, stated_at: datetime
) -> PopulationPublished:
    """State how many people the locked body has on a day, by a source. The counts of others stay beside it.

    Raises SourceRefused, LocalAuthorityRefused, NotYoursToDecide.
    """
    day = command.effective_on
    refusals = await refusals_of_counts(await raw(session), {organisation.code: [command]}, day)
    if reasons := [reason for _, reason in refusals]:
        raise refusals[0][0](as_sentence(reasons), reasons=reasons)
    async with change(session, [organisation.code], by=by, stated_at=stated_at) as now:
        # Counts of people are not part of the body that an editor reads, so its version stays.
        now.changed.clear()
        published = published_count(organisation.code, command, day, stated_at=now.at)
        now.publish(published)
    return published


def published_count(code: str, count: CountOfPeople, day: date, *, stated_at: datetime) -> PopulationPublished:
    """Return the event of a count that was not refused."""
    return PopulationPublished(
        code=code,
        basis=count.basis,
        people=count.people,
        local_authority=count.local_authority or "",
        effective_on=day,
        stated_at=stated_at,
        source=count.source or "",
        rank=rank_of(count.source or COMMAND, day) or 0,
    )


async def refusals_of_counts(
    connection: asyncpg.Connection, counts: Mapping[str, Sequence[CountOfPeople]], day: date
) -> list[tuple[type[Conflict], Reason]]:
    """Return what stands against counts of a day, by the body that they are of."""
    each = [(code, count) for code, several in counts.items() for count in several]
    named = {count.local_authority for _, count in each if count.local_authority}
    known = {row["code"] for row in await connection.fetch(_AUTHORITIES, sorted(named))} if named else set()
    refusals: list[tuple[type[Conflict], Reason]] = []
    for code, count in each:
        family = family_of(count.source or COMMAND)
        if rank_of(count.source or COMMAND, day) is None:
            message = f"no rule pack names the family {family} as a source on {day}"
            refusals.append((SourceRefused, Reason(message, "source")))
        if count.local_authority == code:
            message = f"{code} is the authority itself: leave it out, where all of its people are counted"
            refusals.append((LocalAuthorityRefused, Reason(message, "local_authority")))
        elif count.local_authority and count.local_authority not in known:
            message = f"{count.local_authority} is no local authority that the registry knows"
            refusals.append((LocalAuthorityRefused, Reason(message, "local_authority")))
    return refusals
