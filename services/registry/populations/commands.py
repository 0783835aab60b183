"""Publishes populations: how many people an organisation has on a day, by a source."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.errors import Reason
from libs.common.events.registry import PopulationPublished
from libs.common.identity import Caller
from services.registry.core.change import change
from services.registry.core.codes import Day
from services.registry.core.errors import SourceRefused
from services.registry.core.models import Organisation
from services.registry.core.recording import COMMAND
from services.registry.core.sources import SourceName, family_of, rank_of

MOST_PEOPLE = 1_000_000_000


class CountOfPeople(BaseModel):
    """A count of people, by its basis and source."""

    model_config = ConfigDict(extra="forbid")

    basis: Literal["registered", "weighted", "weighted_primary_care", "resident"] = Field(
        description="how they are counted: registered with practices, weighted for need, or living there",
        examples=["registered"],
    )
    people: int = Field(strict=True, ge=0, le=MOST_PEOPLE, description="whole people", examples=[250_000])
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

    Raises SourceRefused, NotYoursToDecide.
    """
    source = command.source or COMMAND
    rank = rank_of(source, command.effective_on)
    if rank is None:
        message = f"no rule pack names the family {family_of(source)} as a source on {command.effective_on}"
        raise SourceRefused(message, reasons=[Reason(message, "source")])
    async with change(session, [organisation.code], by=by, stated_at=stated_at) as now:
        # Counts of people are not part of the body that an editor reads, so its version stays.
        now.changed.clear()
        published = PopulationPublished(
            code=organisation.code,
            basis=command.basis,
            people=command.people,
            effective_on=command.effective_on,
            stated_at=now.at,
            source=command.source or "",
            rank=rank,
        )
        now.publish(published)
    return published
