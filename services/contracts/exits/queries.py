"""Reads how contracts may be left, as at a day and as known at an instant, for callers who may see them."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from fractions import Fraction
from typing import Any, Final

from libs.common.database.connection import Reads
from libs.common.identity import Caller
from services.contracts.core import queries as contracts
from services.contracts.core.exit_terms import exit_terms_of
from services.contracts.core.shares import ShareFacet, table_of
from services.contracts.core.sight import ON_THE_DAY, PARTY, reads_through
from services.contracts.exits.guidance import guidance_for
from services.contracts.exits.packs import find_pack
from services.contracts.exits.rules import ONE_DAY, Leaving, exits_on, notice_due_for, offered_exits
from services.contracts.exits.views import (
    ExitsView,
    GuidanceView,
    LineExitView,
    NoticeView,
    OfferedExitView,
)

NOW: Final = datetime.max.replace(tzinfo=UTC)

# A notice stands from the day on which it was served; a withdrawal counts from its own.
_NOTICES = f"""
SELECT c.reference AS contract, n.*,
       (SELECT min(a.acted_on) FROM exit_notice_act a
         WHERE a.notice_id = n.id AND a.act = 'withdrawal' AND a.stated_at <= sight.known
           AND a.acted_on <= $1::date) AS withdrawn_on,
       EXISTS (SELECT FROM exit_notice_act a
                WHERE a.notice_id = n.id AND a.act = 'end' AND a.stated_at <= sight.known
                  AND a.acted_on <= $1::date) AS is_carried_out
  FROM contract c {PARTY}
  JOIN exit_notice n ON n.contract_id = c.id
 WHERE {ON_THE_DAY} AND c.reference = ANY($3::text[])
   AND n.stated_at <= sight.known AND n.served_on <= $1::date
 ORDER BY n.stated_at, n.id
"""  # noqa: S608  (what is put in is ours)


_SHARES = f"""
SELECT c.reference AS contract, b.value FROM contract c {PARTY}
  JOIN contract_share_belief b ON b.subject_id = c.id AND b.facet = $5::smallint
 WHERE {ON_THE_DAY} AND c.reference = ANY($3::text[])
   AND (b.valid @> greatest($1::date, c.starts_on)) IS TRUE AND (b.known @> sight.known) IS TRUE
"""  # noqa: S608  (what is put in is ours)

# The lines that end by an offer that was accepted, for all customers.
_AGREED = f"""
SELECT c.reference AS contract, o.functions, o.exit_day FROM contract c {PARTY}
  JOIN termination_offer o ON o.contract_id = c.id AND o.leaving = '{{}}'
  JOIN termination_offer_act a ON a.offer_id = o.id AND a.act = 'acceptance'
 WHERE {ON_THE_DAY} AND c.reference = ANY($3::text[]) AND a.stated_at <= sight.known AND a.acted_on <= $1::date
