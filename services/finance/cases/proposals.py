"""Finance's copy of the proposals that name a case: they freeze the version that a decision is asked on."""

from collections.abc import Sequence

import asyncpg

from libs.common.database.connection import Reads
from libs.common.events import Event
from libs.common.events.governance import ProposalOpened, ProposalWithdrawn

_KNOW = """
INSERT INTO known_proposal (proposal, what, case_reference, case_version, organisation, effective_on, stated_at)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::int[], $5::text[], $6::date[], $7::timestamptz[])
    ON CONFLICT DO NOTHING
"""

_OPENED = """
SELECT proposal, organisation FROM known_proposal
 WHERE what = 'opened' AND case_reference = $1 AND case_version = $2 ORDER BY stated_at, proposal
"""


async def know_proposals(events: Sequence[Event], connection: asyncpg.Connection) -> None:
    """Insert the proposals that these events open or withdraw; a repeated event changes nothing."""
    rows = [row for event in events for row in _rows(event)]
    if rows:
        await connection.execute(_KNOW, *(list(column) for column in zip(*rows, strict=True)))


def _rows(event: Event) -> list[tuple[object, ...]]:
    match event:
        case ProposalOpened():
            named = ("opened", event.case, event.case_version, event.organisation)
        case ProposalWithdrawn():
            named = ("withdrawn", "", 0, event.organisation)
        case _:
            return []
    return [(event.proposal, *named, event.effective_on, event.stated_at)]


async def list_proposals(db: Reads, reference: str, version: int) -> list[tuple[str, str]]:
    """Return the proposals that were opened on a version of a case and whose they are, the first one first."""
    return [(row["proposal"], row["organisation"]) for row in await db.fetch(_OPENED, reference, version)]
