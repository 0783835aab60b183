"""Reads breaches: in full for those who keep the register, else what is concluded by the day, anonymised."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, Final

from libs.common.database.connection import Reads
from libs.common.identity import Caller
from libs.common.rulepacks import RulePack, in_force
from services.governance.breaches.errors import BreachNotFound
from services.governance.breaches.views import BreachView
from services.governance.core.catalogue import packs_about
from services.governance.interests.register import keeps_registers

SUBJECT = "breaches"
_NOW: Final = datetime.max.replace(tzinfo=UTC)

_LIST = """
SELECT b.id, b.reference AS breach, b.organisation, b.rule, b.known_on, b.found_by, b.person_id AS person, b.about,
       c.consequence, c.lesson, c.concluded_on, s.whole
  FROM breach b
  LEFT JOIN breach_conclusion c ON c.breach_id = b.id AND c.concluded_on <= $1 AND c.stated_at <= $2
 CROSS JOIN LATERAL (SELECT $3::text[] IS NULL OR b.organisation = ANY($3) AS whole) s
 WHERE b.known_on <= $1 AND b.stated_at <= $2 AND (s.whole OR c.breach_id IS NOT NULL)
   AND ($4::text IS NULL OR b.organisation = $4) AND ($5::text IS NULL OR b.reference = $5)
   AND ($6::bigint IS NULL OR b.id > $6)
 ORDER BY b.id LIMIT $7
"""


async def list_breaches(
    db: Reads,
    *,
    by: Caller,
    as_at: date,
    as_known: datetime | None,
    organisation: str | None = None,
    breach: str | None = None,
    after: Sequence[Any] | None = None,
    limit: int | None = None,
) -> list[tuple[int, BreachView]]:
    """Return what the register shows the caller on a day, each with the number that the next page begins after."""
    keeps, last = await keeps_registers(db, by), int(after[0]) if after else None
    rows = await db.fetch(_LIST, as_at, as_known or _NOW, keeps, organisation, breach, last, limit)
    return [(row["id"], _view(row)) for row in rows]


async def get_breach(db: Reads, breach: str, *, by: Caller, as_at: date, as_known: datetime | None) -> BreachView:
    """Return one breach as its register shows it to the caller. Raises BreachNotFound."""
    found = await list_breaches(db, by=by, as_at=as_at, as_known=as_known, breach=breach)
    if not found:
        raise BreachNotFound(f"no register shows a breach {breach}")
    return found[0][1]


def pack_on(day: date) -> RulePack | None:
    """Return the rule pack by which a breach that was known on a day is classed; None where none is in force."""
    return next(iter(in_force(packs_about(SUBJECT), day, subject=SUBJECT)), None)


def codes_on(day: date, what: str) -> Mapping[str, str]:
    """Return the `rules`, `finders` or `consequences` of a day, code to title; empty without a rule pack."""
    pack = pack_on(day)
    return {one["code"]: one["title"] for one in pack.values[what]} if pack else {}


def _view(row: Mapping[str, Any]) -> BreachView:
    pack = pack_on(row["known_on"])
    shown = {**dict(row), "title": codes_on(row["known_on"], "rules")[row["rule"]], "pack": pack.id if pack else ""}
    shown["about"] = row["about"] or None
    if not row["whole"]:
        shown |= {"person": None, "about": None}
    return BreachView.model_validate(shown)
