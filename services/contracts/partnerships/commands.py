"""Records the comparison of a project's routes with the one that was chosen."""

from datetime import date, datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.identity import Caller
from services.contracts.core.codes import MOST_ANNUAL_PENCE, Day, Document, OdsCode, Reference, Text
from services.contracts.core.errors import refuse
from services.contracts.core.rights import must_act_for_customers
from services.contracts.partnerships.errors import ComparisonExists
from services.contracts.partnerships.models import RouteComparison
from services.contracts.partnerships.rules import Comparison, Route, pack_on, why_not_this_route

_Cost = Annotated[int, Field(strict=True, ge=0, le=60 * MOST_ANNUAL_PENCE)]


class Quotes(BaseModel):
    """Net present cost by route, in pence; what was not quoted is left out."""

    model_config = ConfigDict(extra="forbid")

    sep_pence: _Cost | None = Field(default=None, examples=[420_000_000])
    framework_pence: _Cost | None = Field(default=None, examples=[410_000_000])
    stand_alone_pence: _Cost | None = Field(default=None, examples=[460_000_000])

    def stated(self) -> dict[str, int]:
        """Return what was quoted, by route."""
        quoted = {route.value: getattr(self, f"{route}_pence") for route in Route}
        return {route: cost for route, cost in quoted.items() if cost is not None}


class OtherReason(BaseModel):
    """A reason for the partnership other than price, with its value in pence."""

    model_config = ConfigDict(extra="forbid")

    reason: Text
    value_pence: _Cost


class CompareRoutes(BaseModel):
    """A project's quotes, other reasons, and the route that the body chose."""

    model_config = ConfigDict(extra="forbid")

    reference: Reference
    organisation: OdsCode = Field(description="The body whose project it is.")
    partnership: OdsCode = Field(description="The strategic estates partnership.")
    project: Text
    quotes: Quotes
    reasons: list[OtherReason] = Field(default_factory=list, max_length=20)
    chosen: Route
    decided_on: Day
    document: Document | None = None


async def compare_routes(
    session: AsyncSession, command: CompareRoutes, *, by: Caller, today: date, stated_at: datetime
) -> None:
    """Record a comparison. Raises NotYoursToDecide, NoBetterThan, RouteNotQuoted, ComparisonExists."""
    await must_act_for_customers(await raw(session), [command.organisation], by=by, today=today)
    pack = pack_on(command.decided_on)
    quotes, value = command.quotes.stated(), sum(one.value_pence for one in command.reasons)
    refuse(why_not_this_route(Comparison(quotes, value, pack), command.chosen))
    row = RouteComparison(
        reference=command.reference,
        organisation=command.organisation,
        partnership=command.partnership,
        project=command.project,
        **command.quotes.model_dump(),
        reasons=[one.model_dump() for one in command.reasons],
        chosen=command.chosen.value,
        decided_on=command.decided_on,
        document=command.document,
        rule_pack=pack.id,
        stated_at=stated_at,
        recorded_by=by.subject,
    )
    try:
        async with session.begin_nested():
            session.add(row)
            await session.flush()
    except IntegrityError as error:
        if "uq_route_comparison_reference" not in str(error):
            raise
        raise ComparisonExists(f"{command.reference} is taken") from error
