"""Ends a part of a contract on its day: some lines, or what some customers have of it; the rest stays as it was.

What stands is a notice, or an offer that was accepted. On its day the lines, customers and tables of shares are stated
anew, and a body that took over one who leaves leaves with that part of it alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import Enum, auto
from fractions import Fraction
from typing import Any, Final

import asyncpg
from pydantic import BaseModel, Field, field_validator
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.events.contracts import TerminationPriced
from libs.common.identity import Caller
from libs.common.messaging import outbox
from libs.common.temporal.history import LAST_DAY, Days
from libs.common.temporal.timeline import NewStatement
from services.contracts.agreements.commands import ContractParties, parties_on
from services.contracts.agreements.parts import ContractPart, Division, dearer, part_of, table_without
from services.contracts.agreements.shares import publish_shares
from services.contracts.agreements.variations import division_on, publish_variation, tables_on
from services.contracts.core.charges import as_text
from services.contracts.core.codes import FunctionCode, OdsCode
from services.contracts.core.models import FACET, Contract, coordination, customership, sharing, terms
from services.contracts.core.shares import FACETS, ShareTable
from services.contracts.exits.models import PartEnd
from services.contracts.exits.prices.estimates import price_on, staff_of
from services.contracts.exits.prices.price import Price, columns_of, components_in, price_in, stored
from services.contracts.exits.queries import get_seen
from services.contracts.exits.rules import ONE_DAY
from services.contracts.exits.statements import leaving_on, publish_terms

_MOMENT: Final = timedelta(microseconds=1)

# What stands of a contract: notices with effect and accepted offers that were neither withdrawn nor carried out.
_STANDING = """
SELECT n.reference AS cause, n.functions, n.leaving, n.exit_day FROM exit_notice n
 WHERE n.contract_id = $1 AND n.faults = '{}'
   AND NOT EXISTS (SELECT FROM exit_notice_act a WHERE a.notice_id = n.id AND a.act <> 'consent')
 UNION ALL
SELECT o.reference, o.functions, o.leaving, o.exit_day
  FROM termination_offer o JOIN termination_offer_act a ON a.offer_id = o.id AND a.act = 'acceptance'
 WHERE o.contract_id = $1 AND (cardinality(o.functions) > 0 OR cardinality(o.leaving) > 0)
   AND NOT EXISTS (SELECT FROM part_end e WHERE e.cause = o.reference)
 ORDER BY exit_day, cause
"""

# The days after $2 from which something else is believed of what an end of a part changes.
_LATER = """
SELECT DISTINCT bound.day FROM (
       SELECT valid FROM contract_share_belief WHERE subject_id = $1 AND upper_inf(known)
        UNION ALL SELECT valid FROM contract_terms_belief WHERE subject_id = $1 AND upper_inf(known)
        UNION ALL SELECT valid FROM contract_coordinator_belief WHERE subject_id = $1 AND upper_inf(known)
        UNION ALL
       SELECT b.valid FROM contract_customer cc JOIN contract_customer_belief b ON b.subject_id = cc.id
        WHERE cc.contract_id = $1 AND upper_inf(b.known)) b
 CROSS JOIN LATERAL (VALUES (lower(b.valid)), (upper(b.valid))) AS bound (day)
 WHERE bound.day > $2::date ORDER BY bound.day
"""

# By which change a customer left by a day: of several the one that was stated last.
_CHANGE = """
SELECT from_customers, to_customer, effective_on FROM change_of_hands
 WHERE contract_id = $1 AND $2 = ANY(from_customers) AND effective_on <= $3
 ORDER BY effective_on DESC, stated_at DESC LIMIT 1
