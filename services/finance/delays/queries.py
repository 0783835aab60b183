"""Reads delays as at a day, as known: the clock from governance's events, the price from the proposal's case."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from fractions import Fraction
from typing import Any, Final

from libs.common.database.connection import Reads
from libs.common.money import nearest_penny
from libs.common.temporal.delays import Stop, count_months
from services.finance.appraisals.delay import CostOfDelay, cost_of_delay
from services.finance.appraisals.worth import appraise
from services.finance.cases.errors import CaseNotFound
from services.finance.cases.presentation import CaseVersion, lens_of
from services.finance.cases.queries import get_version
from services.finance.cases.rules import preferred_of
from services.finance.core.digests import digested
from services.finance.core.models import known
from services.finance.core.sight import Sight
from services.finance.delays.views import DelayView, HorizonView, StopView

_ALWAYS: Final = datetime.max.replace(tzinfo=UTC)
_Priced = tuple[CaseVersion, str, CostOfDelay]

# $1 the instant, $2 the codes that the caller reads through (null: every one).
_CLOCKS = """
SELECT DISTINCT k.proposal, k.body FROM known_delay k
 WHERE k.what IN ('awaited', 'obstructed') AND k.stated_at <= $1
   AND ($2::text[] IS NULL OR k.organisation = ANY($2)
        OR EXISTS (SELECT FROM known_proposal p WHERE p.proposal = k.proposal AND p.organisation = ANY($2)))
   AND (k.proposal, k.body) > ($3, $4) AND ($5::text IS NULL OR k.proposal = $5)
 ORDER BY 1, 2 LIMIT $6
"""
# What is stated of a joint body comes once for each of its organisations.
_EVENTS = """
SELECT proposal, body, array_agg(DISTINCT organisation) AS organisations, what, first_day, until, counts, by, stated_at
  FROM known_delay WHERE proposal = ANY($1) AND stated_at <= $2
 GROUP BY proposal, body, what, first_day, until, counts, by, stated_at
 ORDER BY stated_at, first_day, by, until
"""
_CASES = """
SELECT DISTINCT ON (proposal) proposal, organisation, case_reference, case_version FROM known_proposal
 WHERE what = 'opened' AND proposal = ANY($1) AND stated_at <= $2 AND case_reference <> ''
 ORDER BY proposal, stated_at DESC, case_version DESC
"""


@dataclass(frozen=True, slots=True)
class Clock:
    """The clock of a body's decision on a proposal."""

    proposal: str
    body: str
    organisations: tuple[str, ...]
    """Several of a joint body."""
    obstruction: str | None
    due_on: date
    stops: tuple[Stop, ...]


@dataclass(frozen=True, slots=True)
class Waiting:
    """A body's clock, and the version of the case that its proposal names: empty and 0 where it names none."""

    clock: Clock
    case: str = ""
    version: int = 0
    organisation: str = ""
    """Whose proposal it is."""


def clock_of(proposal: str, body: str, events: Sequence[Any]) -> Clock | None:
    """Fold what was stated of a body's decision, in order of statement; None where nothing was awaited."""
    own = [row for row in events if row["body"] == body]
    awaited = [row["first_day"] for row in own if row["what"] == "awaited"]
    obstructed = [row for row in own if row["what"] == "obstructed"]
    if not awaited and not obstructed:
        return None
    obstruction = obstructed[-1]["by"] if obstructed else None
    withdrawn = [Stop(row["first_day"], None, "withdrawn") for row in events if row["what"] == "withdrawn"]
    # A veto is a decision that stands in the way: the body's own decision does not stop its clock.
    decided = [] if obstruction == "veto" else _decided(own)
    return Clock(
        proposal=proposal,
        body=body,
        organisations=tuple(sorted({code for row in own for code in row["organisations"]})),
        obstruction=obstruction,
        due_on=awaited[-1] if awaited and obstruction != "veto" else obstructed[-1]["first_day"],
        stops=(*_deferred(own), *decided, *_freed(own), *withdrawn),
    )


def _freed(events: Sequence[Any]) -> list[Stop]:
    """Return the ends of obstructions: the clock stands from each on, until the body stands in the way again.

    It does so when the decision that ended the obstruction is reversed, and when another is awaited or found later.
    """
    stops = []
    for row in (each for each in events if each["what"] == "freed"):
        again = (
            each["first_day"]
            for each in events
            if each["what"] in {"reversed", "awaited", "obstructed"}
            and each["stated_at"] > row["stated_at"]
            and each["first_day"] >= row["first_day"]
        )
        stops.append(Stop(row["first_day"], min(again, default=None), "ended"))
    return stops


def _deferred(events: Sequence[Any]) -> list[Stop]:
    """Return the lawful deferrals: of one day the one that was stated last."""
    last = {row["first_day"]: row for row in events if row["what"] == "deferred"}
    return [Stop(day, row["until"], "deferred") for day, row in last.items() if row["counts"]]


