"""States how the customers of a contract divide it: the whole table of a kind, from a day."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Annotated, Self

import asyncpg
from pydantic import BaseModel, ConfigDict, Field, model_validator
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.errors import DomainError, Reason
from libs.common.events.contracts import SharesAgreed
from libs.common.identity import Caller
from libs.common.messaging import outbox
from libs.common.temporal.history import LAST_DAY, Days
from libs.common.temporal.timeline import NewStatement
from services.contracts.agreements.commands import customers_of, get_contract_to_change, parties_on
from services.contracts.agreements.errors import CoordinatorMissing, SharesNotWhole
from services.contracts.agreements.parts import ContractPart, table_without
from services.contracts.agreements.variations import publish_variation, tables_on
from services.contracts.core.acts import RecordedAct, act_of
from services.contracts.core.codes import Day, Document, OdsCode
from services.contracts.core.errors import ExitOutsideTerm, refuse
from services.contracts.core.models import FACET, Contract, Status, coordination, customership, sharing
from services.contracts.core.rights import Expect
from services.contracts.core.shares import FACETS, Basis, ShareFacet, ShareKind, ShareTable, table_of

_MOMENT = timedelta(microseconds=1)

# The first later day from which another body is a customer, or one is no customer any longer.
_NEXT_CHANGE = """
SELECT min(day) AS day FROM contract_customer cc JOIN contract_customer_belief b ON b.subject_id = cc.id
 CROSS JOIN LATERAL (VALUES (lower(b.valid)), (upper(b.valid))) AS bound (day)
 WHERE cc.contract_id = $1 AND upper_inf(b.known) AND day > $2::date AND day <= $3::date
"""

_COORDINATOR = """
SELECT value FROM contract_coordinator_belief WHERE subject_id = $1 AND valid @> $2::date AND upper_inf(known)
"""

_TABLES_FROM = """
SELECT facet, value, greatest(lower(valid), $2::date) AS first_day, upper(valid) AS end_day FROM contract_share_belief
 WHERE subject_id = $1 AND upper_inf(known) AND valid && daterange($2::date, NULL)
"""

# The days after $2 of which something was published that names the customers or the shares of before.
_LATER = """
SELECT DISTINCT day FROM (
       SELECT lower(valid) AS day FROM contract_share_statement WHERE subject_id = $1
        UNION ALL SELECT lower(valid) FROM contract_terms_belief WHERE subject_id = $1 AND upper_inf(known)
        UNION ALL
       SELECT lower(valid) FROM contract_supplier_belief WHERE subject_id = $1 AND upper_inf(known)) later
 WHERE day > $2::date AND day <= $3::date ORDER BY day
"""


class AgreeShares(BaseModel):
    """The whole table of shares of a contract from a day: each holder's weight, and the total that they make up."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "weights": {"10H": 205_000, "10Y": 330_000, "05C": 145_000},
                    "total": 680_000,
                    "basis": "population:registered",
                }
            ]
        },
    )

    weights: dict[OdsCode, Annotated[int, Field(strict=True, gt=0, le=10**12)]] = Field(
        min_length=1, max_length=250, description="The weight of each customer that has a share."
    )
    total: int = Field(strict=True, gt=0, le=10**15, description="What the weights make up together: 100 per cent.")
    basis: Basis = Field(default="stated", description="Where the weights come from.")
    from_day: Day | None = Field(
        default=None,
        description="From when it holds; today if left out. An earlier day needs `document`. Not for a draft.",
    )
    document: Document | None = None
    coordinating_commissioner: OdsCode | None = Field(
        default=None, description="Who coordinates from the day, where the one before leaves: chosen by all."
    )

    @model_validator(mode="after")
    def _is_coordinated_by_a_holder(self) -> Self:
        if self.coordinating_commissioner not in (None, *self.weights):
            raise ValueError("coordinating_commissioner has no share")
        return self

    @property
    def table(self) -> ShareTable:
        """The table that this states."""
        return ShareTable(self.total, dict(sorted(self.weights.items())), self.basis)


