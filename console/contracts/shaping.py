"""Turns what contracts and finance answer into the rows that pages show; computes no answer of its own."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any, Final

from console.core.services import Answer
from console.core.words import day, plural, pounds, words

Json = Mapping[str, Any]

BASES: Final = {
    "assessment": "best exit that is left, less the best one now",
    "charges": "charges to the next exit, as there is no assessment",
    "committed": "notice stands",
    "last_exit": "no exit follows",
    "no_exit_terms": "contracts has published no exit terms",
}
"""What finance's figure of a missed notice is, by its code."""

OPEN_ENDED: Final = "2199-12-31"
"""The last day by which contracts says that a contract runs until notice ends it."""

_OPTIONAL: Final = {
    "form": "Form",
    "coordinating_commissioner": "Coordinating commissioner",
    "price_year": "In prices of",
    "indexation": "Indexation",
    "procurement": "Procurement",
}
LISTED, IN_FILE = 50, 500
"""Lines of a page, and of a file: the most that the services give at once."""

NOTICE_FINDINGS: Final = frozenset({"notice_window_opens", "notice_window_missed"})


def terms_of(contract: Json, exits: Json | None) -> list[tuple[str, str, bool]]:
    """Return what a contract is and how it may be left: each with whether its reasons can be opened."""
    last = "notice ends it" if contract["ends_on"] == OPEN_ENDED else day(contract["ends_on"])
    rule = f", by the rules {contract['notice_rule']}" if contract["notice_rule"] else ", as it states"
    basis = contract["value_source"] or contract["value_basis"]
    found = [
        ("Supplier", str(contract["supplier"]["name"]), True),
        ("State", words(contract["state"]["state"]) + _ended(contract), True),
        ("Runs", f"{day(contract['starts_on'])} to {last}", True),
        ("Charge a year", f"{pounds(contract['annual_pence'])} ({basis})", True),
        ("Notice", plural(contract["notice_months"], "month") + rule, True),
    ]
    found += [
        (name, words(contract[field]) if field == "form" else str(contract[field]), False)
        for field, name in _OPTIONAL.items()
        if contract[field]
    ]
    if contract["care_model"]:
        found.append(("Care model", str(contract["care_model"]["title"]), True))
    return found + (_exit_facts(exits) if exits else [])


def _ended(contract: Json) -> str:
    early = contract["early_end"]
    if not early:
        return ""
    reason = f", because of {words(early['reason']).lower()}" if early["reason"] else ""
    return f"{reason}, replaced by {early['replaced_by']}" if early["replaced_by"] else reason


def _exit_facts(exits: Json) -> list[tuple[str, str, bool]]:
    left = f", {plural(exits['days_left'], 'day')} from the day of this page" if exits["days_left"] is not None else ""
    missed = f". It was missed: {pounds(exits['exposure_pence'])} of charges follow" if exits["window_missed"] else ""
    return [
        ("Last notice day", f"{day(exits['last_notice_on'], 'no window is open')}{left}{missed}", True),
        ("Earliest exit", f"{day(exits['earliest_exit'])}, by notice on the day of this page", True),
        ("Earliest exit without payment", day(exits["earliest_free_exit"]), True),
    ]


def day_words(entry: Json) -> str:
    """Return what is on a day of a calendar, as contracts says it: of a part of a contract its function too."""
    said = str(entry["text"]).removeprefix(f"{entry['contract']}: ")
    said = said or ("last notice day" if entry["kind"] == "notice" else "last day of service")
    return said[:1].upper() + said[1:]


@dataclass(frozen=True, slots=True)
class Month:
    """The days of one month on which something has to be done or ends, the first in front."""

    first_day: str
    entries: tuple[Json, ...]

    @property
    def words(self) -> str:
        """The month's name and year."""
        return f"{date.fromisoformat(self.first_day):%B %Y}"


def months_of(entries: Iterable[Json]) -> list[Month]:
    """Return a calendar's entries by month; contracts gives them in the order of days."""
    return [Month(f"{month}-01", tuple(days)) for month, days in groupby(entries, key=lambda one: str(one["on"])[:7])]


