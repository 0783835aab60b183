"""Reads how a body has its functions done, and what it can choose."""

from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final, NamedTuple

from libs.common.database.connection import Reads
from libs.common.identity import Caller
from libs.common.temporal.believed import NOW, holds
from libs.common.temporal.history import FIRST_DAY
from services.contracts.agreements.catalogue import functions_on
from services.contracts.core.errors import refuse
from services.contracts.core.models import known
from services.contracts.core.packs import PACKS
from services.contracts.core.queries import ContractFilter, list_contracts
from services.contracts.core.sight import reads_through
from services.contracts.core.views import PartyView
from services.contracts.sourcing.errors import SourcingNotFound
from services.contracts.sourcing.rules import Decided, find_pack, overdue_from, pack_on, why_not_known
from services.contracts.sourcing.views import (
    AgreementView,
    FunctionOptionsView,
    OptionView,
    RulePackView,
    SourcedFunctionView,
    SourcingOptionsView,
    SourcingView,
)

_LATEST: Final = datetime.max.replace(tzinfo=UTC)

_DECIDED = f"""
SELECT o.function, b.value, lower(b.valid) AS first_day
  FROM sourced_function o JOIN sourced_function_belief b ON b.subject_id = o.id
 WHERE o.organisation = $1 AND {holds("b", "$2", "$3")}
 ORDER BY o.function
"""  # noqa: S608  (what is put in is ours)

_ANY = """
SELECT FROM sourced_function o JOIN sourced_function_statement s ON s.subject_id = o.id
 WHERE o.organisation = $1 AND s.stated_at <= $2 LIMIT 1
"""

# What is bought from NHS support on the day $1 by a decision of a day up to $2, and the first signature by $1 of a
# contract that supplies it.
_BOUGHT = f"""
SELECT o.organisation, o.function, b.value::jsonb->>'supplier' AS supplier,
       lower(b.valid) AS decided_from,
       (SELECT min(c.signed_on) FROM contract c
          JOIN contract_customer cc ON cc.contract_id = c.id
          JOIN contract_line l ON l.contract_id = c.id
         WHERE cc.customer_code = o.organisation AND l.function = o.function AND c.signed_on <= $1::date
           AND c.supplier_code = coalesce(b.value::jsonb->>'supplier', c.supplier_code)) AS signed_on
  FROM sourced_function o JOIN sourced_function_belief b ON b.subject_id = o.id
 WHERE {holds("b", "$1", NOW)} AND lower(b.valid) <= $2
   AND (b.value::jsonb->>'nhs_support')::boolean
 ORDER BY o.organisation, supplier, o.function
"""  # noqa: S608  (what is put in is ours)


class Bought(NamedTuple):
    """A function that a body buys from NHS support, since when, and when a contract that supplies it was signed."""

    organisation: str
    function: str
    supplier: str
    decided_from: date
    signed_on: date | None


class DecidedFrom(NamedTuple):
    """A decision with its first day."""

    decided: Decided
    first_day: date


async def decided_on(
    db: Reads, organisation: str, day: date, as_known: datetime | None = None
) -> dict[str, DecidedFrom]:
    """Return the decisions of a body that hold on a day, by function."""
    return {
        row["function"]: DecidedFrom(Decided.model_validate_json(row["value"]), row["first_day"] or FIRST_DAY)
        for row in await db.fetch(_DECIDED, organisation, day, as_known or _LATEST)
    }


async def has_decided(db: Reads, organisation: str, as_known: datetime | None = None) -> bool:
    """Whether a body has stated any decision by an instant."""
    return bool(await db.fetch(_ANY, organisation, as_known or _LATEST))


async def bought_from_nhs_support(db: Reads, day: date, *, decided_by: date) -> list[Bought]:
    """Return what is bought from NHS support on a day by a decision up to another, as known now."""
    return [
        Bought(row["organisation"], row["function"], row["supplier"] or "", row["decided_from"], row["signed_on"])
        for row in await db.fetch(_BOUGHT, day, decided_by)
    ]


