"""Searches organisations by words of a present or former name, a code, a postcode or a place."""

import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from fractions import Fraction
from math import ceil

import asyncpg

from libs.common.database.connection import Reads
from libs.common.temporal.believed import about, as_known, on_day
from libs.common.temporal.history import ALWAYS
from libs.organisations.statements import Facet
from services.registry.core.believed import believed
from services.registry.core.filters import Conditions
from services.registry.core.kinds import Kind
from services.registry.core.levels import InLevels
from services.registry.core.queries import add_sightings, organisation_of
from services.registry.core.views import OrganisationView
from services.registry.search.views import KindCountView, MatchView

_WORD = re.compile(r"\w+")
_INWARD = 3
"""Characters after the space of a postcode."""

MOST_NEAREST = 5
"""How many names are offered where nothing is found."""
_MOST_GRAMS = 24
"""Threes of letters that are looked for in each name, so that a long text takes no longer."""
_ALIKE = Fraction(1, 2)
"""The part of a text's threes of letters that a name has to have, to be offered."""
_MARKS = ".,;:-/()&'\"+*#"

# The rank: 0 the code, 1 the whole name, 3 the beginning of a name or code, 5 words; 1 more where the name is one of
# another day. A name matches on whatever day it holds: users often remember the former name of a body.
_NAMED = f"""
SELECT b.subject_id AS id, CASE WHEN {on_day("b")} THEN 'name' ELSE 'name on another day' END AS on,
       CASE WHEN lower(b.value) = {{text}} THEN 1 WHEN starts_with(lower(b.value), {{text}}) THEN 3 ELSE 5 END
       + CASE WHEN {on_day("b")} THEN 0 ELSE 1 END AS rank
  FROM organisation_belief b WHERE {about("b", Facet.NAME)} AND {as_known("b")}
"""  # noqa: S608  (only names of ours are put in)
_BY_TEXT = f"""
organisation o JOIN (
SELECT id, array_agg(DISTINCT "on" ORDER BY "on") AS matched, min(rank) AS rank FROM (
{_NAMED} AND to_tsvector('simple', b.value) @@ to_tsquery('simple', {{words}})
 UNION ALL
{_NAMED} AND starts_with(lower(b.value), {{text}})
 UNION ALL
SELECT o.id, 'code', CASE WHEN o.code = {{exact}} THEN 0 ELSE 3 END
  FROM organisation o WHERE {{exact}} <> '' AND starts_with(o.code, {{exact}})
 UNION ALL
SELECT o.id, t.sort, 0 FROM tie t JOIN organisation o ON o.code = t.code
 WHERE t.sort LIKE 'code:%' AND upper(t.other) = {{exact}}
) hits GROUP BY id) hit USING (id)
"""  # noqa: S608  (only names of ours are put in)

