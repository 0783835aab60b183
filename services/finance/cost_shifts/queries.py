"""Reads what suppliers cost and charge, their customers' heads and triggers, and computes shifts and dominoes."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any, Final

import asyncpg

from libs.common.database.connection import Reads
from libs.common.errors import Reason
from libs.common.events import Event
from libs.common.events.contracts import SupplierPriced
from libs.common.money import apportion, nearest_penny
from libs.common.temporal.believed import ALL_DAYS, holds
from libs.common.temporal.history import FIRST_DAY, LAST_DAY
from services.finance.allowances.counts import counts_of
from services.finance.core.digests import digested
from services.finance.core.errors import refuse
from services.finance.core.flows import Flow
from services.finance.core.lenses import SectorLens, SocietyLens, costs_in
from services.finance.core.shifts import detect_shift
from services.finance.core.sight import Sight
from services.finance.cost_shifts.errors import (
    ExitTriggerNotFound,
    HeadsUnknown,
    SupplierCustomerUnknown,
    SupplierPriceNotFound,
    TooManyExits,
)
from services.finance.cost_shifts.rules import (
    MOST_IN_ORDER,
    Customer,
    Unit,
    deficit_after,
    domino,
    increments_of_exit,
    orders_by_cost,
)
from services.finance.cost_shifts.views import (
    CostShiftView,
    DominoStepView,
    DominoView,
    ExitTriggerView,
    LensNetView,
    OrderOfExitsView,
    ShiftedCustomerView,
)
from services.finance.parties.queries import Sectors, load_sectors

_ALWAYS: Final = datetime.max.replace(tzinfo=UTC)
HEADS: Final = "registered"
_ORDERS_SHOWN: Final = 24

_KNOW = """
INSERT INTO known_supplier_price (supplier, effective_on, stated_at, customers, fixed_pence, per_head_pence, heads,
                                  price_per_head_pence, basis)
SELECT supplier, effective_on, stated_at, string_to_array(customers, ','), fixed, per_head, heads, price, basis
  FROM unnest($1::text[], $2::date[], $3::timestamptz[], $4::text[], $5::bigint[], $6::bigint[], $7::bigint[],
              $8::bigint[], $9::text[])
       AS new (supplier, effective_on, stated_at, customers, fixed, per_head, heads, price, basis)
    ON CONFLICT DO NOTHING
"""

# An event says the whole of its day, and is published again for each later day that was stated before.
_ON_DAY = """
SELECT supplier, effective_on, stated_at, customers, fixed_pence, per_head_pence, heads, price_per_head_pence
  FROM known_supplier_price
 WHERE supplier = $1 AND effective_on <= $2 AND stated_at <= $3
 ORDER BY effective_on DESC, stated_at DESC, customers DESC, fixed_pence DESC, per_head_pence DESC, heads DESC,
          price_per_head_pence DESC
 LIMIT 1
"""

_TRIGGERS = f"""
SELECT t.organisation, t.supplier, t.version, b.value, lower(b.valid) AS start, upper(b.valid) AS stop
  FROM exit_trigger t JOIN exit_trigger_belief b ON b.subject_id = t.id
 WHERE ($1::text[] IS NULL OR t.organisation = ANY($1)) AND ($2::text IS NULL OR t.supplier = $2)
   AND {holds("b", "$3", "$4")} AND (t.organisation, t.supplier) > ($5, $6)
 ORDER BY t.organisation, t.supplier LIMIT $7
"""  # noqa: S608  (what is put in is ours)

_TRIGGER = f"""
SELECT t.organisation, t.supplier, t.version, b.value, lower(b.valid) AS start, upper(b.valid) AS stop
  FROM exit_trigger t JOIN exit_trigger_belief b ON b.subject_id = t.id
 WHERE t.organisation = $1 AND t.supplier = $2 AND {holds("b", ALL_DAYS, "$3")}
 ORDER BY b.valid
"""  # noqa: S608  (what is put in is ours)


@dataclass(frozen=True, slots=True)
class PricedUnit:
    """A supplier's unit with its customers and their heads on a day."""

    unit: Unit
    customers: tuple[Customer, ...]
    events: tuple[str, ...]

    @property
    def codes(self) -> list[str]:
        """The customers, in order."""
        return [one.code for one in self.customers]


