"""The table of findings: one row from when a finding was raised until it was cleared."""

from enum import StrEnum

from libs.common.events.governance import GovernanceFindingCleared, GovernanceFindingRaised
from libs.common.findings import Findings, finding_table, look_table
from services.governance.core.models import Base

finding = finding_table(Base.metadata)
finding_look = look_table(Base.metadata)
FINDINGS = Findings(raised=GovernanceFindingRaised, cleared=GovernanceFindingCleared)


class FindingKind(StrEnum):
    """What a finding is about; see the published language."""

    RIGHT_TO_REMAKE = "right_to_remake"
    INSTRUMENT_TO_REMAKE = "instrument_to_remake"
    POST_VACANT = "post_vacant"
    DECLARATION_DUE = "declaration_due"
    URGENT_UNREPORTED = "urgent_unreported"
    MINUTES_UNAPPROVED = "minutes_unapproved"
    APPLIED_WITHOUT_DECISION = "applied_without_decision"
    PRE_STATUTORY = "pre_statutory"
    NO_CONSULTATION = "no_consultation"
    DOMINANCE = "dominance"
    STALLED = "stalled"
    EVIDENCE_RETRACTED = "evidence_retracted"
    CONDITION_OVERDUE = "condition_overdue"
