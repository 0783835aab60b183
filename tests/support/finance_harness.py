"""The harness for tests about finance: commands as somebody gives them, events as the others tell them."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import Database, raw
from libs.common.events import Envelope, Event
from libs.common.events.registry import CCGMerged, OrganisationOpened
from libs.common.identity import Caller, Role
from libs.common.messaging.subscriptions import Delivery
from services.finance.allowances import queries as allowances
from services.finance.allowances.commands import Population, StatePopulation, state_population
from services.finance.allowances.views import ExplainedView
from services.finance.core.sight import Sight
from services.finance.core.years import FinancialYear
from services.finance.reactions.publishers import subscriptions

ENGLAND_OPENED = date(2013, 4, 1)


def at(day: date, hour: int = 9) -> datetime:
    """An instant on a day."""
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC)


def a_lead(*organisations: str, also: tuple[Role, ...] = ()) -> Caller:
    """A finance lead of these organisations, of every one where none is named."""
    return Caller(
        subject="lead", roles=frozenset({Role.FINANCE_LEAD, *also}), organisations=frozenset(organisations or {"*"})
    )


def a_merger(
    successor: str,
    *predecessors: str,
    on: date,
    stated: datetime | None = None,
    reference: str | None = None,
) -> CCGMerged:
    """These CCGs become one."""
    return CCGMerged(
        effective_on=on,
        stated_at=stated or at(on, 0),
        merger=reference or f"M-{successor}",
        successor=successor,
        successor_name=f"NHS {successor} CCG",
        predecessors=predecessors,
    )


def bucks_merges(on: date = date(2018, 4, 1), stated: datetime | None = None) -> CCGMerged:
    """Aylesbury Vale and Chiltern become Buckinghamshire."""
    return a_merger("14Y", "10H", "10Y", on=on, stated=stated)


EVERYTHING = Sight(None)
"""What a national body sees."""


def any_version(_: int) -> None:
    """Nobody minds which version is changed."""


@dataclass
class FinanceHarness:
    """One finance database, and what happens to it."""

    database: Database
    _position: int = field(default=0)

    async def hear_of_ccgs(self, *codes: str, on: date = ENGLAND_OPENED) -> None:
        """The registry opened these CCGs."""
        await self.hear(
            *(
                OrganisationOpened(effective_on=on, stated_at=at(on, 0), code=code, name=f"NHS {code} CCG", kind="ccg")
                for code in codes
            )
        )

    async def hear(self, *events: Event) -> None:
        """Events arrive and are dealt with, in one transaction, as the inbox does."""
        async with self.database.begin() as session:
            await self.deliver(session, *events)

    async def deliver(self, session: AsyncSession, *events: Event) -> None:
        """The same within a transaction that the test holds."""
        await subscriptions.deliver([self._delivery(event) for event in events], session)

    def _delivery(self, event: Event) -> Delivery:
        self._position += 1
        envelope = Envelope(
            id=f"event-{self._position}",
            source=event.topic,
            name=event.event_name,
            version=event.event_version,
            keys=tuple(sorted(event.keys)),
            recorded_at=event.stated_at,
            position=self._position,
            fields=event.model_dump(mode="json"),
        )
        return Delivery(envelope, event)

    async def state(
        self,
        code: str,
        year: str,
        population: int,
        *,
        source: str = "GP registered lists",
        by: Caller | None = None,
        stated: datetime | None = None,
        today: date | None = None,
        expect: Callable[[int], None] = any_version,
    ) -> Population:
        """State a population, in the February before the year where not said otherwise."""
        of = FinancialYear.parse(year)
        stated = stated or at(date(of.start, 2, 1))
        async with self.database.begin() as session:
            return await state_population(
                session,
                StatePopulation(population=population, source=source),
                code=code,
                year=of,
                by=by or a_lead(),
                today=today or stated.date(),
                stated_at=stated,
                expect=expect,
            )

    async def seen(self, code: str, year: str, *, as_known: datetime | None = None) -> ExplainedView:
        """The allowance as it is read."""
        of = FinancialYear.parse(year)
        return await allowances.get_allowance(self.database, code, of, sight=EVERYTHING, as_known=as_known)

    async def parts(self, code: str, year: str, *, as_known: datetime | None = None) -> list[tuple[date, date, int]]:
        """Its parts: first day, last day, pence."""
        found = await self.seen(code, year, as_known=as_known)
        return [(part.first_day, part.last_day, part.amount_pence) for part in found.parts]

    async def amount(self, code: str, year: str, *, as_known: datetime | None = None) -> int:
        """What it has in the year, in pence."""
        return (await self.seen(code, year, as_known=as_known)).amount_pence

    async def told(self, name: str | None = None) -> list[dict[str, Any]]:
        """The fields of the events told, in order, with their names."""
        rows = await self.database.fetch("SELECT name, fields FROM outbox ORDER BY id")
        return [json.loads(row["fields"]) | {"name": row["name"]} for row in rows if name in (None, row["name"])]

    async def believed(self) -> dict[str, list[tuple[Any, ...]]]:
        """Everything that is believed of allowances and was: without the ids that the order of arrival gives."""
        return {
            "allowance_part": await self._rows(
                "SELECT organisation_code, financial_year, valid, known, amount_pence, population, pack, merger"
                "  FROM allowance_part JOIN allowance a ON a.id = allowance_id ORDER BY 1, 2, 3, 4"
            ),
            "restatement": await self._rows(
                "SELECT organisation_code, financial_year, merger, valid, known, amount_pence, population, pack,"
                "       predecessors, released_pence"
                "  FROM restatement JOIN allowance a ON a.id = allowance_id ORDER BY 1, 2, 3, 5"
            ),
        }

    async def written(self) -> dict[str, list[tuple[Any, ...]]]:
        """Every row that finance keeps of allowances and tells, to compare before and after."""
        tables = ("allowance", "stated_population", "allowance_part", "restatement", "known_contract", "outbox")
        return {table: await self._rows(f"SELECT * FROM {table} ORDER BY 1") for table in tables}

    async def _rows(self, sql: str) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in await self.database.fetch(sql)]


async def backend(session: AsyncSession) -> int:
    """The process id of the session's connection, by which others are seen to wait for it."""
    return int(await (await raw(session)).fetchval("SELECT pg_backend_pid()"))
