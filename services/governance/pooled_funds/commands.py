"""What a party says who proposes other shares of a pooled fund, and whether shares are whole."""

from collections.abc import Collection, Sequence
from fractions import Fraction
from typing import Annotated, Self, TypeAlias

from pydantic import ConfigDict, Field, model_validator

from libs.common.errors import Conflict, Reason
from libs.common.temporal.days import WrittenDay
from services.governance.core.codes import Command, Document, Note, OrganisationCode
from services.governance.core.errors import SharesNotWhole

Share: TypeAlias = Annotated[str, Field(pattern=r"^(1|[1-9][0-9]{0,8}/[1-9][0-9]{0,8})$")]


class ProposeShares(Command):
    """Other shares of an instrument's pooled fund from a day on, as one of its parties proposes them."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "organisation": "07M",
                    "members": ["07M", "07R"],
                    "shares": ["2/5", "3/5"],
                    "first_day": "2017-04-01",
                    "document": "Variation of 20 March 2017",
                }
            ]
        }
    )

    organisation: Annotated[OrganisationCode, Field(description="The party that proposes them, and agrees to them.")]
    members: Annotated[
        tuple[OrganisationCode, ...], Field(min_length=2, max_length=50, description="All parties of the day.")
    ]
    shares: Annotated[tuple[Share, ...], Field(max_length=50, description="In the order of `members`.")]
    first_day: WrittenDay
    note: Note = None
    document: Document = None

    @model_validator(mode="after")
    def _names_each_once(self) -> Self:
        if len(set(self.members)) != len(self.members):
            raise ValueError("members: name each one once")
        return self


def without_share(members: Collection[str], parties: Collection[str]) -> list[Conflict]:
    """Return a refusal for each party of a fund that has no share of it."""
    messages = [f"{code} is a party, and has no share" for code in sorted(set(parties) - set(members))]
    return [SharesNotWhole(message, reasons=[Reason(message, "members")]) for message in messages]


def not_whole(shares: Sequence[str], members: Sequence[str]) -> list[Conflict]:
    """Return why shares are not one whole, one for each member."""
    if len(shares) == len(members) and sum(Fraction(share) for share in shares) == 1:
        return []
    message = f"{' + '.join(shares) or 'no share'} for {len(members)} parties is not 1"
    return [SharesNotWhole(message, reasons=[Reason(message, "shares")])]
