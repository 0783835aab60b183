"""Searches organisations by words of a present or former name, a code, a postcode or a place."""

import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import asyncpg

from libs.common.database.connection import Reads
from libs.common.temporal.believed import about, as_known, on_day
from libs.common.temporal.history import ALWAYS
from libs.organisations.statements import Facet
from services.registry.core.filters import Conditions
from services.registry.core.kinds import Kind
from services.registry.core.queries import organisation_of
from services.registry.search.views import MatchView

_WORD = re.compile(r"\w+")
_INWARD = 3
"""Characters after the space of a postcode."""

# A name matches on whatever day it holds: users often remember the former name of a body.
_BY_TEXT = f"""
organisation o JOIN (
SELECT id, array_agg("on" ORDER BY "on") AS matched FROM (
SELECT b.subject_id AS id, CASE WHEN {on_day("b")} THEN 'name' ELSE 'name on another day' END AS on
  FROM organisation_belief b
 WHERE {about("b", Facet.NAME)} AND to_tsvector('simple', b.value) @@ to_tsquery('simple', {{words}})
   AND {as_known("b")}
 UNION
SELECT o.id, 'code' FROM organisation o WHERE {{exact}} <> '' AND starts_with(o.code, {{exact}})
 UNION
SELECT o.id, t.sort FROM tie t JOIN organisation o ON o.code = t.code
 WHERE t.sort LIKE 'code:%' AND upper(t.other) = {{exact}}
) hits GROUP BY id) hit USING (id)
"""  # noqa: S608  (only names of ours are put in)


@dataclass(frozen=True, slots=True)
class SearchFilter:
    """The filters of a search; None leaves a filter out."""

    text: str | None = None
    kind: Kind | None = None
    status: str | None = None
    postcode: str | None = None
    place: str | None = None
    parent: str | None = None


async def search(
    db: Reads, wanted: SearchFilter, *, as_at: date, as_known: datetime | None, after: str | None, limit: int
) -> list[MatchView]:
    """Return a page of matches of all filters as at a day, as known at an instant; `after` is the cursor.

    Every word of the text has to begin a word of one name that the body has, had or will have; or the text begins the
    code, or is the code of another system.
    """
    chosen = Conditions(as_at, as_known or ALWAYS)
    matched = "ARRAY['address']" if wanted.postcode is not None or wanted.place is not None else "ARRAY[]::text[]"
    if wanted.text is not None:
        words = _query(wanted.text)
        if not words:
            return []
        exact = f"{chosen.of(wanted.text.strip().upper())}::text"
        chosen.bodies, matched = _BY_TEXT.format(words=chosen.of(words), exact=exact), "hit.matched"
    if not _choose_place(chosen, wanted):
        return []
    chosen.equals(Facet.KIND, wanted.kind)
    chosen.equals(Facet.LIFE, wanted.status)
    chosen.equals(Facet.PARENT, wanted.parent)
    rows = await db.fetch(chosen.sql(limit, after=after, matched=matched), *chosen.arguments)
    return [_match(row) for row in rows]


def _choose_place(chosen: Conditions, wanted: SearchFilter) -> bool:
    """Add the conditions of postcode and place; false where neither they nor the text contain a word."""
    postcode, place = squeezed_postcode(wanted.postcode), wanted.place
    if postcode is None and place is None:
        return True
    asked = []
    if wanted.text is None:
        words = _query(" ".join(filter(None, (_outward(postcode), place))))
        if not words:
            return False
        asked.append(f"to_tsvector('simple', b.value) @@ to_tsquery('simple', {chosen.of(words)})")
    if postcode is not None:
        last_line = r"replace(regexp_replace(b.value, '^.*\n', ''), ' ', '')"
        asked.append(f"starts_with({last_line}, {chosen.of(postcode)})")
    if place is not None:
        asked.append(f"strpos(lower(b.value), lower({chosen.of(place)})) > 0")
    chosen.believed(Facet.ADDRESS, " AND ".join(asked))
    return True


def squeezed_postcode(postcode: str | None) -> str | None:
    """Return a postcode, or its beginning, in capitals and without spaces."""
    return re.sub(r"\s", "", postcode).upper() if postcode else None


def _outward(postcode: str | None) -> str | None:
    if postcode is None or len(postcode) <= _INWARD + 1:
        return postcode
    return postcode[:-_INWARD] if postcode[-_INWARD:][0].isdigit() else postcode


def _query(text: str) -> str:
    """Return a text-search query that requires every word as a prefix."""
    return " & ".join(f"'{word}':*" for word in _WORD.findall(text.lower()))


def _match(row: asyncpg.Record) -> MatchView:
    address: str | None = row["address"]
    postcode = address.rsplit("\n", 1)[-1] if address else None
    return MatchView(**dict(organisation_of(row)), postcode=postcode, matched=row["matched"])


async def all_pages(
    db: Reads, wanted: SearchFilter, *, as_at: date, as_known: datetime | None, at_once: int = 1000
) -> AsyncIterator[Sequence[MatchView]]:
    """Yield all matches, page by page, for exports."""
    after = None
    while page := await search(db, wanted, as_at=as_at, as_known=as_known, after=after, limit=at_once):
        yield page
        after = page[-1].code
