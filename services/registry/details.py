"""What is answered of one organisation beside its status: in law, where, its further roles, its codes elsewhere."""

import json
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import asyncpg

from libs.organisations.statements import Facet
from services.registry.ties import CODE_OF, ROLE

# Lists leave this out: it costs a look at what the body bears. $1 is the day, $2 the instant.
BORNE = f"""
       (SELECT json_agg(json_build_array(t.sort, t.other, lower(b.valid), upper(b.valid)) ORDER BY t.sort, t.other)
          FROM tie t JOIN tie_belief b ON b.subject_id = t.id AND b.facet = 1
         WHERE t.code = o.code AND (t.sort = '{ROLE}' OR starts_with(t.sort, '{CODE_OF}'))
           AND (b.valid @> $1::date) IS TRUE AND (b.known @> $2::timestamptz) IS TRUE) AS borne
"""  # noqa: S608  (only constants of ours are put in)


@dataclass(frozen=True, slots=True)
class Dated:
    """A value, with the first and last day on which it holds, where they are known."""

    value: str
    since: date | None
    last_day: date | None


@dataclass(frozen=True, slots=True)
class Identifier:
    """A code of another system that it bears on the day."""

    system: str
    identifier: str
    since: date | None
    last_day: date | None


@dataclass(frozen=True, slots=True)
class Where:
    """Its address."""

    lines: tuple[str, ...]
    postcode: str


@dataclass(frozen=True, slots=True)
class Details:
    """What is known of one organisation on a day beside its life, kind, name and parent."""

    legal: Dated | None = None
    legal_form: str | None = None
    remit: str | None = None
    address: Where | None = None
    roles: tuple[Dated, ...] = ()
    identifiers: tuple[Identifier, ...] = ()


NOTHING = Details()


def details_of(row: asyncpg.Record) -> Details:
    """Read what is believed of it (`described`, by facet) and what it bears (`borne`)."""
    described: dict[str, list[Any]] = json.loads(row["described"] or "{}")
    borne = [(sort, other, _day(start), _last(end)) for sort, other, start, end in json.loads(row["borne"] or "[]")]
    legal, address = described.get(str(Facet.LEGAL.value)), described.get(str(Facet.ADDRESS.value))
    return Details(
        legal=Dated(legal[0], _day(legal[1]), _last(legal[2])) if legal else None,
        legal_form=_value(described, Facet.LEGAL_FORM),
        remit=_value(described, Facet.REMIT),
        address=_where(address[0]) if address else None,
        roles=tuple(Dated(other, start, last) for sort, other, start, last in borne if sort == ROLE),
        identifiers=tuple(
            Identifier(sort.removeprefix(CODE_OF), other, start, last)
            for sort, other, start, last in borne
            if sort != ROLE
        ),
    )


def _value(described: dict[str, list[Any]], facet: Facet) -> str | None:
    found = described.get(str(facet.value))
    return str(found[0]) if found else None


def _where(address: str) -> Where:
    *lines, postcode = address.split("\n")
    return Where(tuple(lines), postcode)


def _day(day: str | None) -> date | None:
    return None if day is None else date.fromisoformat(day)


def _last(end: str | None) -> date | None:
    return None if end is None else date.fromisoformat(end) - timedelta(days=1)
