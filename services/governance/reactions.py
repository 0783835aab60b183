"""Reacts to the registry's events: ends, begins and restores bodies, posts and rights with their organisations."""

from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.events.registry import (
    MERGED,
    Merged,
    OrganisationClosed,
    OrganisationOpened,
    OrganisationSucceeded,
    SuccessionUndone,
)
from libs.common.identity import Caller
from libs.common.messaging.subscriptions import Subscriptions
from services.governance.core.models import known, organisations_with_bodies
from services.governance.mergers.commands import carry_out_successions, follow_organisation

subscriptions = Subscriptions("governance")

subscriptions.knows(known.projection, *known.events)(known.know)


@subscriptions.on(*MERGED, holding=organisations_with_bodies)
async def appointments_end_and_are_made_again(event: Merged, session: AsyncSession, *, by: Caller) -> bool:
    """End all appointments of merged CCGs or ICBs; a holder common to all of them continues in the successor."""
    return await carry_out_successions(session, event.predecessors, on=event.effective_on, by=by)


@subscriptions.on(OrganisationSucceeded, holding=organisations_with_bodies)
async def appointments_end_where_another_took_over(
    event: OrganisationSucceeded, session: AsyncSession, *, by: Caller
) -> bool:
    """End the body of an organisation that another took over whole; its rights wait to be made again there."""
    return await follow_organisation(session, event.code, on=event.effective_on, stated_at=event.stated_at, by=by)


@subscriptions.on(OrganisationClosed, holding=organisations_with_bodies)
async def body_ends_with_its_organisation(event: OrganisationClosed, session: AsyncSession, *, by: Caller) -> bool:
    """End the body of an organisation that closed."""
    return await follow_organisation(session, event.code, on=event.effective_on, stated_at=event.stated_at, by=by)


@subscriptions.on(SuccessionUndone, OrganisationOpened, holding=organisations_with_bodies)
async def body_stands_again(event: SuccessionUndone | OrganisationOpened, session: AsyncSession, *, by: Caller) -> bool:
    """Restore a body that ended by a succession or closure since undone, once its organisation is open again."""
    undone = event.successor if isinstance(event, SuccessionUndone) else ""
    return await follow_organisation(
        session, event.code, on=event.effective_on, stated_at=event.stated_at, by=by, undone=undone
    )
