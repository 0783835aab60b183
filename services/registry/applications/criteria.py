"""Judges an application by each criterion of the procedures in force. Pure functions; money in pence."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from libs.common.money import pounds
from libs.common.rulepacks import RulePack
from services.registry.applications.models import Result
from services.registry.applications.views import CriterionView


@dataclass(frozen=True, slots=True)
class Judgement:
    """NHS England's judgement on a criterion that no recorded figure decides."""

    passes: bool
    reasons: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is recorded of an application and matters for a criterion. None: not recorded."""

    applicants: Sequence[str]
    planned_pence: int | None = None
    baseline_pence: int | None = None
    viewed: frozenset[str] = frozenset()
    """The applicants whose member practices' views are recorded."""
    people: Mapping[str, int | None] = field(default_factory=dict)
    judgements: Mapping[str, Judgement] = field(default_factory=dict)


def judge(packs: Iterable[RulePack], evidence: Evidence) -> list[CriterionView]:
    """Judge each criterion of the packs by itself."""
    judged = []
    for pack in packs:
        for criterion in pack.values.get("criteria", ()):
            result, why = TESTS[criterion["test"]](criterion, evidence)
            note = criterion.get("note")
            judged.append(
                CriterionView(
                    pack=pack.id,
                    weight=pack.weight,
                    criterion=criterion["id"],
                    text=criterion["text"],
                    result=result,
                    why=f"{why} {note}" if note else why,
                )
            )
    return judged


def judged_by_people(packs: Iterable[RulePack]) -> frozenset[str]:
    """Return the criteria that NHS England judges."""
    return frozenset(
        criterion["id"]
        for pack in packs
        for criterion in pack.values.get("criteria", ())
        if criterion["test"] == "judgement"
    )


def _saving_share(criterion: Mapping[str, Any], evidence: Evidence) -> tuple[Result, str]:
    if evidence.planned_pence is None or evidence.baseline_pence is None:
        return Result.UNJUDGED, "The planned management cost and its baseline are not both recorded."
    saving = evidence.baseline_pence - evidence.planned_pence
    needed = evidence.baseline_pence * Fraction(criterion["share"])
    comparison = f"{pounds(evidence.planned_pence)} instead of {pounds(evidence.baseline_pence)} saves {pounds(saving)}"
    needs = f"{criterion['share']} of the baseline is {pounds(-(-needed.numerator // needed.denominator))}"
    return (Result.PASSES if saving >= needed else Result.FAILS), f"{comparison}; {needs}."


def _views_recorded(_: Mapping[str, Any], evidence: Evidence) -> tuple[Result, str]:
    without = [code for code in evidence.applicants if code not in evidence.viewed]
    if without:
        return Result.FAILS, f"No views of member practices are recorded for {', '.join(without)}."
    return Result.PASSES, "The views of member practices are recorded for each applicant."


def _people_at_least(criterion: Mapping[str, Any], evidence: Evidence) -> tuple[Result, str]:
    known = [evidence.people.get(code) for code in evidence.applicants]
    counted = [people for people in known if people is not None]
    if len(counted) < len(known):
        return Result.UNJUDGED, "The registry does not know the population of every applicant."
    total = sum(counted)
    result = Result.PASSES if total >= criterion["people"] else Result.FAILS
    return result, f"{total:,} people, of at least {criterion['people']:,}."


def _judgement(criterion: Mapping[str, Any], evidence: Evidence) -> tuple[Result, str]:
    judgement = evidence.judgements.get(criterion["id"])
    if judgement is None:
        return Result.UNJUDGED, "NHS England has not judged this."
    return (Result.PASSES if judgement.passes else Result.FAILS), judgement.reasons


def _not_found(_: Mapping[str, Any], __: Evidence) -> tuple[Result, str]:
    return Result.NOT_FOUND, "No source states this criterion."


TESTS: Mapping[str, Callable[[Mapping[str, Any], Evidence], tuple[Result, str]]] = {
    "saving_share": _saving_share,
    "views_recorded": _views_recorded,
    "people_at_least": _people_at_least,
    "judgement": _judgement,
    "not_found": _not_found,
}
"""Functions that judge a criterion, by the name of its test in the pack."""
