"""What a contract says about leaving it: terms and renewals, notice, and what an end before the term costs."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StrictBool, model_validator

from services.contracts.core.codes import MOST_ANNUAL_PENCE, Day, OdsCode

Months = Annotated[int, Field(strict=True, ge=1, le=600)]
Pence = Annotated[int, Field(strict=True, ge=0, le=MOST_ANNUAL_PENCE)]
Share = Annotated[
    str,
    Field(pattern=r"^[0-9]{1,9}/[1-9][0-9]{0,8}$", description="An exact fraction up to 1.", examples=["3/10"]),
]
ExitDays = Literal["any_day", "month", "quarter", "year", "anniversary", "term_end"]
NoticeForm = Literal["letter", "recorded_letter", "by_hand", "email", "portal"]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class DeemedService(_Part):
    """When notice counts as served."""

    rule: Literal["same_day", "next_working_day", "days_after_posting"] = "same_day"
    days: int = Field(default=0, strict=True, ge=0, le=30, description="With `days_after_posting`: how many.")


class BreakClause(_Part):
    """A day on which the contract may end within its minimum term."""

    last_day: Day = Field(description="The last day of service.")
    notice_months: int | None = Field(
        default=None, strict=True, ge=0, le=60, description="The contract's own period where left out."
    )


class ExtensionOption(_Part):
    """A right to prolong the contract, by so many months after its end."""

    months: Months
    notice_months: int = Field(default=0, strict=True, ge=0, le=60, description="How long before the end it is used.")


class Breakage(_Part):
    """What has to be paid to a third party, such as a licensor or landlord."""

    pence: Pence
    payee: OdsCode | None = Field(default=None, description="Who is paid; left out: no organisation.")
    function: str | None = Field(default=None, max_length=40, description="Only where this function ends.")


class ExitTerms(_Part):
    """What the contract states of renewals, notice and the price of an end; what it does not state is left out."""

    initial_months: Months | None = Field(default=None, description="The first term, from the first day of service.")
    renewal_months: Months | None = Field(default=None, description="Renews by so many months unless notice stands.")
    open_ended: StrictBool = Field(default=False, description="Runs until notice ends it.")
    minimum_months: Months | None = Field(default=None, description="No notice ends it sooner.")
    exit_days: ExitDays | None = Field(
        default=None,
        description="On which last days of service notice may end it. `year` is 31 March. Left out: `term_end` where "
        "it renews, else `any_day`.",
    )
    notice_forms: tuple[NoticeForm, ...] = Field(default=(), max_length=5, description="Empty: any form.")
    proof_required: StrictBool = False
    deemed_service: DeemedService = DeemedService()
    breaks: tuple[BreakClause, ...] = Field(default=(), max_length=20)
    extensions: tuple[ExtensionOption, ...] = Field(default=(), max_length=20)
    payment_share: Share | None = Field(
        default=None, description="Payable of the charges that remain to the term's end (of the minimum, open-ended)."
    )
    payment_schedule_from: Day | None = Field(default=None, description="First day of the schedule's first year.")
    payment_schedule_pence: tuple[Pence, ...] = Field(
        default=(), max_length=60, description="Payable for an end in each year of the schedule; nothing after it."
    )
    stranded_pence: tuple[Pence, ...] = Field(
        default=(), max_length=60, description="The supplier's cost that does not fall away, by year after the end."
    )
    stranded_ends_with_term: StrictBool = True
    overhead_pence: Pence | None = Field(
        default=None, description="The supplier's overhead a year, which all lines share by their charge."
    )
    overhead_on_part: Literal["stranded", "respread"] | None = Field(
        default=None, description="What becomes of an ended line's overhead; left out: the contract is silent."
    )
    overhead_sheds_after_months: Months | None = Field(
        default=None, description="For so long the supplier has it still; left out: to the end of the term."
    )
    breakage: tuple[Breakage, ...] | None = Field(default=None, max_length=50, description="Empty: there is none.")
    dual_running_months: int | None = Field(default=None, strict=True, ge=0, le=36)
    dual_running_pence: Pence | None = Field(default=None, description="A month; left out: the ended lines' charge.")
    redundancy_pence: Pence | None = Field(default=None, description="Used until there is a staff list.")
    redundancy_payer: Literal["supplier", "customers"] | None = None
    reprocurement_pence: Pence | None = None

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Self:
        if self.open_ended and (self.renewal_months or self.initial_months):
            raise ValueError("an open-ended contract has no term to renew: state minimum_months")
        if self.payment_share is not None and (self.payment_schedule_pence or self.payment_schedule_from):
            raise ValueError("the payment is a share or a schedule, not both")
        if bool(self.payment_schedule_pence) != (self.payment_schedule_from is not None):
            raise ValueError("a payment schedule needs its first day and its payments")
        if self.payment_share is not None and Fraction(self.payment_share) > 1:
            raise ValueError("payment_share is more than 1")
        if (self.deemed_service.rule == "days_after_posting") != (self.deemed_service.days > 0):
            raise ValueError("deemed_service counts days where its rule is days_after_posting")
        if self.exit_days == "term_end" and self.open_ended:
            raise ValueError("an open-ended contract has no term's end")
        return self

    @property
    def days_of_exit(self) -> ExitDays:
        """The last days of service on which notice may end the contract."""
        return self.exit_days or ("term_end" if self.renewal_months else "any_day")

    @property
    def has_payment(self) -> bool:
        """Whether an end before the term costs a contractual payment."""
        return self.payment_share is not None or bool(self.payment_schedule_pence)


NO_TERMS = ExitTerms()
"""Of a contract that says nothing about its end but its period of notice."""


def exit_terms_of(stored: Mapping[str, Any] | None) -> ExitTerms:
    """Return the exit terms as they were stored; of a contract without any, those that state nothing."""
    return NO_TERMS if stored is None else ExitTerms.model_validate(stored)
