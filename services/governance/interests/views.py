"""What governance answers of interests."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from services.governance.bodies.views import FirstDay, LastDay, Organisation
from services.governance.core.views import View
from services.governance.interests.walks import InterestType, Relation

State = Literal["to_come", "in_force", "expired", "kept", "purgeable"]


class InterestView(View):
    """An interest of a person as its register shows it on a day; what only those who keep it read is null."""

    interest: Annotated[str, Field(examples=["IN-6c0f2f0e-9c0b-4d0b-8f5b-0a3c0d9b7a11"])]
    version: Annotated[int, Field(description="For If-Match.")]
    organisation: Organisation
    person: Annotated[str, Field(examples=["P-6c0f2f0e-9c0b-4d0b-8f5b-0a3c0d9b7a11"])]
    type: InterestType
    is_direct: Annotated[bool, Field(description="The person's own, not that of a person who is close.")]
    relation: Relation
    other: Annotated[str, Field(description="An organisation's code, or a person's id.", examples=["M81001"])]
    share: Annotated[str | None, Field(description="Of the day, where one is stated.", examples=["1/32"])]
    nature: Annotated[str, Field(examples=["partner"])]
    first_day: FirstDay
    last_day: LastDay
    declared_on: date
    state: State
    public_until: Annotated[date | None, Field(description="The last day on which the register shows it, once ended.")]
    kept_until: Annotated[date | None, Field(description="The last day on which it may not be purged, once ended.")]
    aware_on: Annotated[date | None, Field(description="For those who keep the register, and the person.")]
    due_on: Annotated[date | None, Field(description="The last day on which the declaration was in time. Restricted.")]
    in_time: Annotated[bool | None, Field(description="False: a breach. Restricted.")]
    source: Annotated[str | None, Field(description="From whom it is known. Restricted.")]
    words: Annotated[str | None, Field(description="The person's own words. Restricted.")]
    packs: Annotated[list[str], Field(description="The rule packs of the days.", examples=[["interests-2016"]])]


class NilReturnView(View):
    """That a person has nothing more to declare, and by when the register has to be checked again."""

    nil_return: Annotated[str, Field(examples=["NR-6c0f2f0e-9c0b-4d0b-8f5b-0a3c0d9b7a11"])]
    organisation: Organisation
    person: str
    returned_on: date
    confirms: Annotated[bool, Field(description="What is declared is confirmed; false: there is nothing to declare.")]
    next_check_on: date | None
