"""States successions by hand: splits, acquisitions, boundary changes, abolitions, mergers of other bodies."""

from collections.abc import Collection, Mapping
from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.errors import Reason, as_sentence
from libs.common.events import Event
from libs.common.events.registry import (
    OrganisationClosed,
    OrganisationKindChanged,
    OrganisationLegalStatusChanged,
    OrganisationSucceeded,
)
from libs.common.identity import Caller
from libs.common.temporal.history import Days
from libs.common.temporal.timeline import NewStatement
from libs.organisations.successions import Shape
from services.registry.core.change import Change, change
from services.registry.core.codes import Code, Day
from services.registry.core.kinds import ABOLISHED, Kind
from services.registry.core.recording import COMMAND, ONE_FACET
from services.registry.core.shares import PublishedShare
from services.registry.core.sight import EVERYTHING
from services.registry.core.standing import Standing
from services.registry.cover.checks import Records, against_lists, as_kind, listed_practices, records_of
from services.registry.cover.commands import CoverList, events_of, follow_areas, listed, reasons_against_lists
from services.registry.cover.rules import Commissioners, Listed, after_a_succession
from services.registry.mergers.queries import agreed_mergers_of
from services.registry.reorganisations.errors import SuccessionNotAllowed
from services.registry.reorganisations.models import STANDS, Reorganisation, StatedShape, reorganisation_time
from services.registry.reorganisations.queries import get_reorganisation
from services.registry.reorganisations.rules import PlannedSuccession, reasons_against
from services.registry.reorganisations.views import ReorganisationView


class Follower(BaseModel):
    """A successor, with its share where one is stated."""

    model_config = ConfigDict(extra="forbid")

    code: Code = Field(description="a body that is open on the day", examples=["QSL"])
    share: PublishedShare | None = Field(
        default=None,
        description="the share of the predecessor that it takes over, as `1/3` or as published in decimals; decimals "
        "whose sum misses 1 by no more than their rounding are taken in proportion, exactly",
        examples=["1/3"],
    )


class StateSuccession(BaseModel):
    """A succession from a day."""

    model_config = ConfigDict(extra="forbid")

    shape: StatedShape = Field(
        description="`merger` of others than commissioners into a new body; `split` by shares that sum to 1; "
        "`acquisition` by an existing body; `boundary_change`: a part goes, both continue; `abolition` in law",
        examples=["abolition"],
    )
    predecessors: list[Code] = Field(min_length=1, max_length=50, examples=[["11X"]])
    successors: list[Follower] = Field(min_length=1, max_length=50, examples=[[{"code": "QSL"}]])
    effective_on: Day = Field(description="the first day of the successors", examples=["2022-07-01"])
    lives_on_as: Kind | None = Field(
        default=None,
        description="for an abolition: the kind of body that the code names afterwards; left out, the body closes",
        examples=["sub_icb_location"],
    )
    commissioners: list[CoverList] = Field(
        default=[],
        max_length=300,
        description="complete lists of what commissioners cover from the day, where practices or areas move",
    )

    def succession(self) -> PlannedSuccession:
        """Return it in the form that the rules read."""
        return PlannedSuccession(
            Shape(self.shape),
            tuple(self.predecessors),
            tuple((one.code, one.share or "") for one in self.successors),
            self.effective_on,
            self.lives_on_as,
        )


async def state_succession(
    session: AsyncSession, command: StateSuccession, *, by: Caller, stated_at: datetime
) -> ReorganisationView:
    """State that bodies are succeeded by others from a day: all of it, or nothing. It binds all of them.

    A predecessor that does not live on closes. Raises SuccessionNotAllowed with every reason, NotYoursToDecide.
    """
    succession, lists = command.succession(), listed(command.commissioners)
    codes = sorted({*succession.predecessors, *(code for code, _ in succession.successors)})
    practices = listed_practices(lists)
    async with change(session, {*codes, *lists}, by=by, stated_at=stated_at, in_bulk=practices) as now:
        standing = {code: now.standings[code] for code in codes}
        reasons = reasons_against(succession, standing, await agreed_mergers_of(session, codes))
        records = await records_of(now.connection, lists, command.effective_on, others=codes)
        after = _after(succession, records, standing)
        reasons.extend(_against_cover(command, records, lists, after, standing))
        if reasons:
            raise SuccessionNotAllowed(as_sentence(reasons), reasons=reasons)
        await follow_areas(now, lists)
        done = await _record(now, succession, standing, lists)
        events = [*_events(succession, done, now.at), *events_of(records, after, lists, command.effective_on, now.at)]
        now.publish(*events)
        now.changed = {*codes, *(code for event in events for code in event.keys)}
        return await get_reorganisation(now.connection, done.reference, as_known=None, sight=EVERYTHING)


