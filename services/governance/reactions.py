"""Everything that governance does because another service told it something."""

from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.events.registry import CCGMerged, OrganisationClosed
from libs.common.identity import Caller
from libs.common.messaging.subscriptions import Subscriptions
from services.governance.core.models import known
from services.governance.mergers.commands import Merger, carry_out_merger, dissolve_with_organisation

subscriptions = Subscriptions("governance")

subscriptions.knows(known.projection, *known.events)(known.know)


@subscriptions.on(CCGMerged)
async def appointments_end_and_are_made_again(event: CCGMerged, session: AsyncSession, *, by: Caller) -> None:
    """End all appointments of merged CCGs; who held a post in every one of them holds it in the successor."""
    merger = Merger(event.merger, event.successor, event.predecessors, event.effective_on, event.stated_at)
    await carry_out_merger(session, merger, by=by)


@subscriptions.on(OrganisationClosed)
async def body_ends_with_its_organisation(event: OrganisationClosed, session: AsyncSession, *, by: Caller) -> None:
    """End the body of an organisation that closed: nobody decides for it any more."""
    await dissolve_with_organisation(session, event.code, on=event.effective_on, stated_at=event.stated_at, by=by)
