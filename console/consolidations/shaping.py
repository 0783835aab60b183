"""Turns what contracts answers about a plan into what its pages show: steps, members, a withdrawal's effect."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from console.core.words import day, plural, pounds, words

Json = Mapping[str, Any]

ROLE: Final = "contract_lead"

STATES: Final = {
    "planned": "Drawn up: each member enters with its contracts",
    "feasible": "How each contract is left is chosen",
    "submitted": "Every member is asked to accept",
    "approved": "Every member has accepted",
    "committed": "Committed: the shared contract is signed and every way out is agreed",
    "moving": "Contracts move, each on its own day",
    "consolidated": "All have moved to the shared service",
}
"""The states of a plan in their order, in words."""

PIVOT: Final = "committed"
"""The state from which a plan only goes forward."""

CHOICES: Final = {"wait": "Wait for its free exit", "pay": "Pay to leave by the plan's day"}
PREPARATIONS: Final = {
    "offer_to_end": "An offer to end it",
    "supplier_agreed": "The supplier's agreement to a price",
    "staff_information": "Information about staff",
}


@dataclass(frozen=True, slots=True)
class Stage:
    """One state of a plan on the way from its draft to the shared service."""

    state: str
    words: str
    is_done: bool
    is_current: bool
    is_pivot: bool


def stages_of(state: str) -> list[Stage]:
    """Return the states of a plan in order, those that it has passed and the present one marked."""
    order = list(STATES)
    at = order.index(state) if state in order else -1
    return [
        Stage(one, words, number < at, number == at, one == PIVOT) for number, (one, words) in enumerate(STATES.items())
    ]


def goes_only_forward(state: str) -> bool:
    """Whether a plan is past its pivot."""
    order = list(STATES)
    return state in order and order.index(state) >= order.index(PIVOT)


@dataclass(frozen=True, slots=True)
class Way:
    """One contract of a plan: how it can be left, what was chosen and prepared for it, and whether it has moved."""

    contract: str
    options: Json | None
    step: Json | None

    @property
    def choice(self) -> str:
        """What was chosen; empty where nothing was."""
        return self.step["choice"] if self.step else ""


def ways_of(plan: Json, options: Iterable[Json], steps: Iterable[Json]) -> list[Way]:
    """Return the contracts of a plan, each with what feasibility and the steps say of it."""
    by_options = {one["contract"]: one for one in options}
    by_steps = {one["contract"]: one for one in steps}
    named = dict.fromkeys([*plan["contracts"], *by_options, *by_steps])
    return [Way(contract, by_options.get(contract), by_steps.get(contract)) for contract in named]


def options_of(options: Json) -> list[tuple[str, str, str]]:
    """Return the two ways out of a contract, as the options of a form with their hints."""
    waits = f"{day(options['waits_until'])}, {plural(options['delay_months'], 'month')} later than the plan's day"
    notice = f", with notice by {day(options['notice_by'])}" if options["notice_by"] else ""
    price = pounds(options["price_pence"])
    if options["price_pence"] is None:
        price = f"No price: {', '.join(words(one).lower() for one in options['unpriced'])} not known"
    return [("wait", CHOICES["wait"], f"It joins on {waits}{notice}."), ("pay", CHOICES["pay"], f"{price}.")]


@dataclass(frozen=True, slots=True)
class Offered:
    """An act that the page of a plan offers: its words, and where its form is below the plan."""

    words: str
    path: str
    warns: bool = False


def acts_offered(plan: Json, may: Callable[[str], bool]) -> list[Offered]:
    """Return what the caller may do next about a plan, in the order of its steps."""
    own = [one for one in plan["members"] if may(one["organisation"]["code"])]
    if not own or plan["state"] not in STATES or goes_only_forward(plan["state"]):
        return []
    found = [_acceptance(one) for one in own if _waits_for(one, plan["state"])]
    whole = {
        "planned": ("Choose how each contract is left", "choices"),
        "feasible": ("Submit the plan to its members", "submission"),
        "approved": ("Commit all members to the plan", "commitment"),
    }.get(plan["state"])
    if whole and all(one["has_entered"] for one in plan["members"]):
        found.append(Offered(*whole))
    if plan["state"] in ("feasible", "submitted"):
        found.append(Offered("Choose again how each contract is left", "choices"))
    entered = [one["organisation"] for one in own if one["has_entered"]]
    return found + [
        Offered(f"See what a withdrawal of {one['name']} would do", f"members/{one['code']}/withdrawal", True)
        for one in entered
    ]


def _waits_for(member: Json, state: str) -> bool:
    return not member["has_entered"] or (state == "submitted" and not member["accepts"])


def _acceptance(member: Json) -> Offered:
    body = member["organisation"]
    words = f"Accept the plan for {body['name']}" if member["has_entered"] else f"Enter the plan for {body['name']}"
    return Offered(words, f"members/{body['code']}/acceptance")


@dataclass(frozen=True, slots=True)
class MemberChange:
    """What a withdrawal does to one member: its share and charge a year before and after; None: it has none then."""

    code: str
    name: str
    share_before: str | None
    share_after: str | None
    pence_before: int | None
    pence_after: int | None
    is_asked_again: bool


@dataclass(frozen=True, slots=True)
class Effect:
    """What a withdrawal would do, by the service's own dry run: the plan as it is, and as it would be."""

    members: tuple[MemberChange, ...]
    contracts_leaving: tuple[str, ...]
    before: Json
    after: Json

    @property
    def ends_the_plan(self) -> bool:
        """Whether the plan would end with it."""
        return bool(self.after["state"] == "withdrawn")


def effect_of(before: Json, after: Json) -> Effect:
    """Return what becomes of each member and contract of a plan."""
    was, will = _by_code(before["members"]), _by_code(after["members"])
    members = tuple(_change(code, was.get(code), will.get(code)) for code in dict.fromkeys([*was, *will]))
    leaving = tuple(one for one in before["contracts"] if one not in after["contracts"])
    return Effect(members, leaving, before, after)


def _change(code: str, old: Json | None, new: Json | None) -> MemberChange:
    name = (old or new or {"organisation": {"name": code}})["organisation"]["name"]
    shares = [one["share"] if one else None for one in (old, new)]
    pence = [one["annual_pence"] if one else None for one in (old, new)]
    asked_again = bool(old and new and old["accepts"] and not new["accepts"])
    return MemberChange(code, name, shares[0], shares[1], pence[0], pence[1], asked_again)


def _by_code(members: Sequence[Json]) -> dict[str, Json]:
    return {one["organisation"]["code"]: one for one in members}


def plans_waiting(tasks: Iterable[Json]) -> list[Json]:
    """Return the tasks that are about a plan."""
    return [one for one in tasks if one["path"].startswith("/consolidations/")]
