"""What waits for the caller, each with where it is done."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from console.core.words import words

TITLES = {
    "vote": "Vote on a proposal",
    "consent": "Put a proposal on an agenda",
    "declaration": "Declare interests, or that there are none",
    "minutes": "Draft or approve minutes",
    "reply": "Answer a recommendation",
    "ratification": "Ratify an urgent action",
    "right": "Make a right again after a merger",
    "agreement": "Agree to an instrument",
}
"""What each kind of task asks for."""


@dataclass(frozen=True)
class Task:
    """An act that waits: for whom, by when, and the page on which it is done."""

    kind: str
    title: str
    organisation: str
    body: str | None
    about: str
    due_on: str | None
    since: str
    done_at: str
    """The console's page."""


def task_of(row: Mapping[str, Any]) -> Task:
    """Return a task as it is listed."""
    return Task(
        kind=row["kind"],
        title=TITLES.get(row["kind"]) or words(row["kind"]),
        organisation=row["organisation"],
        body=row["body"],
        about=row["about"],
        due_on=row["due_on"],
        since=row["since"],
        done_at=_done_at(row),
    )


def _done_at(row: Mapping[str, Any]) -> str:
    """Return the page where the next step is: an item that is on an agenda, else the meeting, else the proposal.

    A kind that this console does not know leads to why it waits.
    """
    _, noun, *rest = row["path"].split("/")
    if noun == "items" and rest:
        return f"/decisions/items/{rest[0]}"
    if noun == "meetings" and rest:
        return f"/decisions/meetings/{rest[0]}"
    about = row["about"]
    pages = {
        "vote": f"/decisions/proposals/{about}",
        "consent": f"/decisions/proposals/{about}",
        "minutes": f"/decisions/meetings/{about}",
        "declaration": f"/decisions/declarations/{row['organisation']}/{about}",
        "reply": f"/decisions/recommendations/{about}",
        "right": f"/decisions/rights/{about}/remaking?organisation={row['organisation']}",
        "agreement": f"/decisions/instruments/{about}/agreements?organisation={row['organisation']}",
        "ratification": f"/decisions/urgent-actions/{about}/report",
    }
    return pages.get(row["kind"], f"/reasons/{about}")
