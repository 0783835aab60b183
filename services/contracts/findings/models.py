"""The table of findings: one row from when a finding was raised until it was cleared."""

from enum import StrEnum

from sqlalchemy import Index

from libs.common.events.contracts import ContractFindingCleared, ContractFindingRaised
from libs.common.findings import Findings, finding_table, look_table
from services.contracts.core.models import Base

finding = finding_table(Base.metadata, with_exposure=True)
Index("ix_finding_kind_key", finding.c.kind, finding.c.key)
finding_look = look_table(Base.metadata)
FINDINGS = Findings(raised=ContractFindingRaised, cleared=ContractFindingCleared, with_exposure=True)


class FindingKind(StrEnum):
    """What a finding is about; see the published language."""

    NOTICE_WINDOW_OPENS = "notice_window_opens"
    NOTICE_WINDOW_MISSED = "notice_window_missed"
    DEADLINE_MISSED = "deadline_missed"
    OVERDUE = "overdue"
    LATE = "late"
    HOST_INTENDED = "host_intended"
    OVERLAP = "overlap"
    GUIDANCE = "guidance"
    DELIVERY_IN_DOUBT = "delivery_in_doubt"
    OBLIGATION_DUE = "obligation_due"
    MEASURE_MISSED = "measure_missed"
    MILESTONE_MISSED = "milestone_missed"
    PARTY_CLOSED = "party_closed"
    SHARE_TO_SETTLE = "share_to_settle"
    NOT_PUT_BACK = "not_put_back"
    FORM_CANNOT_HOLD = "form_cannot_hold"
    AUTHORITY_UNVERIFIED = "authority_unverified"
    AUTHORITY_REVERSED = "authority_reversed"
    STALLED = "stalled"
    REPLACEMENT_DUE = "replacement_due"
