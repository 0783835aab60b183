"""A proposal: where it stands, who is asked, what was consulted on, and which acts come next."""

from collections.abc import Mapping
from typing import Any

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


def next_acts(proposal: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what may be done with a proposal by its proposer, the next step first; the service still refuses."""
    if proposal["state"] == "draft":
        return ("opening", "papers", "withdrawal")
    if proposal["state"] in _OPEN:
        return ("papers", "consultations", "evidence", "deferrals", "withdrawal")
    return ("evidence",) if proposal["state"] == "decided" and proposal["unmet"] else ()
