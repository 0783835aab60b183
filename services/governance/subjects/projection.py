"""Copies what other services publish of subjects: one row an event, so that neither order nor repetition matters."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import asyncpg

from libs.common.events import Event
from libs.common.events.contracts import (
    CommitmentMade,
    ConsolidationAgreed,
    ConsolidationPlanned,
    ConsolidationWithdrawn,
    ContractSigned,
    ContractTerminated,
    ContractTransferred,
    ContractVaried,
    ProcurementStated,
    ServiceConsolidated,
    SharesAgreed,
    TerminationPriced,
)
from libs.common.events.finance import CaseAppraised, CostShiftFound
from libs.common.events.registry import (
    MERGED,
    MERGER_AGREED,
    MERGER_REDATED,
    MERGER_WITHDRAWN,
    CCGMerged,
    CCGMergerAgreed,
    CCGMergerRedated,
    CCGMergerWithdrawn,
    ICBMerged,
    ICBMergerAgreed,
    ICBMergerRedated,
    ICBMergerWithdrawn,
    MergerApplied,
)
from services.governance.subjects.models import SubjectKind

OF_CONTRACTS = (
    ContractSigned,
    ContractVaried,
    ContractTransferred,
    ContractTerminated,
    TerminationPriced,
    CommitmentMade,
    ServiceConsolidated,
    SharesAgreed,
    ProcurementStated,
    ConsolidationPlanned,
    ConsolidationAgreed,
    ConsolidationWithdrawn,
)
OF_FINANCE = (CaseAppraised, CostShiftFound)
OF_REGISTRY = (*MERGER_AGREED, *MERGER_REDATED, *MERGER_WITHDRAWN, *MERGED, MergerApplied)

_KNOW = """
INSERT INTO known_subject (reference, kind, what, content, effective_on, stated_at)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::date[], $6::timestamptz[])
    ON CONFLICT DO NOTHING
"""

Content = Mapping[str, Any]


async def know_subjects(events: Sequence[Event], connection: asyncpg.Connection) -> None:
    """Insert what these events state of subjects, by one statement; a repeated event changes nothing."""
    rows = [
        (reference, kind, event.event_name, json.dumps(content, sort_keys=True), event.effective_on, event.stated_at)
        for event in events
        if (found := _of_contract(event) or _of_plan(event) or _of_finance(event) or _of_merger(event))
        for reference, kind, content in [found]
    ]
    if rows:
        await connection.execute(_KNOW, *(list(column) for column in zip(*rows, strict=True)))


def _of_contract(event: Event) -> tuple[str, SubjectKind, Content] | None:
    stated: dict[str, Any]
    match event:
        case ContractSigned() | ContractVaried() | ServiceConsolidated():
            stated = {"functions": event.functions, "last_day": event.last_day.isoformat()}
            stated |= {"annual_pence": event.annual_pence}
        case CommitmentMade():
            stated = {"last_day": event.last_day.isoformat(), "annual_pence": event.annual_pence}
        case ContractTransferred():
            stated = {"annual_pence": event.annual_pence}
        case ContractTerminated():
            stated = {"reason": event.reason, "into": event.into}
        case TerminationPriced():
            due = zip(event.payers, event.payees, event.component_pence, strict=True)
            stated = {"termination": event.termination, "status": event.status, "exit_on": event.exit_on.isoformat()}
            stated |= {"due": [list(one) for one in due], "unpriced": event.unpriced}
            return event.contract, SubjectKind.CONTRACT, stated
        case SharesAgreed():
            stated = {"customers": event.customers, "hr": event.hr_shares, "legal": event.legal_shares}
            return event.agreement, SubjectKind.CONTRACT, stated | {"risk": event.risk_shares}
        case _:
            return None
    parties = {"organisations": event.customers, "suppliers": [event.supplier]}
    return event.contract, SubjectKind.CONTRACT, stated | parties


def _of_plan(event: Event) -> tuple[str, SubjectKind, Content] | None:
    stated: dict[str, Any]
    match event:
        case ProcurementStated():
            stated = {"organisations": event.buyers, "bidders": event.bidders, "hosts": [event.run_by]}
            stated |= {"functions": event.functions, "stage": event.stage, "value_pence": event.value_pence}
            stated |= {"contract": event.contract, "suppliers": [event.winner]}
            return event.procurement, SubjectKind.PROCUREMENT, stated
        case ConsolidationPlanned():
            stated = {"organisations": event.customers, "suppliers": [event.supplier], "functions": event.functions}
            stated |= {"contracts": event.contracts, "annual_pence": event.annual_pence, "revision": event.revision}
            stated |= {"price_pence": sum(event.price_pence), "go_live_on": event.go_live_on.isoformat()}
            return event.plan, SubjectKind.PLAN, stated
        case ConsolidationAgreed():
            agreed = {"contract": event.contract, "suppliers": [event.supplier], "organisations": event.customers}
            return event.plan, SubjectKind.PLAN, agreed
        case ConsolidationWithdrawn():
            return event.plan, SubjectKind.PLAN, {"by": event.by, "revision": event.revision}
        case _:
            return None


def _of_finance(event: Event) -> tuple[str, SubjectKind, Content] | None:
    stated: dict[str, Any]
    match event:
        case CaseAppraised():
            stated = {"organisations": event.organisations, "contracts": event.contracts, "version": event.version}
            stated |= {"digest": event.digest, "npv_pence": event.npv_pence, "lens": event.lens}
            return event.case, SubjectKind.CASE, stated
        case CostShiftFound():
            stated = {"version": event.version, "lens": event.lens, "net_pence": event.net_pence}
            stated |= {"gainers": event.gainers, "gains_pence": event.gains_pence}
            stated |= {"losers": event.losers, "losses_pence": event.losses_pence}
            return event.subject, SubjectKind.CASE, stated
        case _:
            return None


def _of_merger(event: Event) -> tuple[str, SubjectKind, Content] | None:
    match event:
        case CCGMergerAgreed() | ICBMergerAgreed():
            return event.merger, SubjectKind.MERGER, _merging(event.predecessors, event.successor, "agreed")
        case CCGMergerRedated() | ICBMergerRedated():
            return event.merger, SubjectKind.MERGER, _merging(event.predecessors, event.successor, "agreed")
        case CCGMerged() | ICBMerged():
            return event.merger, SubjectKind.MERGER, _merging(event.predecessors, event.successor, "merged")
        case CCGMergerWithdrawn() | ICBMergerWithdrawn():
            return event.merger, SubjectKind.MERGER, _merging(event.predecessors, event.successor, "withdrawn")
        case MergerApplied():
            return event.application, SubjectKind.MERGER, _merging(event.applicants, event.successor, "applied")
        case _:
            return None


def _merging(organisations: Sequence[str], successor: str, stage: str) -> Content:
    return {"organisations": organisations, "hosts": [successor], "stage": stage}
