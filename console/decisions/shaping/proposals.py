"""A proposal: where it stands, who is asked, what was consulted on, and which acts come next."""

from collections.abc import Mapping
from typing import Any

from console.core.page import Person

LEAD = "governance_lead"
"""The role of whoever acts for a body."""
KINDS = {
    "merger": "Merger",
    "consolidation": "Consolidation",
    "termination": "Termination",
    "award": "Award",
    "buy_out": "Buy-out",
    "constitution": "Constitution",
    "budget": "Budget",
    "virement": "Virement",
    "ratification": "Ratification",
}
"""What is proposed."""
STATES = {
    "draft": ("Draft", "grey"),
    "open": ("Open", "blue"),
    "consulted": ("Consulted on", "blue"),
    "scheduled": ("On an agenda", "purple"),
    "deferred": ("Deferred", "yellow"),
    "decided": ("Decided", "green"),
    "withdrawn": ("Withdrawn", "red"),
    "void": ("Void", "red"),
}
"""The states of a proposal, each with the colour of its tag."""
OUTCOMES = {
    "approved": ("Approved", "green"),
    "approved_with_conditions": ("Approved with conditions", "yellow"),
    "rejected": ("Rejected", "red"),
}
"""What a body decided, with the colour of its tag."""
_OPEN = ("open", "consulted", "scheduled", "deferred")


def standing(consent: Mapping[str, Any]) -> tuple[str, str]:
    """Return where a body stands that is asked, with the colour of its tag."""
    if consent["outcome"]:
        return OUTCOMES.get(consent["outcome"], (consent["outcome"], "grey"))
    if consent["deferred"]:
        return "Deferred", "yellow"
    if consent["overdue"]:
        return "Overdue", "red"
    return ("On an agenda", "purple") if consent["scheduled"] else ("Not decided", "grey")


def undecided(proposal: Mapping[str, Any], person: Person | None = None) -> list[str]:
    """Return the bodies that still have to decide; with a person, those for whose organisations they act."""
    return [
        one["body"]
        for one in proposal["consents"]
        if not one["outcome"] and (person is None or person.may(LEAD, *one["organisations"]))
    ]


def next_acts(proposal: Mapping[str, Any], person: Person) -> tuple[str, ...]:
    """Return what a person may do with a proposal, the next step first; the service still refuses.

    A decision is put off by whoever acts for the body that is asked, all else is done by the proposer.
    """
    deferrals = ("deferrals",) if proposal["state"] in _OPEN and undecided(proposal, person) else ()
    if not person.may(LEAD, proposal["organisation"]):
        return deferrals
    if proposal["state"] == "draft":
        return ("opening", "papers", "withdrawal")
    if proposal["state"] in _OPEN:
        return ("papers", "consultations", "evidence", *deferrals, "withdrawal")
    return ("evidence",) if proposal["state"] == "decided" and proposal["unmet"] else ()
