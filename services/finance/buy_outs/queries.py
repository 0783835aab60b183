"""Reads buy-outs: the terms as contracts published them, the sum by component, and the saving weighed against it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from fractions import Fraction
from typing import Any

import asyncpg

from libs.common.database.connection import Reads
from libs.common.events import Event
from libs.common.events.contracts import BuyOutTermsStated
from libs.common.money import nearest_penny, pounds
from services.finance.appraisals.discounting import schedule_of
from services.finance.buy_outs import rules
from services.finance.buy_outs.errors import BuyOutNotAvailable, BuyOutNotFound, SavingNotFound
from services.finance.buy_outs.views import (
    BuyOutAppraisalView,
    BuyOutView,
    ComponentView,
    LensView,
    SavingView,
)
from services.finance.core.digests import digested
from services.finance.core.lenses import Lens, SectorLens, SetLens, SocietyLens, costs_in
from services.finance.core.packs import pack_on
from services.finance.core.sight import Sight
from services.finance.core.years import FinancialYear
from services.finance.parties.queries import Sectors, load_sectors

NOW = datetime.max.replace(tzinfo=UTC)
DISCOUNTING = "discounting-standard"

_KNOW = """
INSERT INTO known_buy_out (contract, effective_on, stated_at, supplier, customers, terms)
SELECT contract, effective_on, stated_at, supplier, string_to_array(customers, ','), terms
  FROM unnest($1::text[], $2::date[], $3::timestamptz[], $4::text[], $5::text[], $6::text[])
       AS new (contract, effective_on, stated_at, supplier, customers, terms)
    ON CONFLICT DO NOTHING
"""

_LATEST = """
SELECT DISTINCT ON (contract) contract, supplier, customers, terms
  FROM known_buy_out
 WHERE effective_on <= $1 AND stated_at <= $2
"""
_ORDER = " ORDER BY contract, stated_at DESC, effective_on DESC, terms DESC"

_ONE = f"{_LATEST} AND contract = $3 {_ORDER}"

_MANY = f"""
SELECT terms FROM ({_LATEST} AND contract > $3 {_ORDER}) latest
 WHERE $4::text[] IS NULL OR customers && $4 OR supplier = ANY($4)
 ORDER BY contract LIMIT $5
"""  # noqa: S608  (only what stands above is put in)

_SAVING = """
SELECT saving_pence, basis, loan_service_pence, first_year, last_year, paid_pence, stated_at
  FROM buy_out_saving WHERE contract = $1 AND stated_at <= $2 ORDER BY stated_at DESC, id DESC LIMIT 1
"""


_ALL_TERMS = """
SELECT contract, terms FROM known_buy_out WHERE contract = ANY($1) AND stated_at <= $2
 ORDER BY contract, stated_at, effective_on, terms
"""
_SAVINGS = """
SELECT DISTINCT ON (contract)
       contract, saving_pence, basis, loan_service_pence, first_year, last_year, paid_pence, stated_at
  FROM buy_out_saving WHERE contract = ANY($1) AND stated_at <= $2 ORDER BY contract, stated_at DESC, id DESC
