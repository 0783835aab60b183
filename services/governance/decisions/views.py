"""What governance answers about decisions."""

from datetime import date, datetime
from typing import Annotated

from pydantic import Field

from services.governance.bodies.views import Organisation
from services.governance.core.views import View
from services.governance.decisions.models import Outcome

DecisionId = Annotated[str, Field(examples=["D-6c0f2f0e-9c0b-4d0b-8f5b-0a3c0d9b7a11"])]


class DecisionView(View):
    """What a body decided, whom it binds, by which right, and whether it stands on the day."""

    decision: DecisionId
    proposal: Annotated[str, Field(examples=["PR-6c0f2f0e-9c0b-4d0b-8f5b-0a3c0d9b7a11"])]
    body: Annotated[str, Field(examples=["14Y-governing-body"])]
    organisation: Annotated[str, Field(description="Empty where it binds several.", examples=["14Y"])]
    binds: list[Organisation]
    subject: str
    action: Annotated[str, Field(examples=["contract.award"])]
    outcome: Outcome
    conditions: list[str]
    minute: Annotated[str, Field(description="The meeting and its item, or the urgent action.")]
    value_pence: int
    annual_pence: int
    recurrent: bool
    case: str
    case_version: int
    revision: int
    urgent: bool
    permit: Annotated[str, Field(description="What `can` answered for it: `GET /permits/{permit}`.")]
    taken_on: date
    stated_at: datetime
    stands: bool
    reversed_on: Annotated[date | None, Field(description="The first day without it; null while it stands.")]
    reversed_by: Annotated[str | None, Field(description="The decision that took its place.")]
    ratification_refused: Annotated[bool, Field(description="It was urgent, and the next meeting did not ratify it.")]
