"""Loads and locks the contracts of a plan, with their parties on the day before the shared service begins."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from fractions import Fraction

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from libs.common.database.connection import raw
from libs.common.temporal.believed import about, holds
from services.contracts.agreements.commands import ContractParties, customers_of, parties_on
from services.contracts.core.charges import charges_on
from services.contracts.core.conditions import ExitConditions, conditions_on
from services.contracts.core.models import Contract
from services.contracts.core.shares import ShareFacet, ShareTable, table_of
from services.contracts.core.sight import must_all_exist
from services.contracts.exits.prices.estimates import members_in
from services.contracts.exits.prices.redundancy import StaffMember
from services.contracts.exits.queries import NOW
from services.contracts.exits.rules import Leaving
from services.contracts.exits.statements import leaving_by

_STAFF = """
SELECT DISTINCT ON (contract_id) contract_id, content::text AS content FROM exit_paper
 WHERE contract_id = ANY($1) AND kind = 'staff' AND effective_on <= $2 AND stated_at <= $3
 ORDER BY contract_id, effective_on DESC, stated_at DESC, id DESC
"""

_SHARES = f"""
SELECT b.subject_id, b.value FROM contract_share_belief b
 WHERE b.subject_id = ANY($1) AND {about("b", ShareFacet.COST)} AND {holds("b", "$2", "$3")}
"""  # noqa: S608  (only what stands above is put in)


@dataclass(frozen=True, slots=True)
class OldContract:
    """A contract that a plan replaces, with its supplier, customers, charges and conditions at the end.

    `staff` are those of its list, None where none was stated; `shares` what each customer pays of the charge, empty
    where they agreed none. Both are as known at an instant, now where it is None.
    """

    contract: Contract
    parties: ContractParties
    charges: Mapping[str, int]
    conditions: ExitConditions
    staff: tuple[StaffMember, ...] | None = None
    shares: Mapping[str, Fraction] = field(default_factory=dict)
    as_known: datetime | None = None

    @property
    def reference(self) -> str:
        """Its reference."""
        return self.contract.reference

    @property
    def annual_pence(self) -> int:
        """Its charge a year at the end."""
        return sum(self.charges.values())

    @property
    def customers(self) -> tuple[str, ...]:
        """Its customers at the end."""
        return self.parties.customers

    @property
    def payers(self) -> tuple[tuple[str, Fraction], ...]:
        """Each customer with its exact share of the charge: equal parts where they agreed none."""
        if self.shares.keys() != set(self.customers):
            return tuple((code, Fraction(1, len(self.customers))) for code in self.customers)
        return tuple((code, self.shares[code]) for code in self.customers)


async def load_contracts(
    session: AsyncSession,
    references: Collection[str],
    *,
    on: date,
    locked: bool = False,
    as_known: datetime | None = None,
) -> list[OldContract]:
    """Return contracts by reference with their parties on a day, in order of their ids. Raises ContractNotFound.

    Their staff and shares are those of the day as known at an instant, left out: now.
    """
    query = (
        select(Contract)
        .where(Contract.reference.in_(references))
        .order_by(Contract.id)
        .execution_options(populate_existing=True)
        .options(selectinload(Contract.lines), selectinload(Contract.named_customers))
    )
    contracts = list((await session.scalars(query.with_for_update() if locked else query)).all())
    must_all_exist(references, {contract.reference for contract in contracts})
    parties = await parties_on(session, contracts, on)
    connection, ids = await raw(session), [contract.id for contract in contracts]
    known = as_known or NOW
    staff = {row["contract_id"]: members_in(row["content"]) for row in await connection.fetch(_STAFF, ids, on, known)}
    shares = {row["subject_id"]: table_of(row["value"]) for row in await connection.fetch(_SHARES, ids, on, known)}
    return [
        OldContract(
            one,
            _parties(one, parties),
            await charges_on(connection, one, on),
            await conditions_on(connection, one, on),
            tuple(staff[one.id]) if one.id in staff else None,
            _fractions(shares[one.id]) if one.id in shares else {},
            as_known,
        )
        for one in contracts
    ]


def _fractions(table: ShareTable) -> dict[str, Fraction]:
    return {code: Fraction(weight, table.total) for code, weight in table.weights.items()}


def _parties(contract: Contract, parties: Mapping[int, ContractParties]) -> ContractParties:
    """Return the parties on the day, of a contract without customers then those that it names."""
    on_the_day = parties[contract.id]
    return on_the_day if on_the_day.customers else ContractParties(on_the_day.supplier, tuple(customers_of(contract)))


def of_members(contracts: Sequence[OldContract], members: Collection[str]) -> list[str]:
    """Return the references of the contracts of which one of these bodies is a customer."""
    return [one.reference for one in contracts if set(one.customers).intersection(members)]


def day_before(day: date) -> date:
    """Return the last day of service of what ends before a day."""
    return day - timedelta(days=1)


def leaving_of(old: OldContract) -> Leaving:
    """Return the terms by which a contract may be left, at the charges of its own day."""
    return leaving_by(old.contract, old.conditions, old.annual_pence)
