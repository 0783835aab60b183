"""Answers about authorisation."""

from datetime import date, datetime
from typing import Annotated

from pydantic import Field

from services.governance.assurance.models import Authorised
from services.governance.core.views import View


class ConditionView(View):
    """A criterion that was unmet, with the support for it, and the evidence that lifted it by the day."""

    criterion: Annotated[int, Field(description="Its number; the words of the criteria are not known here.")]
    domain: Annotated[str, Field(examples=["governance"])]
    level: Annotated[int, Field(description="The level of support, from 1 to 6.")]
    support: Annotated[str, Field(description="What that level is.", examples=["Model document or toolkit"])]
    support_verified: Annotated[bool, Field(description="Whether a source says what the level is.")]
    functions: Annotated[list[str], Field(description="Functions that a direction moves or stops.")]
    exercised_by: Annotated[str, Field(description="By whom they are exercised instead; empty: by no organisation.")]
    rectify_by: Annotated[date | None, Field(description="By when its rectification plan meets it.")]
    overdue: Annotated[bool, Field(description="Unmet after the last day of its plan.")]
    lifted_on: date | None
    evidence: Annotated[str | None, Field(description="The record of what lifted it.")]
    sha256: Annotated[str | None, Field(description="Of the paper that shows it.")]


class CheckpointView(View):
    """The last assessment of a supplier under contract, as contracts published it. No outcome says that it lasts."""

    supplier: str
    assessed_on: date
    outcome: Annotated[str, Field(description="`proceed`, `manage` or `stop`.")]
    unmet: Annotated[list[str], Field(description="Criteria that were not met, or at risk.")]
    stop_on: Annotated[date | None, Field(description="Of a stop: the last day of service.")]
    replace_by: Annotated[
        date | None, Field(description="Of a stop: the day by which to begin on the route that takes longest.")
    ]
    pack: str


class AuthorisationView(View):
    """A decision on authorisation, and where it stands on a day."""

    authorisation: Annotated[str, Field(examples=["AU-6c0f2f0e-9c0b-4d0b-8f5b-0a3c0d9b7a11"])]
    organisation: str
    wave: int | None
    decided_on: date
    outcome: Annotated[Authorised, Field(description="What was decided.")]
    stands_at: Annotated[Authorised, Field(description="Where it stands on the day, by the conditions unmet then.")]
    replaced_by: Annotated[str | None, Field(description="The later decision that took its place by the day.")]
    sign_off: Annotated[bool, Field(description="Whether a condition has decisions signed off on the day.")]
    conditions: list[ConditionView]
    checkpoints: Annotated[
        list[CheckpointView], Field(description="Of those who supply the organisation; of `GET` of one alone.")
    ]
    pack: str
    stated_at: datetime
    as_at: date
    as_known: datetime | None


class DirectedView(View):
    """A body that decides by directions of NHS England, without a right of its own and without a limit."""

    organisation: Annotated[str, Field(description="Which exercises the function.", examples=["05C"])]
    body: Annotated[str, Field(description="One that leads it.", examples=["05C-governing-body"])]
    authorisation: Annotated[str, Field(description="The decision that has the directions.", examples=["AU-1"])]
