"""Copies what decides a party's sector and who is in a footprint, from the events of the registry and of contracts."""

from collections.abc import Iterator, Sequence
from typing import Final

import asyncpg

from libs.common.events import Event
from libs.common.events.contracts import SupplierChangedHands
from libs.common.events.registry import (
    OrganisationLegalFormChanged,
    OrganisationRelated,
    OrganisationUnrelated,
    SourceReported,
)
from libs.common.temporal.history import Days
from libs.common.temporal.timeline import NewStatement
from libs.organisations.statements import Facet, source_of, statements_of
from services.finance.parties.models import parties, relations
from services.finance.parties.rules import Aspect

EVENTS: Final = (
    SupplierChangedHands,
    OrganisationRelated,
    OrganisationUnrelated,
    OrganisationLegalFormChanged,
    SourceReported,
)

_BY = "service:finance"

# Locked in order by the update, so that two batches about one subject are taken up one after the other.
_PARTIES = """
INSERT INTO known_party AS p (code) SELECT c FROM unnest($1::text[]) AS new (c) ORDER BY c
    ON CONFLICT (code) DO UPDATE SET code = p.code
RETURNING code, id
"""


async def know_parties(events: Sequence[Event], connection: asyncpg.Connection) -> None:
    """Take a batch of events into the copy; repeated events change nothing."""
    stated = [(code, statement) for event in events for code, statement in _of_party(event)]
    if stated:
        codes = sorted({code for code, _ in stated})
        ids = {row["code"]: row["id"] for row in await connection.fetch(_PARTIES, codes)}
        named = [statement._replace(subject_id=ids[code]) for code, statement in stated]
        await parties.state(connection, named, source="contracts", by=_BY)
    await relations.know(events, connection)


def _of_party(event: Event) -> Iterator[tuple[str, NewStatement]]:
    """Give what an event states of a party. One about hands says the whole: what is empty in it is not known."""
    if isinstance(event, SupplierChangedHands):
        days = Days(event.effective_on)
        hands = {Aspect.SECTOR: event.owner_sector, Aspect.OWNER: event.owner, Aspect.HOST: event.host}
        for aspect, value in hands.items():
            yield event.supplier, NewStatement(0, aspect, value or None, days, event.stated_at)
        return
    for one in statements_of(event):
        if one.facet == Facet.LEGAL_FORM:
            yield (
                one.code,
                NewStatement(
                    0,
                    Aspect.LEGAL_FORM,
                    one.value,
                    one.days,
                    event.stated_at,
                    one.fills_before,
                    one.rank,
                    source_of(event) or "registry",
                ),
            )
