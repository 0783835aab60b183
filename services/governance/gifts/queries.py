"""Reads the register of gifts: in full for those who keep it and the person, else what is public on the day."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, Final

from libs.common.database.connection import PLANNED_EACH_TIME, Reads
from libs.common.identity import Caller
from libs.common.temporal.believed import as_known, holds
from services.governance.gifts.errors import GiftNotFound
from services.governance.gifts.models import GiftKind, GiverKind, Response
from services.governance.gifts.rules import Offer, treat
from services.governance.gifts.views import GiftView
from services.governance.interests.register import POSTS_OF, keeps_registers
from services.governance.interests.rules import public_periods, publishes_all, retention
from services.governance.people.accounts import person_of

_NOW: Final = datetime.max.replace(tzinfo=UTC)

# $1 the day, $2 the instant. A correction counts from the day on which it was declared, as every entry does.
_STANDS = """
d.declared_on <= $1::date AND d.stated_at <= $2
   AND NOT EXISTS (SELECT FROM gift n
                    WHERE n.replaces = d.reference AND n.replaces <> ''
                      AND n.declared_on <= $1::date AND n.stated_at <= $2)
"""
# The parameters are those of the register of interests, whose rule this is: its last day is that of the offer.
_REGISTER = f"""
{PLANNED_EACH_TIME}
SELECT d.*, w.words, s.whole
  FROM gift d
  LEFT JOIN gift_words w ON w.gift_id = d.id
  LEFT JOIN unnest($9::date[], $10::date[], $11::int[]) AS pack (begins, ends, months)
         ON d.offered_on BETWEEN pack.begins AND pack.ends
 CROSS JOIN LATERAL (
       SELECT $3::text[] IS NULL OR d.organisation = ANY($3) OR d.person_id = $4
              OR EXISTS ({POSTS_OF} AND coalesce(nullif(p.member, ''), o.organisation) = ANY($3)
                         AND {holds("h")}) AS whole) s
 WHERE d.purged_on IS NULL AND {_STANDS}
   AND (s.whole OR ($1::date <= d.offered_on + make_interval(months => coalesce(pack.months, 0))
        AND ($12::bool OR EXISTS ({POSTS_OF} AND {as_known("h")} AND h.valid @> d.offered_on))))
   AND ($5::text IS NULL OR d.person_id = $5) AND ($6::text IS NULL OR d.organisation = $6)
   AND ($7::bigint IS NULL OR d.id > $7) AND ($13::text IS NULL OR d.reference = $13)
 ORDER BY d.id LIMIT $8
"""  # noqa: S608  (only a comment and names of ours are put in)
_FROM_THE_SAME = f"""
SELECT d.* FROM gift d
  JOIN (SELECT DISTINCT * FROM unnest($3::text[], $4::text[]) AS pair (person, giver)) asked
    ON asked.person = d.person_id AND asked.giver = d.giver
 WHERE {_STANDS}
"""  # noqa: S608  (only the condition above is put in)

_RESTRICTED = ("total_pence", "in_line", "words")


async def list_gifts(
    db: Reads,
    *,
    by: Caller,
    as_at: date,
    as_known: datetime | None,
    person: str | None = None,
    organisation: str | None = None,
    gift: str | None = None,
    after: Sequence[Any] | None = None,
    limit: int | None = None,
) -> list[tuple[int, GiftView]]:
    """Return what the register shows the caller on a day, each with the number that the next page begins after.

    What need not be declared is shown to those who keep the register, and to the person.
    """
    found: list[tuple[int, GiftView]] = []
    own, keeps, last = await person_of(db, by), await keeps_registers(db, by), int(after[0]) if after else None
    while True:
        rows = await db.fetch(
            *(_REGISTER, as_at, as_known or _NOW, keeps, own, person, organisation, last, limit),
            *(*public_periods(), publishes_all(as_at), gift),
        )
        others = await _from_the_same(db, rows, as_at, as_known)
        views = ((row, _view(row, others, as_known)) for row in rows)
        found += [(row["id"], view) for row, view in views if row["whole"] or view.declare]
        if limit is None or len(rows) < limit or len(found) >= limit:
            return found[:limit]
        last = rows[-1]["id"]


async def get_gift(db: Reads, gift: str, *, by: Caller, as_at: date, as_known: datetime | None) -> GiftView:
    """Return one gift as its register shows it to the caller. Raises GiftNotFound."""
    found = await list_gifts(db, by=by, as_at=as_at, as_known=as_known, gift=gift)
    if not found:
        raise GiftNotFound(f"no register shows a gift {gift}")
    return found[0][1]


async def _from_the_same(
    db: Reads, rows: Collection[Mapping[str, Any]], as_at: date, as_known: datetime | None
) -> Mapping[tuple[str, str], list[Offer]]:
    named = [(row["person_id"], row["giver"]) for row in rows if row["giver"]]
    found: dict[tuple[str, str], list[Offer]] = defaultdict(list)
    if named:
        persons, givers = zip(*named, strict=True)
        for row in await db.fetch(_FROM_THE_SAME, as_at, as_known or _NOW, persons, givers):
            found[row["person_id"], row["giver"]].append(_offer(row))
    return found


def _offer(row: Mapping[str, Any]) -> Offer:
    return Offer(
        **{name: row[name] for name in ("reference", "organisation", "giver", "promotional", "value_pence")},
        person=row["person_id"],
        kind=GiftKind(row["kind"]),
        giver_kind=GiverKind(row["giver_kind"]),
        offered_on=row["offered_on"],
        response=Response(row["response"]),
        approved=bool(row["approved_by"]),
    )


def _view(row: Mapping[str, Any], others: Mapping[tuple[str, str], list[Offer]], as_known: datetime | None) -> GiftView:
    offer = _offer(row)
    found = treat(offer, others.get((offer.person, offer.giver), ()), as_known=as_known)
    kept = retention(offer.offered_on)
    shown = {
        **dict(row),
        "gift": offer.reference,
        "person": offer.person,
        "giver": offer.giver or None,
        "approved_by": row["approved_by"] or None,
        "replaces": row["replaces"] or None,
        **{name: getattr(found, name) for name in ("outcome", "declare", "total_pence", "in_line")},
        "added_up": list(found.added_up),
        "public_until": kept.public_until if kept else None,
        "kept_until": kept.kept_until if kept else None,
        "packs": sorted({pack for pack in (found.pack, kept.pack if kept else None) if pack}),
    }
    if not row["whole"]:
        shown |= dict.fromkeys(_RESTRICTED)
        shown["added_up"] = []
        if offer.giver.startswith("P-"):
            shown["giver"] = None
    return GiftView.model_validate(shown)
