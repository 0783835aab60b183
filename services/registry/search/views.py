"""Answers of searches, members, trees and lookups."""

from datetime import date, datetime

from pydantic import BaseModel, Field

from libs.organisations.statements import Status
from services.registry.core.kinds import Kind
from services.registry.core.views import OrganisationView, View

MOST_IN_A_TREE = 2_000
"""Bodies that one answer holds."""


class MatchView(OrganisationView):
    """An organisation that was found, and what of it matched."""

    postcode: str | None = Field(examples=["NE15 8NY"])
    matched: list[str] = Field(
        description="what the words matched: `code`, `name`, `name on another day`, `address`, `code:ons`",
        examples=[["name on another day"]],
    )


class MemberView(View):
    """A body that belongs to another on a day."""

    code: str = Field(examples=["A86003"])
    name: str | None
    kind: Kind
    status: Status
    parent: str = Field(description="the body that it belongs to on the day")
    relation: str = Field(description="`parent`, or the relation by which it belongs", examples=["parent"])
    stated_parent: str = Field(description="what a source says that it belongs to")
    carried: bool = Field(description="it belongs here because what it belonged to was followed by this body")


class BranchView(MemberView):
    """A body of a tree, with those below it."""

    members: list["BranchView"]


class AboveView(View):
    """That a body belongs to another."""

    code: str
    relation: str
    parent: str


class TreeView(BaseModel):
    """Who is above a body, and who below it."""

    code: str
    as_at: date
    as_known: datetime | None
    above: list[AboveView]
    members: list[BranchView]
    whole: bool = Field(description=f"false where there are more than {MOST_IN_A_TREE} bodies: read `members`")


class LookedUpView(BaseModel):
    """The organisations that were found, in the order of their codes, and the codes that name none."""

    organisations: list[OrganisationView]
    unknown: list[str]
