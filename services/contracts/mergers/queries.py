"""Reads the overlaps of a body, and what a merger moves: of the contracts that the caller may see."""

from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any

from libs.common.database.connection import Reads
from libs.common.identity import Caller
from services.contracts.core.codes import AGREEMENTS
from services.contracts.core.models import Status, known
from services.contracts.core.queries import ContractFilter, list_contracts
from services.contracts.core.schemes import property_schemes
from services.contracts.core.sight import ON_THE_DAY, PARTY, reads_through
from services.contracts.mergers.errors import MergerNotFound
from services.contracts.mergers.overlaps import Overlap, Supplied, overlaps_of
from services.contracts.mergers.plans import MergerPlan, MergerStatus, find_plans
from services.contracts.mergers.views import (
    AgreementToRemakeView,
    MergerPreviewView,
    MovedContractView,
    OverlapsView,
    OverlapView,
)

_NOW = datetime.max.replace(tzinfo=UTC)
_SCHEMES = f"SELECT {property_schemes('$1', '$2::text[]', '$3::timestamptz')} AS schemes"


# $5: the settled ones too.
_TO_REMAKE = f"""
SELECT c.reference AS agreement, c.form AS kind, f.merger, f.state, f.predecessors, f.successor, f.effective_on,
       f.stated_at, s.outcome, s.into, s.scheme, s.document, s.stated_at AS settled_at
  FROM contract c {PARTY}
 CROSS JOIN LATERAL (
       SELECT DISTINCT ON (one.merger) one.* FROM agreement_flag one
        WHERE one.contract_id = c.id AND one.stated_at <= sight.known ORDER BY one.merger, one.id DESC) f
  LEFT JOIN LATERAL (
       SELECT one.* FROM agreement_settlement one
        WHERE one.contract_id = c.id AND one.merger = f.merger AND one.stated_at <= sight.known
        ORDER BY one.id DESC LIMIT 1) s ON true
 WHERE c.id IN (SELECT contract_id FROM agreement_flag) AND {ON_THE_DAY} AND f.state <> 'dropped'
   AND ($3::text IS NULL OR f.successor = $3 OR f.predecessors @> ARRAY[$3] OR f.merger = $3)
   AND ($5::bool OR s.outcome IS NULL)
 ORDER BY f.effective_on, c.reference, f.merger
"""  # noqa: S608  (what is put in is ours)


async def list_agreements_to_remake(
    db: Reads,
    *,
    about: str | None,
    with_settled: bool,
    by: Caller,
    as_at: date,
    as_known: datetime | None,
) -> list[AgreementToRemakeView]:
    """Return the agreements of bodies that end, or will, that the caller reads as at the day; the first due in front.

    `about` is a body or a merger. Without `with_settled`, those of which no party has stated what became of them.
    """
    rows = await db.fetch(_TO_REMAKE, as_at, as_known or _NOW, about, await reads_through(db, by), with_settled)
    return [AgreementToRemakeView.model_validate(dict(row)) for row in rows]


async def list_overlaps(
    db: Reads, organisation: str, *, by: Caller, as_at: date, as_known: datetime | None
) -> OverlapsView:
    """Return the functions for which a body has several contracts that run on a day."""
    contracts = await running_contracts(db, [organisation], by=by, as_at=as_at, as_known=as_known)
    overlaps = overlaps_of(organisation, lines_of(contracts.values(), [organisation]))
    return OverlapsView.model_validate(
        {
            "organisation": await known.status(db, organisation, as_at=as_at, as_known=as_known),
            "overlaps": [OverlapView.model_validate(one) for one in overlaps],
            "offered": _offered(overlaps),
            "as_at": as_at,
            "as_known": as_known,
        }
    )


