"""What is shown of accounts, mappings, postings and closes."""

from datetime import date, datetime

from pydantic import BaseModel, Field


class AccountView(BaseModel):
    """An account of the national chart."""

    code: str = Field(examples=["N1"])
    title: str
    kind: str = Field(description="expenditure, income, asset or liability.")
    budget: str = Field(description="admin or programme; empty for assets and liabilities.")


class ChartView(BaseModel):
    """The national chart of accounts that is in force on a day."""

    pack: str = Field(examples=["national-chart-2013"])
    citation: str
    accounts: list[AccountView]
    as_at: date
    as_known: datetime | None


class AccountMappingView(BaseModel):
    """A local code and its account on a day, as known."""

    organisation: str
    local_code: str = Field(examples=["A-5001"])
    account: str = Field(examples=["N1"])
    effective_on: date
    until: date | None = Field(description="The first day on which it no longer holds.")
    stated_at: datetime


class MappedView(BaseModel):
    """Mappings that were stated together."""

    organisation: str
    stated: int = Field(description="How many.")
    stated_at: datetime


class PostedView(BaseModel):
    """Postings that were taken into a body's ledger together."""

    organisation: str
    reference: str
    postings: int
    total_pence: int
    total: str
    stated_at: datetime


class PostingView(BaseModel):
    """A posting, with its account as known."""

    id: int
    organisation: str
    reference: str
    line: int
    local_code: str
    account: str | None = Field(description="null: the local code is not mapped on that day.")
    posted_on: date
    amount_pence: int = Field(description="A debit is positive, a credit negative.")
    amount: str
    counterparty: str | None
    stated_at: datetime


class CloseLineView(BaseModel):
    """What an account has in a closed period."""

    account: str
    postings: int
    amount_pence: int
    amount: str


class CloseView(BaseModel):
    """A closed period of a body in a series."""

    organisation: str
    period: str = Field(examples=["2017-04"])
    series: str
    boundaries_on: date = Field(description="The day on whose boundaries the management series was summed.")
    chart: str = Field(description="The pack of the national chart.")
    postings: int
    total_pence: int
    total: str
    lines: list[CloseLineView]
    stated_at: datetime


class PairView(BaseModel):
    """What two bodies of a lens have posted with each other."""

    first: str
    second: str
    first_pence: int = Field(description="What the first posted with the second: a debit is positive.")
    second_pence: int
    eliminated_pence: int = Field(description="What both agree on.")
    difference_pence: int = Field(description="What does not match; 0 where both agree.")


class EliminationsView(BaseModel):
    """The amounts between the bodies of a lens, matched; and its sum without them."""

    organisations: list[str]
    period_from: str
    period_to: str
    gross_pence: int = Field(description="All that the bodies posted.")
    eliminated_pence: int = Field(description="What cancels out between them, counted once.")
    net_pence: int = Field(
        description="All that they posted with others: gross without what they posted with each other."
    )
    differences_pence: int = Field(description="The sum of the differences: gross is net and differences.")
    pairs: list[PairView]
    differences: list[PairView] = Field(description="The pairs that do not match.")
    as_known: datetime | None
