"""Who stands in the way of what, since when and at which price a month."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from console.charts.bars import Bar, bars
from console.charts.look import Chart, Tone
from console.core.words import pounds

KINDS = {"veto": ("Veto", "red"), "inertia": ("No decision", "orange"), "deferred": ("Lawfully deferred", "blue")}
"""How a body stands in the way, with the colour of its tag."""
_PAGES = {"PR-": "proposals", "RC-": "recommendations"}
HEADS = ("About", "Body", "Kind", "Since", "Due", "Months", "Running", "Horizon", "Pence a month", "Pence to date")
"""The heads of the radar as CSV."""


@dataclass(frozen=True)
class Blip:
    """A body in the way of a proposal or recommendation, with the price of waiting by horizon."""

    row: Mapping[str, Any]
    kind: tuple[str, str]
    link: str
    """The page of what it is about; empty where the console has none."""
    costs: Mapping[str, Mapping[str, Any]]
    """By horizon; empty until finance has priced the delay."""


def blip_of(row: Mapping[str, Any]) -> Blip:
    """Return a row of the radar as it is shown."""
    about = str(row["about"])
    return Blip(
        row=row,
        kind=KINDS.get(row["kind"], (row["kind"], "grey")),
        link=next((f"/decisions/{page}/{about}" for start, page in _PAGES.items() if about.startswith(start)), ""),
        costs={cost["horizon"]: cost for cost in row["costs"]},
    )


def rows_of(row: Mapping[str, Any]) -> list[list[str]]:
    """Return the lines of the CSV for a row: one for each horizon, one without a price where finance has none."""
    shared = [row["about"], row["body"], row["kind"], row["since"], row["due_on"], str(row["months"])]
    shared.append("yes" if row["running"] else "no")
    priced = [[cost["horizon"], str(cost["monthly_pence"]), str(cost["to_date_pence"])] for cost in row["costs"]]
    return [[*shared, *one] for one in priced or [["", "", ""]]]


def chart_of(rows: Sequence[Mapping[str, Any]], *, horizon: str) -> Chart | None:
    """Return the bars of what waiting costs a month, one for each body and matter that finance priced; else None."""
    priced = [
        Bar(
            f"{row['body']}, {row['about']}",
            int(cost["monthly_pence"]),
            pounds(cost["monthly_pence"], 0),
            Tone.TOTAL if row["kind"] == "deferred" else Tone.BAD,
        )
        for row in rows
        for cost in row["costs"]
        if cost["horizon"] == horizon
    ]
    return bars("What waiting costs a month", priced)
