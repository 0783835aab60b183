"""Publishes what delays cost, as due work: when a month is full, and when a later statement changes the count."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from itertools import product

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.events.finance import DelayPriced
from libs.common.identity import Caller
from libs.common.messaging import outbox
from libs.common.temporal.delays import Stop, count_months, reached_on
from services.finance.core.digests import digested
from services.finance.core.sight import Sight
from services.finance.delays.models import PricedDelay
from services.finance.delays.queries import Waiting, list_waiting, price_waiting
from services.finance.delays.views import DelayView

_AT_ONCE = 500
"""Delays looked at in one piece."""


_LAST = """
SELECT DISTINCT ON (d.proposal, d.body) d.proposal, d.body, d.months, d.monthly_pence,
       nullif(d.content, '')::json ->> 'case' AS case_reference,
       (nullif(d.content, '')::json ->> 'version')::int AS version
  FROM priced_delay d
  JOIN unnest($1::text[], $2::text[]) AS asked (proposal, body) ON (d.proposal, d.body) = (asked.proposal, asked.body)
 ORDER BY d.proposal, d.body, d.id DESC
"""


async def price_delays(session: AsyncSession, *, up_to: date, stated_at: datetime, by: Caller) -> int:  # noqa: ARG001  (every routine gets the caller)
    """Publish each delay whose months or price differ from what was published last; return how many."""
    connection, done, after = await raw(session), 0, ("", "")
    while True:
        waiting = await list_waiting(connection, sight=Sight(None), as_known=None, after=after, limit=_AT_ONCE)
        changed = await _changed(connection, waiting, up_to)
        session.add_all([_priced(delay, stated_at) for delay in changed])
        await outbox.add_all(session, [event for delay in changed for event in _events(delay, stated_at)])
        done += len(changed)
        if len(waiting) < _AT_ONCE:
            return done
        after = waiting[-1].clock.proposal, waiting[-1].clock.body


async def _changed(connection: asyncpg.Connection, waiting: Sequence[Waiting], up_to: date) -> list[DelayView]:
    """Return the delays with a price that is not the one published last; one without months is none.

    A version of a case that was published with its price has that price: it is not appraised again.
    """
    keys = [(one.clock.proposal, one.clock.body) for one in waiting]
    rows = await connection.fetch(_LAST, [proposal for proposal, _ in keys], [body for _, body in keys])
    last = {(row["proposal"], row["body"]): row for row in rows}
    moved = [
        one for one in waiting if one.case and _is_other(one, last.get((one.clock.proposal, one.clock.body)), up_to)
    ]
    delays = await price_waiting(connection, moved, as_at=up_to, as_known=None)
    return [
        delay
        for delay in delays
        if delay.case is not None and delay.version is not None and delay.costs
        if (row := last.get((delay.proposal, delay.body))) is None
        or (row["months"], row["monthly_pence"]) != (delay.months, delay.costs[0].monthly_pence)
    ]


def _is_other(waiting: Waiting, row: asyncpg.Record | None, up_to: date) -> bool:
    """Whether a delay has other months, or another version of its case, than were published last."""
    clock = waiting.clock
    months = count_months(clock.due_on, clock.stops, as_at=up_to).months
    if row is None:
        return months > 0
    return (row["months"], row["case_reference"], row["version"]) != (months, waiting.case, waiting.version)


def _priced(delay: DelayView, stated_at: datetime) -> PricedDelay:
    shown = _as_reached(delay)
    headline = shown.costs[0]
    return PricedDelay(
        proposal=shown.proposal,
        body=shown.body,
        months=shown.months,
        monthly_pence=headline.monthly_pence,
        to_date_pence=headline.to_date_pence,
        effective_on=shown.as_at,
        stated_at=stated_at,
        digest=shown.digest,
        content=shown.model_dump_json(),
    )


def _as_reached(delay: DelayView) -> DelayView:
    """Return a delay as at the day on which its month became full, on whatever day the due work runs."""
    stops = [Stop(stop.from_on, stop.until_on, stop.why) for stop in delay.stops]
    day = reached_on(delay.due_on, stops, as_at=delay.as_at)
    running = count_months(delay.due_on, stops, as_at=day).running
    return digested(delay.model_copy(update={"as_at": day, "running": running}))


def _events(delay: DelayView, stated_at: datetime) -> Iterator[DelayPriced]:
    assert delay.case is not None
    assert delay.version is not None
    for organisation, cost in product(delay.organisations, delay.costs):
        yield DelayPriced(
            effective_on=_as_reached(delay).as_at,
            stated_at=stated_at,
            proposal=delay.proposal,
            organisation=organisation,
            body=delay.body,
            case=delay.case,
            version=delay.version,
            months=delay.months,
            monthly_pence=cost.monthly_pence,
            to_date_pence=cost.to_date_pence,
            horizon=cost.horizon,
        )
