"""Loads and locks the contracts of a plan, with their parties on the day before the shared service begins."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from libs.common.database.connection import raw
from services.contracts.agreements.commands import ContractParties, customers_of, parties_on
from services.contracts.core.exit_terms import exit_terms_of
from services.contracts.core.models import Contract
from services.contracts.core.sight import must_all_exist
from services.contracts.exits.rules import Leaving
from services.contracts.transfers.commands import shares_on


@dataclass(frozen=True, slots=True)
class OldContract:
    """A contract that a plan replaces, with its supplier and customers at the end."""

    contract: Contract
    parties: ContractParties
    cost_shares: tuple[str, ...] = ()
    """What each of its customers pays, in their order; empty where no table is agreed."""

    @property
    def reference(self) -> str:
        """Its reference."""
        return self.contract.reference

    @property
    def customers(self) -> tuple[str, ...]:
        """Its customers at the end."""
        return self.parties.customers

    @property
    def payers(self) -> tuple[tuple[str, Fraction], ...]:
        """Its customers with the part of a price that each pays: as they share its cost, else equally."""
        agreed = [Fraction(share) for share in self.cost_shares]
        equal = [Fraction(1, len(self.customers))] * len(self.customers)
        return tuple(zip(self.customers, agreed if sum(agreed) == 1 else equal, strict=True))


async def load_contracts(
    session: AsyncSession, references: Collection[str], *, on: date, locked: bool = False
) -> list[OldContract]:
    """Return contracts by reference with their parties on a day, in order of their ids. Raises ContractNotFound."""
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
    served = [_parties(one, parties) for one in contracts]
    shares = await shares_on(
        await raw(session),
        [one.id for one in contracts],
        [max(on, one.starts_on) for one in contracts],
        [one.customers for one in served],
    )
    return [OldContract(*one) for one in zip(contracts, served, shares, strict=True)]


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


def leaving_of(contract: Contract) -> Leaving:
    """Return the terms by which a contract may be left."""
    return Leaving(
        starts_on=contract.starts_on,
        last_day=contract.last_day,
        notice_months=contract.notice_months,
        annual_pence=contract.annual_pence,
        not_before=contract.earliest_exit_on,
        terms=exit_terms_of(contract.exit_terms),
    )
