"""What is answered about urgent actions."""

from datetime import date
from typing import Annotated

from pydantic import Field

from services.governance.core.views import View
from services.governance.decisions.models import Outcome
from services.governance.meetings.models import ItemOutcome, Opinion


class UrgentConsultationView(View):
    """A person who was consulted before an urgent action."""

    person: str
    consulted_on: date
    view: Opinion


class UrgentActionView(View):
    """An urgent action: a decision between meetings, and what the meeting made of it that it was reported to."""

    urgent_action: Annotated[str, Field(examples=["UA-6c0f2f0e-9c0b-4d0b-8f5b-0a3c0d9b7a11"])]
    body: str
    proposal: str
    acted_on: date
    acted_by: list[str]
    outcome: Outcome
    conditions: list[str]
    decision: Annotated[str, Field(description="The decision that it is.")]
    consulted: list[UrgentConsultationView]
    reported_at: Annotated[str | None, Field(description="The item at which it is reported.")]
    meeting: str | None
    result: Annotated[ItemOutcome | None, Field(description="`carried`: ratified; `failed`: reversed.")]
