"""What is shown of schedules and achievements."""

from datetime import date, datetime

from pydantic import Field

from services.contracts.core.views import View


class DuePaymentView(View):
    """What fell due of an item, or a correction of it."""

    item: str
    payer: str
    payee: str
    amount_pence: int
    due_on: date
    achievement: str = Field(description="The exact part that was achieved; empty where it depends on none.")
    corrects: str = Field(description="The item that it corrects; empty for the item itself.")


class ScheduledPaymentView(View):
    """One item of a schedule, and what fell due of it up to the day."""

    item: str
    kind: str = Field(description="`advance` or `balance`.")
    payer: str
    payee: str
    most_pence: int = Field(description="The most that it can be.")
    due_on: date
    waits_for: str = Field(description="`achievement` for a balance; empty for an advance.")
    due_pence: int = Field(description="What fell due of it, corrections counted; 0 where nothing did.")
    fell_due: list[DuePaymentView]


class ScheduleView(View):
    """A contract's schedule of payments as at a day, as known at an instant, with what fell due."""

    contract: str
    payer: str
    sum_pence: int
    advance: str = Field(description="The exact part that is paid in advance.")
    rule_pack: str | None = Field(description="The pack that gives the parts; null where the contract does.")
    citation: str | None
    document: str | None
    advance_pence: int
    balance_pence: int = Field(description="The most that the balances can be.")
    due_pence: int = Field(description="All that fell due up to the day.")
    payments: list[ScheduledPaymentView]
    as_at: date
    as_known: datetime | None


class AchievementView(View):
    """What a payee achieved, as its payer stated it."""

    contract: str
    payee: str
    achievement: str
    achieved_on: date
    document: str | None
    stated_at: datetime


class AchievementsView(View):
    """Every statement about what was achieved under a contract, in the order in which they were made."""

    contract: str
    achievements: list[AchievementView]
