"""Notes the events that came, with their ids and places, so that a figure leads to what it follows from."""

from collections.abc import Sequence

import asyncpg

from libs.common.events import TYPE_PREFIX, Event
from libs.common.events.contracts import (
    BuyOutTermsStated,
    ConsolidationAgreed,
    ConsolidationPlanned,
    ConsolidationWithdrawn,
    ContractSigned,
    ContractTerminated,
    ContractTransferred,
    ContractVaried,
    ExitTermsStated,
    NoticeDatesStated,
    NoticeServed,
    NoticeWithdrawn,
    PaymentFellDue,
    ServiceConsolidated,
    SharesAgreed,
    SupplierPriced,
    TerminationPriced,
)
from libs.common.events.governance import (
    DecisionAwaited,
    DecisionDeferred,
    DecisionReversed,
    DecisionTaken,
    ObstructionEnded,
    ObstructionFound,
    ProposalOpened,
    ProposalWithdrawn,
)
from libs.common.events.registry import MERGED, OrganisationSucceeded, PopulationPublished, SuccessionUndone
from libs.common.messaging.subscriptions import Delivery

CHARGES = (
    *(ContractSigned, ContractVaried, ContractTransferred, ContractTerminated, ServiceConsolidated),
    SharesAgreed,
)
EXITS = (*CHARGES, ExitTermsStated, NoticeDatesStated, NoticeServed, NoticeWithdrawn, TerminationPriced)
PLANS = (ConsolidationPlanned, ConsolidationAgreed, ConsolidationWithdrawn, ServiceConsolidated)
COUNTS = (PopulationPublished,)
SUCCESSIONS = (*MERGED, OrganisationSucceeded, SuccessionUndone)
PRICES = (SupplierPriced,)
BUY_OUTS = (BuyOutTermsStated,)
PROPOSALS = (ProposalOpened, ProposalWithdrawn)
CLOCKS = (
    *(DecisionAwaited, DecisionDeferred, DecisionTaken, DecisionReversed),
    *(ObstructionFound, ObstructionEnded, *PROPOSALS),
)
EVENTS: tuple[type[Event], ...] = tuple(
    dict.fromkeys((*EXITS, *PLANS, *COUNTS, *SUCCESSIONS, *PRICES, *BUY_OUTS, *CLOCKS, PaymentFellDue))
)

_NOTE = """
INSERT INTO heard_event (source, position, event_id, type, name, keys, readers, stated_at, recorded_at,
                         correlation)
SELECT source, position, event_id, type, name, string_to_array(keys, ','), string_to_array(readers, ','), stated_at,
       recorded_at, correlation
  FROM unnest($1::text[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::timestamptz[],
              $9::timestamptz[], $10::text[])
    AS noted (source, position, event_id, type, name, keys, readers, stated_at, recorded_at, correlation)
    ON CONFLICT DO NOTHING
"""


async def note_events(deliveries: Sequence[Delivery], connection: asyncpg.Connection) -> None:
    """Insert which events came, by one statement; one that came before is not noted twice."""
    rows = [_row(delivery) for delivery in deliveries]
    await connection.execute(_NOTE, *(list(column) for column in zip(*rows, strict=True)))


def _row(delivery: Delivery) -> tuple[object, ...]:
    envelope, event = delivery.envelope, delivery.event
    return (
        envelope.source,
        envelope.position,
        envelope.id,
        f"{TYPE_PREFIX}{envelope.name}.v{envelope.version}",
        event.event_name,
        # A key has no comma.
        ",".join(sorted(event.keys)),
        ",".join(sorted(envelope.organisations)) if event.parties_only else None,
        event.stated_at,
        envelope.recorded_at,
        envelope.correlation,
    )