async def agree_shares(
    session: AsyncSession,
    reference: str,
    kind: ShareKind,
    command: AgreeShares,
    *,
    by: Caller,
    today: date,
    stated_at: datetime,
    expect: Expect,
) -> Contract:
    """State the whole table of a kind from a day; of a draft it is part of the text that is to be signed.

    The holders of the cost are the customers: one without a share leaves from the day, also the tables of the other
    kinds, and the contract continues.

    Raises ContractNotFound, NotYoursToDecide, SharesNotWhole, CoordinatorMissing, ExitOutsideTerm, DocumentMissing.
    """
    act = act_of(command.from_day, command.document, by=by, today=today, stated_at=stated_at)
    contract = await get_contract_to_change(
        session, reference, by=by, on=max(act.day, today), today=today, expect=expect
    )
    if contract.status == Status.DRAFT:
        contract.must_be_draft()
        refuse(why_not_whole(command.table, customers_of(contract), may_leave=False))
        contract.drafted_shares = {**(contract.drafted_shares or {}), kind: command.table.as_text()}
        contract.text_version += 1
        contract.version += 1
        await session.flush()
    else:
        await agree_from_day(session, contract, kind, command, act, stated_at=stated_at, by=by)
    return contract


async def why_not_agree(
    session: AsyncSession,
    contract: Contract,
    kind: ShareKind,
    command: AgreeShares,
    act: RecordedAct,
    *,
    stated_at: datetime,
) -> list[DomainError]:
    """Return the reasons against a table of a signed contract from a day."""
    connection = await raw(session)
    parties = (await parties_on(session, [contract], act.day))[contract.id]
    change = await connection.fetchval(_NEXT_CHANGE, contract.id, act.day, contract.ends_on)
    leaving = _leaving(kind, command, parties.customers)
    lead = await _lead_after(connection, contract, command, leaving, on=act.day)
    return [
        *contract.why_not_end(stated_at),
        *why_not_then(contract, act.day),
        *act.why_not_documented("from_day"),
        *why_not_whole(command.table, parties.customers, may_leave=kind == "cost"),
        *_why_not_for_good(contract, change),
        *(lead if isinstance(lead, list) else []),
    ]


def _leaving(kind: ShareKind, command: AgreeShares, customers: Sequence[str]) -> list[str]:
    """Return who has no share of the cost, and so is a customer no longer."""
    return sorted(set(customers) - set(command.weights)) if kind == "cost" else []


async def agree_from_day(
    session: AsyncSession,
    contract: Contract,
    kind: ShareKind,
    command: AgreeShares,
    act: RecordedAct,
    *,
    stated_at: datetime,
    by: Caller,
) -> None:
    """State a table of a signed contract from a day and publish it. Raises what `why_not_agree` returns."""
    refuse(await why_not_agree(session, contract, kind, command, act, stated_at=stated_at))
    connection = await raw(session)
    parties = (await parties_on(session, [contract], act.day))[contract.id]
    leaving = _leaving(kind, command, parties.customers)
    lead = await _lead_after(connection, contract, command, leaving, on=act.day)
    days = Days(act.day)
    await state_table(connection, contract, kind, command.table, leaving, days=days, stated_at=stated_at, by=by)
    if isinstance(lead, str) or (leaving and len(command.weights) == 1):
        statement = NewStatement(contract.id, FACET, lead if isinstance(lead, str) else None, days, stated_at)
        await coordination.state(connection, [statement], source="agreement", by=by.subject)
    contract.version += 1
    await session.flush()
    remaining = tuple(code for code in parties.customers if code not in leaving)
    reason = "associate_left" if leaving else "amended"
    later = [row["day"] for row in await connection.fetch(_LATER, contract.id, act.day, contract.ends_on)]
    for number, day in enumerate([act.day, *later]):
        at = stated_at + number * _MOMENT
        if kind == "cost":
            await publish_variation(session, contract, day, last_day=contract.ends_on, reason=reason, stated_at=at)
        host = (await parties_on(session, [contract], day))[contract.id].supplier
        await publish_shares(session, contract, remaining, host, on=day, stated_at=at)


async def coordinator_on(connection: asyncpg.Connection, contract: Contract, on: date) -> str | None:
    """Return who coordinates a contract on a day, as believed now."""
    row = await connection.fetchrow(_COORDINATOR, contract.id, on)
    return None if row is None else str(row["value"])


def why_not_whole(table: ShareTable, customers: Sequence[str], *, may_leave: bool) -> list[DomainError]:
    """Return the reasons against a table: its weights make up the total, and its holders are the customers."""
    messages = []
    if (made_up := sum(table.weights.values())) != table.total:
        messages.append((f"the weights make up {made_up} of {table.total}", "total"))
    messages += [(f"{code} is no customer then", "weights") for code in sorted(table.holders - set(customers))]
    if not may_leave:
        messages += [(f"{code} has no share", "weights") for code in sorted(set(customers) - table.holders)]
    return [SharesNotWhole(message, reasons=[Reason(message, field)]) for message, field in messages]