"""

_LAST_DAY = """
SELECT max(upper(valid)) - 1 FROM contract_life_belief WHERE subject_id = $1 AND value = 'active' AND upper_inf(known)
"""


class NamesPart(BaseModel):
    """What a request that ends a contract may name: a part of it."""

    functions: list[FunctionCode] = Field(
        default_factory=list, max_length=100, description="The lines that end, for all customers; left out: every line."
    )
    leaving: list[OdsCode] = Field(
        default_factory=list,
        max_length=250,
        description="The customers whose own part ends, while the contract continues for the others; left out: all.",
    )

    @field_validator("functions", "leaving")
    @classmethod
    def _once_each(cls, codes: list[str]) -> list[str]:
        if len(set(codes)) != len(codes):
            raise ValueError("each may be named once only")
        return sorted(codes)

    def part(self, division: Division) -> ContractPart:
        """Return the part of a contract; the whole where every line, or every customer, is named."""
        functions = () if set(self.functions) == set(division.charges) else self.functions
        leaving = () if set(self.leaving) == set(division.customers) else self.leaving
        return part_of(functions, leaving)


@dataclass(frozen=True, slots=True)
class StandingEnd:
    """An end that is to come, of the whole or a part, and the notice or the accepted offer that brings it."""

    cause: str
    part: ContractPart
    exit_day: date


class PartOutcome(Enum):
    """What came of the end of a part on its day."""

    ENDED = auto()
    ENDED_BEFORE = auto()
    """It had ended otherwise: nothing changes, and nothing is paid for it."""
    NOTHING_LEFT = auto()
    """Nothing would be left: the contract ends as a whole."""


async def standing_ends(connection: asyncpg.Connection, contract: Contract) -> list[StandingEnd]:
    """Return what is to end of a contract, in order of days."""
    return [
        StandingEnd(row["cause"], part_of(row["functions"], row["leaving"]), row["exit_day"])
        for row in await connection.fetch(_STANDING, contract.id)
    ]


def in_the_way(standing: Sequence[StandingEnd], part: ContractPart, exit_day: date) -> StandingEnd | None:
    """Return what ends a part by a day anyway, or would be put off by another end of the same; None where nothing does.

    The whole may end later than its parts, and a part earlier than the whole.
    """
    for one in standing:
        same_side = set(one.part.leaving) == set(part.leaving)
        if one.part.covers(part) and (one.exit_day <= exit_day or part.covers(one.part)):
            return one
        if same_side and one.part.functions & part.functions:
            return one
    return None


async def ending_then(
    session: AsyncSession, contract: Contract, named: ContractPart, division: Division, day: date
) -> ContractPart | None:
    """Return a part as it is on a day, None where nothing of it is left.

    Who took over one who leaves does so with what it took over.
    """
    functions = named.functions.intersection(division.charges)
    if named.functions and not functions:
        return None
    if not named.leaving:
        return ContractPart(functions)
    leaving: dict[str, Fraction] = {}
    for code in named.leaving:
        heir, part = await heir_of(session, contract, code, division, day)
        if heir is not None:
            leaving[heir] = min(leaving.get(heir, Fraction(0)) + part, Fraction(1))
    return ContractPart(functions, leaving) if leaving else None


async def heir_of(
    session: AsyncSession, contract: Contract, code: str, division: Division, day: date
) -> tuple[str | None, Fraction]:
    """Return who has on a day what a customer had, and which part of what that body has it is; None: no body has it."""
    part, passed = Fraction(1), {code}
    while code not in division.customers:
        change = await (await raw(session)).fetchrow(_CHANGE, contract.id, code, day)
        if change is None or change["to_customer"] in passed:
            return None, part
        before = change["effective_on"] - ONE_DAY
        parties = (await parties_on(session, [contract], before))[contract.id]
        weights = (await division_on(await raw(session), contract, parties, before)).weights
        joined = {*change["from_customers"], change["to_customer"]}
        together = sum(weight for one, weight in weights.items() if one in joined)
        if code in weights:
            part *= Fraction(weights[code], together)
        code = change["to_customer"]
        passed.add(code)
    return code, part


async def carry_out_part(
    session: AsyncSession, contract: Contract, ending: StandingEnd, price: Price, *, by: Caller, stated_at: datetime
) -> PartOutcome:
    """End a part of a contract after its last day, and publish what is left with the price; return what came of it."""
    connection, day = await raw(session), ending.exit_day + ONE_DAY
    parties = (await parties_on(session, [contract], ending.exit_day))[contract.id]
    changes = await _changes(session, contract, ending.part, price, day)
    if changes and changes[0].after.is_empty:
        return PartOutcome.NOTHING_LEFT
    await _state(connection, contract, changes, stated_at=stated_at, by=by)
    session.add(_row(contract, ending, price, stated_at=stated_at, by=by))
    contract.version += 1
    await session.flush()
    await _publish(session, contract, ending, changes, parties, stated_at=stated_at)
    if changes:
        event = priced(contract, parties, ending, stored(price), "agreed", stated_at=stated_at)
        await outbox.add(session, event, version=contract.version)
    return PartOutcome.ENDED if changes else PartOutcome.ENDED_BEFORE


@dataclass(frozen=True, slots=True)
class _Change:
    """What a contract is on some days before and after a part of it ended."""

    days: Days
    part: ContractPart
    before: Division
    after: Division
    supplier: str
    coordinator: str | None

    @property
    def gone(self) -> frozenset[str]:
        """Who is no customer any longer."""
        return frozenset(self.before.customers) - frozenset(self.after.customers)


async def _changes(
    session: AsyncSession, contract: Contract, named: ContractPart, price: Price, day: date
) -> list[_Change]:
    """Return what changes from a day on, by the days on which something else was believed already."""
    connection = await raw(session)
    days = [day, *(row["day"] for row in await connection.fetch(_LATER, contract.id, day))]
    leaving = await leaving_on(session, contract, day - ONE_DAY)
    is_respread = leaving.terms.overhead_on_part == "respread"
    found = []
    for start, end in zip(days, [*days[1:], LAST_DAY], strict=True):
        parties = (await parties_on(session, [contract], start))[contract.id]
        before = await division_on(connection, contract, parties, start)
        part = await ending_then(session, contract, named, before, start)
        if part is None:
            continue
        after = before.without(part)
        if is_respread:
            after = replace(after, charges=dearer(after.charges, sum(price.respread_pence.values())))
        found.append(_Change(Days(start, end), part, before, after, parties.supplier, parties.coordinator))
    return found


async def _state(
    connection: asyncpg.Connection, contract: Contract, changes: Sequence[_Change], *, stated_at: datetime, by: Caller
) -> None:
    """State the lines, tables, customers and coordinating commissioner of what is left."""
    lines, tables, gone, leads = [], [], [], []
    ids = {one.customer_code: one.id for one in contract.named_customers}
    for change in changes:
        days = change.days
        if change.after.is_empty:
            continue
        if change.after.charges != change.before.charges:
            lines.append(NewStatement(contract.id, FACET, as_text(dict(change.after.charges)), days, stated_at))
        for facet, table in (await _tables_after(connection, contract, change)).items():
            text = None if table is None else table.as_text()
            tables.append(NewStatement(contract.id, facet, text, days, stated_at))
        gone += [NewStatement(ids[code], FACET, None, days, stated_at) for code in sorted(change.gone)]
        if change.coordinator in change.gone or (change.coordinator and len(change.after.customers) == 1):
            leads.append(NewStatement(contract.id, FACET, None, days, stated_at))
    for timeline, statements in ((terms, lines), (sharing, tables), (customership, gone), (coordination, leads)):
        await timeline.state(connection, statements, source="part ended", by=by.subject)


async def _tables_after(
    connection: asyncpg.Connection, contract: Contract, change: _Change
) -> dict[int, ShareTable | None]:
    """Return the tables of each kind that change."""
    after: dict[int, ShareTable | None] = {}
    for kind, table in (await tables_on(connection, contract, change.days.start)).items():
        left = change.after.table if kind == "cost" else table_without(table, change.part)
        if left != table:
            after[FACETS[kind]] = left
    if change.before.table is None and change.after.table is not None:
        after[FACETS["cost"]] = change.after.table
    return after


async def _publish(
    session: AsyncSession,
    contract: Contract,
    ending: StandingEnd,
    changes: Sequence[_Change],
    parties: ContractParties,
    *,
    stated_at: datetime,
) -> None:
    """Publish the whole of what is left from each of these days, each a moment after the one before, and the shares."""
    last_day: date = await (await raw(session)).fetchval(_LAST_DAY, contract.id) or contract.ends_on
    shown = [change for change in changes if change.days.start <= last_day and not change.after.is_empty]
    for number, change in enumerate(shown):
        await publish_variation(
            session,
            contract,
            change.days.start,
            last_day=last_day,
            reason="associate_left" if change.gone else "partly_terminated",
            stated_at=stated_at + number * _MOMENT,
            amendment=ending.cause,
        )
    if shown:
        await publish_terms(session, contract, shown[0].days.start, stated_at=stated_at)
    if shown and ending.part.leaving:
        first = shown[0]
        await publish_shares(
            session, contract, first.after.customers, parties.supplier, on=first.days.start, stated_at=stated_at
        )


def _row(contract: Contract, ending: StandingEnd, price: Price, *, stated_at: datetime, by: Caller) -> PartEnd:
    return PartEnd(
        contract_id=contract.id,
        cause=ending.cause,
        functions=sorted(ending.part.functions),
        leaving=sorted(ending.part.leaving),
        exit_day=ending.exit_day,
        price=stored(price),
        stated_at=stated_at,
        recorded_by=by.subject,
    )


def priced(
    contract: Contract,
    parties: ContractParties,
    ending: StandingEnd,
    price: dict[str, Any],
    status: str,
    *,
    stated_at: datetime,
) -> TerminationPriced:
    """Return the event of what an end costs; its supplier does not read an estimate."""
    lines = components_in(price)
    return TerminationPriced(
        effective_on=ending.exit_day + ONE_DAY,
        stated_at=stated_at,
        contract=contract.reference,
        termination=ending.cause,
        supplier="" if status == "estimate" else parties.supplier,
        customers=parties.customers,
        functions=tuple(sorted(ending.part.functions)),
        leaving=tuple(sorted(ending.part.leaving)),
        exit_on=ending.exit_day + ONE_DAY,
        status=status,
        **columns_of(lines),
        recurrent_to=tuple(line.recurrent_to for line in lines),
        unpriced=tuple(price["unpriced"]),
        pack=", ".join(price["rule_packs"]),
    )


async def price_then(
    session: AsyncSession, contract: Contract, ending: StandingEnd, *, asked_on: date, by: Caller
) -> Price:
    """Return what the end of a part costs by the contract's terms, as it is on the last day, for who has it then."""
    connection, day = await raw(session), ending.exit_day
    parties = (await parties_on(session, [contract], day))[contract.id]
    division = await division_on(connection, contract, parties, day)
    part = await ending_then(session, contract, ending.part, division, day)
    if part is None:
        return Price()
    seen = await get_seen(connection, contract.reference, by=by, as_at=day, as_known=None)
    staff = await staff_of(connection, contract.reference, by=by, as_at=day, as_known=None)
    return price_on(seen, day, asked_on=asked_on, as_known=None, staff=staff, part=part)


async def price_agreed(session: AsyncSession, contract: Contract, price: dict[str, Any], on: date) -> Price:
    """Return the price that was agreed, to be paid by those who took over its payers by the day."""
    parties = (await parties_on(session, [contract], on))[contract.id]
    division = await division_on(await raw(session), contract, parties, on)
    agreed = price_in(price)
    lines = []
    for line in agreed.components:
        heir = None
        if line.payer not in (*parties.customers, parties.supplier):
            heir, _ = await heir_of(session, contract, line.payer, division, on)
        lines.append(line if heir is None else replace(line, payer=heir))
    agreed.components = lines
    return agreed


async def left_then(session: AsyncSession, contract: Contract, day: date) -> Division:
    """Return what is left of a contract on a day to come, without the parts that are known to end before it."""
    connection = await raw(session)
    parties = (await parties_on(session, [contract], day))[contract.id]
    division = await division_on(connection, contract, parties, day)
    for ending in await standing_ends(connection, contract):
        if ending.exit_day >= day or ending.part.is_whole:
            continue
        if (part := await ending_then(session, contract, ending.part, division, day)) is not None:
            division = division.without(part)
    return division