def _against_cover(
    command: StateSuccession,
    records: Records,
    lists: Mapping[str, Listed],
    after: Commissioners,
    standing: Mapping[str, Standing],
) -> list[Reason]:
    day = command.effective_on
    reasons = list(reasons_against_lists(command.commissioners, records, day))
    # Bodies that do not exist cover nothing: the reasons against them are enough.
    if all(one.exists for one in standing.values()) and not reasons:
        reasons.extend(against_lists(records, lists, day, after=after))
    return reasons


def _after(succession: PlannedSuccession, records: Records, standing: Mapping[str, Standing]) -> Commissioners:
    """Return which bodies can cover once this has happened."""
    if succession.shape is Shape.BOUNDARY_CHANGE:
        return records.commissioners()
    then = [records.bodies.get(code, standing[code]) for code, _ in succession.successors]
    if succession.lives_on_as:
        then = [
            as_kind(records.bodies.get(code, standing[code]), succession.lives_on_as, succession.effective_on)
            for code in succession.predecessors
        ]
    return after_a_succession(
        records.commissioners(), succession.effective_on, closed=succession.closing, successors=then
    )


def _events(succession: PlannedSuccession, done: Reorganisation, at: datetime) -> list[Event]:
    """Return the events: the successions, and what happens to the predecessors."""
    when = {"effective_on": succession.effective_on, "stated_at": at}
    events: list[Event] = [
        OrganisationSucceeded(code=code, successor=successor, shape=succession.shape, share=share, **when)
        for code in succession.predecessors
        for successor, share in zip(done.successors, succession.exact_shares(), strict=True)
    ]
    if succession.shape is Shape.ABOLITION:
        abolished = (
            OrganisationLegalStatusChanged(code=code, legal_status=ABOLISHED, **when)
            for code in succession.predecessors
        )
        events.extend(abolished)
    if succession.lives_on_as:
        events.extend(
            OrganisationKindChanged(code=code, kind=succession.lives_on_as, **when) for code in succession.predecessors
        )
    events.extend(OrganisationClosed(code=code, **when) for code in done.closed)
    return events


async def _record(
    now: Change, succession: PlannedSuccession, standing: Mapping[str, Standing], commissioners: Collection[str]
) -> Reorganisation:
    day = succession.effective_on
    done = Reorganisation(
        reference=await _next_reference(now.session, succession.predecessors[0]),
        shape=succession.shape,
        effective_on=day,
        predecessors=list(succession.predecessors),
        successors=[code for code, _ in succession.successors],
        shares=list(succession.shares()),
        closed=[code for code in succession.closing if standing[code].on(day) == "open"],
        commissioners=sorted(commissioners),
        stated_at=now.at,
        stated_by=now.by.subject,
    )
    now.session.add(done)
    await state_standing(now, done, STANDS)
    return done


async def state_standing(now: Change, stated: Reorganisation, value: str | None) -> None:
    """State that a reorganisation stands, or that it does not (None)."""
    await now.session.flush()
    statement = NewStatement(stated.id, ONE_FACET, value, Days(stated.effective_on), now.at)
    await reorganisation_time.state(now.connection, [statement], source=COMMAND, by=now.by.subject)


async def _next_reference(session: AsyncSession, code: str) -> str:
    earlier = await session.scalar(
        select(func.count()).select_from(Reorganisation).where(Reorganisation.predecessors[1] == code)
    )
    return f"R-{code}-{earlier + 1}" if earlier else f"R-{code}"
