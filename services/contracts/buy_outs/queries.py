"""Reads buy-out terms as at a day, as known at an instant."""

from datetime import date, datetime

from libs.common.database.connection import Reads
from libs.common.identity import Caller
from services.contracts.buy_outs.errors import BuyOutTermsNotFound
from services.contracts.buy_outs.views import BuyOutAmountsView, BuyOutTermsView
from services.contracts.core.sight import sight_of

_TERMS = """
SELECT * FROM buy_out_terms
 WHERE contract_id = $1 AND effective_on <= $2 AND stated_at <= $3 ORDER BY stated_at DESC, id DESC LIMIT 1
"""


async def get_buy_out_terms(
    db: Reads, reference: str, *, by: Caller, as_at: date, as_known: datetime | None
) -> BuyOutTermsView:
    """Return a contract's terms of a buy-out. Raises ContractNotFound, BuyOutTermsNotFound."""
    sight = await sight_of(db, reference, by=by, as_at=as_at, as_known=as_known)
    rows = await db.fetch(_TERMS, sight.id, as_at, sight.known)
    if not rows:
        raise BuyOutTermsNotFound(f"no terms of a buy-out of {reference} are known on {as_at}")
    row = dict(rows[0])
    has_right = row["voluntary_right"]
    return BuyOutTermsView(
        contract=reference,
        kind=row["kind"],
        buy_out="available" if has_right else "not available",
        terms=BuyOutAmountsView(**row) if has_right else None,
        unitary_charge_pence=row["unitary_charge_pence"],
        term_ends_on=row["term_ends_on"],
        effective_on=row["effective_on"],
        document=row["document"],
        as_at=as_at,
        as_known=as_known,
    )
