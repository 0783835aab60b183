"""A meeting: its agenda with quorum and result, who sits in it, and which acts come next."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from console.core.words import clock
from console.decisions.shaping.hours import hour

STATES = {
    "planned": ("Planned", "grey"),
    "called": ("Called", "blue"),
    "cancelled": ("Cancelled", "red"),
    "held": ("Over", "green"),
    "minutes_draft": ("Minutes drafted", "yellow"),
    "approved": ("Minutes approved", "green"),
}
"""The states of a meeting, each with the colour of its tag."""
OUTCOMES = {"carried": ("Carried", "green"), "failed": ("Not carried", "red"), "inquorate": ("Inquorate", "orange")}
"""What an item came to."""
ACTIONS = {
    "note_only": "The interest is noted",
    "stay_not_vote": "Stays and does not vote",
    "stay_not_speak": "Stays and does not speak",
    "leave_room": "Leaves the room",
    "no_papers": "Gets no papers",
}
"""What whoever is conflicted does at an item, the laxest first."""


@dataclass(frozen=True)
class People:
    """Persons of a body by what they are called: their posts, and their names where these were asked for."""

    labels: Mapping[str, str]

    def of(self, person: str | None) -> str:
        """Return what a person is called; the id of whoever has no post here."""
        return self.labels.get(person, person) if person else ""

    def several(self, persons: Iterable[str]) -> str:
        """Return what several persons are called, in one line."""
        return ", ".join(self.of(person) for person in persons)


def titles_of(posts: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Return the titles of posts by reference; of several with one title each has the last part of its reference."""
    counts = Counter(post["title"] for post in posts)
    return {
        post["post"]: post["title"] if counts[post["title"]] == 1 else f"{post['title']} {_last(post['post'])}"
        for post in posts
    }


def _last(reference: str) -> str:
    return f"({reference.rpartition('/')[2]})"


def people_of(posts: Sequence[Mapping[str, Any]], names: Sequence[Mapping[str, Any]] = ()) -> People:
    """Return the holders and deputies of posts by the titles, with the names that were given out."""
    titles: dict[str, list[str]] = {}
    named = titles_of(posts)
    for post in posts:
        if post["person"]:
            titles.setdefault(post["person"], []).append(named[post["post"]])
    for post in posts:
        for deputy in post["deputies"]:
            titles.setdefault(deputy, []).append(f"deputy for {named[post['post']]}")
    given = {one["person"]: one["display_name"] for one in names if one["display_name"]}
    labels = {person: " and ".join(several) for person, several in titles.items()}
    for person, name in given.items():
        labels[person] = f"{name} ({labels[person]})" if person in labels else name
    return People({person: label[:1].upper() + label[1:] for person, label in labels.items()})


@dataclass(frozen=True)
class Forecast:
    """Whether those who come make a quorum for an item, and if not, why and what would."""

    quorate: bool
    withheld: bool
    excluded: str
    shortfalls: tuple[str, ...]
    additions: tuple[str, ...]
    elsewhere: tuple[str, ...]


@dataclass(frozen=True)
class AgendaRow:
    """An item of an agenda with the forecast of its quorum and its result."""

    item: Mapping[str, Any]
    forecast: Forecast | None

    @property
    def outcome(self) -> tuple[str, str]:
        """What it came to, with the colour of its tag; empty words while it has no result."""
        result = self.item["result"]
        return OUTCOMES.get(result["outcome"], (result["outcome"], "grey")) if result else ("", "")


def agenda(meeting: Mapping[str, Any], forecast: Mapping[str, Any] | None, people: People) -> list[AgendaRow]:
    """Return the items of a meeting in their order, each with its forecast where there is one."""
    by_item = {one["item"]: one for one in forecast["items"]} if forecast else {}
    ordered = sorted(meeting["items"], key=lambda item: int(item["number"]))
    return [
        AgendaRow(item, forecast_of(by_item[item["item"]], people) if item["item"] in by_item else None)
        for item in ordered
    ]


