"""Decides for which side of a contract a caller acts, and so whose notice, consent or acceptance its act is."""

from dataclasses import dataclass
from datetime import date

import asyncpg

from libs.common.identity import Caller
from services.contracts.agreements.commands import ContractParties
from services.contracts.core.models import known
from services.contracts.core.rights import must_act_for_customers
from services.contracts.exits.models import ExitSide


@dataclass(frozen=True, slots=True)
class ActingSide:
    """The side for which the caller acts, with the codes of its parties."""

    side: ExitSide
    codes: tuple[str, ...]

    @property
    def code(self) -> str:
        """The party that is named for the side: of several customers the first."""
        return self.codes[0]


async def acting_side(
    connection: asyncpg.Connection,
    parties: ContractParties,
    *,
    by: Caller,
    today: date,
    party: str | None,
) -> ActingSide:
    """Return the side that a caller acts for: the supplier where it is named or is all that the caller acts for.

    The customers are bound by who acts for all of them. Raises RoleMissing, NotYoursToDecide.
    """
    predecessors = await known.predecessors(connection, by.organisations)
    customers = await known.deciders(connection, parties.customers, today=today)
    supplier = await known.deciders(connection, [parties.supplier], today=today)
    is_customer = by.acts_for_one_of(customers, predecessors=predecessors)
    if party == parties.supplier or (
        party is None and not is_customer and by.acts_for(supplier, predecessors=predecessors)
    ):
        await known.must_act_for(connection, supplier, by=by)
        return ActingSide(ExitSide.SUPPLIER, (parties.supplier,))
    await must_act_for_customers(connection, parties.customers, by=by, today=today)
    return ActingSide(ExitSide.CUSTOMERS, parties.customers)
