"""Reads what organisations may hold and distribute by their legal form, as at a day, as known at an instant."""

from datetime import date, datetime

from libs.common.database.connection import Reads
from services.registry.core.kinds import Kind
from services.registry.core.links import Relation
from services.registry.core.queries import get_organisation
from services.registry.federations.rules import (
    CONTRACTS,
    FormRules,
    distributable_pence,
    general_conditions,
    matrix,
    rules_for,
    size_warning,
)
from services.registry.federations.views import (
    DistributionView,
    FederationStandingView,
    FormRulesView,
    HoldingView,
    MatrixView,
    OwnerView,
    SizeView,
    WarnedView,
)
from services.registry.populations.queries import populations_of
from services.registry.relations.queries import list_relations

MOST_OWNERS = 1000
"""How many owners an answer shows; the relations of the organisation list any number."""

_SIZED_BY = ("registered", "resident", "weighted")
"""The bases of a federation's size, the preferred one first."""


def get_matrix(as_at: date) -> MatrixView:
    """Return the rules of every legal form of a day."""
    return MatrixView(
        as_at=as_at,
        forms=[_form(rules) for rules in matrix(as_at)],
        conditions=list(general_conditions(as_at)),
    )


async def get_standing(
    db: Reads, code: str, *, profit_pence: int, as_at: date, as_known: datetime | None
) -> FederationStandingView:
    """Return what an organisation may hold, and how much of a profit it may distribute.

    Raises OrganisationNotFound.
    """
    body = await get_organisation(db, code, as_at=as_at, as_known=as_known)
    form = body.legal_form
    rules = rules_for(form, as_at) if form else None
    population = await _size(db, code, as_at=as_at, as_known=as_known)
    owners = await list_relations(
        db, code, relation=Relation.OWNS, direction="to", as_at=as_at, as_known=as_known, after=None, limit=MOST_OWNERS
    )
    return FederationStandingView(
        code=code,
        name=body.name,
        as_at=as_at,
        as_known=as_known,
        legal_form=form,
        shown_as=rules.shown_as if rules else None,
        remit=body.remit,
        may_hold=_holding(rules),
        distribution=distribution(rules, profit_pence) if rules else None,
        conditions=[*(rules.conditions if rules else ()), *general_conditions(as_at)],
        owners=[OwnerView(code=one.code, share=one.share) for one in owners],
        population=population,
        warnings=_warnings(population, as_at) if body.kind is Kind.GP_FEDERATION else [],
        rule_pack=rules.pack.id if rules else None,
        citation=rules.pack.citation if rules else None,
    )


def distribution(rules: FormRules, profit_pence: int) -> DistributionView:
    """Return how much of a profit may go to the owners under these rules."""
    return DistributionView(
        may_distribute=rules.may_distribute,
        profit_pence=profit_pence,
        most_pence=distributable_pence(rules, profit_pence),
        most_percent=rules.most_percent,
        asset_lock=rules.asset_lock,
    )


async def _size(db: Reads, code: str, *, as_at: date, as_known: datetime | None) -> SizeView | None:
    counted = await populations_of(db, code, as_at=as_at, as_known=as_known)
    for basis in _SIZED_BY:
        for one in counted:
            if one.basis == basis and one.people is not None:
                return SizeView(basis=basis, people=one.people, carried=one.carried)
    return None


def _warnings(population: SizeView | None, day: date) -> list[WarnedView]:
    warning = size_warning(population.people, day) if population else None
    return [WarnedView(message=warning[0], rule_pack=warning[1])] if warning else []


def _holding(rules: FormRules | None) -> HoldingView:
    may_hold = rules.may_hold if rules else dict.fromkeys(CONTRACTS, "not found")
    return HoldingView.model_validate(may_hold)


def _form(rules: FormRules) -> FormRulesView:
    return FormRulesView(
        form=rules.form,
        shown_as=rules.shown_as,
        title=rules.pack.title,
        may_hold=_holding(rules),
        may_distribute=rules.may_distribute,
        most_percent=rules.most_percent,
        asset_lock=rules.asset_lock,
        conditions=list(rules.conditions),
        rule_pack=rules.pack.id,
        citation=rules.pack.citation,
        note=rules.pack.note,
    )
