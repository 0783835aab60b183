"""Reads suppliers as at a day and as known at an instant; their costs for those whom they concern."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Final

from libs.common.database.connection import Reads
from libs.common.identity import Caller
from libs.common.temporal.believed import ALL_DAYS, holds
from libs.common.temporal.history import FIRST_DAY, LAST_DAY
from libs.organisations.relations import HOSTS, OWNS, WHOLLY
from services.contracts.core.models import known
from services.contracts.core.queries import ContractFilter, list_contracts
from services.contracts.core.sight import PARTY, reads_through
from services.contracts.core.views import PartyView
from services.contracts.suppliers.errors import NoLifeCycle, SupplierNotFound
from services.contracts.suppliers.models import Aspect
from services.contracts.suppliers.rules import (
    ASSURED,
    Period,
    first_day_of,
    life_cycle_on,
    parts_of,
    period_on,
)
from services.contracts.suppliers.views import (
    CostsView,
    HolderView,
    RegisteredHolderView,
    SectorView,
    ServedView,
    SupplierCustomersView,
    SupplierStateView,
    SupplierView,
)

NOW: Final = datetime.max.replace(tzinfo=UTC)

# A belief may follow from several statements of one value: its source is that of the latest.
_PERIODS = f"""
SELECT b.facet, b.value, lower(b.valid) AS start, upper(b.valid) AS stop,
       (SELECT s.source FROM supplier_statement s
         WHERE s.subject_id = b.subject_id AND s.facet = b.facet AND s.value = b.value AND s.valid && b.valid
           AND s.stated_at <= $2::timestamptz
         ORDER BY s.stated_at DESC, s.source LIMIT 1) AS source
  FROM supplier o JOIN supplier_belief b ON b.subject_id = o.id
 WHERE o.code = $1 AND {holds("b", ALL_DAYS, "$2")}
 ORDER BY b.facet, b.valid
"""  # noqa: S608  (what is put in is ours)

_RELATED = f"""
SELECT r.relation, r.code, b.value FROM known_relation r JOIN known_relation_belief b ON b.subject_id = r.id
 WHERE r.other = $1 AND {holds("b", "$2", "$3")}
 ORDER BY r.relation, r.code
"""  # noqa: S608  (what is put in is ours)

_SUCCEEDED = f"""
SELECT DISTINCT s.successor FROM known_succession s
 WHERE s.code = $1 AND s.effective_on <= $2 AND {holds("s", ALL_DAYS, "$3")} ORDER BY 1
"""  # noqa: S608  (what is put in is ours)

# Until when who is a customer on the day knows what is stated of the supplier.
_KNOWN_UNTIL = f"""
SELECT max(sight.known) AS until FROM contract c {PARTY}
 WHERE c.reference = ANY($3::text[]) AND party.buying @> $1::date
