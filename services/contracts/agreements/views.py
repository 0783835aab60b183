"""Answers about how a contract is divided, and which functions one may name."""

from datetime import date, datetime

from pydantic import Field

from services.contracts.core.shares import Basis, ShareKind
from services.contracts.core.views import View


class SharePartView(View):
    """One customer's part."""

    code: str
    weight: int
    share: str = Field(description="The exact fraction.", examples=["41/136"])
    annual_pence: int | None = Field(
        description="Its part of the charge a year, by largest remainder; null for other kinds than the cost."
    )


class ShareTableView(View):
    """The whole table of shares of a kind as at a day, as known at an instant."""

    contract: str
    kind: ShareKind
    total: int | None = Field(description="What the weights make up; null where no table was agreed.")
    basis: Basis | None = Field(description="null where no table was agreed: of the cost the parts are equal then.")
    parts: list[SharePartView]
    as_at: date
    as_known: datetime | None


class AgreementConsentView(View):
    """That a customer agrees to a table of shares, or to who coordinates, from a day."""

    party: str
    subject: str = Field(description="`cost`, `hr`, `legal`, `risk` or `coordinator`.")
    weights: dict[str, int] | None = Field(description="The table; null where it is about who coordinates.")
    total: int | None
    basis: str | None
    coordinating_commissioner: str | None
    from_day: date
    document: str | None
    authority: str | None
    stated_at: datetime


class AgreementConsentsView(View):
    """What customers have agreed to by their own acts; what all of them agree to holds."""

    reference: str
    consents: list[AgreementConsentView]
    as_at: date
    as_known: datetime | None


class FunctionView(View):
    """A function of commissioning support."""

    code: str
    name: str


class CatalogueView(View):
    """The functions that a contract starting on the day can name, and the rule pack that lists them."""

    rule_pack: str
    citation: str
    functions: list[FunctionView]
