"""The digest of a register's entries, and a register as a table and as a page: pure functions."""

import hashlib
from collections.abc import Sequence
from datetime import date
from html import escape
from typing import Any

import rfc8785

from services.governance.registers.models import Register
from services.governance.registers.views import (
    BreachEntry,
    Entry,
    GiftEntry,
    InterestEntry,
    ProcurementEntry,
    RegisterView,
)

COLUMNS: dict[Register, tuple[str, ...]] = {
    Register.INTERESTS: tuple(InterestEntry.model_fields),
    Register.GIFTS: tuple(GiftEntry.model_fields),
    Register.PROCUREMENT_DECISIONS: tuple(ProcurementEntry.model_fields),
    Register.BREACHES: tuple(BreachEntry.model_fields),
}
TITLES = {
    Register.INTERESTS: "Register of interests",
    Register.GIFTS: "Register of gifts and hospitality",
    Register.PROCUREMENT_DECISIONS: "Register of procurement decisions",
    Register.BREACHES: "Register of breaches",
}

Cell = str | int | bool | date | None


def digest(entries: Sequence[Entry]) -> str:
    """Return the SHA-256 of entries as canonical JSON (RFC 8785)."""
    return hashlib.sha256(rfc8785.dumps([one.model_dump(mode="json") for one in entries])).hexdigest()


def cells(register: Register, entries: Sequence[Entry]) -> list[list[Cell]]:
    """Return the rows of a table of entries, by `COLUMNS`."""
    return [[_cell(getattr(one, name)) for name in COLUMNS[register]] for one in entries]


def _cell(value: Any) -> Cell:
    if isinstance(value, list):
        return "; ".join(f"{one.person} {one.action}" if hasattr(one, "action") else str(one) for one in value)
    return value if isinstance(value, str | int | date) or value is None else str(value)


def as_html(view: RegisterView) -> str:
    """Return a register as a page: every value of the JSON, nil returns and who is missing included."""
    title = escape(f"{TITLES[view.register_of]} of {view.organisation}")
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in COLUMNS[view.register_of])
    rows = "".join(
        f"<tr>{''.join(f'<td>{escape(_text(cell))}</td>' for cell in row)}</tr>"
        for row in cells(view.register_of, view.entries)
    )
    nil = [f"{one.person} ({', '.join(one.posts)}), {one.returned_on.isoformat()}" for one in view.nil_returns]
    published = view.published.published_on.isoformat() if view.published else "never"
    facts = (
        ("As at", view.as_at.isoformat()),
        ("Entries", str(len(view.entries))),
        ("Nil returns", "; ".join(nil) or "none"),
        ("Neither declared nor returned nil", "; ".join(view.missing) or "none"),
        ("Last published", published),
        ("Digest", view.digest),
    )
    listed = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in facts)
    return (
        f'<!doctype html><html lang="en-GB"><head><meta charset="utf-8"><title>{title}</title></head><body>'
        f"<h1>{title}</h1><dl>{listed}</dl><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
        "</body></html>"
    )


def _text(cell: Cell) -> str:
    if isinstance(cell, bool):
        return str(cell).lower()
    return "" if cell is None else str(cell)
