"""The question who may decide: as a reader writes it, as the service takes it, and its answer."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from console.core.forms import AN_AMOUNT, pence_of

MISSING = {
    "right": "The right is not in force on the day",
    "remake": "The right ended at a merger and waits to be made again",
    "action": "The right does not cover the action",
    "scope": "The right is for another subject",
    "limit": "The value is above the limit",
    "basis": "The limit measures less than what is passed on",
    "split": "With what was decided before in the same series, the value is above the limit",
    "recurrent": "The right is for single commitments, and this one recurs",
    "condition": "A condition is not met",
    "vacant": "The post has no holder",
    "power": "No power in law covers the action on the day",
    "loop": "The rights lead back to themselves",
}
"""What each kind of fault says."""

_BASES = {"single": "for one commitment", "annual": "a year", "whole_life": "over its whole life"}


@dataclass(frozen=True)
class Asked:
    """What is asked, as it stands in the address of the page."""

    organisation: str
    action: str
    pounds: str
    recurrent: bool
    subject: str
    holder: str
    conditions: tuple[str, ...]

    @classmethod
    def of(cls, query: Mapping[str, str]) -> "Asked":
        """Return what the address asks."""
        return cls(
            organisation=query.get("organisation", "").strip().upper(),
            action=query.get("own_action", "").strip() or query.get("action", "").strip(),
            pounds=query.get("pounds", "").strip(),
            recurrent=query.get("recurrent") == "yes",
            subject=query.get("subject", "").strip(),
            holder=query.get("holder", "").strip(),
            conditions=tuple(re.findall(r"[^,\s]+", query.get("conditions", ""))),
        )

    @property
    def pence(self) -> int | None:
        """The value; None where none is stated, or it is none."""
        return pence_of(self.pounds) if self.pounds else None

    @property
    def unreadable(self) -> dict[str, str]:
        """What the page cannot put to the service, by field; empty also before anything is asked."""
        if not (self.organisation or self.action or self.pounds):
            return {}
        faults = {}
        if not self.organisation:
            faults["organisation"] = "Enter the code of the organisation"
        if not self.action:
            faults["action"] = "Choose what would be decided"
        if self.pounds and self.pence is None:
            faults["pounds"] = f"Enter {AN_AMOUNT}"
        return faults

    @property
    def complete(self) -> bool:
        """Whether it can be put to the service."""
        return bool(self.organisation and self.action) and not self.unreadable

    @property
    def question(self) -> dict[str, Any]:
        """The question whether the named holder may, as the service takes it."""
        whose = "person" if self.holder.startswith("P-") else "post" if "/" in self.holder else "body"
        asked: dict[str, Any] = {
            "organisation": self.organisation,
            whose: self.holder,
            "action": self.action,
            "recurrent": self.recurrent,
        }
        if self.pence is not None:
            asked["value_pence"] = self.pence
        if self.subject:
            asked["subjects"] = [self.subject]
        if self.conditions:
            asked["conditions_met"] = list(self.conditions)
        return asked

    def with_holder(self, holder: str) -> dict[str, str]:
        """Return the address's values for the same question about another holder."""
        given = {"organisation": self.organisation, "action": self.action, "pounds": self.pounds}
        given |= {"recurrent": "yes" if self.recurrent else "", "subject": self.subject}
        given |= {"conditions": " ".join(self.conditions), "holder": holder}
        return {name: value for name, value in given.items() if value}


@dataclass(frozen=True)
class Holder:
    """Who may be asked about: a body, a post with whoever holds it, or a person."""

    reference: str
    title: str
    vacant: bool


def holders(bodies: Sequence[Mapping[str, Any]], posts: Sequence[Mapping[str, Any]]) -> list[Holder]:
    """Return the bodies of an organisation, its posts, and its people, each by all posts that they hold."""
    of_bodies = [Holder(one["body"], one["title"] or one["body"], vacant=False) for one in bodies]
    of_posts = [Holder(one["post"], one["title"], bool(one["vacant"])) for one in posts]
    held: dict[str, list[str]] = {}
    for one in posts:
        if one["person"]:
            held.setdefault(one["person"], []).append(one["title"])
    return [*of_bodies, *of_posts, *(Holder(*pair, vacant=False) for pair in _by_their_posts(held))]


def _by_their_posts(held: Mapping[str, Sequence[str]]) -> list[tuple[str, str]]:
    return [(person, f"Whoever is {' and '.join(titles)}, by all that they hold") for person, titles in held.items()]


def missing_words(fault: Mapping[str, Any]) -> str:
    """Return what is missing in words: without a right to begin with, it is that none was granted."""
    if fault["missing"] == "right" and fault["decision_right"] is None:
        return "No right to it was granted"
    return MISSING.get(fault["missing"], str(fault["missing"]))


def downward(chain: Mapping[str, Any] | None) -> list[Mapping[str, Any]]:
    """Return the rights of a chain from the one that the power gives down to the one that is used."""
    return list(reversed(chain["rights"])) if chain else []


def limit_words(basis: str) -> str:
    """Return what a limit measures, in words."""
    return _BASES.get(basis, basis.replace("_", " "))


def action_words(action: str) -> str:
    """Return a dotted action as words: `contract.award` as "contract award"."""
    return action.replace(".", " ").replace("-", " ")


def actions_of(pack: Any) -> list[str]:
    """Return the actions that a rule pack lists, in the order of the alphabet."""
    listed = pack["values"].get("actions", ()) if isinstance(pack, Mapping) else ()
    return sorted(str(one) for one in listed)
