"""Lists the days of an organisation's contracts on which something has to be done or ends, also as iCalendar."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from icalendar import Calendar, Event

from libs.common.database.connection import Reads
from libs.common.identity import Caller
from libs.common.process.clock import start_of
from services.contracts.core.queries import ContractFilter
from services.contracts.exits.queries import Seen, list_seen
from services.contracts.exits.rules import ONE_DAY, charge_if_missed, exits_on
from services.contracts.exits.views import CalendarEntryView

_RUNNING = {"signed", "active"}


async def calendar_of(
    db: Reads, organisation: str, *, by: Caller, as_at: date, as_known: datetime | None
) -> list[CalendarEntryView]:
    """Return the notice days and ends of the contracts that an organisation is a party of, in the order of days."""
    seen: dict[str, Seen] = {}
    for filters in (ContractFilter(customer=organisation), ContractFilter(supplier=organisation)):
        for one in await list_seen(db, filters, by=by, as_at=as_at, as_known=as_known):
            if one.row["status"] in _RUNNING:
                seen[one.row["reference"]] = one
    entries = [entry for one in seen.values() for entry in entries_of(one, as_at)]
    return sorted(entries, key=lambda entry: (entry.on, entry.uid))


def entries_of(seen: Seen, as_at: date) -> list[CalendarEntryView]:
    """Return a contract's entries: the last notice day of its window, and its end; each keeps its uid for ever."""
    position, reference = exits_on(seen.leaving, as_at), seen.row["reference"]
    version = seen.row["version"] or 0
    days: list[tuple[str, date, str]] = []
    lines = {line["function"] for line in seen.row["lines"]}
    for function, last_day in sorted(seen.line_ends.items()):
        if function in lines and (position.current_end is None or last_day < position.current_end):
            days.append((f"{function}.end", last_day, f"{reference}: last day of {function}"))
    if position.last_notice_on is not None:
        days.append(("notice", position.last_notice_on, f"{reference}: last notice day"))
    if position.current_end is not None:
        days.append(("end", position.current_end, f"{reference}: last day of service"))
    return [
        CalendarEntryView(
            uid=f"{reference}.{kind}@contracts.footprint",
            contract=reference,
            kind="notice" if kind == "notice" else "end",
            on=on,
            text=text,
            sequence=version,
            exposure_pence=charge_if_missed(seen.leaving, as_at) if kind == "notice" else 0,
        )
        for kind, on, text in days
    ]


def as_ical(entries: Sequence[CalendarEntryView], organisation: str, *, as_at: date) -> bytes:
    """Return entries as an iCalendar file: whole days, with the uid and sequence of each."""
    calendar: Any = Calendar()
    calendar.add("prodid", "-//Footprint//contracts//EN")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", f"Exits of {organisation}")
    for entry in entries:
        event: Any = Event()
        event.add("uid", entry.uid)
        event.add("sequence", entry.sequence)
        event.add("dtstamp", start_of(as_at))
        event.add("dtstart", entry.on)
        event.add("dtend", entry.on + ONE_DAY)
        event.add("summary", entry.text)
        calendar.add_component(event)
    content: bytes = calendar.to_ical()
    return content
