"""Reads how many people a footprint has, from the registry's relations and counts."""

from datetime import date, datetime

from libs.common.database.connection import Reads
from libs.organisations.populations import Count
from services.finance.allowances.counts import counts_of
from services.finance.parties.queries import footprint_lens
from services.finance.populations.views import FootprintPopulationView, MemberCountView


async def get_footprint_population(
    db: Reads, footprint: str, *, basis: str, as_at: date, as_known: datetime | None
) -> FootprintPopulationView:
    """Return the people of those who are part of a footprint on a day. Raises PartyNotFound."""
    members = sorted((await footprint_lens(db, footprint, as_known=as_known)).members_on(as_at))
    counts = await counts_of(db, members, basis=basis, as_at=as_at, as_known=as_known)
    return FootprintPopulationView(
        footprint=footprint,
        basis=basis,
        people=sum(count.people for count in counts.values()),
        members=[_member(code, counts.get(code)) for code in members],
        uncounted=[code for code in members if code not in counts],
        as_at=as_at,
        as_known=as_known,
    )


def _member(code: str, count: Count | None) -> MemberCountView:
    if count is None:
        return MemberCountView(organisation=code, people=None, counted_on=None, source=None, stated_at=None)
    return MemberCountView(
        organisation=code,
        people=count.people,
        counted_on=count.effective_on,
        source=count.source,
        stated_at=count.stated_at,
    )