"""  # noqa: S608  (what is put in is ours)


@dataclass(frozen=True, slots=True)
class Seen:
    """A contract as it is read, with its terms of leaving, its notices, and the lines that end apart."""

    row: Mapping[str, Any]
    leaving: Leaving
    notices: tuple[NoticeView, ...]
    shares: Mapping[str, Fraction]
    """What each customer pays of the charge; empty where they agreed no shares: equal parts."""
    line_ends: Mapping[str, date]
    """The last day of service of each line that ends before the others, by notice or as agreed."""


async def get_exits(
    db: Reads, reference: str, *, by: Caller, as_at: date, as_known: datetime | None
) -> tuple[Seen, ExitsView]:
    """Return how one contract may be left. Raises ContractNotFound."""
    seen = await get_seen(db, reference, by=by, as_at=as_at, as_known=as_known)
    return seen, exits_of(seen, as_at=as_at, as_known=as_known)


async def get_seen(db: Reads, reference: str, *, by: Caller, as_at: date, as_known: datetime | None) -> Seen:
    """Return a contract with its terms of leaving. Raises ContractNotFound."""
    row = await contracts.get_contract(db, reference, by=by, as_at=as_at, as_known=as_known)
    return (await with_notices(db, [row], by=by, as_at=as_at, as_known=as_known))[0]


async def with_notices(
    db: Reads, rows: Sequence[Mapping[str, Any]], *, by: Caller, as_at: date, as_known: datetime | None
) -> list[Seen]:
    """Return contracts that were read, with their terms of leaving and their notices."""
    references = [row["reference"] for row in rows]
    notices: dict[str, list[NoticeView]] = defaultdict(list)
    if references:
        for row in await db.fetch(_NOTICES, as_at, as_known or NOW, references, await reads_through(db, by)):
            notices[row["contract"]].append(notice_of(row))
    shares = await _shares(db, references, by=by, as_at=as_at, as_known=as_known) if references else {}
    agreed: dict[str, list[tuple[str, date]]] = defaultdict(list)
    asked = as_at, as_known or NOW, references, await reads_through(db, by)
    for row in await db.fetch(_AGREED, *asked) if references else ():
        agreed[row["contract"]] += [(function, row["exit_day"]) for function in row["functions"]]
    return [
        _seen(row, tuple(notices[row["reference"]]), shares.get(row["reference"], {}), agreed[row["reference"]])
        for row in rows
    ]


async def _shares(
    db: Reads, references: Sequence[str], *, by: Caller, as_at: date, as_known: datetime | None
) -> dict[str, dict[str, Fraction]]:
    codes = await reads_through(db, by)
    rows = await db.fetch(_SHARES, as_at, as_known or NOW, references, codes, ShareFacet.COST)
    tables = {row["contract"]: table_of(row["value"]) for row in rows}
    return {
        contract: {code: Fraction(weight, table.total) for code, weight in table.weights.items()}
        for contract, table in tables.items()
    }


def _seen(
    row: Mapping[str, Any],
    notices: tuple[NoticeView, ...],
    shares: Mapping[str, Fraction],
    agreed: Sequence[tuple[str, date]],
) -> Seen:
    ends = _line_ends(notices, agreed)
    terms = exit_terms_of(row["exit_terms"])
    # Renewed terms are counted from the first one; an extension prolongs it.
    is_extended = terms.renewal_months is None and not row["ended_as"]
    leaving = Leaving(
        starts_on=row["starts_on"],
        last_day=row["ends_on"] if is_extended else row["last_day"],
        notice_months=row["notice_months"],
        annual_pence=row["annual_pence"],
        not_before=row["earliest_exit_on"],
        terms=terms,
    )
    if row["ended_as"]:
        return Seen(row, replace(leaving, noticed_for=row["ends_on"]), notices, shares, ends)
    whole = [one.last_day for one in notices if one.status == "served" and not one.functions and not one.leaving]
    return Seen(row, replace(leaving, noticed_for=min(whole, default=None)), notices, shares, ends)


def _line_ends(notices: Sequence[NoticeView], agreed: Sequence[tuple[str, date]]) -> dict[str, date]:
    """Return the first end of each line that is known to end for all customers."""
    noticed = [
        (function, notice.last_day)
        for notice in notices
        if notice.status == "served" and not notice.leaving
        for function in notice.functions
    ]
    ends: dict[str, date] = {}
    for function, day in (*noticed, *agreed):
        ends[function] = min(day, ends.get(function, day))
    return ends


def notice_of(row: Mapping[str, Any]) -> NoticeView:
    """Return a notice with what came of it."""
    status = "served"
    if row["faults"]:
        status = "without_effect"
    elif row["withdrawn_on"] is not None:
        status = "withdrawn"
    elif row["is_carried_out"]:
        status = "carried_out"
    return NoticeView.model_validate(
        {
            **row,
            "notice": row["reference"],
            "status": status,
            "last_day": row["exit_day"],
            "exit_on": row["exit_day"] + ONE_DAY,
        }
    )


def exits_of(seen: Seen, *, as_at: date, as_known: datetime | None) -> ExitsView:
    """Return the answer about one contract."""
    row, leaving = seen.row, seen.leaving
    position = exits_on(leaving, as_at)
    offered = [_offered(leaving, last_day, as_at) for last_day in offered_exits(leaving, as_at)]
    guidance = guidance_on(seen)
    rule = find_pack(leaving.starts_on, subject="notice")
    return ExitsView(
        reference=row["reference"],
        status=row["status"],
        current_end=position.current_end,
        next_end=position.next_end,
        minimum_ends_on=leaving.minimum_ends_on,
        notice_months=leaving.notice_months,
        last_notice_on=position.last_notice_on,
        days_left=position.days_left,
        window_missed=position.is_missed,
        exposure_pence=position.exposure_pence,
        earliest_exit=position.earliest_exit,
        earliest_exit_notice_by=position.earliest_exit_notice_by,
        earliest_free_exit=position.earliest_free_exit,
        earliest_free_exit_notice_by=position.earliest_free_exit_notice_by,
        offered=offered,
        lines=_lines(seen),
        notices=list(seen.notices),
        ways_out=[],
        guidance=guidance,
        rule_packs=[*([rule.id] if rule else []), *(one.rule_pack for one in guidance)],
        as_at=as_at,
        as_known=as_known,
    )


def _offered(leaving: Leaving, last_day: date, as_at: date) -> OfferedExitView:
    due = None if leaving.noticed_for is not None else notice_due_for(leaving, last_day)
    return OfferedExitView(
        last_day=last_day, exit_on=last_day + ONE_DAY, notice_by=due, notice_passed=due is not None and due < as_at
    )


def _lines(seen: Seen) -> list[LineExitView]:
    ends, whole = seen.line_ends, seen.leaving.noticed_for
    return [
        LineExitView(
            function=line["function"],
            annual_pence=line["annual_pence"],
            ends_on=min((day for day in (ends.get(line["function"]), whole) if day is not None), default=None),
        )
        for line in seen.row["lines"]
    ]


def guidance_on(seen: Seen) -> list[GuidanceView]:
    """Return the advice on the length of agreements with commissioning support units that a contract exceeds."""
    found = guidance_for(seen.row["reference"], seen.leaving, seen.row["supplier"].kind)
    return [found] if found else []


async def list_seen(
    db: Reads, filters: contracts.ContractFilter, *, by: Caller, as_at: date, as_known: datetime | None
) -> list[Seen]:
    """Return the contracts that the caller may see, with their terms of leaving, ordered by reference."""
    rows = await contracts.list_contracts(db, filters, by=by, as_at=as_at, as_known=as_known)
    return await with_notices(db, rows, by=by, as_at=as_at, as_known=as_known)


def customers_of(seen: Seen, leaving: Collection[str] = ()) -> list[str]:
    """Return the codes of a contract's customers on the day, or of those among them who leave."""
    codes = [customer.code for customer in seen.row["customers"]]
    return [code for code in codes if not leaving or code in leaving]
