"""What the templates of mergers show, from the answers of the services."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from console.core.page import Page
from console.core.words import prose

NHS_ENGLAND = "NHS England"
_PREPARE = ("nhs_england", "governance_lead")
"""To whom it is offered to suspend a scheme; the registry decides."""
MOST_RIGHTS = 100
"""How many rights that would end are listed on the page."""


@dataclass(frozen=True, slots=True)
class Task:
    """A line of the list of readiness: what has to be there, whether it is, and who can record it."""

    words: str
    is_done: bool
    who: str = ""
    path: str = ""
    """Where it is recorded; empty where the person may not."""
    note: str = ""
    suspension: str = ""
    """Where a transfer scheme of staff is suspended; empty where it is none, or the person may not."""


def who_can(lack: Mapping[str, Any]) -> str:
    """Return in words who can record what is missing."""
    roles = [NHS_ENGLAND if one == "nhs_england" else f"a {one.replace('_', ' ')}" for one in lack["roles"]]
    return f"{_either(roles)}, for {_and(lack['organisations'])}"


def tasks_of(merger: Mapping[str, Any], readiness: Mapping[str, Any], may: "May") -> list[Task]:
    """Return the readiness of a merger as a list: what is missing first, then what is there."""
    path = f"/mergers/{merger['reference']}"
    is_open = merger["status"] == "agreed"
    paused = {
        (f"schemes.{one['sort']}", tuple(one["predecessors"])): f"{path}/schemes/{one['reference']}/resumption"
        for one in readiness["schemes"]
        if one["suspended_on"]
    }
    missing = [
        Task(
            words=_sentence(lack["message"]),
            is_done=False,
            who=who_can(lack),
            path=paused.get(
                (lack["field"], tuple(lack["organisations"])), _where(path, lack["field"]) if is_open else ""
            )
            if may(lack["roles"], lack["organisations"])
            else "",
        )
        for lack in readiness["missing"]
    ]
    return [*missing, *_met(readiness), *_schemes(readiness, path, may)]


def _met(readiness: Mapping[str, Any]) -> list[Task]:
    return [
        Task(
            words=f"Condition {one['number']}: {one['condition'].replace('_', ' ')}",
            is_done=True,
            note=" ".join(filter(None, (one["text"], one["evidence"]))),
        )
        for one in readiness["conditions"]
        if one["met_on"]
    ]


def _schemes(readiness: Mapping[str, Any], path: str, may: "May") -> list[Task]:
    return [
        Task(
            words=f"{one['sort'].capitalize()} {'nil return' if one['nil_return'] else 'transfer scheme'} "
            f"{one['reference']} of {_and(one['predecessors'])}",
            is_done=True,
            suspension=f"{path}/schemes/{one['reference']}/suspension"
            if one["sort"] == "staff" and not one["nil_return"] and may(_PREPARE, one["predecessors"])
            else "",
        )
        for one in readiness["schemes"]
        if not one["suspended_on"]
    ]


def _where(path: str, field: str | None) -> str:
    """Return the page on which what a field of the readiness lacks is recorded; empty where there is none."""
    subject, _, rest = (field or "").partition(".")
    match subject:
        case "schemes":
            return f"{path}/schemes?sort={rest}"
        case "conditions":
            return f"{path}/conditions/{rest}"
    return ""


@dataclass(frozen=True, slots=True)
class May:
    """Whether a person may do something with one of these roles for all of these organisations."""

    person: Any
    is_now: bool = True
    """Whether the page shows today, as known now: nothing can be done on a page of another day."""

    @classmethod
    def on(cls, page: Page) -> "May":
        """Return it for a page."""
        return cls(page.person, not page.times.moved)

    def __call__(self, roles: Sequence[str], organisations: Sequence[str]) -> bool:
        """Return whether it is to be offered; the service decides."""
        return self.is_now and any(all(self.person.may(role, code) for code in organisations) for role in roles)


def names_of(lookups: Mapping[str, Any] | None) -> dict[str, str]:
    """Return names by code, of an answer of the registry's lookups."""
    return {one["code"]: one["name"] for one in (lookups or {}).get("organisations", ()) if one["name"]}


def codes_of(text: str) -> list[str]:
    """Return the codes in a field: separated by commas, blanks or lines, in capitals, each once."""
    return list(dict.fromkeys(text.replace(",", " ").upper().split()))


def concerned(merger: Mapping[str, Any]) -> list[str]:
    """Return the codes of all bodies of a merger."""
    return [*merger["predecessors"], *(part["code"] for part in merger["parts"]), merger["successor"]]


def _either(parts: Sequence[str]) -> str:
    return " or ".join(parts)


def _and(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}" if parts else ""


def _sentence(message: str) -> str:
    return prose(message[:1].upper() + message[1:])