"""  # noqa: S608  (what is put in is ours)


async def list_customers_of(
    db: Reads, supplier: str, *, by: Caller, as_at: date, as_known: datetime | None
) -> SupplierCustomersView:
    """Return the customers of a supplier on a day under active contracts that the caller may see."""
    wanted = ContractFilter(supplier=supplier, status="active")
    contracts = await list_contracts(db, wanted, by=by, as_at=as_at, as_known=as_known)
    served: dict[str, list[str]] = {}
    for contract in contracts:
        for customer in contract["customers"]:
            served.setdefault(customer.code, []).append(contract["reference"])
    codes = [supplier, *sorted(served)]
    parties = await known.statuses(db, codes, as_at=as_at, as_known=as_known)
    return SupplierCustomersView(
        supplier=PartyView.model_validate(parties[supplier]),
        customers=[
            ServedView(customer=PartyView.model_validate(parties[code]), contracts=served[code])
            for code in sorted(served)
        ],
        annual_pence=sum(contract["annual_pence"] for contract in contracts),
        as_at=as_at,
        as_known=as_known,
    )


async def get_supplier(db: Reads, code: str, *, by: Caller, as_at: date, as_known: datetime | None) -> SupplierView:
    """Return a supplier. Raises SupplierNotFound where nothing is known of it that the caller may know."""
    instant = as_known or NOW
    periods = await periods_of(db, code, instant)
    [supplier] = (await known.statuses(db, [code], as_at=as_at, as_known=as_known)).values()
    contracts = await _contracts_of(db, code, by=by, as_at=as_at, as_known=as_known)
    if not (periods or contracts) and supplier.status == "unknown":
        raise SupplierNotFound(f"no supplier {code} is known")
    registered = await registered_holders(db, code, as_at=as_at, instant=instant)
    until = await _knows_costs_until(db, code, contracts, by=by, as_at=as_at, instant=instant)
    states = [_state(one) for one in periods if one.aspect == Aspect.STATE]
    current = period_on(periods, Aspect.STATE, as_at)
    sector = period_on(periods, Aspect.SECTOR, as_at)
    scope = period_on(periods, Aspect.SCOPE, as_at)
    return SupplierView(
        supplier=PartyView.model_validate(supplier),
        state=_state(current) if current else None,
        host=_holder(period_on(periods, Aspect.HOST, as_at), registered[HOSTS]),
        owner=_holder(period_on(periods, Aspect.OWNER, as_at), registered[OWNS]),
        owner_sector=sector and SectorView(sector=sector.value, first_day=first_day_of(sector), source=sector.source),
        scope=scope and scope.value,
        registry_owners=registered[OWNS],
        registry_hosts=registered[HOSTS],
        succeeded_by=[row["successor"] for row in await db.fetch(_SUCCEEDED, code, as_at, instant)],
        costs=until and _costs(await periods_of(db, code, until), as_at),
        states=states,
        caution=_caution(current),
        rule_pack=_pack(as_at),
        as_at=as_at,
        as_known=as_known,
    )


async def periods_of(db: Reads, code: str, instant: datetime) -> list[Period]:
    """Return everything that is believed of a supplier at an instant, ordered by aspect and day."""
    return [
        Period(
            Aspect(row["facet"]), row["value"], row["start"] or FIRST_DAY, row["stop"] or LAST_DAY, row["source"] or ""
        )
        for row in await db.fetch(_PERIODS, code, instant)
    ]


async def registered_holders(
    db: Reads, code: str, *, as_at: date, instant: datetime = NOW
) -> dict[str, list[RegisteredHolderView]]:
    """Return the owners and the hosts of a body by the registry, as at a day, as known at an instant."""
    holders: dict[str, list[RegisteredHolderView]] = {OWNS: [], HOSTS: []}
    for row in await db.fetch(_RELATED, code, as_at, instant):
        share = None if row["value"] == WHOLLY else row["value"]
        holders[row["relation"]].append(RegisteredHolderView(code=row["code"], share=share))
    return holders


async def _contracts_of(db: Reads, code: str, *, by: Caller, as_at: date, as_known: datetime | None) -> Sequence[str]:
    """Return the active contracts of a supplier on the day that the caller may see, by reference."""
    wanted = ContractFilter(supplier=code, status="active")
    return [row["reference"] for row in await list_contracts(db, wanted, by=by, as_at=as_at, as_known=as_known)]


async def _knows_costs_until(
    db: Reads, code: str, contracts: Sequence[str], *, by: Caller, as_at: date, instant: datetime
) -> datetime | None:
    """Return the instant up to which the caller knows what the supplier costs; None: it does not."""
    codes = await reads_through(db, by)
    if codes is None or code in codes:
        return instant
    until: datetime | None = (await db.fetch(_KNOWN_UNTIL, as_at, instant, list(contracts), codes))[0]["until"]
    return until


def _holder(own: Period | None, registered: Sequence[RegisteredHolderView]) -> HolderView | None:
    """Return what the supplier's own sources say, else the registry where it has one body."""
    if own is not None:
        return HolderView(code=own.value or None, first_day=first_day_of(own), source=own.source)
    if len(registered) != 1:
        return None
    return HolderView(code=registered[0].code, first_day=None, source="registry")


def _state(period: Period) -> SupplierStateView:
    state, checkpoint, outcome = parts_of(period.value)
    titles = life_cycle_on(period.start).values["outcomes"]
    return SupplierStateView(
        state=state,
        checkpoint=checkpoint,
        outcome=outcome,
        outcome_title=titles.get(outcome),
        first_day=first_day_of(period),
        last_day=None if period.end == LAST_DAY else date.fromordinal(period.end.toordinal() - 1),
        source=period.source,
    )


def _costs(periods: Sequence[Period], day: date) -> CostsView:
    def amount(aspect: Aspect) -> int | None:
        period = period_on(periods, aspect, day)
        return None if period is None else int(period.value)

    basis = period_on(periods, Aspect.BASIS, day)
    return CostsView(
        fixed_pence=amount(Aspect.FIXED),
        per_head_pence=amount(Aspect.PER_HEAD),
        heads=amount(Aspect.HEADS),
        price_per_head_pence=amount(Aspect.PRICE),
        basis=basis and basis.value,
    )


def _caution(current: Period | None) -> str | None:
    if current is None or parts_of(current.value)[0] not in ASSURED:
        return None
    return "The state is an assessment of its day; that the supplier will last does not follow from it."


def _pack(day: date) -> str | None:
    try:
        return life_cycle_on(day).id
    except NoLifeCycle:
        return None
