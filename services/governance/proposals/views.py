"""What governance answers about proposals."""

from datetime import date, datetime
from typing import Annotated

from pydantic import Field

from services.governance.bodies.views import Organisation
from services.governance.core.views import View
from services.governance.proposals.models import ProposalKind, State
from services.governance.subjects.models import SubjectKind

Proposal = Annotated[str, Field(examples=["PR-6c0f2f0e-9c0b-4d0b-8f5b-0a3c0d9b7a11"])]


class ConsentView(View):
    """Where a body stands whose consent is needed."""

    body: Annotated[str, Field(examples=["14Y-governing-body"])]
    organisations: Annotated[list[Organisation], Field(description="Whom its decision binds.")]
    outcome: Annotated[str, Field(description="Empty while it has not decided.", examples=["approved"])]
    decision: str
    decided_on: date | None
    conditions: list[str]
    deferred: bool
    deferred_until: Annotated[date | None, Field(description="Null while open, and where it is not deferred.")]
    scheduled: Annotated[str, Field(description="The item of a meeting that is to come; empty: none.")]
    overdue: Annotated[bool, Field(description="Whether it has not decided in time, and its clock does not stand.")]


class CostShiftView(View):
    """A saving of some that is a cost of others, as finance found it in the subject or its case."""

    version: int
    lens: str
    from_on: date
    gainers: list[str]
    gains_pence: list[int]
    losers: list[str]
    losses_pence: list[int]
    net_pence: int


class SubjectView(View):
    """What is decided on, as its publisher tells it by the day."""

    kind: SubjectKind
    organisations: Annotated[list[Organisation], Field(description="Whose it is.")]
    parties: Annotated[list[str], Field(description="Who else gains or pays: suppliers, bidders, hosts, payees.")]
    functions: list[str]
    contracts: list[str]
    stage: str
    value_pence: int | None
    annual_pence: int | None
    price_pence: Annotated[int | None, Field(description="What its end costs, all told.")]
    revision: int
    ended: bool
    cost_shifts: list[CostShiftView]


class EvidenceView(View):
    """Evidence that a condition is met: of an approval, or of the right by which a body decides."""

    condition: Annotated[str, Field(examples=["case-appraised"])]
    body: Annotated[str, Field(description="The body to whose right or approval it belongs; empty: none was named.")]
    met_on: date
    minute: Annotated[str, Field(description="The minute that records it; empty: a private paper alone.")]


class ProposalView(View):
    """A proposal, and where it stands on the day."""

    proposal: Proposal
    organisation: Organisation
    kind: ProposalKind
    action: Annotated[str, Field(examples=["consolidation.commit"])]
    subject: str
    revision: Annotated[int, Field(description="The plan's that is asked about on the day; 0 where it has none.")]
    value_pence: int
    annual_pence: int
    recurrent: bool
    series: str
    case: str
    case_version: int
    digest: Annotated[str, Field(description="Finance's SHA-256 of the case's version, fixed when it was proposed.")]
    due_on: date
    state: State
    outcome: Annotated[str, Field(description="Of the whole, once each body has decided; else empty.")]
    consents: list[ConsentView]
    unmet: Annotated[list[str], Field(description="The conditions of its approval without evidence.")]
    in_effect: bool
    evidence: Annotated[list[EvidenceView], Field(description="Of conditions that are met by the day.")]
    consulted: list[str]
    not_consulted: Annotated[list[str], Field(description="Whose views the rule pack of the day asks for in vain.")]
    about: Annotated[SubjectView | None, Field(description="The subject; null in lists.")] = None
    as_at: date
    as_known: datetime | None
