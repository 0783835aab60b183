"""Reads tariffs, and a contract's lines beside them."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from fractions import Fraction
from typing import Any

from libs.common.database.connection import Reads
from libs.common.identity import Caller
from services.contracts.bodies.queries import people_of
from services.contracts.bodies.rules import tier_of
from services.contracts.core.queries import get_contract
from services.contracts.core.sight import sight_of
from services.contracts.tariffs.rules import tariff_pence
from services.contracts.tariffs.views import ContractTariffView, LineTariffView, TariffsView, TariffView

NOW = datetime.max.replace(tzinfo=UTC)

_TARIFFS = """
SELECT * FROM (SELECT DISTINCT ON (function, tier, publisher) * FROM tariff
                WHERE effective_on <= $1 AND stated_at <= $2
                  AND ($3::text IS NULL OR function = $3) AND ($4::text IS NULL OR tier = $4)
                  AND ($5::text IS NULL OR publisher = $5)
                ORDER BY function, tier, publisher, stated_at DESC, id DESC) latest
 WHERE pence_per_head IS NOT NULL AND ($6::text IS NULL OR (function, tier, publisher) > ($6, $7::text, $8::text))
 ORDER BY function, tier, publisher LIMIT $9
"""

_LINES = """
SELECT DISTINCT ON (function) function, publisher FROM line_tariff
 WHERE contract_id = $1 AND effective_on <= $2 AND stated_at <= $3
 ORDER BY function, stated_at DESC, id DESC
"""


async def list_tariffs(
    db: Reads,
    *,
    function: str | None = None,
    tier: str | None = None,
    publisher: str | None = None,
    as_at: date,
    as_known: datetime | None,
    after: tuple[str, str, str] | None = None,
    limit: int | None = None,
) -> TariffsView:
    """Return the tariffs in force on a day, as known at an instant, after the cursor."""
    cursor = after or (None, None, None)
    rows = await db.fetch(_TARIFFS, as_at, as_known or NOW, function, tier, publisher, *cursor, limit)
    return TariffsView(items=[TariffView(**row) for row in rows], as_at=as_at, as_known=as_known)


async def get_contract_tariff(
    db: Reads, reference: str, *, publisher: str | None, by: Caller, as_at: date, as_known: datetime | None
) -> ContractTariffView:
    """Return a contract's lines beside the tariffs that price them, the others beside that of `publisher`.

    Raises ContractNotFound, NoRuleInForce.
    """
    contract = await get_contract(db, reference, by=by, as_at=as_at, as_known=as_known)
    sight = await sight_of(db, reference, by=by, as_at=as_at, as_known=as_known)
    people = await people_of(
        db, [customer.code for customer in contract["customers"]], as_at=as_at, as_known=sight.known
    )
    tier = None if people is None else tier_of(people, as_at)
    priced = {row["function"]: row["publisher"] for row in await db.fetch(_LINES, sight.id, as_at, sight.known)}
    prices = (
        {
            (one.publisher, one.function): Fraction(one.pence_per_head)
            for one in (await list_tariffs(db, tier=tier.name, as_at=as_at, as_known=sight.known)).items
        }
        if tier
        else {}
    )
    return ContractTariffView(
        contract=reference,
        people=people,
        tier=tier.name if tier else None,
        rule_pack=tier.pack.id if tier else None,
        lines=[_line(line, people, priced.get(line["function"]), publisher, prices) for line in contract["lines"]],
        as_at=as_at,
        as_known=as_known,
    )


def _line(
    line: Mapping[str, Any],
    people: int | None,
    priced_by: str | None,
    publisher: str | None,
    prices: Mapping[tuple[str, str], Fraction],
) -> LineTariffView:
    compared = priced_by or publisher
    price = prices.get((compared, line["function"])) if compared else None
    pence = tariff_pence(people, price) if people is not None and price is not None else None
    return LineTariffView(
        function=line["function"],
        annual_pence=line["annual_pence"],
        priced_by=priced_by,
        compared_with=compared,
        pence_per_head=None if price is None else str(price),
        tariff_pence=pence,
        difference_pence=None if pence is None else line["annual_pence"] - pence,
    )