async def get_sourcing(
    db: Reads, organisation: str, *, by: Caller, as_at: date, as_known: datetime | None
) -> SourcingView:
    """Return a body's decisions. Raises SourcingNotFound for who does not act for it or its successor."""
    codes = await reads_through(db, by)
    is_own = codes is None or organisation in codes
    if not is_own or not await has_decided(db, organisation, as_known):
        raise SourcingNotFound(f"no sourcing of {organisation} is known")
    decided = await decided_on(db, organisation, as_at, as_known)
    catalogue = functions_on(as_at)
    options = pack_on(as_at, subject="sourcing-options")
    deadlines = find_pack(as_at, subject="sourcing-deadlines")
    contracts = await _signed(db, organisation, decided, by=by, as_at=as_at, as_known=as_known)
    views = []
    for function, (one, first_day) in decided.items():
        agreement = None
        if one.nhs_support and deadlines is not None:
            agreement = _agreement(contracts, function, one, overdue_from(deadlines, first_day), as_at)
        views.append(
            SourcedFunctionView(
                **one.model_dump(mode="json"),
                function=function,
                name=catalogue.names.get(function, function),
                structure_title=options.values["structures"].get(str(one.structure)),
                first_day=first_day,
                agreement=agreement,
            )
        )
    [body] = (await known.statuses(db, [organisation], as_at=as_at, as_known=as_known)).values()
    not_required = options.values["not_required"]
    return SourcingView(
        organisation=PartyView.model_validate(body),
        functions=views,
        unassigned=[one for one in catalogue.names if one not in decided and one not in not_required],
        late_days=max((one.decided.late_days for one in decided.values()), default=0),
        rule_packs=[pack.id for pack in (catalogue.pack, options, deadlines) if pack is not None],
        as_at=as_at,
        as_known=as_known,
    )


def options_on(day: date, functions: Collection[str] | None) -> SourcingOptionsView:
    """Return what can be chosen on a day, for these functions or those of the pack of delivery options.

    Raises NoRuleInForce, FunctionUnknown.
    """
    catalogue = functions_on(day)
    options = pack_on(day, subject="sourcing-options")
    delivery = find_pack(day, subject="delivery-options")
    choices = delivery.values["options"] if delivery else {}
    asked = functions if functions is not None else (delivery.values["functions"] if delivery else catalogue.names)
    refuse(why_not_known(asked, catalogue.names, catalogue.pack.id))
    packs = [pack for pack in (catalogue.pack, options, delivery) if pack is not None]
    return SourcingOptionsView(
        rule_packs=[pack.id for pack in packs],
        citations=[pack.citation for pack in packs],
        choices=_titled(options.values["choices"]),
        models=_titled(options.values["models"]),
        structures=_titled(options.values["structures"]),
        delivery_options=_titled(choices),
        functions=[
            FunctionOptionsView(function=one, name=catalogue.names[one], options=list(choices), do_nothing=True)
            for one in dict.fromkeys(asked)
        ],
        as_at=day,
    )


def list_rule_packs() -> list[RulePackView]:
    """Return every pack by subject and first day."""
    return [RulePackView.model_validate(pack) for pack in PACKS]


def _titled(values: dict[str, str]) -> list[OptionView]:
    return [OptionView(code=code, title=title) for code, title in values.items()]


async def _signed(
    db: Reads,
    organisation: str,
    decided: dict[str, DecidedFrom],
    *,
    by: Caller,
    as_at: date,
    as_known: datetime | None,
) -> Sequence[dict[str, Any]]:
    """Return the body's signed contracts as at the day, if one of its functions is bought from NHS support."""
    if not any(one.decided.nhs_support for one in decided.values()):
        return []
    wanted = ContractFilter(customer=organisation)
    rows = await list_contracts(db, wanted, by=by, as_at=as_at, as_known=as_known)
    return [row for row in rows if row["signed_on"] is not None and row["signed_on"] <= as_at]


def _agreement(
    contracts: Sequence[dict[str, Any]], function: str, one: Decided, late_from: date, as_at: date
) -> AgreementView:
    """Return the first contract that supplies a function by the decision, and since when it was late."""
    signed = sorted(
        (row["signed_on"], row["reference"])
        for row in contracts
        if one.supplier in (None, row["supplier"].code) and any(function == line["function"] for line in row["lines"])
    )
    signed_on, reference = signed[0] if signed else (None, None)
    is_late = late_from <= as_at and (signed_on is None or signed_on >= late_from)
    return AgreementView(
        due_on=late_from - timedelta(days=1),
        contract=reference,
        signed_on=signed_on,
        overdue_from=late_from if is_late else None,
    )
