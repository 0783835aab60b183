"""The route of cost shares."""

from libs.common.database.connection import raw
from libs.common.http.dependencies import AsAt, AsKnown, By, Read, problems, questions_router
from services.finance.core.codes import ContractReference
from services.finance.core.sight import sight_of
from services.finance.cost_shares import queries
from services.finance.cost_shares.errors import CostSharesNotFound
from services.finance.cost_shares.views import CostSharesView

router = questions_router(tags=["Payments"])


@router.get(
    "/cost-shares/{contract}",
    summary="Read how a contract's charge is divided",
    responses=problems(CostSharesNotFound),
)
async def get_cost_shares(
    contract: ContractReference, session: Read, by: By, as_at: AsAt, as_known: AsKnown
) -> CostSharesView:
    """Return what each customer pays a year as at the day, to the penny, with the counts by which it is reckoned.

    Where the customers agreed to divide by population, a corrected list restates the shares; ask `as_known` for those
    before it.
    """
    rows = await raw(session)
    return await queries.get_cost_shares(rows, contract, sight=await sight_of(rows, by), as_at=as_at, as_known=as_known)
