"""Answers about recommendations."""

from datetime import date, datetime

from pydantic import BaseModel, Field

from services.governance.obstructions.views import ObstructionView
from services.governance.recommendations.models import RecommendationState


class ReplyView(BaseModel):
    """A body that is asked, with its answer."""

    body: str = Field(examples=["10H-governing-body"])
    organisation: str = Field(description="Whose body it is; empty where it is several'.", examples=["10H"])
    organisations: list[str]
    consents: bool = Field(description="Whether its consent is one of those that are needed.")
    answer: str | None = Field(description="`accepted` or `rejected`; null: it has not answered.")
    reason: str = Field(description="Why it rejects, a code.")
    decision: str = Field(description="The body's decision; empty where it named none.")
    replied_on: date | None


class GroundView(BaseModel):
    """A lawful ground on which others may act, and the test that the law sets."""

    code: str
    title: str
    law: str
    test: str


class EscalationView(BaseModel):
    """A draft of what may lawfully follow. Nothing of it happens by itself."""

    to: str
    grounds: list[GroundView]
    pack: str


class RecommendationView(BaseModel):
    """A recommendation, as at a day, as known at an instant."""

    recommendation: str = Field(examples=["RC-6c0f2f0e-9c0b-4d0b-8f5b-0a3c0d9b7a11"])
    footprint: str
    action: str
    subject: str
    made_on: date
    reply_by: date = Field(description="The last day in time.")
    votes_for: int | None
    votes_against: int | None
    state: RecommendationState
    share: str = Field(description="The exact fraction of the needed consents that were given.", examples=["4/5"])
    required: int
    bodies: list[ReplyView]
    obstructions: list[ObstructionView]
    escalation: EscalationView | None = Field(description="Drafted where it is obstructed, else null.")
    stated_at: datetime
