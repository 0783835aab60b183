"""What is answered about the quorum of a meeting before it."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from services.governance.core.views import View
from services.governance.meetings.views import ItemId, MeetingReference, Person


class ShortfallView(View):
    """Why a clause of the quorum is not met."""

    contested: Annotated[
        list[list[str]], Field(description="The roles of seats for which too few persons are there; empty: any.")
    ]
    rivals: Annotated[list[str], Field(description="The persons who alone could fill these seats.")]
    unmet: Annotated[list[list[str]], Field(description="Roles of which someone would have to be there.")]
    missing: Annotated[int, Field(description="How many voting members are too few.")]


class AdditionView(View):
    """A person who would help to make a quorum: a member, or a deputy."""

    person: Person
    roles: list[str]
    deputises_for: Annotated[
        str | None, Field(description="Of a deputy, the holder of the post, or the post where it is vacant.")
    ]


class ItemForecast(View):
    """Whether those who come make a quorum for an item, and else the fewest who would have to come too."""

    item: ItemId
    number: int
    quorate: bool
    excluded: Annotated[list[str], Field(description="Persons who neither vote nor count at the item.")]
    shortfalls: Annotated[list[ShortfallView], Field(description="Why each clause of the quorum is not met.")]
    additions: Annotated[
        list[AdditionView] | None, Field(description="The fewest lawful ones; null where none were found, or withheld.")
    ]
    complete: Annotated[bool, Field(description="Whether every choice of additions was tried.")]
    elsewhere: Annotated[
        list[str], Field(description="Where no additions help, the other bodies and posts that may decide.")
    ]
    withheld: Annotated[
        bool, Field(description="The item is private: the caller sees alone whether they are excluded.")
    ]


class ForecastView(View):
    """The forecast of a meeting, item by item."""

    meeting: MeetingReference
    body: str
    as_known: datetime | None
    items: list[ItemForecast]
