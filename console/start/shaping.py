"""Puts tasks, changes, counts and matches of the services into the rows of the start page and of the search."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import quote

from console.core.services import Answer
from console.core.words import prose, words
from console.organisations.shaping import kind_words

MOST_TASKS = 15
MOST_CHANGES = 500
"""Changes that are asked for; of each day and type the first few are shown, and the others counted."""
NAMED_OF_A_TYPE = 6
_FIGURES = (
    ("icb", "integrated care board", "integrated care boards"),
    ("ccg", "clinical commissioning group", "clinical commissioning groups"),
    ("foundation_trust", "NHS foundation trust", "NHS foundation trusts"),
    ("nhs_trust", "NHS trust", "NHS trusts"),
    ("gp_practice", "GP practice", "GP practices"),
    ("sub_icb_location", "sub-ICB location", "sub-ICB locations"),
    ("stp", "STP", "STPs"),
    ("nhs_england_region", "region of NHS England", "regions of NHS England"),
    ("local_office", "local office", "local offices"),
)
FIGURES = 4
_NO_DAY = date.max.isoformat()


@dataclass(frozen=True, slots=True)
class Task:
    """One thing that waits for the signed-in person, from any service."""

    words: str
    about: str
    organisations: tuple[str, ...]
    due_on: str | None
    exposure_pence: int | None
    """What missing it costs; None where the service does not say."""
    path: str
    """The page of the console on which it is done or seen."""
    service: str


@dataclass(frozen=True, slots=True)
class ChangeGroup:
    """Changes of one type on one day."""

    what: str
    changes: tuple[Mapping[str, Any], ...]
    others: int
    """How many there are beside those that are shown, of those that were asked for."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A count of bodies that are open on the day."""

    count: int
    words: str
    kind: str


def tasks_of(contracts: Answer, governance: Answer, registry: Answer, finance: Answer) -> list[Task]:
    """Return what waits, by what missing it costs as the services state it; what has no cost by its day."""
    found = [
        *(_contract_task(one) for one in contracts.items),
        *(_governance_task(one) for one in governance.items if one["kind"] != _DECLARATION),
        *_declarations(one for one in governance.items if one["kind"] == _DECLARATION),
        *(_finding(one, "registry") for one in registry.items),
        *(_finding(one, "finance") for one in finance.items),
    ]
    return sorted(found, key=lambda one: (-(one.exposure_pence or 0), one.due_on or _NO_DAY, one.service, one.about))


def _contract_task(one: Mapping[str, Any]) -> Task:
    page = one["path"].split("/")
    path = f"/{page[1]}/{page[2]}" if page[1] in ("contracts", "consolidations") and len(page) > 2 else "/contracts"
    return Task(
        _CONTRACT_TASKS.get(one["kind"], words(one["kind"])),
        one["subject"],
        (one["organisation"],),
        one["due_on"],
        one["exposure_pence"],
        path,
        "contracts",
    )


_CONTRACT_TASKS = {
    "signature": "Sign a contract",
    "acceptance": "Accept an offer or a plan",
    "consent": "Agree to a change",
    "withdrawal": "Take a notice back",
}
_DECLARATION = "declaration"
_GOVERNANCE_TASKS = {
    "vote": "Decide on a proposal",
    "consent": "Put a proposal on an agenda",
    "minutes": "Approve minutes",
    "reply": "Reply to a recommendation",
    "ratification": "Ratify an urgent action",
    "right": "Make a decision right again",
    "agreement": "Agree to an instrument",
}


def _governance_task(one: Mapping[str, Any]) -> Task:
    page = one["path"].split("/")
    known = len(page) > 2 and page[1] in ("meetings", "items", "proposals", "recommendations")
    return Task(
        _GOVERNANCE_TASKS.get(one["kind"], words(one["kind"])),
        one["about"],
        (one["organisation"],),
        one["due_on"],
        None,
        f"/decisions/{page[1]}/{page[2]}" if known else "/decisions",
        "governance",
    )


def _declarations(items: Iterable[Mapping[str, Any]]) -> Iterator[Task]:
    """Yield one task for the declarations of an organisation by a day: whose they are is a reference and no name."""
    alike: dict[tuple[str, str | None], list[str]] = defaultdict(list)
    for one in items:
        alike[one["organisation"], one["due_on"]].append(one["about"])
    for (code, due_on), people in alike.items():
        several = len(people) > 1
        path = "/decisions" if several else f"/decisions/declarations/{code}/{people[0]}"
        wanted = f"Declare interests of {len(people)} people" if several else "Declare interests of one person"
        yield Task(wanted, f"at {code}", (code,), due_on, None, path, "governance")


