"""Copies who owns, hosts or belongs to whom, from the events of the registry and of contracts."""

from collections.abc import Sequence
from typing import Final

import asyncpg

from libs.common.events import Event
from libs.common.events.contracts import SupplierChangedHands
from libs.common.events.registry import OrganisationRelated, OrganisationUnrelated
from libs.common.temporal.history import Days
from libs.common.temporal.timeline import NewStatement
from services.governance.interests.models import Hand, ownership, relations

EVENTS: Final = (OrganisationRelated, OrganisationUnrelated, SupplierChangedHands)

# Locked in order by the update, so that two batches about one supplier are taken up one after the other.
_SUPPLIERS = """
INSERT INTO known_ownership AS o (supplier) SELECT c FROM unnest($1::text[]) AS new (c) ORDER BY c
    ON CONFLICT (supplier) DO UPDATE SET supplier = o.supplier
RETURNING supplier, id
"""


async def know_links(events: Sequence[Event], connection: asyncpg.Connection) -> None:
    """Take a batch of events into the copy; repeated events change nothing.

    An event about a supplier's hands says the whole: an owner or host that is empty in it is none that is known.
    """
    hands = [event for event in events if isinstance(event, SupplierChangedHands)]
    if hands:
        rows = await connection.fetch(_SUPPLIERS, sorted({event.supplier for event in hands}))
        ids = {row["supplier"]: row["id"] for row in rows}
        stated = [
            NewStatement(ids[event.supplier], hand, value or None, Days(event.effective_on), event.stated_at)
            for event in hands
            for hand, value in ((Hand.OWNER, event.owner), (Hand.HOST, event.host))
        ]
        await ownership.state(connection, stated, source="contracts", by="service:contracts")
    await relations.know(events, connection)
