"""States and ends relations between organisations, many to many, each with its days and perhaps an exact share."""

from collections.abc import AsyncIterator, Collection, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import date, datetime, timedelta

import asyncpg
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.errors import Reason
from libs.common.events.registry import OrganisationRelated, OrganisationUnrelated
from libs.common.identity import Caller
from libs.common.temporal.believed import ALL_DAYS, NOW
from libs.common.temporal.history import FIRST_DAY, LAST_DAY, Days
from services.registry.core.believed import believed_link
from services.registry.core.change import Change, change
from services.registry.core.codes import Code, Day
from services.registry.core.errors import NoChange, OrganisationNotFound
from services.registry.core.kinds import PRACTICE_KINDS
from services.registry.core.links import HOLDS, Relation
from services.registry.core.shares import WHOLE, Share, total
from services.registry.core.standing import Standing
from services.registry.cover.rules import days_as_commissioner, overlap
from services.registry.relations.errors import RelationNotAllowed
from services.registry.relations.views import RelatedView

WITH_SHARES = frozenset(
    {Relation.OWNS, Relation.PARTNER_IN, Relation.MEMBER_OF, Relation.COMMISSIONS, Relation.PART_OF_FOOTPRINT}
)
"""The relations that can have a share."""

_BELIEVED = f"""
SELECT t.code, t.sort, t.other, b.value, lower(b.valid) AS start, upper(b.valid) AS "end"
  FROM tie t JOIN {believed_link("b", day=ALL_DAYS, known=NOW)}
"""  # noqa: S608  (only names of ours are put in)

_ONE = f"{_BELIEVED} WHERE t.code = $1 AND t.sort = $2 AND t.other = $3 ORDER BY b.valid"
_OF = f"{_BELIEVED} WHERE t.other = $1 AND t.sort = $2 ORDER BY t.code, b.valid"


class Relate(BaseModel):
    """A relation to another organisation from a day."""

    model_config = ConfigDict(extra="forbid")

    relation: Relation = Field(examples=["part of footprint"])
    other: Code = Field(description="the body that it is related to", examples=["QF7"])
    share: Share | None = None
    effective_on: Day = Field(description="the first day of the relation", examples=["2016-12-01"])
    until: Day | None = Field(
        default=None, description="the first day without it, where known", examples=["2019-04-01"]
    )


class EndRelation(BaseModel):
    """The end of a relation."""

    model_config = ConfigDict(extra="forbid")

    relation: Relation = Field(examples=["part of footprint"])
    other: Code = Field(description="the body that it was related to", examples=["QF7"])
    effective_on: Day = Field(description="the first day without the relation", examples=["2019-04-01"])


async def relate(session: AsyncSession, code: str, command: Relate, *, by: Caller, stated_at: datetime) -> RelatedView:
    """Relate a body to another from a day. It replaces what was stated about these two for the same days.

    Raises RelationNotAllowed with every reason, NoChange, OrganisationNotFound, NotYoursToDecide.
    """
    days = Days(command.effective_on, command.until or LAST_DAY)
    async with _change_of(session, code, command.other, by=by, stated_at=stated_at) as now:
        reasons = [
            *_against(code, command, days, now.standings),
            *await _against_shares(now.connection, code, command, days),
        ]
        if reasons:
            raise RelationNotAllowed("; ".join(reason.message for reason in reasons), reasons=reasons)
        value = command.share or HOLDS
        if any(
            stated == value and period.start <= days.start and days.end <= period.end
            for period, stated in await _periods(now.connection, code, command.relation, command.other)
        ):
            raise NoChange(f"{code} {command.relation} {command.other} on these days already")
        now.publish(
            OrganisationRelated(
                code=code,
                relation=command.relation,
                other=command.other,
                share=command.share or "",
                until=command.until,
                effective_on=command.effective_on,
                stated_at=now.at,
            )
        )
    return RelatedView(
        code=code,
        relation=command.relation,
        other=command.other,
        share=command.share,
        since=command.effective_on,
        last_day=_last(command.until or LAST_DAY),
    )


