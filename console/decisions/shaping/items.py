"""An item of an agenda: who is conflicted and by which path, and how each seat votes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from console.core.words import clock
from console.decisions.shaping.meetings import ACTIONS, People, presence_of, titles_of

CHOICES = {"for": "For", "against": "Against", "abstain": "Abstain"}
"""How a seat votes."""
STAGES = {"design": "Design of a service", "award": "Award of a contract", "monitoring": "Monitoring of a contract"}
"""What is done about a supplier at an item."""
TYPES = {
    "financial": "Financial",
    "non_financial_professional": "Professional, not financial",
    "non_financial_personal": "Personal, not financial",
    "indirect": "Indirect",
}
"""The types of interest of the statutory guidance."""


@dataclass(frozen=True)
class Conflicted:
    """A member with an interest in an item: by which path, what the rule pack asks for, what was decided."""

    person: str
    label: str
    excluded: bool
    path: tuple[str, ...]
    share: str
    type: str
    asked: str
    pack: str
    decided: str
    decided_by: str
    decided_at: str


def conflicted(conflicts: Mapping[str, Any], people: People) -> list[Conflicted]:
    """Return the members whom an item's conflicts concern."""
    return [_conflicted(member, people) for member in conflicts["members"]]


def _conflicted(member: Mapping[str, Any], people: People) -> Conflicted:
    conflict, decided = member["conflict"], member["decided"]
    return Conflicted(
        person=member["person"],
        label=people.of(member["person"]),
        excluded=member["excluded"],
        path=tuple(_edge(edge, people) for edge in conflict["path"]) if conflict else (),
        share=_share(conflict) if conflict else "",
        type=TYPES.get(conflict["type"], conflict["type"]) if conflict else "",
        asked=ACTIONS.get(conflict["action"], conflict["action"]) if conflict else "",
        pack=conflict["pack"] if conflict else "",
        decided=ACTIONS.get(decided["action"], decided["action"]) if decided else "",
        decided_by=people.of(decided["decided_by"]) if decided else "",
        decided_at=clock(decided["decided_at"]) if decided else "",
    )


def _share(conflict: Mapping[str, Any]) -> str:
    """Return the share along a path, where it is not that of one of its steps."""
    shown = {"1", *(edge["share"] for edge in conflict["path"])}
    return "" if conflict["share"] in shown else str(conflict["share"])


def _edge(edge: Mapping[str, Any], people: People) -> str:
    share = f" ({edge['share']})" if edge["share"] != "1" else ""
    return f"{people.of(edge['holder'])} {edge['relation'].replace('_', ' ')} {edge['other']}{share}"


@dataclass(frozen=True)
class SeatVote:
    """A voting seat at an item: who may cast its vote, who was there, and how it voted."""

    seat: str
    title: str
    person: str
    """The holder, or the deputy who sits in it; empty of a vacant seat."""
    label: str
    presence: str
    excluded: bool
    choice: str
    cast_at: str
    counts: bool | None


def seat_votes(
    item: Mapping[str, Any], meeting: Mapping[str, Any], posts: Sequence[Mapping[str, Any]], *, excluded: set[str]
) -> list[SeatVote]:
    """Return the voting seats of a body in the order of its posts, each with its vote where it has one."""
    sits_for = {one["seat"]: one["person"] for one in meeting["attendance"] if one["seat"] and one["arrived"]}
    stated = {one["person"]: one for one in meeting["attendance"]}
    by_seat = {vote["seat"]: vote for vote in item["votes"]}
    titles = titles_of(posts)
    rows = []
    for post in posts:
        if not post["votes"]:
            continue
        vote = by_seat.get(post["post"])
        person = (vote["voter"] if vote else sits_for.get(post["post"]) or post["person"]) or ""
        rows.append(
            SeatVote(
                seat=post["post"],
                title=titles[post["post"]],
                person=person,
                label="deputy" if person and person != post["person"] else "",
                presence=presence_of(stated.get(person)) or ("Not stated" if person else "Vacant"),
                excluded=person in excluded,
                choice=CHOICES.get(vote["choice"], vote["choice"]) if vote else "",
                cast_at=clock(vote["cast_at"]) if vote else "",
                counts=vote["counts"] if vote else None,
            )
        )
    return rows
