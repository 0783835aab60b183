"""What the page of reasons shows, from the gatherer's chain: an ordered list, the newest first."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from console.core.words import event

MOST_STEPS = 25
"""How many steps of a chain are shown at once; older ones are folded."""
MOST_EFFECTS = 10
"""How many of what followed are listed at once; the rest is folded."""


@dataclass(frozen=True, slots=True)
class Link:
    """Something in a chain that has a chain of its own."""

    words: str
    path: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One part of a chain: what was so, in which service, by whom, because of what, and what followed."""

    title: str
    service: str
    kind: str
    reference: str
    is_asked: bool
    effective_on: str | None
    stated_at: str | None
    recorded_at: str | None
    by: str | None
    text: str | None
    latest: str
    """Of a fact the latest event about it, in words."""
    about: Sequence[Link]
    because: Sequence[Link]
    rule_packs: Sequence[str]
    documents: Sequence[Mapping[str, Any]]
    effects: Sequence[Link]
    effects_in_all: int
    is_complete: bool


def path_of(reference: str) -> str:
    """Return the page of reasons of an event, a request or a fact."""
    return f"/reasons/{quote(reference, safe='')}"


def steps_of(chain: Mapping[str, Any]) -> list[Step]:
    """Return the parts of a chain, the newest first; what has no instant of its own stays behind what led to it."""
    latest = ""
    keyed = []
    titles = {part["provenance"]["id"]: _title(part["provenance"]) for part in chain["parts"]}
    for number, part in enumerate(chain["parts"]):
        days = part["provenance"]["days"]
        latest = days["recorded_at"] if days else latest
        keyed.append((latest, -number, _step(part, chain["reference"], titles)))
    return [step for *_, step in sorted(keyed, key=lambda one: one[:2], reverse=True)]


def as_chain(reference: str, parts: Mapping[str, Any]) -> dict[str, Any]:
    """Return the services' own parts of what is asked as a chain that is not complete."""
    found = [{"service": service, "depth": 0, "provenance": part} for service, part in parts.items()]
    return {"reference": reference, "parts": found, "missing": [], "complete": False}


def unanswered(chain: Mapping[str, Any]) -> list[Link]:
    """Return what no service answered, but for what was asked itself."""
    return [
        Link(one["id"], path_of(one["id"]), one["source"])
        for one in chain["missing"]
        if one["source"] or one["id"] != chain["reference"]
    ]


def _title(of: Mapping[str, Any]) -> str:
    """Return what a part is, in words: the name of an event, a request's operation, the reference of a fact."""
    match of["kind"]:
        case "fact":
            return str(of["id"])
        case "request":
            return f"Request: {(of['told'] or of['id']).replace('_', ' ')}"
    return event(of["told"]) if of["told"] else "What followed here"


def _step(part: Mapping[str, Any], asked: str, titles: Mapping[str, str]) -> Step:
    of = part["provenance"]
    days = of["days"] or {}
    return Step(
        title=_title(of),
        service=part["service"],
        kind=of["kind"],
        reference=of["id"],
        is_asked=part["depth"] == 0 and of["id"] == asked,
        effective_on=days.get("effective_on"),
        stated_at=days.get("stated_at"),
        recorded_at=days.get("recorded_at"),
        by=_by(of["by"]),
        text=of["text"],
        latest=event(of["told"]) if of["kind"] == "fact" and of["told"] else "",
        about=[Link(key, path_of(key)) for key in of["about"] if key != asked],
        because=[
            Link(titles.get(one["id"], one["id"]), path_of(one["id"]), f"{one['kind']}{_of(one['source'])}")
            for one in of["because"]
        ],
        rule_packs=of["rule_packs"],
        documents=of["documents"],
        effects=list(_effects(of["effects"]["items"])),
        effects_in_all=of["effects"]["count"],
        is_complete=of["complete"],
    )


def _by(who: str | None) -> str | None:
    """Return who stated it; a service that acted by itself is named so."""
    kind, _, name = (who or "").partition(":")
    return f"{name} by itself" if kind == "service" and name else who


def _effects(items: Sequence[Mapping[str, Any]]) -> Iterator[Link]:
    for one in items:
        yield Link(event(one["told"]), path_of(one["id"]), ", ".join(one["about"]))


def _of(source: str | None) -> str:
    return f" of {source}" if source else ""
