"""Whether CCGs can merge: pure rules, every reason at once (NHS Act 2006 s.14G)."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path

from libs.common.errors import Reason
from libs.common.rulepacks import RulePack, in_force, load_packs
from services.registry.kinds import Kind
from services.registry.standings import Standing

PACKS = load_packs(Path(__file__).parent / "rules")


def law_on(day: date) -> RulePack | None:
    """Return the pack that rules a merger which takes effect on a day, None where no law provides for one."""
    found = in_force(PACKS, day, subject="ccg-merger")
    return found[0] if found else None


def longest_proposal(day: date) -> timedelta | None:
    """Return how long before a merger on a day a file may open its successor that only stood as proposed."""
    found = in_force(PACKS, day, subject="ods-successor-proposed")
    return timedelta(days=found[0].values["longest_days"]) if found else None


def reasons_against(
    successor: str,
    predecessors: Collection[str],
    effective_on: date,
    *,
    standing: Mapping[str, Standing],
    agreed: Mapping[str, tuple[str, date]],
) -> list[Reason]:
    """Return every reason against this merger; none: it can be agreed.

    `standing` says how each code stands, `agreed` in which other agreed merger it is, and for which day.
    """
    law = law_on(effective_on)
    reasons = [] if law else [Reason(f"no law provides for a merger of CCGs on {effective_on}", "effective_on")]
    reasons.extend(_against_the_set(successor, predecessors, law))
    for number, code in enumerate(predecessors):
        reasons.extend(
            Reason(message, f"predecessors.{number}") for message in _against_predecessor(standing[code], effective_on)
        )
        if code in agreed:
            reasons.append(Reason(_in_another(code, *agreed[code]), f"predecessors.{number}"))
    reasons.extend(Reason(message, "successor") for message in _against_successor(standing[successor]))
    if successor in agreed:
        reasons.append(Reason(_in_another(successor, *agreed[successor]), "successor"))
    return reasons


def _against_the_set(successor: str, predecessors: Collection[str], law: RulePack | None) -> Iterator[Reason]:
    least = law.values["minimum_predecessors"] if law else 0
    if len(set(predecessors)) < least:
        yield Reason(f"a merger dissolves at least {least} CCGs", "predecessors")
    for code, times in Counter(predecessors).items():
        if times > 1:
            yield Reason(f"{code} occurs {times} times", "predecessors")
    if successor in predecessors:
        yield Reason(f"{successor} cannot succeed itself: a merger of CCGs establishes a new body", "successor")


def _against_predecessor(standing: Standing, effective_on: date) -> Iterator[str]:
    last = effective_on - timedelta(days=1)
    if not standing.exists:
        yield f"{standing.code} is not known"
        return
    if standing.kind is not Kind.CCG:
        yield f"{standing.code} is no CCG but of the kind {standing.kind}"
    if standing.on(last) != "open":
        yield f"{standing.code} is {standing.on(last)} on {last}"
    elif not standing.is_open_through(last):
        yield f"{standing.code} closes after {last} in any case"


def _against_successor(standing: Standing) -> Iterator[str]:
    if standing.ever("open") or standing.ever("closed"):
        yield f"{standing.code} names a body already: a merger of CCGs establishes a new one"
    elif standing.exists and standing.kind is not Kind.CCG:
        yield f"{standing.code} was proposed as {standing.kind}, not as a CCG"


def _in_another(code: str, reference: str, day: date) -> str:
    return f"{code} is part of the merger {reference}, agreed for {day}"
