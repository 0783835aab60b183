"""Answers about findings."""

from pydantic import Field

from libs.common.http.findings import FindingAnswer
from services.contracts.findings.models import FindingKind


class FindingView(FindingAnswer):
    """Something that needs attention, as at a day, as known at an instant."""

    kind: FindingKind
    about: list[str] = Field(description="References of contracts and plans, codes of suppliers and bodies.")
    exposure_pence: int | None = Field(description="What missing that day costs, in pence; null: not known.")
