"""What governance answers of gifts and hospitality."""

from datetime import date
from typing import Annotated

from pydantic import Field

from services.governance.bodies.views import Organisation
from services.governance.core.views import View
from services.governance.gifts.models import GiftKind, GiftOutcome, GiverKind, Response


class GiftView(View):
    """What a person was offered, as its register shows it on a day; what only those who keep it read is null."""

    gift: Annotated[str, Field(examples=["GF-6c0f2f0e-9c0b-4d0b-8f5b-0a3c0d9b7a11"])]
    version: Annotated[int, Field(description="For If-Match.")]
    organisation: Organisation
    person: Annotated[str, Field(examples=["P-6c0f2f0e-9c0b-4d0b-8f5b-0a3c0d9b7a11"])]
    kind: GiftKind
    giver_kind: GiverKind
    giver: Annotated[str | None, Field(description="A code; null where it is not named. A person's id is restricted.")]
    promotional: bool
    value_pence: int
    offered_on: date
    declared_on: date
    response: Response
    approved_by: Annotated[str | None, Field(description="The post that approved it.", examples=["14Y/chair"])]
    replaces: Annotated[str | None, Field(description="The entry that this one corrects.")]
    outcome: Annotated[
        GiftOutcome | None, Field(description="What the rule pack of its day makes of it; null: not known.")
    ]
    declare: Annotated[bool | None, Field(description="Whether it has to be declared; null: not known.")]
    total_pence: Annotated[int | None, Field(description="The value that counts, with what is added up. Restricted.")]
    added_up: Annotated[list[str], Field(description="Other gifts of the same source that count with it. Restricted.")]
    in_line: Annotated[
        bool | None, Field(description="Whether what was done is what the rule asks for. Restricted; null: not known.")
    ]
    public_until: Annotated[date | None, Field(description="The last day on which the register shows it.")]
    kept_until: Annotated[date | None, Field(description="The last day on which it may not be purged.")]
    words: Annotated[str | None, Field(description="What it was, in private words. Restricted.")]
    packs: Annotated[list[str], Field(examples=[["gifts-2017", "interests-2017"]])]