def _decided(events: Sequence[Any]) -> list[Stop]:
    """Return the decisions: the clock stands from each on, until it was reversed."""
    taken = {row["by"]: row["first_day"] for row in events if row["what"] == "taken"}
    undone = {row["by"]: row["first_day"] for row in events if row["what"] == "reversed"}
    return [Stop(day, undone.get(decision), "decided") for decision, day in taken.items()]


async def list_delays(
    db: Reads,
    *,
    sight: Sight,
    as_at: date,
    as_known: datetime | None,
    proposal: str | None = None,
    after: tuple[str, str] = ("", ""),
    limit: int,
) -> list[DelayView]:
    """Return the delays that a caller reads, by proposal and body, with what they cost by a day."""
    waiting = await list_waiting(db, sight=sight, as_known=as_known, proposal=proposal, after=after, limit=limit)
    return await price_waiting(db, waiting, as_at=as_at, as_known=as_known)


async def list_waiting(
    db: Reads,
    *,
    sight: Sight,
    as_known: datetime | None,
    proposal: str | None = None,
    after: tuple[str, str] = ("", ""),
    limit: int,
) -> list[Waiting]:
    """Return the clocks that a caller reads, by proposal and body, with the versions of their cases."""
    codes = None if sight.codes is None else sorted(sight.codes)
    instant = as_known or _ALWAYS
    keys = [(row["proposal"], row["body"]) for row in await db.fetch(_CLOCKS, instant, codes, *after, proposal, limit)]
    proposals = sorted({key for key, _ in keys})
    events = defaultdict(list)
    for row in await db.fetch(_EVENTS, proposals, instant):
        events[row["proposal"]].append(row)
    cases = {
        row["proposal"]: (row["case_reference"], row["case_version"], row["organisation"])
        for row in await db.fetch(_CASES, proposals, instant)
    }
    clocks = [clock_of(key, body, events[key]) for key, body in keys]
    return [Waiting(clock, *cases.get(clock.proposal, ())) for clock in clocks if clock is not None]


async def price_waiting(
    db: Reads, waiting: Sequence[Waiting], *, as_at: date, as_known: datetime | None
) -> list[DelayView]:
    """Return what these delays cost by a day: each version of a case is read and appraised once."""
    named = {(one.case, one.version, one.organisation) for one in waiting if one.case}
    priced = {each: await _priced(db, *each, as_known) for each in sorted(named)}
    return [
        _view(one.clock, priced.get((one.case, one.version, one.organisation)), as_at=as_at, as_known=as_known)
        for one in waiting
    ]


async def _priced(
    db: Reads, case: str, version: int, organisation: str, as_known: datetime | None
) -> tuple[CaseVersion, str, CostOfDelay] | None:
    """Return a frozen case with what a year of waiting costs of its preferred option.

    None where the proposal's organisation does not read the case: naming it does not tell what it is worth.
    """
    sight = Sight(frozenset({organisation} | await known.predecessors(db, [organisation])))
    try:
        found = await get_version(db, case, version, sight=sight, as_known=as_known)
    except CaseNotFound:
        return None
    if found.digest is None:
        return None
    preferred = preferred_of(appraise(found.inputs, lens_of(found.inputs)), found.content.preferred)
    if preferred is None:
        return None
    return found, preferred.option.option, cost_of_delay(found.inputs, preferred)


def _view(clock: Clock, priced: _Priced | None, *, as_at: date, as_known: datetime | None) -> DelayView:
    counted = count_months(clock.due_on, clock.stops, as_at=as_at)
    version, option, cost = priced if priced is not None else (None, None, None)
    costs = []
    if cost is not None:
        by_month = (("fixed", cost.fixed_month), ("rolling", cost.rolling_month))
        costs = [_horizon(name, month, counted.months) for name, month in by_month]
    view = DelayView(
        proposal=clock.proposal,
        body=clock.body,
        organisation=clock.organisations[0],
        organisations=list(clock.organisations),
        obstruction=clock.obstruction,
        due_on=clock.due_on,
        months=counted.months,
        running=counted.running,
        stops=[StopView(from_on=stop.start, until_on=stop.until, why=stop.why) for stop in clock.stops],
        case=None if version is None else version.case,
        version=None if version is None else version.version,
        option=option,
        costs=costs,
        packs={} if version is None else dict(version.inputs.packs),
        as_at=as_at,
        as_known=as_known,
        digest="",
    )
    return digested(view)


def _horizon(name: str, month: Fraction, months: int) -> HorizonView:
    to_date = month * months
    return HorizonView(
        horizon=name,
        monthly_pence=nearest_penny(month),
        to_date_pence=nearest_penny(to_date),
        monthly=_pounds(month),
        to_date=_pounds(to_date),
    )


def _pounds(pence: Fraction) -> str:
    whole = nearest_penny(pence / 100)
    return f"{'-' if whole < 0 else ''}£{abs(whole):,}"
