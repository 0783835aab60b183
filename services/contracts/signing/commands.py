"""Signs a contract, whose customers are open when it is signed and when it starts."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

import asyncpg
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.errors import DomainError, Reason
from libs.common.events.contracts import ContractSigned
from libs.common.identity import Caller
from libs.common.messaging import outbox
from libs.common.temporal.history import Days
from libs.common.temporal.timeline import NewStatement
from services.contracts.agreements.catalogue import functions_on
from services.contracts.agreements.commands import customers_of, get_contracts_to_bind
from services.contracts.core.acts import RecordedAct, act_of
from services.contracts.core.codes import Day, Document
from services.contracts.core.errors import CustomerNotOpen, SignedInTheFuture, refuse
from services.contracts.core.models import FACET, Contract, Status, customership, known, life
from services.contracts.core.rights import Expect
from services.contracts.transfers.successions import follow_since_start

_FOLLOWED_BY = """
SELECT code, successor, effective_on FROM known_succession
 WHERE code = ANY($1) AND upper_inf(known) ORDER BY effective_on, successor
"""


class SignContract(BaseModel):
    """The signature of both sides."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{}, {"signed_on": "2017-03-15", "document": "Contract of 15 March 2017"}]},
    )

    signed_on: Day | None = Field(
        default=None, description="Day of signature; today if left out. An earlier day needs `document`."
    )
    document: Document | None = None


async def sign_contract(
    session: AsyncSession,
    reference: str,
    command: SignContract,
    *,
    by: Caller,
    today: date,
    stated_at: datetime,
    expect: Expect,
) -> Contract:
    """Make a draft binding on its customers, for all of whom the caller acts.

    A customer whose merger is known before this commits is refused, with its successor named; one whose merger is
    consumed afterwards is replaced by the reaction. Where it was open then but has merged since, the successor takes
    over at once.

    Raises ContractNotFound, NotYoursToDecide, NotADraft, CustomerNotOpen, SignedInTheFuture, DocumentMissing.
    """
    [contract] = await get_contracts_to_bind(session, [reference], by=by, on=today, today=today)
    expect(contract.version)
    contract.must_be_draft()
    customers = customers_of(contract)
    signature = act_of(command.signed_on, command.document, by=by, today=today, stated_at=stated_at)
    refuse(
        [
            *why_not_signed_on(signature),
            *await why_not_open(await raw(session), customers, days=(signature.day, contract.starts_on)),
        ]
    )
    await bind(session, contract, customers, signature, stated_at=stated_at, by=by)
    contract.version += 1
    await session.flush()
    event = ContractSigned(
        effective_on=contract.starts_on,
        stated_at=stated_at,
        contract=contract.reference,
        title=functions_on(contract.starts_on).titles_of(contract.functions),
        supplier=contract.supplier_code,
        customers=tuple(customers),
        functions=contract.functions,
        last_day=contract.last_day,
        annual_pence=contract.annual_pence,
    )
    await outbox.add(session, event, version=contract.version)
    await follow_since_start(session, contract, customers, stated_at=stated_at, by=by)
    await session.refresh(contract, ["version"])
    return contract


def why_not_signed_on(signature: RecordedAct) -> list[DomainError]:
    """Return the reasons against this day of signature."""
    if signature.day <= signature.recorded_on:
        return signature.why_not_documented("signed_on")
    message = f"{signature.day} is still to come: it is recorded on {signature.recorded_on}"
    return [SignedInTheFuture(message, reasons=[Reason(message, "signed_on")])]


async def why_not_open(
    connection: asyncpg.Connection, customers: Sequence[str], *, days: Sequence[date]
) -> list[DomainError]:
    """Return one refusal for each customer that is not open on one of the days. They are locked."""
    followers: dict[str, str] = {}
    for row in await connection.fetch(_FOLLOWED_BY, list(customers)):
        followers[row["code"]] = f"; {row['successor']} succeeded it on {row['effective_on']}"
    shut: dict[str, str] = {}
    for day in sorted(set(days)):
        found = await known.statuses(connection, customers, as_at=day)
        for code, customer in found.items():
            if customer.status != "open":
                name = f" ({customer.name})" if customer.name else ""
                follower = followers.get(code, "") if customer.status == "closed" else ""
                shut.setdefault(code, f"{code}{name} is {customer.status} on {day}{follower}")
    return [CustomerNotOpen(message, reasons=[Reason(message, "customers")]) for message in shut.values()]


async def bind(
    session: AsyncSession,
    contract: Contract,
    customers: Sequence[str],
    signature: RecordedAct,
    *,
    stated_at: datetime,
    by: Caller,
) -> None:
    """Sign a draft, and state its term and its customers."""
    contract.sign(signature, stated_at=stated_at)
    await session.flush()
    connection = await raw(session)
    term = Days(contract.starts_on, contract.last_day + timedelta(days=1))
    active = NewStatement(contract.id, FACET, Status.ACTIVE.value, term, stated_at)
    await life.state(connection, [active], source="signature", by=by.subject)
    ids = [customer.id for customer in contract.named_customers if customer.customer_code in customers]
    # Without bounds in time, so that a transfer before the start, stated in the same instant, still counts.
    await customership.state(
        connection,
        [NewStatement(customer, FACET, "customer", Days(), stated_at) for customer in ids],
        source="signature",
        by=by.subject,
    )
