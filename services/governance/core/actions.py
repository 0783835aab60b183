"""Reads which actions there are: those that a rule pack lists, what begins with one, and the first parts of one."""

from datetime import date
from functools import lru_cache

from libs.common.errors import Reason
from libs.common.rulepacks import in_force
from services.governance.core.catalogue import PACKS, packs_about
from services.governance.core.chains import covers
from services.governance.core.errors import ActionNotListed


@lru_cache(maxsize=1_000)
def actions_on(day: date) -> tuple[str, ...]:
    """Return the actions that the rule packs of a day list."""
    packs = in_force(packs_about("actions"), day, subject="actions")
    return tuple(action for pack in packs for action in pack.values["actions"])


def action_refusals(action: str, day: date, *, field: str) -> list[ActionNotListed]:
    """Return a refusal of an action that no rule pack of the day knows; none where no pack is in force."""
    listed = actions_on(day)
    if not listed or any(covers(one, action) or covers(action, one) for one in listed):
        return []
    message = f"{action} is no action on {day.isoformat()}: it begins with none of {', '.join(sorted(listed))}"
    return [ActionNotListed(message, reasons=[Reason(message, field)])]


def dotted(function: str) -> str:
    """Return a function, with dashes for dots, as an action: the longest listed one that it begins with, and the rest.

    `contract-award-payroll` is `contract.award.payroll`, and `staff-appointment` a listed action of one part. What
    begins with no listed action has a dot for each dash.
    """
    listed = {action for pack in PACKS if pack.subject == "actions" for action in pack.values["actions"]}
    fitting = [one for one in listed if covers(one.replace("-", "."), function.replace("-", "."))]
    if not fitting:
        return function.replace("-", ".")
    longest = max(fitting, key=len)
    rest = function[len(longest) :].removeprefix("-")
    return f"{longest}.{rest}" if rest else longest
