"""Reads how the charge of a contract is divided."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from fractions import Fraction

from libs.common.database.connection import Reads
from libs.common.money import apportion, pounds
from libs.organisations.populations import Count
from services.finance.allowances.counts import counts_of
from services.finance.charges.projection import statements_of_contracts
from services.finance.charges.rules import ChargePeriod, ContractStatement, charge_periods
from services.finance.charges.shares import AgreedShares, in_force, list_agreed, restated
from services.finance.core.sight import Sight
from services.finance.cost_shares.errors import CostSharesNotFound
from services.finance.cost_shares.views import CostSharesView, CostShareView, CountedView


async def get_cost_shares(
    db: Reads, contract: str, *, sight: Sight, as_at: date, as_known: datetime | None
) -> CostSharesView:
    """Return what each customer pays of a contract's charge as at a day. Raises CostSharesNotFound."""
    statements = (await statements_of_contracts(db, [contract], as_known=as_known))[contract]
    agreed = await list_agreed(db, [contract], as_known=as_known)
    on_day = _agreed(statements, agreed, contract, as_at)
    counts: dict[str, Count] = {}
    if on_day is not None and on_day.counted is not None:
        basis, day = on_day.counted
        counts = await counts_of(db, on_day.customers, basis=basis, as_at=day, as_known=as_known)
    people = {on_day.counted: {code: one.people for code, one in counts.items()}} if on_day and on_day.counted else {}
    periods = charge_periods(restated(statements, agreed, people))
    period = next((one for one in periods if one.first_day <= as_at <= one.last_day), None)
    if period is None or not any(sight.sees(code) for code in (*period.customers, _supplier(statements, as_at))):
        raise CostSharesNotFound(f"{contract}: no charge is known on {as_at}")
    is_counted = on_day is not None and on_day.by_population(people) is not None
    return CostSharesView(
        contract=contract,
        basis=on_day.basis if on_day else "equal",
        rule="counted" if is_counted else "stated",
        annual_pence=period.annual_pence,
        tiers=dict(period.tiers),
        parts=_parts(period, counts if is_counted else {}),
        warnings=_warnings(on_day, is_counted=is_counted),
        as_at=as_at,
        as_known=as_known,
    )


def _agreed(
    statements: Sequence[ContractStatement], agreed: Sequence[AgreedShares], contract: str, day: date
) -> AgreedShares | None:
    """Return the agreement by which the charge of a day is divided: that of the day from which the charge holds.

    What the customers agreed later of other shares repeats those of the cost, and their rule still names its own day.
    """
    period = next((one for one in charge_periods(statements) if one.first_day <= day <= one.last_day), None)
    found = period and in_force(agreed, contract, period.first_day)
    return found if period and found and set(found.customers) == set(period.customers) else None


def _supplier(statements: Sequence[ContractStatement], day: date) -> str:
    named = [one for one in statements if one.supplier and one.effective_on <= day]
    return max(named, key=lambda one: (one.effective_on, one.stated_at, one.order)).supplier


def _parts(period: ChargePeriod, counts: Mapping[str, Count]) -> list[CostShareView]:
    weights = [Fraction(weight) for weight in period.weights]
    parts = apportion(period.annual_pence, weights)
    return [
        CostShareView(
            organisation=code,
            share=str(weight / sum(weights)),
            annual_pence=pence,
            annual=pounds(pence),
            counted=_counted(counts.get(code)),
        )
        for code, weight, pence in zip(period.customers, weights, parts, strict=True)
    ]


def _counted(count: Count | None) -> CountedView | None:
    if count is None:
        return None
    return CountedView(
        people=count.people, effective_on=count.effective_on, source=count.source, stated_at=count.stated_at
    )


def _warnings(agreed: AgreedShares | None, *, is_counted: bool) -> list[str]:
    if agreed is None or agreed.counted is None or is_counted:
        return []
    return ["not every customer was counted by the day from which the shares hold: they are as the customers stated"]
