"""Answers about findings."""

from pydantic import Field

from libs.common.http.findings import FindingAnswer
from services.governance.findings.models import FindingKind


class FindingView(FindingAnswer):
    """Something that needs attention, as at a day, as known at an instant."""

    kind: FindingKind
    about: list[str] = Field(description="References of bodies, posts, proposals and contracts; ids of rights.")
    parties: list[str] = Field(description="The organisations whom it concerns, who alone read it.")
