"""What the routes of several packages share: the role that changes contracts, refusals, the contract shown."""

from functools import partial
from typing import Annotated, Any

from fastapi import Response

from libs.common.database.connection import raw
from libs.common.http.dependencies import Today, Versions, Write, allowed, etag, stale
from libs.common.http.problems import PreconditionMissing, StaleVersion
from libs.common.identity import Caller, NotYoursToDecide, Role, RoleMissing
from services.contracts.core import errors
from services.contracts.core import queries as reads
from services.contracts.core.models import Contract
from services.contracts.core.rights import Expect
from services.contracts.core.views import ContractView

Lead = Annotated[Caller, allowed(Role.CONTRACT_LEAD)]


EDIT_REFUSALS = (
    errors.ContractNotFound,
    errors.ProposalUnconfirmed,
    NotYoursToDecide,
    RoleMissing,
    StaleVersion,
    PreconditionMissing,
)


def expecting(if_match: Versions) -> Expect:
    """Return the check that a contract still has a version that the caller accepts."""
    return partial(stale, expected=if_match)


async def shown(session: Write, contract: Contract, response: Response, by: Caller, today: Today) -> ContractView:
    etag(response, contract.version)
    found: dict[str, Any] = await reads.get_contract(
        await raw(session), contract.reference, by=by, as_at=today, as_known=None
    )
    return ContractView.model_validate(found)
