"""Finding organisations by what a user remembers: a word of a name, now or formerly, a code, a postcode, a place."""

import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import asyncpg

from libs.common.known import Reads
from services.registry.answers import BELIEFS, COLUMNS, OrganisationAsAt, as_at_of
from services.registry.kinds import Kind
from services.registry.lineage import ALWAYS

_WORD = re.compile(r"\w+")
_INWARD = 3
"""Characters behind the space of a postcode."""

# What a source of names says matches on any day: the former name of a body is often the one remembered.
_BY_TEXT = """
SELECT b.subject_id AS id, CASE WHEN (b.valid @> $1::date) IS TRUE THEN 'name' ELSE 'name on another day' END AS on
  FROM organisation_belief b
 WHERE b.facet = 2 AND to_tsvector('simple', b.value) @@ to_tsquery('simple', $3)
   AND (b.known @> $2::timestamptz) IS TRUE
 UNION
SELECT o.id, 'code' FROM organisation o WHERE $4 <> '' AND starts_with(o.code, $4)
 UNION
SELECT o.id, t.sort FROM tie t JOIN organisation o ON o.code = t.code
 WHERE t.sort LIKE 'code:%' AND upper(t.other) = $4
"""
_BY_PLACE = """
SELECT b.subject_id AS id, 'address' AS on
  FROM organisation_belief b
 WHERE b.facet = 6 AND to_tsvector('simple', b.value) @@ to_tsquery('simple', $3)
   AND (b.known @> $2::timestamptz) IS TRUE
   AND $4::text IS NOT NULL
"""
_ALL = "SELECT o.id, NULL AS on FROM organisation o WHERE $3::text IS NULL AND $4::text IS NULL"

_FOUND = """
{columns}, address.value AS address, found.matched
  FROM (SELECT id, array_agg("on" ORDER BY "on") AS matched FROM ({candidates}) hits GROUP BY id) found
  JOIN organisation o ON o.id = found.id {beliefs}
  LEFT JOIN organisation_belief address
    ON address.subject_id = o.id AND address.facet = 6 AND (address.valid @> $1::date) IS TRUE
   AND (address.known @> $2::timestamptz) IS TRUE
 WHERE ($5::text IS NULL OR coalesce(kind.value, 'unknown') = $5)
   AND ($6::text IS NULL OR coalesce(life.value, 'unknown') = $6)
   AND ($7::text IS NULL
        OR starts_with(replace(regexp_replace(address.value, '^.*\\n', ''), ' ', ''), $7))
   AND ($8::text IS NULL OR strpos(lower(address.value), lower($8)) > 0)
   AND ($9::text IS NULL OR parent.value = $9)
   AND ($10::text IS NULL OR o.code > $10)
 ORDER BY o.code LIMIT $11
"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is searched for; None leaves a filter out."""

    text: str | None = None
    kind: Kind | None = None
    status: str | None = None
    postcode: str | None = None
    place: str | None = None
    parent: str | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """An organisation that was found, with its address on the day, and what of it matched the text."""

    organisation: OrganisationAsAt
    address: str | None
    matched: tuple[str, ...]

    @property
    def postcode(self) -> str | None:
        """The last line of the address."""
        return self.address.rsplit("\n", 1)[-1] if self.address else None


async def search(
    db: Reads, wanted: Wanted, *, as_at: date, as_known: datetime | None, after: str | None, limit: int
) -> list[Found]:
    """Return what matches all of the filters as at a day, as known at an instant, in the order of codes.

    Every word of the text has to begin a word of one name that the body has, had or will have; or the text begins the
    code, or is the code of another system.
    """
    squeezed = squeezed_postcode(wanted.postcode)
    candidates, words, exact = _candidates(wanted, squeezed)
    if candidates is None:
        return []
    rows = await db.fetch(
        _FOUND.format(columns=COLUMNS, beliefs=BELIEFS, candidates=candidates),
        as_at,
        as_known or ALWAYS,
        words,
        exact,
        wanted.kind,
        wanted.status,
        squeezed,
        wanted.place,
        wanted.parent,
        after,
        limit,
    )
    return [_found(row) for row in rows]


def squeezed_postcode(postcode: str | None) -> str | None:
    """Return a postcode, or its beginning, in capitals and without spaces."""
    return re.sub(r"\s", "", postcode).upper() if postcode else None


def _candidates(wanted: Wanted, postcode: str | None) -> tuple[str | None, str | None, str | None]:
    """Return the SELECT of candidates with its two parameters; none where the text has no word to look for."""
    if wanted.text is not None:
        words = _query(wanted.text)
        exact = wanted.text.strip().upper()
        return (_BY_TEXT, words, exact) if words else (None, None, None)
    if postcode is not None or wanted.place is not None:
        words = _query(" ".join(filter(None, (_outward(postcode), wanted.place))))
        return (_BY_PLACE, words, "") if words else (None, None, None)
    return _ALL, None, None


def _outward(postcode: str | None) -> str | None:
    if postcode is None or len(postcode) <= _INWARD + 1:
        return postcode
    return postcode[:-_INWARD] if postcode[-_INWARD:][0].isdigit() else postcode


def _query(text: str) -> str:
    """Return a text-search query that asks for every word as a beginning."""
    return " & ".join(f"'{word}':*" for word in _WORD.findall(text.lower()))


def _found(row: asyncpg.Record) -> Found:
    return Found(as_at_of(row), row["address"], tuple(one for one in row["matched"] if one))


async def all_pages(
    db: Reads, wanted: Wanted, *, as_at: date, as_known: datetime | None, at_once: int = 1000
) -> AsyncIterator[Sequence[Found]]:
    """Give everything that matches, page by page: for exports."""
    after = None
    while page := await search(db, wanted, as_at=as_at, as_known=as_known, after=after, limit=at_once):
        yield page
        after = page[-1].organisation.code