"""


async def know_buy_outs(events: Sequence[Event], connection: asyncpg.Connection) -> None:
    """Insert these terms; terms that were heard already are not inserted twice."""
    rows = [
        (one.contract, one.effective_on, one.stated_at, one.supplier, ",".join(one.customers), one.model_dump_json())
        for one in events
        if isinstance(one, BuyOutTermsStated)
    ]
    await connection.execute(_KNOW, *([list(column) for column in zip(*rows, strict=True)] if rows else [[]] * 6))


async def get_terms(
    db: Reads, contract: str, *, sight: Sight, as_at: date, as_known: datetime | None
) -> BuyOutTermsStated:
    """Return the terms of a contract of which the caller is a party. Raises BuyOutNotFound."""
    rows = await db.fetch(_ONE, as_at, as_known or NOW, contract)
    if not rows or not any(sight.sees(code) for code in (rows[0]["supplier"], *rows[0]["customers"])):
        raise BuyOutNotFound(f"{contract}: no terms of a buy-out are known on {as_at}")
    return BuyOutTermsStated.model_validate_json(rows[0]["terms"])


async def terms_of(
    db: Reads, contracts: Collection[str], *, sight: Sight, as_known: datetime | None
) -> dict[str, list[BuyOutTermsStated]]:
    """Return every statement of the terms of these contracts, the latest last; none where the caller is no customer."""
    found: dict[str, list[BuyOutTermsStated]] = {contract: [] for contract in contracts}
    for row in await db.fetch(_ALL_TERMS, sorted(found), as_known or NOW):
        terms = BuyOutTermsStated.model_validate_json(row["terms"])
        if any(sight.sees(code) for code in terms.customers):
            found[row["contract"]].append(terms)
    return found


async def savings_of(db: Reads, contracts: Collection[str], *, as_known: datetime | None) -> dict[str, SavingView]:
    """Return what the customers of these contracts stated last that leaving saves."""
    rows = await db.fetch(_SAVINGS, sorted(contracts), as_known or NOW)
    return {contract: SavingView(**rest) for contract, rest in ((row["contract"], _rest(row)) for row in rows)}


def _rest(row: asyncpg.Record) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "contract"}


def saving_of(view: SavingView) -> rules.Saving:
    """Return a stated saving as it is computed with."""
    return rules.Saving(
        pence=view.saving_pence,
        basis=view.basis,
        first_year=view.first_year,
        last_year=view.last_year,
        loan_service=view.loan_service_pence,
    )


async def get_buy_out(db: Reads, contract: str, *, sight: Sight, as_at: date, as_known: datetime | None) -> BuyOutView:
    """Return the sum of a buy-out by component. Raises BuyOutNotFound."""
    terms = await get_terms(db, contract, sight=sight, as_at=as_at, as_known=as_known)
    sectors = await load_sectors(db, {terms.supplier, *terms.customers}, as_known=as_known)
    return _view(terms, sectors, as_at, as_known)


async def list_buy_outs(
    db: Reads, *, sight: Sight, as_at: date, as_known: datetime | None, after: str, limit: int
) -> list[BuyOutView]:
    """Return the buy-outs of the contracts of which the caller is a party, ordered by contract."""
    rows = await db.fetch(_MANY, as_at, as_known or NOW, after, _codes(sight.codes), limit)
    found = [BuyOutTermsStated.model_validate_json(row["terms"]) for row in rows]
    parties = {code for terms in found for code in (terms.supplier, *terms.customers)}
    sectors = await load_sectors(db, parties, as_known=as_known)
    return [_view(terms, sectors, as_at, as_known) for terms in found]


async def get_appraisal(
    db: Reads, contract: str, *, sight: Sight, as_at: date, as_known: datetime | None
) -> BuyOutAppraisalView:
    """Return a buy-out weighed against the saving that its customers stated last; the supplier reads none.

    Raises BuyOutNotFound, SavingNotFound, BuyOutNotAvailable, NoPackInForce.
    """
    terms = await get_terms(db, contract, sight=sight, as_at=as_at, as_known=as_known)
    rows = await db.fetch(_SAVING, contract, as_known or NOW)
    if not rows or not any(sight.sees(code) for code in terms.customers):
        raise SavingNotFound(f"{contract}: no saving by a buy-out is known")
    if not terms.voluntary_right:
        raise BuyOutNotAvailable(f"{contract} gives no right of voluntary termination on {as_at}")
    return _Weighed(terms, SavingView(**rows[0]), as_at, as_known).view()


def _codes(codes: Collection[str] | None) -> list[str] | None:
    return None if codes is None else sorted(codes)


def _view(terms: BuyOutTermsStated, sectors: Sectors, as_at: date, as_known: datetime | None) -> BuyOutView:
    lines = rules.components(terms)
    total = nearest_penny(rules.price(terms)) if lines else 0
    amounts = rules.whole_pence([line.pence for line in lines], total)
    view = BuyOutView(
        contract=terms.contract,
        kind=terms.kind,
        buy_out="available" if terms.voluntary_right else "not available",
        supplier=terms.supplier,
        customers=list(terms.customers),
        equity_method=terms.equity_method or None,
        components=[
            ComponentView(
                component=line.name, nature=line.nature, payee=line.payee, amount_pence=pence, amount=pounds(pence)
            )
            for line, pence in zip(lines, amounts, strict=True)
        ],
        total_pence=total if terms.voluntary_right else None,
        total=pounds(total) if terms.voluntary_right else None,
        lenses=_lenses(terms, sectors, as_at) if terms.voluntary_right else [],
        unitary_charge_pence=terms.unitary_charge_pence,
        term_ends_on=terms.term_ends_on,
        terms_effective_on=terms.effective_on,
        terms_stated_at=terms.stated_at,
        warnings=_warnings(terms),
        rule_packs=[sectors.pack.id] if terms.voluntary_right else [],
        as_at=as_at,
        as_known=as_known,
        digest="",
    )
    return digested(view)


def _lenses(terms: BuyOutTermsStated, sectors: Sectors, on: date) -> list[LensView]:
    flows = rules.flows(terms, on)
    lenses: list[Lens] = [SetLens("customers", frozenset(terms.customers)), SectorLens(sectors.on), SocietyLens()]
    costs = [(lens.name, nearest_penny(sum(costs_in(lens, flows), Fraction(0)))) for lens in lenses]
    return [LensView(lens=name, cost_pence=cost, cost=pounds(cost)) for name, cost in costs]


def _warnings(terms: BuyOutTermsStated) -> list[str]:
    if terms.voluntary_right and terms.equity_method == rules.BASE_CASE_IRR:
        return ["past distributions are taken to have been those of the base case: the terms do not state them"]
    return []


@dataclass(frozen=True, slots=True)
class _Weighed:
    """A buy-out with the saving stated of it, on its way to the answer."""

    terms: BuyOutTermsStated
    saving: SavingView
    as_at: date
    as_known: datetime | None

    def view(self) -> BuyOutAppraisalView:
        pack = pack_on(self.as_at, subject=DISCOUNTING, as_known=self.as_known)
        saving = saving_of(self.saving)
        found = rules.appraise(rules.price(self.terms), saving, schedule_of(pack))
        total, paid = nearest_penny(found.price), self.saving.paid_pence
        amounts: dict[str, Any] = {
            "gross_saving_pv_pence": _rounded(found.gross_value),
            "net_present_value_pence": _rounded(found.net_value),
            "verdict": found.verdict,
            "gross_saving_pence": saving.gross,
        }
        view = BuyOutAppraisalView(
            contract=self.terms.contract,
            total_pence=total,
            saving=self.saving,
            stated_saving_pv_pence=nearest_penny(found.stated_value),
            break_even_pence=nearest_penny(found.break_even),
            paid_pence=paid,
            unexplained_pence=None if paid is None else paid - total,
            pack=pack.id,
            explanation=self._explanation(found),
            warnings=[*_warnings(self.terms), *self._warnings(saving)],
            as_at=self.as_at,
            as_known=self.as_known,
            digest="",
            **amounts,
        )
        return digested(view)

    def _explanation(self, found: rules.Appraisal) -> list[str]:
        said = self.saving
        basis = "gross" if said.basis == rules.GROSS else "net of borrowing"
        saving = f"{pounds(said.saving_pence)} a year in the years {said.first_year} to {said.last_year}, {basis}"
        sentences = [f"{pounds(nearest_penny(found.price))} paid in year 0 against {saving}."]
        if found.gross_value is not None:
            worth = pounds(nearest_penny(found.gross_value))
            sentences.append(f"The gross saving is worth {worth} today: {found.verdict}.")
        if said.paid_pence is not None:
            rest = pounds(said.paid_pence - nearest_penny(found.price))
            sentences.append(f"Of {pounds(said.paid_pence)} paid, {rest} is not explained by the components.")
        return sentences

    def _warnings(self, saving: rules.Saving) -> list[str]:
        found = []
        if saving.gross is None:
            found.append("the saving is net of borrowing and its loan service is not stated: it is not comparable")
        last = FinancialYear.of(self.as_at).start + saving.last_year
        if last > FinancialYear.of(self.terms.term_ends_on).start:
            found.append(f"the contract ends on {self.terms.term_ends_on}: later years save nothing by leaving it")
        return found


def _rounded(amount: Fraction | None) -> int | None:
    return None if amount is None else nearest_penny(amount)