async def know_supplier_prices(events: Sequence[Event], connection: asyncpg.Connection) -> None:
    """Insert what suppliers cost and charge, by one statement; a repeated event changes nothing."""
    rows = [
        (
            *(one.supplier, one.effective_on, one.stated_at, ",".join(one.customers)),
            *(one.fixed_pence, one.per_head_pence, one.heads, one.price_per_head_pence, one.basis),
        )
        for one in events
        if isinstance(one, SupplierPriced)
    ]
    if rows:
        await connection.execute(_KNOW, *(list(column) for column in zip(*rows, strict=True)))


async def get_unit(db: Reads, supplier: str, *, sight: Sight, as_at: date, as_known: datetime | None) -> PricedUnit:
    """Return a supplier's unit on a day, its heads divided among its customers by the registry's lists.

    Raises SupplierPriceNotFound, also where the caller is neither the supplier nor a customer, and HeadsUnknown.
    """
    rows = await db.fetch(_ON_DAY, supplier, as_at, as_known or _ALWAYS)
    customers = [code for row in rows for code in sorted(row["customers"]) if code != supplier]
    if not rows or not any(sight.sees(code) for code in (supplier, *customers)):
        raise SupplierPriceNotFound(f"{supplier}: no costs and prices are known on {as_at}")
    [row] = rows
    counts = await counts_of(db, customers, basis=HEADS, as_at=as_at, as_known=as_known)
    refuse([_no_heads(code, as_at) for code in customers if code not in counts])
    people = [counts[code].people for code in customers]
    heads = apportion(row["heads"], people) if any(people) else [0 for _ in people]
    return PricedUnit(
        unit=Unit(supplier, row["fixed_pence"], row["per_head_pence"], row["price_per_head_pence"]),
        customers=tuple(Customer(code, size) for code, size in zip(customers, heads, strict=True)),
        events=(f"SupplierPriced {row['effective_on']} {row['stated_at'].isoformat()}",),
    )


def _no_heads(code: str, day: date) -> HeadsUnknown:
    message = f"{code}: no list of registered people is published by {day}"
    return HeadsUnknown(message, reasons=[Reason(message)])


def must_be_customers(priced: PricedUnit, codes: Collection[str], *, field: str) -> None:
    """Raise SupplierCustomerUnknown with every code that is no customer of the unit."""
    there = ", ".join(priced.codes)
    missing = [f"{code} is none of {there}" for code in sorted(set(codes) - set(priced.codes))]
    refuse([SupplierCustomerUnknown(message, reasons=[Reason(message, field)]) for message in missing])


async def get_cost_shift(
    db: Reads,
    supplier: str,
    replacements: Mapping[str, int],
    *,
    sight: Sight,
    as_at: date,
    as_known: datetime | None,
    field: str,
) -> CostShiftView:
    """Return who gains and who loses in a year when customers leave for what costs them so much a head.

    Raises SupplierPriceNotFound, HeadsUnknown, SupplierCustomerUnknown, TooManyExits.
    """
    priced = await get_unit(db, supplier, sight=sight, as_at=as_at, as_known=as_known)
    must_be_customers(priced, replacements, field=field)
    _must_be_few(replacements, field)
    sectors = await load_sectors(db, [supplier, *priced.codes], as_known=as_known)
    flows = increments_of_exit(priced.unit, priced.customers, replacements, as_at)
    shift = detect_shift(SocietyLens(), flows)
    gains = {one.party: nearest_penny(one.gain) for one in (*shift.gainers, *shift.losers)}
    price = priced.unit.price(sum(one.heads for one in priced.customers if one.code not in replacements))
    orders = orders_by_cost(priced.unit, priced.customers, replacements) if len(replacements) > 1 else []
    view = CostShiftView(
        supplier=supplier,
        as_at=as_at,
        as_known=as_known,
        price_before_pence=priced.unit.price_per_head_pence,
        price_after_pence=None if price is None else nearest_penny(price),
        deficit_pence=nearest_penny(deficit_after(priced.unit, priced.customers, replacements)),
        parties=_parties(supplier, priced, replacements, gains),
        gainers=[one.party for one in shift.gainers],
        losers=[one.party for one in shift.losers],
        is_cost_shift=shift.shifted,
        counted_saving_pence=nearest_penny(shift.counted_saving),
        nets=_nets(flows, sectors),
        orders=[OrderOfExitsView(codes=list(one.codes), pence=one.pence) for one in orders[:_ORDERS_SHOWN]],
        heads_basis=f"population:{HEADS}",
        events=list(priced.events),
        rule_packs=[sectors.pack.id],
        digest="",
    )
    return digested(view)