# OFFSET 0 keeps the planner from writing a name out anew for each three of letters.
_NEAREST = f"""
organisation o JOIN (
SELECT id, min(({{grams}} - alike) * 1000 + length(name)) AS rank, max(alike) AS alike
  FROM (SELECT id, name, {{alike}} AS alike
          FROM (SELECT b.subject_id AS id, ' ' || translate(lower(b.value), {{marks}}, {{blanks}}) || ' ' AS name
                  FROM organisation_belief b
                 WHERE {about("b", Facet.NAME)} AND {as_known("b")} OFFSET 0) names) compared
 WHERE alike >= {{least}} GROUP BY id) hit USING (id)
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
    levels: InLevels = field(default_factory=dict)


async def search(
    db: Reads,
    wanted: SearchFilter,
    *,
    as_at: date,
    as_known: datetime | None,
    after: tuple[int, str] | None,
    limit: int,
) -> list[MatchView]:
    """Return a page of matches of all filters as at a day, as known at an instant; `after` is the cursor.

    Every word of the text has to begin a word of one name that the body has, had or will have; or the text begins the
    code, or is the code of another system. The best matches come first, and those of one rank by code.
    """
    chosen = Conditions(as_at, as_known or ALWAYS)
    matched = "ARRAY['address']" if wanted.postcode is not None or wanted.place is not None else "ARRAY[]::text[]"
    rank = "0"
    if wanted.text is not None:
        words = _query(wanted.text)
        if not words:
            return []
        exact, text = f"{chosen.of(wanted.text.strip().upper())}::text", f"{chosen.of(_plain(wanted.text))}::text"
        chosen.bodies = _BY_TEXT.format(words=chosen.of(words), exact=exact, text=text)
        matched, rank = "hit.matched", "hit.rank"
    if not _choose(chosen, wanted):
        return []
    after_rank, after_code = after or (0, None)
    sql = chosen.sql(limit, after=after_code, matched=matched, rank=rank, after_rank=after_rank)
    return [_match(row) for row in await db.fetch(sql, *chosen.arguments)]


async def nearest(db: Reads, wanted: SearchFilter, *, as_at: date, as_known: datetime | None) -> list[OrganisationView]:
    """Return the bodies whose names are most like the text, for a search that found nothing; the other filters hold.

    Likeness is the number of the text's threes of letters that a name has, the shorter name first. It looks at every
    name, and at a bounded number of threes.
    """
    grams = _grams(wanted.text or "")
    if not grams:
        return []
    chosen = Conditions(as_at, as_known or ALWAYS)
    chosen.bodies = _NEAREST.format(
        grams=len(grams),
        alike=" + ".join(f"(strpos(name, {chosen.of(gram)}) > 0)::int" for gram in grams),
        marks=f"{chosen.of(_MARKS)}::text",
        blanks=f"{chosen.of(' ' * len(_MARKS))}::text",
        least=max(2, ceil(_ALIKE * len(grams))),
    )
    if not _choose(chosen, replace(wanted, text=None)):
        return []
    rows = await db.fetch(chosen.sql(MOST_NEAREST, after=None, rank="hit.rank"), *chosen.arguments)
    return [organisation_of(row) for row in rows]


def _grams(text: str) -> list[str]:
    """Return the different threes of letters of a text's words, with a blank on either side, evenly chosen."""
    words = [f" {word} " for word in _WORD.findall(text.lower())]
    grams = list(dict.fromkeys(word[at : at + 3] for word in words for at in range(len(word) - 2)))
    step = ceil(len(grams) / _MOST_GRAMS) or 1
    return grams[::step]


def _plain(text: str) -> str:
    return " ".join(text.lower().split())


def _choose(chosen: Conditions, wanted: SearchFilter) -> bool:
    """Add the conditions of all filters but the text; false where a place has no word."""
    chosen.equals(Facet.KIND, wanted.kind)
    chosen.equals(Facet.LIFE, wanted.status)
    chosen.equals(Facet.PARENT, wanted.parent)
    chosen.within(wanted.levels)
    return _choose_place(chosen, wanted)


_BY_KIND = f"""
SELECT kind.value AS kind, count(*) FILTER (WHERE life.value = 'proposed') AS proposed,
       count(*) FILTER (WHERE life.value = 'open') AS open, count(*) FILTER (WHERE life.value = 'closed') AS closed
  FROM organisation o JOIN {believed("life", Facet.LIFE)} JOIN {believed("kind", Facet.KIND)}
 GROUP BY kind.value ORDER BY kind.value
"""  # noqa: S608  (only names of ours are put in)


async def count_by_kind(db: Reads, *, as_at: date, as_known: datetime | None) -> list[KindCountView]:
    """Count the bodies of each kind on a day, as known at an instant, by their status of that day."""
    rows = await db.fetch(_BY_KIND, as_at, as_known or ALWAYS)
    return [KindCountView(**dict(row)) for row in rows]


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
    return MatchView(**dict(organisation_of(row)), postcode=postcode, matched=row["matched"], rank=row["rank"])


async def all_pages(
    db: Reads,
    wanted: SearchFilter,
    *,
    as_at: date,
    as_known: datetime | None,
    with_sightings: bool,
    at_once: int = 1000,
) -> AsyncIterator[Sequence[MatchView]]:
    """Yield all matches, page by page, for exports."""
    after: tuple[int, str] | None = None
    while page := await search(db, wanted, as_at=as_at, as_known=as_known, after=after, limit=at_once):
        if with_sightings:
            await add_sightings(db, page, as_at=as_at, as_known=as_known)
        yield page
        after = page[-1].rank, page[-1].code
