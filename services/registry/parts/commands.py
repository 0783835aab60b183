"""Lets parts of bodies pass to a plan's new body on its day."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from libs.common.events import Event
from libs.common.events.registry import OrganisationParentChanged, OrganisationSucceeded
from libs.organisations.successions import Shape
from services.registry.core.change import Change
from services.registry.cover.commands import events_of, follow_areas
from services.registry.cover.rules import Listed
from services.registry.parts.part import Part, PartsPlan, listed_in
from services.registry.parts.queries import passing
from services.registry.parts.rules import Passing


async def pass_parts(now: Change, parts: Sequence[Part], plan: PartsPlan) -> list[Event]:
    """Return the events by which the parts pass to the plan's body, and count the bodies that move as changed.

    What is no longer with its body, because it moved or closed since the agreement, stays where it is.
    """
    found = await passing(now.connection, parts, plan)
    await follow_areas(now, {plan.successor: listed_in(parts)})
    events: list[Event] = []
    for part in parts:
        events.append(
            OrganisationSucceeded(
                code=part.code,
                successor=plan.successor,
                shape=Shape.BOUNDARY_CHANGE,
                share=part.share or "",
                effective_on=plan.effective_on,
                stated_at=now.at,
            )
        )
        events.extend(_moved(part, found, plan.successor, now.at))
    now.changed.update(event.code for event in events if isinstance(event, OrganisationParentChanged))
    return events


def _moved(part: Part, found: Passing, successor: str, at: datetime) -> Iterator[Event]:
    for code in sorted(part.locations):
        if found.below.get(code) == part.code:
            for relation in ("part of", "in ICB"):
                yield OrganisationParentChanged(
                    code=code, relation=relation, parent=successor, effective_on=found.day, stated_at=at
                )
    there = {code: practice for code in part.practices if (practice := found.records.practices.get(code))}
    listed = Listed(
        practices=frozenset(code for code, one in there.items() if found.has(part, one.subject())),
        areas=frozenset(code for code in part.areas if found.has(part, found.records.areas[code])),
    )
    yield from events_of(found.records, found.after, {successor: listed}, found.day, at)
