"""The question whether someone may decide, as a caller puts it."""

from typing import Annotated, Self

from pydantic import ConfigDict, Field, StrictBool, StrictInt, model_validator

from services.governance.core.chains import BASES, LimitBasis, Question
from services.governance.core.codes import (
    Action,
    BodyReference,
    Command,
    ConditionCode,
    OrganisationCode,
    PersonId,
    Reference,
    Scope,
)


class AskWhetherMay(Command):
    """Who would decide on what, for which organisation, and of which value.

    A value that is left out counts as the largest that is stated before it, in the order commitment, year and whole
    life, or else after it: no limit is avoided because the value that it measures was left out.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "organisation": "07X",
                    "post": "07X/accountable-officer",
                    "action": "contract.award.payroll",
                    "value_pence": 2500000,
                    "subjects": ["0CX"],
                }
            ]
        }
    )

    organisation: OrganisationCode
    person: PersonId | None = None
    post: Reference | None = None
    body: BodyReference | None = None
    action: Action
    subjects: Annotated[
        tuple[Scope, ...], Field(max_length=20, description="What it is about: a contract, its supplier, a function.")
    ] = ()
    value_pence: Annotated[StrictInt | None, Field(ge=0, le=10**15, description="Of this commitment.")] = None
    annual_pence: Annotated[StrictInt | None, Field(ge=0, le=10**15, description="Of its highest year.")] = None
    whole_life_pence: Annotated[
        StrictInt | None, Field(ge=0, le=10**15, description="Of all years, with extensions.")
    ] = None
    recurrent: Annotated[StrictBool, Field(description="Whether it commits to spending each year.")] = False
    conditions_met: Annotated[tuple[ConditionCode, ...], Field(max_length=20)] = ()
    series: Annotated[
        str,
        Field(
            pattern=r"^([a-z0-9]+(-[a-z0-9]+)*)?$",
            max_length=80,
            description="The named series of which it is a part; empty: the same supplier and function count together.",
        ),
    ] = ""

    @model_validator(mode="after")
    def _names_one_actor(self) -> Self:
        if sum(one is not None for one in (self.person, self.post, self.body)) != 1:
            raise ValueError("person: name a person, a post or a body, one of them")
        return self

    @property
    def question(self) -> Question:
        """The question, as chains of rights answer it."""
        return Question(
            action=self.action,
            value_pence=self._values,
            recurrent=self.recurrent,
            subjects=frozenset(self.subjects),
            met=frozenset(self.conditions_met),
        )

    @property
    def _values(self) -> dict[LimitBasis, int]:
        """The value by each basis: no right is wide enough merely because a value was left out."""
        stated = (self.value_pence, self.annual_pence, self.whole_life_pence)
        values: dict[LimitBasis, int] = {}
        for place, (basis, value) in enumerate(zip(BASES, stated, strict=True)):
            before = [one for one in stated[:place] if one is not None]
            after = [one for one in stated[place:] if one is not None]
            values[basis] = max(before or after, default=0) if value is None else value
        return values
