"""Answers about findings."""

from pydantic import Field

from libs.common.http.findings import FindingAnswer
from services.registry.findings.models import MergerFindingKind


class MergerFindingView(FindingAnswer):
    """Something that needs attention, as at a day, as known at an instant."""

    kind: MergerFindingKind
    about: list[str] = Field(description="References of applications, mergers and schemes; codes of bodies.")
