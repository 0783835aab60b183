"""Estimates what leaving a contract would cost, for its customers: the supplier reads no estimate."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from fractions import Fraction
from typing import Any

from libs.common.database.connection import Reads
from libs.common.errors import DomainError, Reason
from libs.common.identity import Caller, NotYoursToDecide
from libs.common.temporal.days import LATEST
from services.contracts.agreements.parts import WHOLE, ContractPart, why_no_part
from services.contracts.core.errors import ExitOutsideTerm, refuse
from services.contracts.core.models import known
from services.contracts.core.sight import ON_THE_DAY, PARTY, reads_through
from services.contracts.exits.prices.price import Ending, Price, price_of
from services.contracts.exits.prices.redundancy import StaffMember
from services.contracts.exits.queries import NOW, Seen, customers_of
from services.contracts.exits.rules import ONE_DAY, free_exit_from, notice_due_for, offered_exits, ways_out
from services.contracts.exits.views import ComponentView, EstimateView, MoreView, PriceView, WayOutView

# The list of the day that was stated last, as the caller knows it.
_STAFF = f"""
SELECT p.content::text AS content FROM contract c {PARTY}
  JOIN exit_paper p ON p.contract_id = c.id AND p.kind = 'staff'
 WHERE {ON_THE_DAY} AND c.reference = $3 AND p.stated_at <= sight.known AND p.effective_on <= $1::date
 ORDER BY p.effective_on DESC, p.stated_at DESC, p.id DESC LIMIT 1
"""  # noqa: S608  (what is put in is ours)


async def staff_of(
    db: Reads, reference: str, *, by: Caller, as_at: date, as_known: datetime | None
) -> tuple[StaffMember, ...] | None:
    """Return the staff who work for a contract; None where no list was stated."""
    rows = await db.fetch(_STAFF, as_at, as_known or NOW, reference, await reads_through(db, by))
    return tuple(members_in(rows[0]["content"])) if rows else None


async def reads_prices(db: Reads, seen: Seen, *, by: Caller) -> bool:
    """Whether the caller reads what an end would cost: a customer of the day or a national body does."""
    predecessors = await known.predecessors(db, by.organisations)
    return by.is_national or by.acts_for_one_of(customers_of(seen), predecessors=predecessors)


async def must_read_prices(db: Reads, seen: Seen, *, by: Caller) -> None:
    """Raise NotYoursToDecide unless the caller reads what an end would cost."""
    if not await reads_prices(db, seen, by=by):
        raise NotYoursToDecide(f"{seen.row['reference']}: its customers read what leaving it would cost")


def must_be_in(seen: Seen, exit_day: date | None, part: ContractPart) -> None:
    """Raise ExitOutsideTerm or PartUnknown, with every reason, unless the contract could end so."""
    reference, leaving = seen.row["reference"], seen.leaving
    found: list[DomainError] = []
    last = LATEST if leaving.terms.open_ended or leaving.terms.renewal_months else leaving.last_day
    if exit_day is not None and not leaving.starts_on <= exit_day <= last:
        message = f"{reference} runs from {leaving.starts_on} to {last}, and {exit_day} is no end of it"
        found.append(ExitOutsideTerm(message, reasons=[Reason(message, "exit_on")]))
    lines, customers = {line["function"] for line in seen.row["lines"]}, customers_of(seen)
    refuse([*found, *why_no_part(reference, part, lines, customers, fields=("function", "leaving"))])


def price_on(
    seen: Seen,
    exit_day: date,
    *,
    asked_on: date,
    as_known: datetime | None,
    staff: tuple[StaffMember, ...] | None,
    part: ContractPart = WHOLE,
    payment_pence: int | None = None,
) -> Price:
    """Return what an end would cost, of the whole, of some lines, or of some customers' part."""
    lines = [(line["function"], line["annual_pence"]) for line in seen.row["lines"]]
    functions = part.functions
    everyone = customers_of(seen)
    shares = seen.shares or {code: Fraction(1, len(everyone)) for code in everyone}
    everyone = [code for code in everyone if code in shares]
    # What is left of a contract of which notice stands may be left in part before.
    leaving = seen.leaving if part.is_whole else replace(seen.leaving, noticed_for=None)
    ending = Ending(
        exit_day=exit_day,
        ended=tuple(line for line in lines if not functions or line[0] in functions),
        staying=tuple(line for line in lines if functions and line[0] not in functions),
        payers=tuple((code, shares[code] * part.of_customer(code)) for code in everyone if part.of_customer(code)),
        supplier=seen.row["supplier"].code,
        staff=staff,
        is_free=free_exit_from(leaving, exit_day, asked_on) == exit_day,
        payment_pence=payment_pence,
        as_known=as_known,
    )
    return price_of(leaving, ending)


def estimates_of(
    seen: Seen,
    days: Sequence[date],
    *,
    as_at: date,
    as_known: datetime | None,
    staff: tuple[StaffMember, ...] | None,
    part: ContractPart = WHOLE,
) -> list[EstimateView]:
    """Return what an end on each of these days would cost."""
    found = []
    for last_day in days:
        due = None if seen.leaving.noticed_for is not None else notice_due_for(seen.leaving, last_day)
        price = price_on(seen, last_day, asked_on=as_at, as_known=as_known, staff=staff, part=part)
        found.append(
            EstimateView(
                last_day=last_day,
                exit_on=last_day + ONE_DAY,
                notice_by=due,
                notice_passed=due is not None and due < as_at,
                is_free=free_exit_from(seen.leaving, last_day, as_at) == last_day,
                price=shown(price),
            )
        )
    return found


def days_offered(seen: Seen, as_at: date) -> list[date]:
    """Return the ends that a contract's terms offer from a day."""
    return list(offered_exits(seen.leaving, as_at))


def ways_out_of(
    seen: Seen,
    exit_on: date,
    *,
    as_at: date,
    as_known: datetime | None,
    staff: tuple[StaffMember, ...] | None,
    with_prices: bool,
) -> list[WayOutView]:
    """Return how the contract may be left for a first day without service: by notice, or the two ways that remain."""
    found = []
    for way in ways_out(seen.leaving, exit_on - ONE_DAY, as_at):
        pence: int | None = 0
        unpriced: list[str] = []
        if way.choice == "pay":
            price = price_on(seen, way.exit_day, asked_on=as_at, as_known=as_known, staff=staff)
            pence, unpriced = (None if price.unpriced else price.total_pence), list(price.unpriced)
            if not with_prices:
                pence, unpriced = None, []
        view = WayOutView.model_validate(
            {
                "choice": way.choice,
                "last_day": way.exit_day,
                "exit_on": way.exit_day + ONE_DAY,
                "notice_by": way.notice_by,
                "delay_months": way.delay_months,
                "price_pence": pence,
                "unpriced": unpriced,
            }
        )
        found.append(view)
    return found


def shown(price: Price) -> PriceView:
    """Return a price as it is shown."""
    return PriceView(
        components=[ComponentView.model_validate(line) for line in price.components],
        total_pence=price.total_pence,
        unpriced=list(price.unpriced),
        respread_pence=[MoreView(function=name, pence=pence) for name, pence in sorted(price.respread_pence.items())],
        stranded_if_pence=price.stranded_if_pence,
        rule_packs=sorted(price.packs),
    )


def members_in(content: str | dict[str, Any]) -> list[StaffMember]:
    """Return the members of a staff list as it was stored."""
    listed: dict[str, Any] = json.loads(content) if isinstance(content, str) else content
    return [StaffMember(**row | {"whole_time": Fraction(row["whole_time"])}) for row in listed["staff"]]
