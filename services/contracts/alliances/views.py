"""Answers about alliances."""

from datetime import date, datetime

from pydantic import Field

from services.contracts.core.views import View


class AllianceVoteView(View):
    """A member's vote on terms."""

    member: str
    agrees: bool
    voted_on: date
    authority: str | None = Field(description="The minute by which it decided.")


class AllianceTermsView(View):
    """Terms that a member proposed, with the votes on them."""

    number: int
    payer: str = Field(description="The customer that pays a gain and is paid a pain.")
    target_pence: int = Field(description="Of a period.")
    share: str = Field(description="The part of the difference that the members share, an exact fraction.")
    weights: dict[str, str] = Field(description="Each member's part of that, exact fractions that make 1.")
    effective_on: date
    document: str | None
    votes: list[AllianceVoteView]
    is_agreed: bool = Field(description="Whether every member that is asked has agreed.")
    against: list[str]
    silent: list[str] = Field(description="Those who have not answered: that is no consent.")
    stated_at: datetime


class AllianceResultView(View):
    """What a period cost, and what each member gains, as known."""

    period_from: date
    period_to: date
    terms: int = Field(description="The number of the terms by which it was settled.")
    target_pence: int
    actual_pence: int
    amounts_pence: dict[str, int] = Field(description="By member; negative: a pain.")
    document: str | None
    stated_at: datetime


class AllianceView(View):
    """The terms of an alliance and what its periods came to, as at a day, as known at an instant."""

    contract: str
    in_force: int | None = Field(description="The number of the terms of the day; null: none are agreed.")
    terms: list[AllianceTermsView] = Field(description="All that were proposed, in their order.")
    results: list[AllianceResultView] = Field(description="By period, as settled last.")
    as_at: date
    as_known: datetime | None
