"""Copies the events of other publishers that may belong to a dossier, and which references attach them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg

from libs.common.events import Event
from libs.common.events.contracts import (
    AgreementSettled,
    AgreementToRemake,
    CommitmentMade,
    ConsolidationAgreed,
    ConsolidationPlanned,
    ConsolidationWithdrawn,
    ContractSigned,
    ContractTerminated,
    ContractTransferred,
    ContractVaried,
    NoticeServed,
    ProcurementStated,
    ServiceConsolidated,
    TerminationPriced,
)
from libs.common.events.finance import (
    AllowanceRestated,
    BudgetMoved,
    BudgetReduced,
    BudgetRestated,
    BudgetSet,
    CaseAppraised,
    CostShiftFound,
    DelayPriced,
    PaymentMade,
    SavingContracted,
    SavingRealised,
    SavingReversed,
)
from libs.common.events.registry import (
    CCGMerged,
    CCGMergerAgreed,
    CCGMergerRedated,
    CCGMergerWithdrawn,
    ICBMerged,
    ICBMergerAgreed,
    ICBMergerRedated,
    ICBMergerWithdrawn,
    MergerApplicationDetermined,
    MergerApplied,
    MergerConditionMet,
    TransferSchemeMade,
    TransferSchemeResumed,
    TransferSchemeSuspended,
)
from libs.common.messaging.subscriptions import Delivery

_WORDS = frozenset({"title", "reason", "evidence", "successor_name", "effective_on", "stated_at"})
"""Fields that may be words, and the days, which each entry has of its own."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """The fields by whose values a dossier takes an event in, and those whose values it then has as references.

    `codes` are fields that are words in other events and a code in this one; `without` are figures that fewer may read
    than the dossier: its entry has the event's id, by which who may reads them where they were published.
    """

    by: tuple[str, ...]
    gives: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    without: tuple[str, ...] = ()


_MERGER = Attachment(("merger",), ("merger",))
# A body votes to apply before there is an application or a merger: on itself, or on the successor.
_AGREED = Attachment(("merger", "successor", "predecessors"), ("merger",))
_RESTATED = Attachment(("merger",), without=("amount_pence", "released_pence", "population"))
_SAVING = Attachment(("initiative", "cause"), ("initiative",), without=("amount_pence",))
_CONTRACT = Attachment(("contract",))

ATTACHMENTS: Mapping[type[Event], Attachment] = {
    MergerApplied: Attachment(("application", "successor", "applicants"), ("application",)),
    MergerApplicationDetermined: Attachment(("application", "merger"), ("application", "merger")),
    **dict.fromkeys((CCGMergerAgreed, ICBMergerAgreed), _AGREED),
    **dict.fromkeys(
        (CCGMergerRedated, ICBMergerRedated, CCGMergerWithdrawn, ICBMergerWithdrawn, CCGMerged, ICBMerged), _MERGER
    ),
    **dict.fromkeys((MergerConditionMet, TransferSchemeMade, TransferSchemeSuspended, TransferSchemeResumed), _MERGER),
    AgreementToRemake: Attachment(("merger",), ("agreement",)),
    AgreementSettled: Attachment(("agreement",)),
    **dict.fromkeys((AllowanceRestated, BudgetRestated), _RESTATED),
    ProcurementStated: Attachment(("procurement",), ("contract",)),
    CommitmentMade: _CONTRACT,
    ContractSigned: Attachment(("contract", "procurement", "decisions"), ("contract",)),
    ContractVaried: Attachment(("contract", "decisions"), codes=("reason",)),
    ContractTransferred: Attachment(("contract", "merger"), without=("annual_pence",)),
    ContractTerminated: _CONTRACT,
    NoticeServed: _CONTRACT,
    TerminationPriced: _CONTRACT,
    PaymentMade: _CONTRACT,
    ConsolidationPlanned: Attachment(("plan",), ("initiative",)),
    ConsolidationAgreed: Attachment(("plan", "decisions"), ("contract", "replaced", "initiative")),
    ConsolidationWithdrawn: Attachment(("plan",)),
    ServiceConsolidated: Attachment(("plan", "contract"), ("contract", "initiative")),
    CaseAppraised: Attachment(("case",)),
    CostShiftFound: Attachment(("subject",)),
    DelayPriced: Attachment(("proposal",)),
    **dict.fromkeys((SavingContracted, SavingRealised, SavingReversed), _SAVING),
    BudgetReduced: Attachment(("decision", "initiative"), without=("amount_pence",)),
    **dict.fromkeys((BudgetMoved, BudgetSet), Attachment(("decision",))),
}
"""Which events dossiers are made of, beside governance's own acts. Each is attached by what caused it too."""

_NOTE = """
WITH noted AS (
    INSERT INTO dossier_event (event_id, name, attached_by, attaches, fields, effective_on, stated_at, correlation)
    SELECT i, n, string_to_array(b, $8), string_to_array(g, $8), f::jsonb, e, s, c
      FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::date[], $7::timestamptz[],
                  $9::text[]) AS new (i, n, b, g, f, e, s, c)
        ON CONFLICT (event_id) DO NOTHING
    RETURNING attached_by)
INSERT INTO dossier_mark (reference) SELECT DISTINCT unnest(attached_by) FROM noted
"""
_BETWEEN = "\x1f"


async def note(deliveries: Sequence[Delivery], connection: asyncpg.Connection) -> None:
    """Copy these events, each once, and mark what they are about: one statement, however many events."""
    rows = [_row(one) for one in deliveries]
    correlations = [one.envelope.correlation for one in deliveries]
    await connection.execute(_NOTE, *(list(column) for column in zip(*rows, strict=True)), _BETWEEN, correlations)


def _row(delivery: Delivery) -> tuple[Any, ...]:
    event, envelope = delivery.event, delivery.envelope
    attachment = ATTACHMENTS[type(event)]
    left_out = (_WORDS - set(attachment.codes)) | set(attachment.without)
    fields = {name: value for name, value in event.model_dump(mode="json").items() if name not in left_out}
    return (
        envelope.id,
        event.event_name,
        _BETWEEN.join(sorted({*_values(fields, attachment.by), envelope.causation} - {""})),
        _BETWEEN.join(sorted({*_values(fields, attachment.gives), envelope.id} - {""})),
        json.dumps(fields),
        event.effective_on,
        event.stated_at,
    )


def _values(fields: Mapping[str, Any], names: Sequence[str]) -> set[str]:
    found: set[str] = set()
    for name in names:
        value = fields[name]
        found.update([value] if isinstance(value, str) else value or ())
    return found
