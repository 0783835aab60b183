"""Lets savings follow from the plans of contracts: forecast when planned, contracted when agreed, back when ended."""

from collections.abc import Sequence
from datetime import date, datetime
from operator import itemgetter

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.events import Event
from libs.common.events.contracts import (
    ConsolidationAgreed,
    ConsolidationPlanned,
    ConsolidationWithdrawn,
    ServiceConsolidated,
)
from libs.common.events.finance import SavingContracted, SavingForecast
from libs.common.identity import Caller
from libs.common.messaging import outbox
from services.finance.core.years import FinancialYear
from services.finance.savings.commands import INSERT_STATEMENT
from services.finance.savings.rules import FigureKey, PlanStatement, plan_figures, savings_pack

PlanEvent = ConsolidationPlanned | ConsolidationAgreed | ConsolidationWithdrawn | ServiceConsolidated

# Arrays of arrays must be rectangular, so that each list travels as its own text.
_KEEP = """
INSERT INTO known_plan (plan, what, initiative, customers, shares, functions, effective_on, annual_pence,
                        previous_annual_pence, revision, stated_at)
SELECT p, w, i, string_to_array(c, ','), string_to_array(s, ','), string_to_array(f, ','), d, a, b, r, t
  FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::date[], $8::bigint[],
              $9::bigint[], $10::int[], $11::timestamptz[]) AS new (p, w, i, c, s, f, d, a, b, r, t)
    ON CONFLICT DO NOTHING
"""
_PLAN = """
SELECT what, initiative, customers, shares, functions, effective_on, annual_pence, previous_annual_pence, revision,
       stated_at
  FROM known_plan WHERE plan = $1 ORDER BY stated_at, id
"""
_SO_FAR = """
SELECT initiative, organisation_code, function, financial_year, stage, amount_pence, stated_at
  FROM saving_statement WHERE plan = $1 ORDER BY stated_at, id
"""
_LOCK = "SELECT pg_advisory_xact_lock(hashtext('plan'), hashtext($1))"


def plan_of(event: PlanEvent) -> str:
    """Return the plan that an event is about: of a service that was shared without one, its contract."""
    return event.plan or (event.contract if isinstance(event, ServiceConsolidated) else "")


async def know_plans(events: Sequence[Event], connection: asyncpg.Connection) -> None:
    """Keep what each event says of a plan, one row an event."""
    rows = [_row(event) for event in events if isinstance(event, PlanEvent)]
    if rows:
        await connection.execute(_KEEP, *map(list, zip(*rows, strict=True)))


def _row(event: PlanEvent) -> tuple[object, ...]:
    plan = plan_of(event)
    customers, at = ",".join(event.customers), event.stated_at
    match event:
        case ConsolidationPlanned():
            money = event.annual_pence, event.previous_annual_pence, event.revision
            functions = ",".join(event.functions)
            return plan, "planned", event.initiative or plan, customers, "", functions, event.go_live_on, *money, at
        case ConsolidationAgreed():
            day = max(event.move_on, default=event.effective_on)
            money = event.annual_pence, event.previous_annual_pence, 0
            return plan, "agreed", event.initiative or plan, customers, "", ",".join(event.functions), day, *money, at
        case ServiceConsolidated():
            money = event.annual_pence, event.previous_annual_pence, 0
            shares, functions = ",".join(event.customer_shares), ",".join(event.functions)
            named = event.initiative or plan
            return plan, "consolidated", named, customers, shares, functions, event.effective_on, *money, at
        case ConsolidationWithdrawn():
            return plan, "withdrawn", "", customers, "", "", event.effective_on, 0, 0, event.revision, at


async def savings_follow(event: PlanEvent, session: AsyncSession, *, by: Caller) -> bool:
    """State and publish what changes in the savings of a plan, as all that is known of it has them at each instant.

    So a plan whose event comes after its withdrawal was a forecast in between, whichever came first.
    """
    plan = plan_of(event)
    connection = await raw(session)
    await connection.execute(_LOCK, plan)
    pack = savings_pack(event.effective_on)
    years = pack.values["years"] if pack else 1
    statements = [_statement(row) for row in await connection.fetch(_PLAN, plan)]
    stated: list[tuple[datetime, FigureKey, int]] = [
        (row["stated_at"], tuple(row[:5]), row["amount_pence"]) for row in await connection.fetch(_SO_FAR, plan)
    ]
    events: list[SavingForecast | SavingContracted] = []
    for last in {one.stated_at: one for one in statements}.values():
        at = last.stated_at
        figures = plan_figures([one for one in statements if one.stated_at <= at], years)
        believed = {key: pence for instant, key, pence in sorted(stated, key=itemgetter(0)) if instant <= at}
        gone = {key: 0 for key, pence in believed.items() if pence and key not in figures}
        changed = {key: pence for key, pence in {**figures, **gone}.items() if believed.get(key) != pence}
        on = event.effective_on if at == event.stated_at else last.effective_on
        cause = f"{plan} r{last.revision}" if last.revision else plan
        events += [_event(key, pence, cause, on, at) for key, pence in changed.items()]
        stated += [(at, key, pence) for key, pence in changed.items()]
    await connection.executemany(INSERT_STATEMENT, [_statement_of(one, plan, by) for one in events])
    await outbox.add_all(session, events)
    return bool(events)


def _statement_of(event: SavingForecast | SavingContracted, plan: str, by: Caller) -> tuple[object, ...]:
    pence = event.amount_pence
    return (
        *(*_key(event), pence, pence, True, None, "", None, [], [], []),
        *(plan, event.cause, event.effective_on, event.stated_at, by.subject),
    )


def _key(event: SavingForecast | SavingContracted) -> FigureKey:
    stage = "forecast" if isinstance(event, SavingForecast) else "contracted"
    year = FinancialYear.parse(event.financial_year).start
    return event.initiative, event.organisation, event.function, year, stage


def _statement(row: asyncpg.Record) -> PlanStatement:
    lists = {name: tuple(row[name]) for name in ("customers", "shares", "functions")}
    return PlanStatement(**{**dict(row), **lists})


def _event(key: FigureKey, pence: int, cause: str, on: date, at: datetime) -> SavingForecast | SavingContracted:
    initiative, organisation, function, start, stage = key
    kind = SavingForecast if stage == "forecast" else SavingContracted
    return kind(
        effective_on=on,
        stated_at=at,
        initiative=initiative,
        organisation=organisation,
        function=function,
        financial_year=str(FinancialYear(start)),
        amount_pence=pence,
        recurrent=True,
        line="",
        cause=cause,
    )