def exit_lines(items: Sequence[Json], findings: Sequence[Json]) -> list[dict[str, Any]]:
    """Return the lines of the exit calendar in finance's order, each with the finding that is open about its notice."""
    warned = {about: one for one in findings if one["kind"] in NOTICE_FINDINGS for about in one["about"]}
    return [
        {**one, "basis": BASES.get(one["basis"], one["basis"]), "finding": warned.get(one["contract"])} for one in items
    ]


def next_to_serve(lines: Sequence[Json]) -> Json | None:
    """Return the first line of which a notice day is still to come: finance puts the costliest to miss in front."""
    return next((one for one in lines if one["next_notice_on"] is not None and one["days_left"] is not None), None)


@dataclass(frozen=True, slots=True)
class Cost:
    """What one exit costs through one lens, in present value; None where finance gives none."""

    lens: str
    pence: int | None
    is_best: bool


@dataclass(frozen=True, slots=True)
class ExitDay:
    """A day on which a contract may be left, with its notice day and what it costs through each lens."""

    exit_on: str
    notice_by: str | None
    days_left: int | None
    is_passed: bool
    costs: tuple[Cost, ...]
    unpriced: tuple[str, ...]
    total_pence: int | None = None
    is_free: bool = False


def days_assessed(assessment: Json) -> list[ExitDay]:
    """Return the exits of an assessment, each with a cost for each of its lenses and the best day of each marked."""
    lenses, best = lenses_of(assessment), {one["lens"]: one["best_on"] for one in assessment["best"]}
    rows = []
    for one in assessment["exits"]:
        costs = {cost["lens"]: cost["present_cost_pence"] for cost in one["costs"]}
        rows.append(
            ExitDay(
                one["exit_on"],
                one["last_notice_on"],
                one["days_left"],
                one["is_passed"],
                tuple(Cost(lens, costs.get(lens), best.get(lens) == one["exit_on"]) for lens in lenses),
                tuple(one["unpriced"]),
            )
        )
    return rows


def lenses_of(assessment: Json) -> list[str]:
    """Return the lenses of an assessment in its own order."""
    return list(dict.fromkeys(cost["lens"] for one in assessment["exits"] for cost in one["costs"]))


def lens_words(lens: str) -> str:
    """Return a lens in words: `05C/neighbours` is a named set of parties."""
    code, _, name = lens.partition("/")
    return (
        f"{name.replace('_', ' ')} (of {code})"
        if name
        else {"uk_society": "UK society"}.get(lens, lens.replace("_", " "))
    )


def lens_title(lens: str) -> str:
    """Return a lens in words that begin with a capital."""
    return lens_words(lens)[:1].upper() + lens_words(lens)[1:]


def days_priced(estimates: Json) -> list[ExitDay]:
    """Return the days on offer, each with its price by the contract's terms, where finance has assessed none."""
    return [
        ExitDay(
            one["exit_on"],
            one["notice_by"],
            None,
            one["notice_passed"],
            (),
            tuple(one["price"]["unpriced"]),
            one["price"]["total_pence"],
            one["is_free"],
        )
        for one in estimates["estimates"]
    ]


def payee_words(payee: str) -> str | None:
    """Return who is paid where it is no organisation; None for one that has a page."""
    return {"": "no organisation", "staff": "staff"}.get(payee)


@dataclass(frozen=True, slots=True)
class Period:
    """The days of a customer in a contract, and whether they are still believed."""

    code: str
    first_day: str
    last_day: str
    known_from: str
    known_to: str | None

    @property
    def is_open(self) -> bool:
        """Whether it has no last day."""
        return self.last_day.startswith(("9999", "2199"))


def periods_of(history: Json, *, believed: bool) -> list[Period]:
    """Return the customers with their days: those that are believed, or those that were."""
    return [
        Period(one["code"], one["first_day"], one["last_day"], one["known_from"], one["known_to"])
        for one in history["customers"]
        if (one["known_to"] is None) == believed
    ]


def left_to_sign(contract: Json) -> list[str]:
    """Return the parties of a draft that have not signed the present text, customers first."""
    if contract["status"] != "draft":
        return []
    done = {one["party"] for one in contract["signatures"]}
    wanted = [one["code"] for one in contract["customers"]]
    wanted += [contract["supplier"]["code"]] if contract["supplier_signs"] else []
    return [code for code in wanted if code not in done]


