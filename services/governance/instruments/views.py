"""Answers about instruments."""

from datetime import date, datetime
from typing import Annotated

from pydantic import Field

from services.governance.core.views import View
from services.governance.instruments.models import InstrumentKind
from services.governance.pooled_funds.views import ProposedSharesView

Instrument = Annotated[str, Field(examples=["IN-6c0f2f0e-9c0b-4d0b-8f5b-0a3c0d9b7a11"])]


class ProposedConstitutionView(View):
    """A constitution that waits until every party has agreed to it."""

    number: int
    first_day: date
    agreed: list[str]
    awaiting: list[str]


class InstrumentView(View):
    """An instrument as at a day: its parties, who has agreed, and on which days it stands."""

    instrument: Instrument
    kind: InstrumentKind
    parties: Annotated[list[str], Field(description="On the day, each as it lives on then.", examples=[["07M", "07R"]])]
    host: Annotated[str, Field(description="Who hosts or leads; empty where no one does.")]
    body: Annotated[str, Field(description="The joint body that decides under it; empty where there is none.")]
    functions: list[str]
    agreement: Annotated[str, Field(description="Contracts' reference of the paper.")]
    safeguards: list[str]
    pack: Annotated[str, Field(examples=["joint-committee-ccgs-2014"])]
    power: Annotated[str, Field(description="Empty where none is needed.")]
    binding: Annotated[str, Field(description="Whom a decision binds: `all`, each its `own`, or `none`.")]
    fund: str
    fund_members: Annotated[
        list[str],
        Field(description="The parties that agreed on the pooled fund as on the day, in the order of their shares."),
    ]
    shares: Annotated[list[str], Field(description="Of the pooled fund, in the order of `fund_members`.")]
    stands: Annotated[bool, Field(description="Whether every party has agreed, and the day is within its days.")]
    first_day: date
    last_day: date | None
    ended_because: str | None
    agreed: Annotated[list[str], Field(description="The parties that have agreed, as known.")]
    awaiting: Annotated[list[str], Field(description="The parties whose agreement it waits for.")]
    constitutions: list[ProposedConstitutionView]
    proposed_shares: list[ProposedSharesView]
    host_share: Annotated[
        str | None, Field(description="The host's part of the body's votes on the day.", examples=["2/5"])
    ]
    as_at: date
    as_known: datetime | None


class FormView(View):
    """A kind of instrument, and whether the law of the day allows it to these parties."""

    kind: str
    allowed: bool
    why_not: str
    pack: str
    title: str
    citation: str
    note: str
    binding: str
    elsewhere: Annotated[str, Field(description="The service that records it; empty: this one.")]
    without_vote: Annotated[list[str], Field(description="The parties that would have no vote.")]


class FormsView(View):
    """The kinds of instrument of a day for some parties."""

    as_at: date
    parties: list[str]
    kinds: list[FormView]
