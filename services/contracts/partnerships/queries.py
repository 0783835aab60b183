"""Reads comparisons of routes, for who chose and for a national body."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, Final

from libs.common.database.connection import Reads
from libs.common.identity import Caller
from services.contracts.core.sight import reads_through
from services.contracts.partnerships.errors import ComparisonNotFound
from services.contracts.partnerships.rules import Comparison, Route, pack_named
from services.contracts.partnerships.views import OtherReasonView, RouteComparisonView, RouteView

_NOW: Final = datetime.max.replace(tzinfo=UTC)

# $1 the day, $2 the instant, $3 the codes that the caller reads through (null: all).
_READ = """
SELECT * FROM route_comparison
 WHERE decided_on <= $1 AND stated_at <= $2 AND ($3::text[] IS NULL OR organisation = ANY($3))
   AND ($4::text IS NULL OR reference = $4)
   AND ($5::text IS NULL OR organisation = $5)
   AND ($6::text IS NULL OR reference > $6)
 ORDER BY reference LIMIT $7
"""


async def list_comparisons(
    db: Reads,
    organisation: str | None,
    *,
    by: Caller,
    as_at: date,
    as_known: datetime | None,
    after: Sequence[str] | None,
    limit: int,
) -> list[RouteComparisonView]:
    """Return the comparisons by a day that the caller may read, by reference."""
    codes = await reads_through(db, by)
    rows = await db.fetch(_READ, as_at, as_known or _NOW, codes, None, organisation, after[0] if after else None, limit)
    return [_view(row) for row in rows]


async def get_comparison(
    db: Reads, reference: str, *, by: Caller, as_at: date, as_known: datetime | None
) -> RouteComparisonView:
    """Return one comparison. Raises ComparisonNotFound."""
    codes = await reads_through(db, by)
    rows = await db.fetch(_READ, as_at, as_known or _NOW, codes, reference, None, None, 1)
    if not rows:
        raise ComparisonNotFound(f"no comparison {reference} is known")
    return _view(rows[0])


def _view(row: Mapping[str, Any]) -> RouteComparisonView:
    reasons = row["reasons"] if isinstance(row["reasons"], list) else json.loads(row["reasons"])
    quotes = {route.value: row[f"{route}_pence"] for route in Route if row[f"{route}_pence"] is not None}
    pack = pack_named(row["rule_pack"], row["decided_on"])
    compared = Comparison(quotes, sum(one["value_pence"] for one in reasons), pack)
    return RouteComparisonView(
        reference=row["reference"],
        organisation=row["organisation"],
        partnership=row["partnership"],
        project=row["project"],
        routes=[
            RouteView(route=route, title=pack.values["titles"][route], cost_pence=cost)
            for route, cost in quotes.items()
        ],
        reasons=[OtherReasonView.model_validate(one) for one in reasons],
        best_alternative=compared.best_alternative,
        better_by_pence=compared.better_by_pence,
        is_open=compared.is_open,
        chosen=row["chosen"],
        decided_on=row["decided_on"],
        document=row["document"],
        rule_pack=pack.id,
        stated_at=row["stated_at"],
    )
