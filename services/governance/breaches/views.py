"""What governance answers of breaches."""

from datetime import date
from typing import Annotated

from pydantic import Field

from services.governance.bodies.views import Organisation
from services.governance.core.views import View


class BreachView(View):
    """A breach as its register has it; who it was is null for all but those who keep the register."""

    breach: Annotated[str, Field(examples=["BR-6c0f2f0e-9c0b-4d0b-8f5b-0a3c0d9b7a11"])]
    organisation: Organisation
    rule: Annotated[str, Field(description="A code of the rule pack.", examples=["declared-late"])]
    title: Annotated[str, Field(description="What was breached.", examples=["An interest was declared late"])]
    known_on: date
    found_by: Annotated[str, Field(description="A code of the rule pack.", examples=["audit"])]
    consequence: Annotated[str | None, Field(description="A code of the rule pack; null: not concluded.")]
    lesson: str | None
    concluded_on: date | None
    person: Annotated[str | None, Field(description="Whose breach it was. Restricted.")]
    about: Annotated[str | None, Field(description="The entry, item or other thing that it is about. Restricted.")]
    pack: Annotated[str, Field(examples=["breaches-2016"])]
