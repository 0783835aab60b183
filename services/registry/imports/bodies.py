"""What is stated because a file describes bodies: pure, from the lines and from what the registry holds already."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from libs.common.events import Event
from libs.common.events.registry import (
    OrganisationClosed,
    OrganisationOpened,
    OrganisationParentChanged,
    OrganisationProposed,
)
from services.registry.imports.files import SourceFile
from services.registry.imports.rows import Body
from services.registry.kinds import Kind
from services.registry.merger_rules import longest_proposal


@dataclass(slots=True)
class Taken:
    """What is to be stated: the events, and the codes of the bodies that they are about."""

    events: list[Event] = field(default_factory=list)
    codes: list[str] = field(default_factory=list)


def statements_about(
    bodies: Iterable[Body],
    file: SourceFile,
    stated_at: datetime,
    *,
    merged_on: Mapping[str, date],
) -> Taken:
    """Return what the lines state.

    `merged_on` gives the day on which a merger of CCGs that it
    knows established a code. Every line is stated, also where it repeats what is known: a statement of another day that
    arrives later must find it in its place. What a file does not name is left alone: absent is not closed.
    """
    taken = Taken()
    for body in bodies:
        taken.codes.append(body.code)
        taken.events.extend(_life(body, body.kind, file.day, stated_at, merged_on.get(body.code)))
        if body.parent and body.joined_on:
            taken.events.append(
                OrganisationParentChanged(
                    code=body.code,
                    relation="commissioned by",
                    parent=body.parent,
                    effective_on=body.joined_on,
                    stated_at=stated_at,
                )
            )
    return taken


def _life(body: Body, kind: Kind, file_day: date, stated_at: datetime, merged_on: date | None) -> Iterable[Event]:
    # The name is seen on the day of the file, or on the last day of a body that had closed by then.
    named_on = min(file_day, body.last_day or date.max)
    if body.status == "proposed":
        yield proposed(body.code, body.name, kind, body.opened_on, stated_at)
    elif merged_on is not None and was_proposed(body.opened_on, merged_on):
        yield proposed(body.code, "", kind, body.opened_on, stated_at)
        yield opened(body.code, body.name, kind, merged_on, named_on, stated_at)
    else:
        yield opened(body.code, body.name, kind, body.opened_on, named_on, stated_at)
    if body.last_day is not None:
        yield OrganisationClosed(code=body.code, effective_on=body.last_day + timedelta(days=1), stated_at=stated_at)


def was_proposed(opened_on: date, merged_on: date) -> bool:
    """Whether a successor that a file opens on a day before its merger only stood as proposed until the merger."""
    longest = longest_proposal(merged_on)
    return longest is not None and timedelta(0) < merged_on - opened_on <= longest


def opened(code: str, name: str, kind: str, day: date, named_on: date, stated_at: datetime) -> OrganisationOpened:
    """Return that a body operates from a day, under a name that was seen on another."""
    return OrganisationOpened(code=code, name=name, kind=kind, effective_on=day, named_on=named_on, stated_at=stated_at)


def proposed(code: str, name: str, kind: str, day: date, stated_at: datetime) -> OrganisationProposed:
    """Return that a body stands as proposed from a day; with no name where something else told with it says that."""
    return OrganisationProposed(code=code, name=name, kind=kind, effective_on=day, stated_at=stated_at)