async def end_relation(
    session: AsyncSession, code: str, command: EndRelation, *, by: Caller, stated_at: datetime
) -> RelatedView:
    """End a relation: its last day is the day before. A member leaves by itself; any other relation needs both.

    Raises NoChange where it does not hold on that day or later, OrganisationNotFound, NotYoursToDecide.
    """
    bound = [code] if command.relation is Relation.MEMBER_OF else None
    async with _change_of(session, code, command.other, by=by, stated_at=stated_at, bound=bound) as now:
        periods = await _periods(now.connection, code, command.relation, command.other)
        holding = [(period, value) for period, value in periods if period.end > command.effective_on]
        if not holding:
            raise NoChange(
                f"{code} {command.relation} {command.other}: no such relation on {command.effective_on} or later"
            )
        now.publish(
            OrganisationUnrelated(
                code=code,
                relation=command.relation,
                other=command.other,
                effective_on=command.effective_on,
                stated_at=now.at,
            )
        )
    period, value = holding[0]
    return RelatedView(
        code=code,
        relation=command.relation,
        other=command.other,
        share=_share(value),
        since=_first(period.start),
        last_day=_last(command.effective_on),
    )


@asynccontextmanager
async def _change_of(
    session: AsyncSession,
    code: str,
    other: str,
    *,
    by: Caller,
    stated_at: datetime,
    bound: Collection[str] | None = None,
) -> AsyncIterator[Change]:
    """Change how two bodies are related, which binds both unless `bound` says otherwise.

    Raises NotYoursToDecide, OrganisationNotFound.
    """
    codes = [code, other]
    async with change(session, codes, by=by, stated_at=stated_at, bound=bound) as now:
        if missing := sorted(set(codes) - now.organisations.keys()):
            raise OrganisationNotFound(f"no organisation has the code {' or '.join(missing)}")
        # Relations are not part of the body that an editor reads, so its version stays.
        now.changed.clear()
        yield now


def _against(code: str, command: Relate, days: Days, standings: Mapping[str, Standing]) -> Iterator[Reason]:
    if code == command.other:
        yield Reason(f"{code} cannot be related to itself", "other")
    if days.end <= days.start:
        yield Reason(f"the relation would end on {command.until}, not after {command.effective_on}", "until")
    if command.share and command.relation not in WITH_SHARES:
        yield Reason(f"{command.relation!r} has no shares", "share")
    if command.relation is Relation.MEMBER_OF and _is_practice_of_commissioner(
        standings[code], standings[command.other], days
    ):
        yield Reason(
            f"{command.other} is a commissioner, and a practice is in exactly one (NHS Act 2006 s.14A): state it as "
            f"the parent of {code}",
            "relation",
        )
    for field, one in (("effective_on", code), ("other", command.other)):
        status = standings[one].on(command.effective_on)
        if status not in {"open", "proposed"}:
            yield Reason(f"{one} is {status} on {command.effective_on}", field)


def _is_practice_of_commissioner(body: Standing, other: Standing, days: Days) -> bool:
    return body.kind_on(days.start) in PRACTICE_KINDS and any(
        may_cover and overlap(days, period) for period, may_cover in days_as_commissioner(other)
    )


async def _against_shares(connection: asyncpg.Connection, code: str, command: Relate, days: Days) -> Sequence[Reason]:
    """Return a reason for each period in which the shares of a body's owners would sum to more than 1."""
    if command.relation is not Relation.OWNS or not command.share:
        return []
    owned = [
        (owner, Days(start or FIRST_DAY, end or LAST_DAY), value)
        for owner, _, _, value, start, end in await connection.fetch(_OF, command.other, Relation.OWNS)
        if owner != code and value != HOLDS
    ]
    # The sum can only grow where a share begins.
    starts = {days.start, *(period.start for _, period, _ in owned if period.start in days)}
    reasons = []
    for day in sorted(starts):
        others = [(owner, value) for owner, period, value in owned if day in period]
        if (whole := total([command.share, *(value for _, value in others)])) > WHOLE:
            named = ", ".join(f"{owner} {value}" for owner, value in [(code, command.share), *others])
            reasons.append(
                Reason(f"from {day} {command.other} would be owned to {whole} of the whole: {named}", "share")
            )
    return reasons


async def _periods(connection: asyncpg.Connection, code: str, relation: Relation, other: str) -> list[tuple[Days, str]]:
    return [
        (Days(start or FIRST_DAY, end or LAST_DAY), value)
        for _, _, _, value, start, end in await connection.fetch(_ONE, code, relation, other)
    ]


def _share(value: str) -> str | None:
    return None if value == HOLDS else value


def _first(start: date) -> date | None:
    return None if start == FIRST_DAY else start


def _last(end: date) -> date | None:
    return None if end == LAST_DAY else end - timedelta(days=1)
