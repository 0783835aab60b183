"""Reacts to the registry's events: ends, begins and restores bodies, posts and rights with their organisations."""

from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.events.registry import (
    MERGED,
    MERGER_WITHDRAWN,
    CCGMergerWithdrawn,
    ICBMergerWithdrawn,
    Merged,
    MergerApplicationDetermined,
    MergerApplied,
    OrganisationClosed,
    OrganisationOpened,
    OrganisationSucceeded,
    SuccessionUndone,
)
from libs.common.identity import Caller
from libs.common.process.clock import day_of
from services.governance.core.models import known, organisations_with_bodies
from services.governance.interests.links import EVENTS as LINKS
from services.governance.interests.links import know_links
from services.governance.interests.models import known_links
from services.governance.mergers.commands import carry_out_successions, follow_organisation
from services.governance.mergers.models import known_mergers
from services.governance.mergers.projection import OF_MERGERS, know_mergers
from services.governance.mergers.votes import find_unvoted
from services.governance.proposals.follow_ups import follow_subject, subjects_of_proposals
from services.governance.reactions.base import subscriptions
from services.governance.subjects import projection as subjects
from services.governance.subjects.models import known_subjects
from services.governance.successions.commands import follow_parties, instruments_with
from services.governance.successions.remakes import find_instruments_to_remake

subscriptions.knows(known.projection, *known.events)(known.know)
subscriptions.knows(known_mergers, *OF_MERGERS)(know_mergers)
subscriptions.knows(known_subjects, *subjects.OF_REGISTRY)(subjects.know_subjects)
subscriptions.knows(known_links, *LINKS)(know_links)


@subscriptions.on(*MERGED, holding=organisations_with_bodies)
async def appointments_end_and_are_made_again(event: Merged, session: AsyncSession, *, by: Caller) -> bool:
    """End all appointments of merged CCGs or ICBs; a holder common to all of them continues in the successor."""
    return await carry_out_successions(session, event.predecessors, on=event.effective_on, by=by)


@subscriptions.on(MergerApplied, MergerApplicationDetermined)
async def applicants_have_votes_of_their_own(
    event: MergerApplied | MergerApplicationDetermined, session: AsyncSession, *, by: Caller
) -> bool:
    """Raise a finding for each applicant without a decision of its own body to apply; the application stands."""
    on, stated_at = max(event.effective_on, day_of(event.stated_at)), event.stated_at
    return bool(await find_unvoted(session, up_to=on, stated_at=stated_at, by=by, application=event.application))


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


@subscriptions.on(*MERGER_WITHDRAWN, holding=subjects_of_proposals)
async def proposals_are_void_where_a_merger_is_withdrawn(
    event: CCGMergerWithdrawn | ICBMergerWithdrawn, session: AsyncSession, *, by: Caller
) -> bool:
    """Make void what is asked on a merger that will not take place."""
    return await follow_subject(session, event.merger, event, by=by)


# After what ends and stands again in joint bodies: the host's part of the votes is what is left.
@subscriptions.on(*MERGED, OrganisationSucceeded, SuccessionUndone, holding=instruments_with)
async def instruments_follow_their_parties(
    event: Merged | OrganisationSucceeded | SuccessionUndone, session: AsyncSession, *, by: Caller
) -> bool:
    """Publish the instruments whose parties change: the successor is one in their place, until that is undone."""
    on, stated_at = event.effective_on, event.stated_at
    changed = await follow_parties(session, event.keys, on=on, stated_at=stated_at, by=by.subject)
    found = await find_instruments_to_remake(session, up_to=day_of(stated_at), stated_at=stated_at, by=by)
    return changed or bool(found)