async def state_table(
    connection: asyncpg.Connection,
    contract: Contract,
    kind: ShareKind,
    table: ShareTable,
    leaving: Sequence[str],
    *,
    days: Days,
    stated_at: datetime,
    by: Caller,
) -> None:
    """State a table on some days, and with the cost that those without a share are no customers then.

    The tables of staff, duties and risk that name them are stated without them: the others keep their proportion.
    """
    statements = [NewStatement(contract.id, FACETS[kind], table.as_text(), days, stated_at)]
    if leaving:
        statements += await _others_without(connection, contract, kind, leaving, from_day=days.start, at=stated_at)
    await sharing.state(connection, statements, source="agreement", by=by.subject)
    gone = [one.id for one in contract.named_customers if one.customer_code in leaving]
    await customership.state(
        connection,
        [NewStatement(customer, FACET, None, days, stated_at) for customer in gone],
        source="agreement",
        by=by.subject,
    )


async def _others_without(
    connection: asyncpg.Connection,
    contract: Contract,
    kind: ShareKind,
    leaving: Sequence[str],
    *,
    from_day: date,
    at: datetime,
) -> list[NewStatement]:
    """Return the tables of the other kinds from a day on without those who leave, those of later days too."""
    part = ContractPart(leaving=dict.fromkeys(leaving, Fraction(1)))
    statements = []
    for row in await connection.fetch(_TABLES_FROM, contract.id, from_day):
        table = table_of(row["value"])
        if row["facet"] != FACETS[kind] and table.holders.intersection(leaving):
            left = table_without(table, part)
            days = Days(row["first_day"], row["end_day"] or LAST_DAY)
            text = None if left is None else left.as_text()
            statements.append(NewStatement(contract.id, ShareFacet(row["facet"]), text, days, at))
    return statements


async def publish_shares(
    session: AsyncSession, contract: Contract, customers: Sequence[str], host: str, *, on: date, stated_at: datetime
) -> None:
    """Publish the tables of a contract on a day, as believed now; without those that name others than its customers."""
    tables = await tables_on(await raw(session), contract, on)
    shares = {
        kind: tables[kind].fractions(customers) if kind in tables and tables[kind].holders == set(customers) else ()
        for kind in FACETS
    }
    cost = tables.get("cost")
    event = SharesAgreed(
        effective_on=on,
        stated_at=stated_at,
        agreement=contract.reference,
        contract=contract.reference,
        customers=tuple(customers),
        host=host,
        cost_shares=shares["cost"],
        hr_shares=shares["hr"],
        legal_shares=shares["legal"],
        risk_shares=shares["risk"],
        cost_basis=cost.basis if cost else "",
    )
    await outbox.add(session, event, version=contract.version)


def _why_not_for_good(contract: Contract, change: date | None) -> list[DomainError]:
    """Return the refusal of a table whose holders would stay after a day on which the customers change."""
    if change is None:
        return []
    message = f"the customers of {contract.reference} change on {change}: agree the shares from that day on"
    return [SharesNotWhole(message, reasons=[Reason(message, "from_day")])]


def why_not_then(contract: Contract, day: date) -> list[DomainError]:
    """Return the reason against a day on which a contract does not run."""
    if contract.starts_on <= day <= contract.ends_on:
        return []
    message = f"{contract.reference} runs from {contract.starts_on} to {contract.ends_on}, and {day} is no day of it"
    return [ExitOutsideTerm(message, reasons=[Reason(message, "from_day")])]


async def _lead_after(
    connection: asyncpg.Connection, contract: Contract, command: AgreeShares, leaving: Sequence[str], *, on: date
) -> str | list[DomainError] | None:
    """Return the new coordinating commissioner, None where it stays, or why one has to be named."""
    now = await coordinator_on(connection, contract, on)
    if command.coordinating_commissioner is not None:
        return command.coordinating_commissioner
    if now not in leaving or len(command.weights) == 1:
        return None
    message = f"{now} coordinates {contract.reference} and leaves it: name who coordinates then"
    return [CoordinatorMissing(message, reasons=[Reason(message, "coordinating_commissioner")])]
