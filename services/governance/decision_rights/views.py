"""What governance answers about rights: who may decide, by which chain, and what was permitted."""

from datetime import date, datetime
from typing import Annotated, Any

from pydantic import Field

from services.governance.assurance.views import DirectedView
from services.governance.bodies.views import (
    AppointmentId,
    FirstDay,
    LastDay,
    Organisation,
    PostReference,
    ReasonCodeView,
)
from services.governance.core.chains import LimitBasis, Missing
from services.governance.core.views import View


class DecisionRightView(View):
    """What a body, or one of its posts, may decide."""

    decision_right: int
    version: int
    organisation: Organisation
    body: str
    post: PostReference | None
    title: Annotated[str, Field(description="The reference of the post, or of the body where the right is its own.")]
    action: Annotated[str, Field(examples=["contract.award"])]
    function: Annotated[str, Field(description="The action with dashes for dots.", examples=["contract-award"])]
    scope: Annotated[str, Field(description="The one subject that it is for; empty: all.", examples=["0CX"])]
    value_limit_pence: Annotated[int | None, Field(description="Up to and including; null: without limit.")]
    limit_basis: Annotated[LimitBasis, Field(description="What the limit measures.")]
    recurrent: bool
    conditions: list[str]
    source_minute: str
    delegated_from: int | None
    power: Annotated[str, Field(description="The power in law that was named; empty: whichever covers the action.")]
    permit: Annotated[
        str,
        Field(description="What `can` answered for the grant: `GET /permits/{permit}`; empty of an older right."),
    ]
    instrument: Annotated[
        str, Field(description="Under which the organisation granted it to its lead commissioner; empty of any other.")
    ]
    to_remake_for: Annotated[str | None, Field(description="The successor that has to make it again.")]
    remade_by: int | None
    first_day: FirstDay
    last_day: LastDay
    ended_because: str | None


class DeciderView(DecisionRightView):
    """A right that covers the decision, and the body or person that uses it."""

    appointment: AppointmentId | None
    person: str | None
    may_decide: Annotated[
        bool, Field(description="False where the post is vacant, or a link of the right's chain is missing.")
    ]


class DecidersView(View):
    """The rights that cover a decision. `pack` is the rule pack that was applied.

    Where directions move the action, those of the organisation that exercises it come after its own.
    """

    action: str
    function: str
    organisation: Organisation
    value_pence: int
    recurrent: bool
    as_at: date
    as_known: datetime | None
    pack: str | None
    anybody_may: bool
    deciders: list[DeciderView]
    directed: Annotated[
        list[DirectedView], Field(description="Who may by the directions themselves, while they stand; none as a rule.")
    ]


class PowerView(View):
    """A power in law, by the id of its rule pack."""

    id: Annotated[str, Field(examples=["ccg-functions-2013"])]
    title: str
    citation: str
    note: Annotated[
        str, Field(description="What else the law says of it.", examples=["Liability stays with NHS England."])
    ]


class PowersView(View):
    """The powers of a kind of organisation on a day, and the conditions that a right of that day may have."""

    kind: Annotated[str, Field(examples=["ccg"])]
    as_at: date
    powers: list[PowerView]
    conditions: list[ReasonCodeView]


class LinkView(View):
    """A right in a chain: whose it is, and what it is for."""

    decision_right: int
    holder: Annotated[str, Field(description="The post or the body.", examples=["14Y/accountable-officer"])]
    person: Annotated[str | None, Field(description="Who holds the post on the day; null of a body.")]
    action: str
    scope: str
    value_limit_pence: int | None
    limit_basis: LimitBasis
    recurrent: bool
    conditions: list[str]
    source_minute: str
    instrument: Annotated[
        str, Field(description="Under which a party granted it to its lead commissioner; empty of any other.")
    ]
    first_day: Annotated[date | None, Field(description="Null where it is not in force on the day.")]
    last_day: LastDay


class FaultView(View):
    """What is missing at a link of the chain, and what would make it good."""

    missing: Missing
    decision_right: Annotated[int | None, Field(description="Null where the power in law is missing.")]
    repair: Annotated[str, Field(examples=["the value is at most £50,000.00 (single)"])]
    granters: Annotated[
        list[str],
        Field(
            description="The bodies or posts that may make the grant, where one is missing.", examples=[["14Y/chair"]]
        ),
    ]


class ChainView(View):
    """Rights from the one that is used up to the one that comes from a power in law."""

    rights: list[LinkView]
    power: PowerView | None


class CanView(View):
    """Whether someone may decide: the proof, or what is missing and who else may."""

    may: bool
    organisation: Organisation
    action: str
    as_at: date
    as_known: datetime | None
    pack: str | None
    chain: Annotated[
        ChainView | None, Field(description="The proof, or what comes nearest; null where there is no right.")
    ]
    missing: Annotated[list[FaultView], Field(description="All that is missing; each one has to be made good.")]
    others: Annotated[
        list[ChainView], Field(description="The chains by which other holders may, the shortest first; at most 20.")
    ]
    notes: Annotated[
        list[str], Field(description="What the organisation's level of co-commissioning says of the action.")
    ]
    parts: Annotated[
        list[str], Field(description="The decisions of the same series that count together with this one.")
    ]
    uncounted: Annotated[
        list[str],
        Field(description="Decisions on the same function that may be parts as well: their supplier is not known yet."),
    ]
    packs: Annotated[list[str], Field(description="The rule packs by which it was answered, beside the power's.")]


class PermitView(View):
    """What `can` answered for an act, and whether the same question has the same answer today.

    It is asked again as at its day, as known at its instant: a statement that came late shows as another digest.
    """

    permit: Annotated[str, Field(examples=["PE-6c0f2f0e-9c0b-4d0b-8f5b-0a3c0d9b7a11"])]
    act: Annotated[str, Field(description="What was permitted, such as a decision.")]
    organisations: list[Organisation]
    asked_on: date
    known_at: datetime
    question: dict[str, Any]
    answer: Annotated[dict[str, Any], Field(description="By organisation: the chain, the power, the packs, the parts.")]
    digest: Annotated[str, Field(description="SHA-256 of question and answer as canonical JSON (RFC 8785).")]
    replayed_digest: str
    same: Annotated[bool, Field(description="Whether the digests are the same.")]