def forecast_of(row: Mapping[str, Any], people: People) -> Forecast:
    """Return the forecast of an item in words."""
    additions = row["additions"] or ()
    return Forecast(
        quorate=row["quorate"],
        withheld=row["withheld"],
        excluded=people.several(row["excluded"]),
        shortfalls=tuple(_shortfall(one, people) for one in row["shortfalls"]),
        additions=tuple(_addition(one, people) for one in additions),
        elsewhere=tuple(row["elsewhere"]),
    )


def _shortfall(short: Mapping[str, Any], people: People) -> str:
    parts = []
    if short["contested"]:
        seats = "; ".join(" or ".join(roles) or "any member" for roles in short["contested"])
        rivals = people.several(short["rivals"]) or "no one"
        parts.append(f"the seats {seats} can be filled by {rivals} alone")
    if short["unmet"]:
        parts.append("no one is there as " + "; ".join(" or ".join(roles) for roles in short["unmet"]))
    if short["missing"]:
        parts.append(f"{short['missing']} voting {'member' if short['missing'] == 1 else 'members'} too few")
    words = ", and ".join(parts)
    return words[:1].upper() + words[1:]


def _addition(one: Mapping[str, Any], people: People) -> str:
    label = people.of(one["person"])
    if not one["deputises_for"] or label.startswith("Deputy"):
        return label
    return f"{label}, as deputy for {people.of(one['deputises_for'])}"


@dataclass(frozen=True)
class Seat:
    """A member, deputy or attendee of a meeting: who, in which seat, and from when to when they were there."""

    person: str
    label: str
    seat: str
    """The post for which a deputy sits; empty of anyone else."""
    role: str
    coming: bool | None
    """None where nothing is stated."""
    intervals: tuple[tuple[str, str], ...]
    """From when to when, as inputs of times have them."""
    presence: str
    """The same in words."""

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """The intervals that a form shows: those that are stated, and a further one for whoever may come (back)."""
        further = not self.intervals or bool(self.intervals[-1][1])
        return (*self.intervals, *((("", ""),) if further else ()))


def seats(meeting: Mapping[str, Any], posts: Sequence[Mapping[str, Any]], people: People) -> list[Seat]:
    """Return who holds a post of the body, in the order of the posts, then its deputies and who else was stated."""
    stated = {one["person"]: one for one in meeting["attendance"]}
    members = [post["person"] for post in posts if post["person"]]
    deputies = [deputy for post in posts for deputy in post["deputies"]]
    return [
        _seat(person, stated.get(person), posts, people) for person in dict.fromkeys([*members, *deputies, *stated])
    ]


def _seat(person: str, stated: Mapping[str, Any] | None, posts: Sequence[Mapping[str, Any]], people: People) -> Seat:
    intervals = list(zip(stated["arrived"], stated["departed"], strict=True)) if stated else []
    holds = any(post["person"] == person for post in posts)
    named_for = next((post["post"] for post in posts if person in post["deputies"]), "")
    return Seat(
        person=person,
        label=people.of(person),
        seat=(stated["seat"] if stated else "") or ("" if holds else named_for),
        role=stated["role"] if stated else "",
        coming=stated["coming"] if stated else None,
        intervals=tuple((hour(since), hour(until)) for since, until in intervals),
        presence=presence_of(stated),
    )


def presence_of(stated: Mapping[str, Any] | None) -> str:
    """Return from when to when a person was stated to be there, in words."""
    intervals = zip(stated["arrived"], stated["departed"], strict=True) if stated else ()
    return "; ".join(_interval(since, until) for since, until in intervals)


def _interval(since: str, until: str | None) -> str:
    return f"{clock(since)} to {clock(until)}" if until else f"from {clock(since)} to the end"


def acts_for(body: Mapping[str, Any], meeting: Mapping[str, Any]) -> list[str]:
    """Return the organisations of which a lead may act for a meeting's body."""
    return list(dict.fromkeys(code for code in (meeting["organisation"], *body.get("members", ())) if code))


def next_acts(state: str, *, items: int) -> tuple[str, ...]:
    """Return what may be done with a meeting in a state, the next step first; it is still the service that refuses."""
    if state == "planned":
        return ("items", "notice", "attendance", "cancellation")
    if state == "called":
        return ("attendance", "items", *(("closing",) if items else ()), "cancellation")
    return ("minutes",) if state in ("held", "minutes_draft", "approved") else ()
