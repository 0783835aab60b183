"""Reads who sits in the bodies that are asked, and who is conflicted in what they decide."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime
from typing import Final

from libs.common.database.connection import Reads
from services.governance.core.believed import believed
from services.governance.core.members import organisations_of
from services.governance.core.models import Facet, post_time
from services.governance.core.seats import deputies_of
from services.governance.interests.parties import conflicts_with, parties_of
from services.governance.interests.rules import Conflict
from services.governance.proposals.queries import ProposalRead

_NOW: Final = datetime.max.replace(tzinfo=UTC)

_SEATS = f"""
SELECT b.reference AS body, a.person_id AS person, d.value AS deputies
  FROM body b
  JOIN post p ON p.body_id = b.id
  JOIN {believed(post_time, "s", Facet.STANDS, "p.id")}
  LEFT JOIN {believed(post_time, "h", Facet.HOLDER, "p.id")}
  LEFT JOIN appointment a ON a.id = h.value
  LEFT JOIN {believed(post_time, "d", Facet.DEPUTIES, "p.id")}
 WHERE b.reference = ANY($3::text[])
"""  # noqa: S608  (only names of ours are put in)


async def members_of(
    db: Reads, bodies: Collection[str], *, on: date, as_known: datetime | None
) -> Mapping[str, frozenset[str]]:
    """Return of each body its members and their deputies on a day."""
    found: dict[str, set[str]] = defaultdict(set)
    for row in await db.fetch(_SEATS, on, as_known or _NOW, sorted(bodies)):
        found[row["body"]] |= {row["person"], *deputies_of(row["deputies"])} - {None}
    return {body: frozenset(persons) for body, persons in found.items()}


async def conflicts_in(
    db: Reads,
    proposal: ProposalRead,
    body: str,
    persons: Collection[str],
    *,
    on: date,
    as_known: datetime | None,
    stages: Collection[str] = (),
) -> list[Conflict]:
    """Return how these persons are conflicted where a body decides on a proposal; the subject's stage by default."""
    organisations = proposal.binding.get(body) or await organisations_of(db, body, on=on, as_known=as_known)
    parties = await parties_of(db, proposal.subject, organisations, on=on, as_known=as_known)
    return await conflicts_with(db, persons, parties, on=on, as_known=as_known, stages=stages)
