"""Decides for which side of a contract a caller acts, and so whose notice, consent or acceptance its act is."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

import asyncpg

from libs.common.identity import Caller, Role
from services.contracts.agreements.commands import ContractParties
from services.contracts.core.models import known
from services.contracts.core.rights import acted_for, must_act_for_customers
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
    leaving: Collection[str] = (),
) -> ActingSide:
    """Return the side that a caller acts for: the supplier where it is named or is all that the caller acts for.

    The customers are bound by who acts for all of them, or by their coordinating commissioner; those who are `leaving`
    by who acts for each of these. Raises RoleMissing, NotYoursToDecide.
    """
    predecessors = await known.predecessors(connection, by.organisations)
    bound = tuple(sorted(leaving)) or parties.customers
    customers = await known.deciders(connection, bound, today=today)
    supplier = await known.deciders(connection, [parties.supplier], today=today)
    is_customer = by.acts_for_one_of(customers, predecessors=predecessors)
    if party == parties.supplier or (
        party is None and not is_customer and by.acts_for(supplier, predecessors=predecessors)
    ):
        await known.must_act_for(connection, supplier, by=by)
        return ActingSide(ExitSide.SUPPLIER, (parties.supplier,))
    if not leaving and parties.coordinator is not None and not by.is_national:
        lead = await acted_for(connection, [parties.coordinator], by=by, today=today)
        if lead and len(await acted_for(connection, bound, by=by, today=today)) < len(bound):
            by.must_have(Role.CONTRACT_LEAD)
            return ActingSide(ExitSide.CUSTOMERS, (parties.coordinator,))
    await must_act_for_customers(connection, bound, by=by, today=today)
    return ActingSide(ExitSide.CUSTOMERS, bound)