def _nets(flows: Sequence[Flow], sectors: Sectors) -> list[LensNetView]:
    """Return what the members of each lens gain together."""
    return [
        LensNetView(lens=lens.name, net_pence=-nearest_penny(sum(costs_in(lens, flows), Fraction(0))))
        for lens in (SectorLens(sectors.on), SocietyLens())
    ]


def _must_be_few(replacements: Mapping[str, int], field: str) -> None:
    if len(replacements) > MOST_IN_ORDER:
        message = f"{len(replacements)} exits: at most {MOST_IN_ORDER} can be compared in every order"
        raise TooManyExits(message, reasons=[Reason(message, field)])


def _parties(
    supplier: str, priced: PricedUnit, replacements: Mapping[str, int], gains: Mapping[str, int]
) -> list[ShiftedCustomerView]:
    customers = [
        ShiftedCustomerView(
            code=one.code,
            heads=one.heads,
            is_leaving=one.code in replacements,
            gain_pence=gains.get(one.code, 0),
        )
        for one in priced.customers
    ]
    unit = ShiftedCustomerView(code=supplier, heads=None, is_leaving=False, gain_pence=gains.get(supplier, 0))
    return [*customers, unit]


async def get_domino(
    db: Reads,
    supplier: str,
    leaving: Collection[str],
    *,
    sight: Sight,
    own: Sight,
    as_at: date,
    as_known: datetime | None,
) -> DominoView:
    """Return who leaves after whom, by the triggers of `own` alone: no answer tells another's trigger.

    Raises SupplierPriceNotFound, HeadsUnknown, SupplierCustomerUnknown.
    """
    priced = await get_unit(db, supplier, sight=sight, as_at=as_at, as_known=as_known)
    must_be_customers(priced, leaving, field="leaving")
    codes = own.among(priced.codes) or []
    stated = {
        one.organisation: one.price_per_head_pence
        for one in await list_triggers(
            db, codes=codes, supplier=supplier, as_at=as_at, as_known=as_known, after=("", ""), limit=len(codes) + 1
        )
    }
    customers = [Customer(one.code, one.heads, stated.get(one.code)) for one in priced.customers]
    steps = domino(priced.unit, customers, leaving)
    return DominoView(
        supplier=supplier,
        as_at=as_at,
        as_known=as_known,
        steps=[
            DominoStepView(
                leaving=list(one.leaving),
                staying=list(one.staying),
                price_per_head_pence=None if one.price is None else nearest_penny(one.price),
            )
            for one in steps
        ],
        closes=steps[-1].price is None,
        without_trigger=[one.code for one in customers if one.trigger_pence is None and one.code not in leaving],
        events=list(priced.events),
    )


async def list_triggers(
    db: Reads,
    *,
    codes: Sequence[str] | None,
    supplier: str | None,
    as_at: date,
    as_known: datetime | None,
    after: tuple[str, str],
    limit: int,
) -> list[ExitTriggerView]:
    """Return the triggers of some organisations (None: of all) as at a day, by organisation and supplier."""
    rows = await db.fetch(_TRIGGERS, codes, supplier, as_at, as_known or _ALWAYS, *after, limit)
    return [_trigger(row) for row in rows]


async def trigger_periods(
    db: Reads, organisation: str, supplier: str, *, as_known: datetime | None
) -> list[ExitTriggerView]:
    """Return a trigger through time; nothing where none holds on any day."""
    return [_trigger(row) for row in await db.fetch(_TRIGGER, organisation, supplier, as_known or _ALWAYS)]


async def get_trigger(
    db: Reads, organisation: str, supplier: str, *, sight: Sight, as_known: datetime | None
) -> list[ExitTriggerView]:
    """Return a trigger through time. Raises ExitTriggerNotFound, also where the caller does not read it."""
    found = await trigger_periods(db, organisation, supplier, as_known=as_known)
    if not found or not sight.sees(organisation):
        raise ExitTriggerNotFound(f"{organisation} has stated no trigger for {supplier}")
    return found


def _trigger(row: Any) -> ExitTriggerView:
    start, stop = row["start"] or FIRST_DAY, row["stop"] or LAST_DAY
    return ExitTriggerView(
        organisation=row["organisation"],
        supplier=row["supplier"],
        price_per_head_pence=int(row["value"]),
        first_day=None if start == FIRST_DAY else start,
        last_day=None if stop == LAST_DAY else stop - timedelta(days=1),
        version=row["version"],
    )
