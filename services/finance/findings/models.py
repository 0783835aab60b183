"""The table of findings: one row from when a finding was raised until it was cleared."""

from enum import StrEnum

from libs.common.events.finance import FinanceFindingCleared, FinanceFindingRaised
from libs.common.findings import Findings, finding_table, look_table
from services.finance.core.models import Base

finding = finding_table(Base.metadata, with_exposure=True)
finding_look = look_table(Base.metadata)
FINDINGS = Findings(raised=FinanceFindingRaised, cleared=FinanceFindingCleared, with_exposure=True)


class FindingKind(StrEnum):
    """What a finding is about; see the published language."""

    NOT_PUT_BACK = "not_put_back"
    STALLED = "stalled"
