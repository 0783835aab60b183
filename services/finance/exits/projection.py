"""Copies what contracts publishes about leaving contracts: terms, days on offer, notices. One row an event."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from fractions import Fraction
from typing import Any, Final

import asyncpg

from libs.common.database.connection import Reads
from libs.common.events import Event
from libs.common.events.contracts import ExitTermsStated, NoticeDatesStated, NoticeServed, NoticeWithdrawn
from services.finance.exits.lines import StatedTerms

EVENTS: Final = (ExitTermsStated, NoticeDatesStated, NoticeServed, NoticeWithdrawn)
_ALWAYS: Final = datetime.max.replace(tzinfo=UTC)

_KNOW = """
INSERT INTO known_exit (contract, what, key, effective_on, stated_at, supplier, customers, content)
SELECT contract, what, key, effective_on, stated_at, supplier, string_to_array(customers, ','), content
  FROM unnest($1::text[], $2::text[], $3::text[], $4::date[], $5::timestamptz[], $6::text[], $7::text[], $8::text[])
       AS new (contract, what, key, effective_on, stated_at, supplier, customers, content)
    ON CONFLICT DO NOTHING
"""

_OF_CONTRACTS = """
SELECT contract, what, key, effective_on, stated_at, supplier, customers, content
  FROM known_exit WHERE contract = ANY($1) AND stated_at <= $2
 ORDER BY contract, stated_at, effective_on, content
"""


@dataclass(frozen=True, slots=True)
class StandingNotice:
    """A notice that was served and not withdrawn: the contract, or a part of it, ends before `exit_on`."""

    notice: str
    exit_on: date
    is_whole: bool


@dataclass(frozen=True, slots=True)
class KnownExits:
    """What is known about leaving one contract, as at a day: None where contracts has not published it."""

    contract: str
    terms: StatedTerms | None
    dates: tuple[tuple[date, date], ...]
    """First days without the contract, each with its last notice day."""
    notices: tuple[StandingNotice, ...]
    sources: tuple[str, ...]
    """The events that it rests on, by name and the instants when they were stated."""

    @property
    def committed_on(self) -> date | None:
        """The first day without the contract for which a notice of all of it stands; None where none does."""
        return min((one.exit_on for one in self.notices if one.is_whole), default=None)


async def know_exits(events: Sequence[Event], connection: asyncpg.Connection) -> None:
    """Insert what these events state, by one statement; a repeated event changes nothing."""
    rows = [_row(event) for event in events]
    await connection.execute(_KNOW, *(list(column) for column in zip(*rows, strict=True)))


def _row(event: Event) -> tuple[object, ...]:
    match event:
        case ExitTermsStated():
            what, key = "terms", ""
        case NoticeDatesStated():
            what, key = "dates", ""
        case NoticeServed():
            what, key = "noticed", event.notice
        case NoticeWithdrawn():
            what, key = "withdrawn", event.notice
        case _:
            raise TypeError(f"{event.event_name} says nothing of exits")
    left_out = {"contract", "supplier", "customers", "effective_on", "stated_at"}
    content = json.dumps(event.model_dump(mode="json", exclude=left_out), sort_keys=True)
    when = (event.effective_on, event.stated_at)
    return (event.contract, what, key, *when, event.supplier, ",".join(event.customers), content)


async def known_exits_of(
    db: Reads, contracts: Collection[str], *, as_at: date, as_known: datetime | None = None
) -> dict[str, KnownExits]:
    """Return what is known about leaving each of these contracts, as at a day, as known at an instant.

    Of terms and of days on offer the statement of the latest instant counts among those that hold on the day; before
    the first of them holds, that one.
    """
    rows: dict[str, list[asyncpg.Record]] = {contract: [] for contract in contracts}
    for row in await db.fetch(_OF_CONTRACTS, sorted(contracts), as_known or _ALWAYS):
        rows[row["contract"]].append(row)
    return {contract: _known(contract, of_one, as_at) for contract, of_one in rows.items()}


def _known(contract: str, rows: Sequence[asyncpg.Record], as_at: date) -> KnownExits:
    terms, dates = _in_force(rows, "terms", as_at), _in_force(rows, "dates", as_at)
    begun = [row for row in rows if row["effective_on"] <= as_at]
    withdrawn = {row["key"] for row in begun if row["what"] == "withdrawn"}
    served = {row["key"]: json.loads(row["content"]) for row in begun if row["what"] == "noticed"}
    notices = [
        StandingNotice(key, date.fromisoformat(one["exit_on"]), not (one["functions"] or one["leaving"]))
        for key, one in sorted(served.items())
        if key not in withdrawn
    ]
    standing = {one.notice for one in notices}
    used = [row for row in rows if row in (terms, dates) or (row["what"] == "noticed" and row["key"] in standing)]
    return KnownExits(
        contract=contract,
        terms=terms and _terms(terms["supplier"], json.loads(terms["content"])),
        dates=_dates(json.loads(dates["content"])) if dates else (),
        notices=tuple(notices),
        sources=tuple(f"{_NAMES[row['what']]} {row['stated_at'].isoformat()}" for row in used),
    )


_NAMES = {"terms": "ExitTermsStated", "dates": "NoticeDatesStated", "noticed": "NoticeServed"}


def _in_force(rows: Sequence[asyncpg.Record], what: str, as_at: date) -> asyncpg.Record | None:
    of_kind = [row for row in rows if row["what"] == what]
    holding = [row for row in of_kind if row["effective_on"] <= as_at]
    return holding[-1] if holding else min(of_kind, key=lambda row: row["effective_on"], default=None)


def _terms(supplier: str, content: dict[str, Any]) -> StatedTerms:
    share, first = content.pop("payment_share"), content.pop("payment_schedule_from")
    payees, paid = content.pop("breakage_payees", None), content.pop("breakage_payee_pence", None)
    return StatedTerms(
        supplier=supplier,
        term_ends_on=date.fromisoformat(content.pop("term_ends_on")),
        payment_share=Fraction(share) if share else None,
        payment_schedule_from=date.fromisoformat(first) if first else None,
        payment_schedule_pence=tuple(content.pop("payment_schedule_pence")),
        stranded_pence=tuple(content.pop("stranded_pence")),
        breakage=None if payees is None or paid is None else tuple(zip(payees, paid, strict=True)),
        **content,
    )


def _dates(content: dict[str, Any]) -> tuple[tuple[date, date], ...]:
    pairs = zip(content["exit_on"], content["last_notice_on"], strict=True)
    return tuple(sorted((date.fromisoformat(exit_on), date.fromisoformat(due)) for exit_on, due in pairs))
