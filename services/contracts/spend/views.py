"""Answers about published payments."""

from datetime import date, datetime

from pydantic import BaseModel, Field

from services.contracts.core.views import PartyView
from services.contracts.spend.models import Flag


class FlagView(BaseModel):
    """What is odd about a payment."""

    flag: Flag
    words: str = Field(examples=["the amount is below zero: a payment that was taken back, which lessens the total"])


class PublishedPaymentView(BaseModel):
    """A line of a publication, as published and as read."""

    id: int
    publication: str = Field(description="the file of the publisher", examples=["NCL 02 - May.pdf.csv"])
    import_reference: str = Field(description="the import that brought it")
    line: int = Field(description="its first line in the imported file")
    payer: str = Field(description="as published", examples=["93C"])
    payer_code: str | None = Field(description="as published, or by an alias of the day", examples=["93C"])
    day_as_published: str = Field(examples=["31/05/2020"])
    paid_on: date | None
    supplier: str = Field(description="as published", examples=["NHS NEL CSU"])
    supplier_code: str | None = Field(description="by an alias of the day", examples=["0DJ"])
    amount_as_published: str = Field(examples=["67500.0"])
    amount_pence: int | None = Field(description="negative: a reversal")
    expense_type: str
    expense_area: str
    transaction_number: str
    flags: list[FlagView]


class SpendFiguresView(BaseModel):
    """What lines add up to. Reversals lessen the amount; duplicates and lines without a day are in it."""

    lines: int
    amount_pence: int
    reversals: int
    reversed_pence: int = Field(description="what the reversals add up to, below zero")
    duplicates: int = Field(description="lines that say exactly what an earlier one says")
    duplicate_pence: int
    without_amount: int = Field(description="lines whose amount is missing or cannot be read; they add nothing")
    without_day: int = Field(description="lines whose day is missing or cannot be read; they are in no month")


class SpendPayerView(BaseModel):
    """The part of one payer, as published."""

    payer: PartyView
    figures: SpendFiguresView
    months_missing: list[str] = Field(
        description="months between its first and its last in which it published nothing", examples=[["2021-08"]]
    )


class SpendGroupView(BaseModel):
    """What the lines of one payer, supplier, month or contract add up to."""

    key: str = Field(description="code, name as published where it has no code, month or contract", examples=["W2U3Z"])
    body: PartyView | None = Field(description="the payer or supplier; null: a month, or a name without an alias")
    figures: SpendFiguresView
    payers: list[SpendPayerView] = Field(description="grouped by successor: the payers as published")
    payers_missing: list[str] = Field(
        description="its predecessors open after the first day of these payments of which none is published",
        examples=[["07T"]],
    )
    months_missing: list[str] = Field(
        description="of a payer: months between the first and the last in which nothing is published"
    )


class AliasView(BaseModel):
    """A name under which a body is published, from a day until another."""

    name: str = Field(examples=["NHS NEL CSU"])
    code: str = Field(examples=["0DJ"])
    first_day: date
    last_day: date | None = Field(description="null: until further notice")
    source: str = Field(description="who stated it: `supplier` (the body itself) or `nhs_england`")
    stated_at: datetime


class SuggestionView(BaseModel):
    """A body that a name may mean. It is none until the alias is stated."""

    code: str = Field(examples=["0DJ"])
    name: str = Field(description="the like name", examples=["NHS NEL CSU"])
    likeness: int = Field(description="from 0 to 100", examples=[90])
    source: str = Field(description="`alias`: an alias that was stated; `registry`: a name of the registry")


class SuggestionsView(BaseModel):
    """Bodies with a name like this one, the likest first."""

    name: str
    suggestions: list[SuggestionView]
    as_at: date
    as_known: datetime | None
