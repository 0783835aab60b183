"""What governance answers of papers and conflicts."""

from datetime import date, datetime
from typing import Annotated

from pydantic import Field

from services.governance.core.views import View
from services.governance.decisions.models import Outcome
from services.governance.interests.rules import Action
from services.governance.interests.walks import InterestType, Relation

PaperReference = Annotated[str, Field(examples=["PP-6c0f2f0e-9c0b-4d0b-8f5b-0a3c0d9b7a11"])]


class AddedPaperView(View):
    """A paper that was added. Its title and where it lies are read by `GET /proposals/{proposal}/papers` alone."""

    paper: PaperReference
    proposal: str
    stage: str
    added_on: date


class PaperView(View):
    """A paper of a proposal: compare the file with its SHA-256."""

    paper: PaperReference
    stage: Annotated[str, Field(examples=["award"])]
    title: Annotated[str, Field(examples=["Evaluation of bids"])]
    sha256: str
    address: str | None
    document: str | None
    added_on: date


class EdgeView(View):
    """One step of a path of interests."""

    edge: Annotated[str, Field(description="A declared interest, an appointment, or a tie as its publisher has it.")]
    holder: str
    relation: Relation
    other: str
    share: Annotated[str, Field(description="An exact fraction of what is owned; 1 where none is stated.")]


class ConflictView(View):
    """That a person is conflicted: the path to a party, the share along it, and what follows at the stage."""

    person: str
    party: str
    type: InterestType
    is_direct: Annotated[bool, Field(description="One step alone.")]
    path: list[EdgeView]
    share: Annotated[str, Field(examples=["1/32"])]
    action: Action
    pack: Annotated[str, Field(examples=["conflict-actions-2014"])]


class ChairView(View):
    """What whoever presided decided on a person's interest, and who that was."""

    action: Action
    decided_by: str
    decided_at: datetime


class MemberView(View):
    """A member or deputy with a conflict, or on whose interest was decided."""

    person: str
    conflict: Annotated[ConflictView | None, Field(description="The strictest; null: only what the chair decided.")]
    decided: Annotated[ChairView | None, Field(description="Null while nothing was decided: the pack's action counts.")]
    excluded: Annotated[bool, Field(description="Neither votes nor counts for the quorum.")]


class PrincipleView(View):
    """A principle by which contracts are awarded."""

    code: Annotated[str, Field(examples=["transparency"])]
    title: str


class ElsewhereView(View):
    """A body or post that may decide on the item's proposal, by `can`."""

    holder: Annotated[str, Field(examples=["05T-primary-care-commissioning-committee"])]
    free: Annotated[
        bool | None,
        Field(description="A body can have a quorum, a post's holder is not excluded. Null: no terms of reference."),
    ]


class ItemConflictsView(View):
    """Who is conflicted at an item and why, and where else it may go where too many are excluded."""

    item: Annotated[str, Field(examples=["IT-6c0f2f0e-9c0b-4d0b-8f5b-0a3c0d9b7a11"])]
    meeting: str
    body: str
    held_on: date
    as_known: datetime | None
    members: list[MemberView]
    withheld: Annotated[bool, Field(description="The item is private: the caller sees their own conflict alone.")]
    can_be_quorate: Annotated[
        bool | None, Field(description="With everybody who is not excluded. Null: no terms of reference, or withheld.")
    ]
    elsewhere: Annotated[list[ElsewhereView], Field(description="Who else may decide, where no quorum can be had.")]
    principles: list[PrincipleView]


class OwnerView(View):
    """Who owns a party, and its part of the contract's value: contract value per owner, not profit."""

    party: Annotated[str, Field(examples=["SWHEALTH"])]
    owner: Annotated[str, Field(examples=["M81001"])]
    share: Annotated[str | None, Field(description="Exact; null where none is stated.", examples=["1/32"])]
    contract_value_pence: Annotated[int | None, Field(examples=[7187500])]


class ProcurementDecisionSummary(View):
    """A decision to award a contract."""

    decision: Annotated[str, Field(examples=["D-6c0f2f0e-9c0b-4d0b-8f5b-0a3c0d9b7a11"])]
    proposal: str
    body: str
    binds: list[str]
    subject: str
    action: Annotated[str, Field(examples=["contract.award"])]
    outcome: Outcome
    value_pence: int
    minute: str
    taken_on: date
    stands: bool


class ProcurementDecisionView(ProcurementDecisionSummary):
    """A decision to award a contract, with who took part, what conflicts were known then, and how they were met."""

    item: Annotated[str | None, Field(description="Null: an urgent action.")]
    took_part: Annotated[list[str], Field(description="Who voted or counted for the quorum, or acted.")]
    members: list[MemberView]
    withheld: Annotated[bool, Field(description="The item was private: the caller sees their own conflict alone.")]
    owners: Annotated[
        list[OwnerView],
        Field(description="Of the suppliers, or while none is stated of each bidder; as known at the decision."),
    ]
    principles: list[PrincipleView]


class PapersView(View):
    """The papers of a proposal that the caller may read, and how many a conflict of the caller's own withholds."""

    proposal: str
    papers: list[PaperView]
    withheld: int
    because: Annotated[ConflictView | None, Field(description="Null: nothing is, or whoever presides decided it.")]


class PaperReaderView(View):
    """A person who had a paper; a person is null where the caller has no account."""

    paper: PaperReference
    person: str | None
    first_read_on: date
    reads: int
    recalled_on: Annotated[date | None, Field(description="From when it is known that the paper is withheld.")]
    path: Annotated[list[str], Field(description="The edges of that conflict; none where whoever presides decided.")]


class PaperReadersView(View):
    """Who had which papers of a proposal, and from whom they were recalled."""

    proposal: str
    readers: list[PaperReaderView]
