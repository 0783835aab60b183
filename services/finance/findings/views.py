"""Answers about findings."""

from pydantic import Field

from libs.common.http.findings import FindingAnswer
from services.finance.findings.models import FindingKind


class FindingView(FindingAnswer):
    """Something that needs attention, as at a day, as known at an instant."""

    kind: FindingKind
    about: list[str] = Field(description="References of decisions, contracts, payments, runs, proposals and cases.")
    exposure_pence: int | None = Field(description="What it is about, in pence; null: not known.")