async def get_merger_preview(db: Reads, merger: str, *, by: Caller, as_known: datetime | None) -> MergerPreviewView:
    """Return what a merger moves on its day, with the overlaps that it brings about. Raises MergerNotFound."""
    plan = (await find_plans(db, [merger], as_known=as_known)).get(merger)
    if plan is None:
        raise MergerNotFound(f"no merger {merger} is known{f' at {as_known.isoformat()}' if as_known else ''}")
    bodies = [*plan.predecessors, plan.successor]
    contracts: Mapping[str, Mapping[str, Any]] = {}
    if plan.status in (MergerStatus.AGREED, MergerStatus.CARRIED_OUT):
        contracts = await running_contracts(
            db, bodies, by=by, as_at=plan.effective_on, as_known=as_known, supplied_by=True
        )
    overlaps = overlaps_of(plan.successor, lines_of(contracts.values(), bodies))
    moved = [one for one in contracts.values() if _is_party(one, plan.leaving)]
    schemes: Mapping[str, str] = {}
    if moved:
        [row] = await db.fetch(_SCHEMES, merger, list(plan.predecessors), as_known or _NOW)
        schemes = dict(zip(plan.predecessors, row["schemes"], strict=True))
    return MergerPreviewView(
        merger=plan.merger,
        status=plan.status,
        successor=plan.successor,
        successor_name=plan.successor_name,
        predecessors=list(plan.predecessors),
        effective_on=plan.effective_on,
        contracts=[_moved(one, plan, schemes) for one in moved],
        overlaps=[OverlapView.model_validate(one) for one in overlaps],
        offered=_offered(overlaps),
        agreements=await list_agreements_to_remake(
            db, about=merger, with_settled=True, by=by, as_at=plan.effective_on, as_known=as_known
        ),
        as_known=as_known,
    )


async def running_contracts(
    db: Reads,
    bodies: Collection[str],
    *,
    by: Caller,
    as_at: date,
    as_known: datetime | None,
    supplied_by: bool = False,
) -> dict[str, Mapping[str, Any]]:
    """Return the contracts that run on a day, by reference, of which one of the bodies is a customer, or supplier.

    Agreements that no merger moves are left out.
    """
    filters = [ContractFilter(customer=code, status=Status.ACTIVE) for code in bodies]
    if supplied_by:
        filters += [ContractFilter(supplier=code, status=Status.ACTIVE) for code in bodies]
    found = {
        row["reference"]: row
        for one in filters
        for row in await list_contracts(db, one, by=by, as_at=as_at, as_known=as_known)
        if row["form"] not in AGREEMENTS
    }
    return dict(sorted(found.items()))


def lines_of(contracts: Iterable[Mapping[str, Any]], bodies: Collection[str]) -> list[Supplied]:
    """Return each line of the contracts of which one of the bodies is a customer."""
    return [
        Supplied(contract["reference"], contract["supplier"].code, line["function"], line["annual_pence"])
        for contract in contracts
        if any(customer.code in bodies for customer in contract["customers"])
        for line in contract["lines"]
    ]


def _offered(overlaps: Iterable[Overlap]) -> list[str]:
    return sorted({one.contract for overlap in overlaps for one in overlap.contracts})


def _is_party(contract: Mapping[str, Any], bodies: Collection[str]) -> bool:
    return contract["supplier"].code in bodies or any(customer.code in bodies for customer in contract["customers"])


def _moved(contract: Mapping[str, Any], plan: MergerPlan, schemes: Mapping[str, str]) -> MovedContractView:
    customers = [customer.code for customer in contract["customers"]]
    leaving = [code for code in customers if code in plan.leaving]
    staying = set(customers).difference(leaving)
    supplier = contract["supplier"].code
    return MovedContractView(
        reference=contract["reference"],
        supplier=supplier,
        supplier_after=plan.successor if supplier in plan.leaving else supplier,
        customers=customers,
        customers_after=sorted(staying | {plan.successor} if leaving else staying),
        annual_pence=contract["annual_pence"],
        schemes=[schemes[code] for code in leaving],
    )
