"""Answers of searches, members, trees and lookups."""

from datetime import date, datetime

from pydantic import BaseModel, Field

from libs.common.http.paging import Page
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
    rank: int = Field(
        description="how well the words match, the best first: 0 its code, or its code in another system; 1 its whole "
        "name; 3 the beginning of its name or code; 5 words of its name; one more for a name of another day; 0 without "
        "words",
        examples=[6],
    )


class SearchView(Page[MatchView]):
    """A page of what was found; where nothing was, the organisations whose names are most like the words."""

    nearest: list[OrganisationView] = Field(
        default_factory=list,
        description="where nothing is found: up to 5 organisations with a name, on any day, that is like the text, the "
        "most alike first; the other filters apply to them",
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


class KindCountView(View):
    """How many bodies of a kind there are on a day, by status."""

    kind: Kind
    proposed: int = Field(examples=[0])
    open: int = Field(examples=[135])
    closed: int = Field(examples=[98])


class CountsView(BaseModel):
    """The numbers of bodies on a day, by kind."""

    kinds: list[KindCountView]
    as_at: date
    as_known: datetime | None


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
