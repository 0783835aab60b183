"""Decisions as governance publishes them."""

from datetime import date
from typing import Any

from libs.common.events.governance import DecisionReversed, DecisionTaken
from tests.support.finance_harness import at


def a_decision(decision: str, *binds: str, on: date, outcome: str = "approved", **more: Any) -> DecisionTaken:
    """These bodies decided on a day."""
    fields: dict[str, Any] = {
        "effective_on": on,
        "stated_at": at(on),
        "decision": decision,
        "proposal": f"P-{decision}",
        "body": f"{binds[0]}-GB",
        "organisation": binds[0] if len(binds) == 1 else "",
        "binds": binds,
        "subject": "",
        "action": "budget.change",
        "outcome": outcome,
        "conditions": (),
        "minute": f"M-{decision}",
        "value_pence": 0,
        "annual_pence": 0,
        "recurrent": False,
        "case": "",
        "case_version": 0,
        "revision": 0,
        "urgent": False,
    }
    return DecisionTaken(**fields | more)


def a_reversal(decision: str, organisation: str, *, on: date, **more: Any) -> DecisionReversed:
    """A decision no longer stands from a day on."""
    fields: dict[str, Any] = {
        "effective_on": on,
        "stated_at": at(on),
        "decision": decision,
        "proposal": f"P-{decision}",
        "body": f"{organisation}-GB",
        "organisation": organisation,
        "subject": "",
        "by_decision": f"{decision}-AGAIN",
        "minute": f"M-{decision}-AGAIN",
        "ratification_refused": False,
    }
    return DecisionReversed(**fields | more)
