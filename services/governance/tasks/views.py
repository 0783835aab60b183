"""The answer about what waits for the caller."""

from datetime import date
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from services.governance.core.views import View


class AwaitedAct(StrEnum):
    """What is waited for."""

    VOTE = "vote"
    CONSENT = "consent"
    DECLARATION = "declaration"
    MINUTES = "minutes"
    REPLY = "reply"
    RATIFICATION = "ratification"
    RIGHT = "right"
    AGREEMENT = "agreement"


class GovernanceTaskView(View):
    """One act that waits for an organisation of the caller."""

    kind: AwaitedAct
    organisation: Annotated[str, Field(description="Who has to act.", examples=["14Y"])]
    body: Annotated[str | None, Field(description="The body that it is for; null where there is none.")]
    about: Annotated[
        str,
        Field(
            description="The proposal (`vote`, `consent`), person, meeting, recommendation, urgent action, right or "
            "instrument.",
            examples=["PR-6c0f2f0e-9c0b-4d0b-8f5b-0a3c0d9b7a11"],
        ),
    ]
    due_on: Annotated[date | None, Field(description="The day by which it is to be done; null: none is set.")]
    since: Annotated[date, Field(description="The day from which it waits.")]
    path: Annotated[
        str, Field(description="Where it, or its next step, is done, by POST.", examples=["/interests/nil-returns"])
    ]
