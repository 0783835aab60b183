"""The table of findings: one row from when a finding was raised until it was cleared."""

from enum import StrEnum

from libs.common.events.registry import RegistryFindingCleared, RegistryFindingRaised
from libs.common.findings import Findings, finding_table, look_table
from services.registry.core.base import Base

merger_finding = finding_table(Base.metadata, name="merger_finding")
finding_look = look_table(Base.metadata)
FINDINGS = Findings(raised=RegistryFindingRaised, cleared=RegistryFindingCleared, table="merger_finding")


class MergerFindingKind(StrEnum):
    """What a finding is about; see the published language."""

    STALLED = "stalled"
    NOT_PUT_BACK = "not_put_back"
