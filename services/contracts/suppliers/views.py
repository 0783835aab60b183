"""Answers about suppliers."""

from datetime import date, datetime

from pydantic import Field

from services.contracts.core.views import PartyView, View

_SOURCE = "`supplier`, `host`, `nhs_england`, or `registry` where none of them stated it."


class SupplierStateView(View):
    """A state of the life cycle with its days, and who stated it."""

    state: str
    checkpoint: int | None
    outcome: str | None = Field(description="Of a checkpoint: a code of the rule pack.")
    outcome_title: str | None
    first_day: date | None
    last_day: date | None = Field(description="null: until further notice.")
    source: str = Field(description=_SOURCE)


class HolderView(View):
    """The body that owns or hosts a supplier, and who says so."""

    code: str | None = Field(description="null: the source states that there is none.")
    first_day: date | None
    source: str = Field(description=_SOURCE)


class SectorView(View):
    """The sector of a supplier's owner, and who stated it."""

    sector: str = Field(description="`public`, `private` or `third`.")
    first_day: date | None
    source: str = Field(description=_SOURCE)


class RegisteredHolderView(View):
    """An owner or host by the registry."""

    code: str
    share: str | None = Field(description="An exact fraction, where the registry has one.")


class CostsView(View):
    """What a supplier costs and charges a year, in pence; null where it is not stated."""

    fixed_pence: int | None
    per_head_pence: int | None
    heads: int | None
    price_per_head_pence: int | None
    basis: str | None = Field(description="`stated` or `illustrative`.")


class SupplierView(View):
    """A supplier as at a day, as known at an instant."""

    supplier: PartyView
    state: SupplierStateView | None
    host: HolderView | None
    owner: HolderView | None = Field(description="null: not stated, or the registry has several owners.")
    owner_sector: SectorView | None
    scope: str | None = Field(description="`end_to_end` or `niche`; null: not stated.")
    registry_owners: list[RegisteredHolderView]
    registry_hosts: list[RegisteredHolderView]
    succeeded_by: list[str] = Field(description="The bodies that took it over, by the registry.")
    costs: CostsView | None = Field(
        description="For the supplier, its customers as at the day, as far as they know, and a national body."
    )
    states: list[SupplierStateView] = Field(description="The states of all days, as known.")
    caution: str | None = Field(description="What the state does not say.")
    rule_pack: str | None
    as_at: date
    as_known: datetime | None


class ServedView(View):
    """A customer, and the contracts under which it is served."""

    customer: PartyView
    contracts: list[str]


class SupplierCustomersView(View):
    """The customers of a supplier on a day under active contracts that the caller may see."""

    supplier: PartyView
    customers: list[ServedView]
    annual_pence: int = Field(description="Charge of these contracts a year; one that several share counts once.")
    as_at: date
    as_known: datetime | None
