"""Answers about proposals of contracts."""

from datetime import date, datetime
from enum import StrEnum

from pydantic import Field

from services.contracts.contract_proposals.models import Evidence, ProposalSource
from services.contracts.core.views import View


class ProposalState(StrEnum):
    """Whether a proposal was decided."""

    PROPOSED = "proposed"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"


class ProposedPartyView(View):
    """A party as the source names it, and which body that is."""

    code: str | None = Field(description="Its ODS code; null where it is not known which body that is.")
    as_published: str


class ContractProposalView(View):
    """A contract that a source lets one infer. It is no contract: nothing moves or is charged under it."""

    reference: str
    source: ProposalSource
    state: ProposalState
    customer: ProposedPartyView
    supplier: ProposedPartyView
    title: str | None
    starts_on: date | None
    last_day: date | None
    value_pence: int | None = Field(description="Of the whole, as the source gives it; null where it gives none.")
    unknown: list[str] = Field(
        description="What a contract has and the evidence does not say: who confirms it states that."
    )
    evidence: list[Evidence]
    contract: str | None = Field(description="The contract that it became; null while it has become none.")
    reason: str | None = Field(description="Why it was rejected.")
    decided_on: date | None
    stated_at: datetime