def _finding(one: Mapping[str, Any], service: str) -> Task:
    about = one["about"][0] if one["about"] else ""
    return Task(
        prose(one["text"]),
        about,
        tuple(one["parties"]),
        one["due_on"],
        one.get("exposure_pence"),
        _page_of(one, about) if service == "registry" and about else f"/reasons/{quote(about, safe='')}",
        service,
    )


def _page_of(finding: Mapping[str, Any], about: str) -> str:
    """Return the page of what a finding of the registry is about: a body, an application, or a merger."""
    if finding["kind"] == "not_put_back":
        return f"/organisations/{about}"
    return f"/mergers/applications/{about}" if about.startswith("A-") else f"/mergers/{about}"


def figures_of(counts: Answer) -> list[Figure]:
    """Return four counts of open bodies, those of the kinds that are open on the day."""
    is_open = {one["kind"]: one["open"] for one in counts.get("kinds", ())}
    return [
        Figure(is_open[kind], one if is_open[kind] == 1 else many, kind)
        for kind, one, many in _FIGURES
        if is_open.get(kind)
    ][:FIGURES]


def changes_of(items: Sequence[Mapping[str, Any]]) -> list[tuple[str, list[ChangeGroup]]]:
    """Return changes by day, and of each day by type, in the order in which the registry lists them."""
    days: dict[str, dict[str, list[Mapping[str, Any]]]] = defaultdict(lambda: defaultdict(list))
    for one in items:
        days[one["day"]][one["what"]].append(one)
    return [(day, [_group(what, changes) for what, changes in groups.items()]) for day, groups in sorted(days.items())]


def _group(what: str, changes: Sequence[Mapping[str, Any]]) -> ChangeGroup:
    return ChangeGroup(what, tuple(changes[:NAMED_OF_A_TYPE]), max(0, len(changes) - NAMED_OF_A_TYPE))


_CHANGES = {
    "opening": "Organisations that open",
    "closure": "Organisations that close",
    "proposal": "Organisations that are proposed",
    "rename": "New names",
    "kind": "New kinds",
    "parent": "New parents",
    "address": "New addresses",
    "succession": "Successions",
    "merger": "Mergers",
    "identifier": "Codes in other systems",
    "role": "Further roles",
    "relation": "Relations",
    "area": "Areas that change hands",
    "legal status": "Status in law",
    "legal form": "Legal forms",
    "remit": "Remits",
    "local office": "Local offices above",
}


def change_heading(what: str) -> str:
    """Return the heading of a type of change."""
    return _CHANGES.get(what, f"{words(what)} above")


def change_words(one: Mapping[str, Any]) -> str:
    """Return in words what becomes of the body that a change is about."""
    before, after, other = one["before"], one["after"], one["other"]
    if one["what"] == "succession":
        return f"is followed by {other}{_how(after)}"
    if one["what"] in ("opening", "closure", "proposal"):
        return ""
    if one["what"] == "kind":
        return _turned(kind_words(before) if before else None, kind_words(after) if after else None)
    if one["what"] == "merger":
        bodies = ", ".join(before.split()) if before else "predecessors that are not stated"
        return f"from {bodies} ({words(after).lower()})"
    if other:
        return f"{other}: {_turned(before, after)}"
    return _turned(before, after)


def _how(after: str | None) -> str:
    """Return the shape and the share of a succession, as far as a source states them: `merger 1` is "merger, all"."""
    parts = (after or "").split()
    share = parts.pop() if parts and parts[-1][0].isdigit() else ""
    shape = words(" ".join(parts)).lower() if parts else ""
    stated = [one for one in (shape, "all of it" if share == "1" else f"{share} of it" if share else "") if one]
    return f" ({', '.join(stated)})" if stated else ""


def _turned(before: str | None, after: str | None) -> str:
    if before and after and before != after:
        return f"{before} becomes {after}"
    if after:
        return "begins" if after == "*" else f"{after} from this day"
    return f"{before} ends" if before and before != "*" else "ends"


def others_of(groups: Iterable[ChangeGroup]) -> int:
    """Return how many changes are not shown."""
    return sum(group.others for group in groups)


MATCHED = {
    "code": "its code",
    "name": "its name",
    "name on another day": "a name of another day",
    "address": "its address",
}


def matched_words(matched: Iterable[str]) -> str:
    """Return what of an organisation matched, in words."""
    return ", ".join(MATCHED.get(one, f"its {one.partition(':')[2].upper()} code") for one in matched)
