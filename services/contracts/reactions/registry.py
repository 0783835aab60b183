"""Reacts to the registry's events: contracts pass to the successors of their parties."""

from datetime import datetime
from typing import TypeAlias

from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.events.registry import (
    MERGED,
    MERGER_AGREED,
    MERGER_REDATED,
    MERGER_WITHDRAWN,
    CCGMergerAgreed,
    CCGMergerRedated,
    CCGMergerWithdrawn,
    ICBMergerAgreed,
    ICBMergerRedated,
    ICBMergerWithdrawn,
    Merged,
    OrganisationClosed,
    OrganisationLegalFormChanged,
    OrganisationOpened,
    OrganisationRelated,
    OrganisationSucceeded,
    OrganisationUnrelated,
    SuccessionUndone,
    TransferSchemeMade,
    TransferSchemeResumed,
    TransferSchemeSuspended,
)
from libs.common.identity import Caller
from libs.common.process.clock import day_of
from services.contracts.bodies import queries as bodies
from services.contracts.bodies.commands import find_holders
from services.contracts.core.models import known, parties_among
from services.contracts.mergers import plans
from services.contracts.mergers.doubts import doubt_deliveries, doubt_delivery
from services.contracts.mergers.models import known_mergers
from services.contracts.mergers.reviews import review, review_all_again
from services.contracts.mergers.to_remake import flag_followed, flag_planned
from services.contracts.publication.commands import look_again
from services.contracts.reactions.base import subscriptions
from services.contracts.suppliers.models import known_relations, relations
from services.contracts.transfers.flags import flag_parties
from services.contracts.transfers.refunds import flag_refunds
from services.contracts.transfers.schemes import publish_schemes
from services.contracts.transfers.successions import settle_successions

_Planned: TypeAlias = (
    CCGMergerAgreed | CCGMergerRedated | CCGMergerWithdrawn | ICBMergerAgreed | ICBMergerRedated | ICBMergerWithdrawn
)

subscriptions.knows(known.projection, *known.events)(known.know)
subscriptions.knows(known_relations, OrganisationRelated, OrganisationUnrelated)(relations.know)
subscriptions.knows(bodies.projection, *bodies.EVENTS)(bodies.know)
subscriptions.knows(known_mergers, *plans.EVENTS)(plans.know)


@subscriptions.on(OrganisationLegalFormChanged, holding=parties_among)
async def new_form_may_hold_what_it_holds(
    event: OrganisationLegalFormChanged, session: AsyncSession, *, by: Caller
) -> bool:
    """Find the contracts of a supplier whose new legal form may not hold them; from a later day on by due work."""
    day = day_of(event.stated_at)
    if event.effective_on > day:
        return False
    return bool(await find_holders(session, up_to=day, stated_at=event.stated_at, by=by, supplier=event.code))


@subscriptions.on(*MERGED, holding=parties_among)
async def successor_takes_over_contracts(event: Merged, session: AsyncSession, *, by: Caller) -> bool:
    """Transfer the contracts of merged CCGs or ICBs to the successor from the day of the merger."""
    changed = await settle_successions(
        session, event.predecessors, on=event.effective_on, stated_at=event.stated_at, by=by
    )
    changed |= await _publish_schemes(session, event.merger, event.stated_at)
    changed |= (
        await flag_followed(session, event.predecessors, on=event.effective_on, stated_at=event.stated_at, by=by) > 0
    )
    day = max(event.effective_on, day_of(event.stated_at))
    changed |= await review(session, event.merger, on=day, stated_at=event.stated_at, by=by)
    return await flag_parties(session, event.predecessors, stated_at=event.stated_at) > 0 or changed


async def _publish_schemes(session: AsyncSession, merger: str, stated_at: datetime) -> bool:
    """Publish the transfers of a merger again whose schemes are others; what everybody reads of them follows."""
    if not await publish_schemes(session, merger, stated_at=stated_at):
        return False
    await look_again(session, merger, on=day_of(stated_at))
    return True


@subscriptions.on(OrganisationSucceeded, SuccessionUndone, holding=parties_among)
async def parties_follow_who_followed_whom(
    event: OrganisationSucceeded | SuccessionUndone, session: AsyncSession, *, by: Caller
) -> bool:
    """Transfer contracts to the body that took another over whole, and back where that is undone."""
    changed = await settle_successions(session, [event.code], on=event.effective_on, stated_at=event.stated_at, by=by)
    changed |= await flag_followed(session, [event.code], on=event.effective_on, stated_at=event.stated_at, by=by) > 0
    changed |= await flag_refunds(session, [event.code], stated_at=event.stated_at) > 0
    if isinstance(event, SuccessionUndone):
        await review_all_again(session)
        changed |= await doubt_deliveries(session, [event.code], stated_at=event.stated_at) > 0
    return await flag_parties(session, [event.code], stated_at=event.stated_at) > 0 or changed


@subscriptions.on(OrganisationClosed, OrganisationOpened, holding=parties_among)
async def contracts_of_closed_parties_are_flagged(
    event: OrganisationClosed | OrganisationOpened, session: AsyncSession, **_: Caller
) -> bool:
    """Flag the contracts of a party that closed without a successor, until it has one or is open again."""
    return await flag_parties(session, [event.code], stated_at=event.stated_at) > 0


@subscriptions.on(*MERGER_AGREED, *MERGER_REDATED, *MERGER_WITHDRAWN)
async def agreed_mergers_are_prepared_for(event: _Planned, session: AsyncSession, *, by: Caller) -> bool:
    """Flag what a merger, as it is agreed now, leaves to be made again, and what its successor would buy twice."""
    changed = await flag_planned(session, event.merger, stated_at=event.stated_at) > 0
    changed |= await doubt_delivery(session, event.merger, stated_at=event.stated_at)
    on = day_of(event.stated_at)
    return await review(session, event.merger, on=on, stated_at=event.stated_at, by=by) or changed


@subscriptions.on(TransferSchemeSuspended, TransferSchemeResumed, holding=parties_among)
async def delivery_is_in_doubt_while_staff_wait(
    event: TransferSchemeSuspended | TransferSchemeResumed, session: AsyncSession, **_: Caller
) -> bool:
    """Flag the contracts with staff lists whose staff scheme is suspended, until it is resumed."""
    return await doubt_delivery(session, event.merger, stated_at=event.stated_at)


@subscriptions.on(TransferSchemeMade, holding=parties_among)
async def transfers_name_schemes_made_since(event: TransferSchemeMade, session: AsyncSession, **_: Caller) -> bool:
    """Publish again, with its scheme, the transfer of contracts that changed hands before the scheme was known."""
    return await _publish_schemes(session, event.merger, event.stated_at)
