"""Answers about exits: how a contract may be left, its notices, what an end costs."""

from datetime import date, datetime
from typing import Literal

from pydantic import Field

from services.contracts.core.views import View

Choice = Literal["notice", "wait", "pay"]


class OfferedExitView(View):
    """A day on which the contract's terms allow an end."""

    last_day: date = Field(description="The last day of service.")
    exit_on: date = Field(description="The first day without service.")
    notice_by: date | None = Field(description="The last notice day; null where the contract ends then by itself.")
    notice_passed: bool = Field(description="Whether that day has passed.")


class WayOutView(View):
    """A way to be out by the day that was asked about, or the next one to it."""

    choice: Choice = Field(
        description="`notice`: notice reaches the day; `wait`: the first end after it that is free; `pay`: leave on "
        "the day by agreement."
    )
    last_day: date
    exit_on: date
    notice_by: date | None = Field(description="The last notice day; null where none is needed, and for `pay`.")
    delay_months: int = Field(description="Whole months by which it is later than asked for.")
    price_pence: int | None = Field(description="0 where it is free; null where a term of the price is missing.")
    unpriced: list[str] = Field(description="The components for which the contract states no term.")


class GuidanceView(View):
    """Advice that the contract does not follow."""

    rule_pack: str
    citation: str
    text: str
    ends_on: date = Field(description="The last day by the advice.")


class NoticeView(View):
    """A notice, and what came of it."""

    notice: str
    status: Literal["served", "without_effect", "withdrawn", "carried_out"]
    side: str = Field(description="`customers` or `supplier`.")
    served_by: str
    served_on: date
    deemed_on: date = Field(description="The day of service by the contract's own rule.")
    last_day: date
    exit_on: date
    form: str
    proof: str | None
    document: str | None
    functions: list[str] = Field(description="What ends; empty: all.")
    leaving: list[str] = Field(description="The customers whose part ends; empty: all.")
    reason: str
    note: str | None
    faults: list[str] = Field(description="Why it has no effect.")
    withdrawn_on: date | None
    stated_at: datetime


class LineExitView(View):
    """A line, and the day with which it ends where notice for it stands."""

    function: str
    annual_pence: int
    ends_on: date | None


class ExitsView(View):
    """How a contract may be left, as at a day, as known at an instant."""

    reference: str
    status: str
    current_end: date | None = Field(description="The end of the present term; null where it is open-ended.")
    next_end: date | None = Field(description="The end that follows where no notice is served in time.")
    minimum_ends_on: date | None
    notice_months: int
    last_notice_on: date | None = Field(description="The last notice day for the window to watch; null: none is open.")
    days_left: int | None = Field(description="Days until it; null once it has passed.")
    window_missed: bool
    exposure_pence: int = Field(description="The charge of the new term, once the window was missed.")
    earliest_exit: date = Field(description="The earliest last day that notice served on the day reaches.")
    earliest_exit_notice_by: date | None
    earliest_free_exit: date = Field(description="The first of these without a contractual payment.")
    earliest_free_exit_notice_by: date | None
    offered: list[OfferedExitView]
    lines: list[LineExitView]
    notices: list[NoticeView]
    ways_out: list[WayOutView] = Field(description="With `exit_on` only.")
    guidance: list[GuidanceView]
    rule_packs: list[str]
    as_at: date
    as_known: datetime | None


class ComponentView(View):
    """One line of the price of an end."""

    component: str = Field(
        description="`contractual_payment`, `redundancy`, `breakage`, `stranded`, `dual_running` or `reprocurement`."
    )
    nature: str = Field(description="`resource`: it is used up; `transfer`: it changes hands.")
    payer: str
    payee: str = Field(description="Empty: paid to no organisation; `staff`: to households.")
    pence: int
    due_on: date
    recurrent_to: date | None
    basis: str


class MoreView(View):
    """What a line that stays pays more a year."""

    function: str
    pence: int


class PriceView(View):
    """What an end costs, one line a component and payer."""

    components: list[ComponentView]
    total_pence: int = Field(description="The sum of what is priced.")
    unpriced: list[str] = Field(description="Components for which the contract states no term; not in the sum.")
    respread_pence: list[MoreView] = Field(description="The ended lines' overhead, spread over the lines that stay.")
    stranded_if_pence: int | None = Field(
        description="What would be stranded instead, where the contract does not say which; neither is in the sum."
    )
    rule_packs: list[str]


class EstimateView(OfferedExitView):
    """What an end on one day would cost."""

    is_free: bool = Field(description="Whether notice from the day reaches it without a contractual payment.")
    price: PriceView


class EstimatesView(View):
    """What leaving a contract would cost on the days that its terms offer, or on the one asked about."""

    reference: str
    estimates: list[EstimateView]
    as_at: date
    as_known: datetime | None


class CalendarEntryView(View):
    """A day of a contract: the last notice day of its window, or its end."""

    uid: str = Field(description="The same whatever becomes of the day; calendars find the entry by it.")
    contract: str
    kind: Literal["notice", "end"]
    on: date
    text: str
    sequence: int = Field(description="Grows when the contract changes.")
    exposure_pence: int = Field(description="What a missed notice day costs.")


class ExitCalendarView(View):
    """The notice days and ends of the contracts of an organisation."""

    organisation: str
    entries: list[CalendarEntryView]
    as_at: date
    as_known: datetime | None


class StaffView(View):
    """One employee who works for a contract, without a name."""

    id: str
    annual_pay_pence: int
    years: int
    week_pay_pence: int | None
    whole_time: str
    function: str
    moves: bool


class StaffListView(View):
    """The staff who work for a contract, and by when they are named to who takes them over."""

    reference: str
    staff: list[StaffView]
    information_due_on: date | None = Field(description="With `transfer_on`: the last day for employee information.")
    rule_pack: str | None
    as_at: date
    as_known: datetime | None