def parties_of(contract: Json) -> dict[str, str]:
    """Return the names of a contract's parties by their codes."""
    return {one["code"]: one["name"] for one in (*contract["customers"], contract["supplier"])}


def runs(contract: Json) -> bool:
    """Whether a contract can be left: it is signed and has not ended."""
    return contract["status"] in {"signed", "active"}


def may_leave(contract: Json, may: Callable[[str], bool]) -> bool:
    """Whether a contract can be left and the caller acts for one of its parties."""
    return runs(contract) and any(may(one["code"]) for one in (*contract["customers"], contract["supplier"]))


def newest_notice(exits: Answer | Json) -> Json | None:
    """Return the notice that was recorded last."""
    return max(exits["notices"], key=lambda one: str(one["stated_at"]), default=None)


def part_of(ending: Json) -> str:
    """Return which part of a contract a notice or an offer is for, such as `HR of 05C in`; empty for all of it."""
    if not ending["functions"] and not ending["leaving"]:
        return ""
    functions = ", ".join(words(one) for one in ending["functions"]) or "the part"
    leaving = f" of {', '.join(ending['leaving'])}" if ending["leaving"] else ""
    return f"{functions}{leaving} in"


@dataclass(frozen=True, slots=True)
class Offered:
    """An act that a page offers: what it is, where its form is below the contract, and what it is about."""

    words: str
    path: str
    about: str = ""


def acts_offered(
    contract: Json,
    *,
    notices: Iterable[Json],
    offers: Iterable[Json],
    novation: Json | None,
    may: Callable[[str], bool],
) -> list[Offered]:
    """Return what the caller may do about a contract today, by what each side can do next."""
    customers = any(may(one["code"]) for one in contract["customers"])
    supplier = may(contract["supplier"]["code"])
    found = []
    if any(may(code) for code in left_to_sign(contract)):
        found.append(Offered("Sign", "signature"))
    if novation is not None and any(may(code) for code in novation["missing"]):
        found.append(Offered("Consent to the novation", "novation/consents", f"to {novation['entering']}"))
    found += [
        Offered("Accept the offer to end it", f"terminations/{one['termination']}/acceptance")
        for one in offers
        if one["status"] == "offered" and (supplier if one["side"] == "customers" else customers)
    ]
    found += [
        Offered("Withdraw the notice, or agree to it", f"notices/{one['notice']}/withdrawal")
        for one in notices
        if one["status"] == "served" and (customers or supplier)
    ]
    if may_leave(contract, may):
        found.append(Offered("Serve notice", "notice"))
    return found


@dataclass(frozen=True, slots=True)
class Proposal:
    """A table of shares, or who coordinates, from a day: who of today's customers has agreed to it, and who has not."""

    subject: str
    from_day: str
    content: Json
    stated_at: str
    agreed: tuple[str, ...]
    missing: tuple[str, ...]

    @property
    def path(self) -> str:
        """Where it is agreed to, below the contract."""
        return "coordinator" if self.subject == "coordinator" else f"shares/{self.subject}/acceptance"


def proposals_of(consents: Iterable[Json], contract: Json) -> list[Proposal]:
    """Return what customers have agreed to since the signature, what was agreed to last in front."""
    together: dict[tuple[str, ...], list[Json]] = {}
    for one in consents:
        table = " ".join(f"{code}:{weight}" for code, weight in sorted((one["weights"] or {}).items()))
        key = (one["subject"], one["from_day"], table, str(one["total"]), one["coordinating_commissioner"] or "")
        together.setdefault(key, []).append(one)
    customers = [one["code"] for one in contract["customers"]]
    found = []
    for (subject, from_day, *_), several in together.items():
        agreed = tuple(dict.fromkeys(str(one["party"]) for one in several))
        missing = tuple(code for code in customers if code not in agreed)
        latest = max(str(one["stated_at"]) for one in several)
        found.append(Proposal(subject, from_day, several[-1], latest, agreed, missing))
    return sorted(found, key=lambda one: one.stated_at, reverse=True)
