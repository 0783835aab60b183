"""Answers of searches, members, trees and lookups."""

from datetime import date, datetime

from pydantic import BaseModel, Field

from libs.organisations.statements import Status
from services.registry.core.kinds import Kind
from services.registry.core.views import OrganisationView, View

MOST_IN_A_TREE = 2_000
"""The most bodies in one answer."""


class MatchView(OrganisationView):
    """A matching organisation, and what of it matched."""

    postcode: str | None = Field(examples=["NE15 8NY"])
    matched: list[str] = Field(
        description="what the words matched: `code`, `name`, `name on another day`, `address`, `code:ons`",
        examples=[["name on another day"]],
    )


class MemberView(View):
    """A member of an organisation on a day."""

    code: str = Field(examples=["A86003"])
    name: str | None
    kind: Kind
    status: Status
    parent: str = Field(description="the organisation that it belongs to on the day")
    relation: str = Field(description="`parent`, or the relation by which it belongs", examples=["parent"])
    stated_parent: str = Field(description="the parent that a source states")
    carried: bool = Field(description="true: `parent` is the successor of the stated parent")


class BranchView(MemberView):
    """An organisation in a tree, with those below it."""

    members: list["BranchView"]


class AboveView(View):
    """One link to an organisation above."""

    code: str
    relation: str
    parent: str


class TreeView(BaseModel):
    """The organisations above and below one."""

    code: str
    as_at: date
    as_known: datetime | None
    above: list[AboveView]
    members: list[BranchView]
    whole: bool = Field(description=f"false where there are more than {MOST_IN_A_TREE} bodies: read `members`")


class LookedUpView(BaseModel):
    """The organisations of the codes, ordered by code, and the codes that name none."""

    organisations: list[OrganisationView]
    unknown: list[str]
