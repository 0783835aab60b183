"""Reads the rule packs about proposals: grounds of deferrals, reasons of withdrawals, whose views are sought."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Literal, TypeAlias

from libs.common.errors import Conflict, Reason
from libs.common.rulepacks import in_force
from services.governance.core.catalogue import PACKS
from services.governance.core.errors import ReasonNotListed

Listed: TypeAlias = Literal["decision-deferrals", "proposal-withdrawals", "evidence-retractions", "consultations"]


def listed_on(day: date, subject: Listed) -> Mapping[str, Mapping[str, Any]]:
    """Return what the packs of a day list under a subject, by code."""
    packs = in_force(PACKS, day, subject=subject)
    name = "consulted" if subject == "consultations" else "reasons"
    return {one["code"]: one for pack in packs for one in pack.values[name]}


def unlisted(code: str, day: date, subject: Listed, *, field: str) -> list[Conflict]:
    """Return a refusal of a code that no pack of a day lists, which names those of the day."""
    listed = listed_on(day, subject)
    if code in listed:
        return []
    message = f"{code} is not listed on {day.isoformat()}; listed are: {', '.join(listed) or 'none'}"
    return [ReasonNotListed(message, reasons=[Reason(message, field)])]


def consultations_asked(kind: str, day: date, *, before_decision: bool = False) -> frozenset[str]:
    """Return whose views are to be sought on proposals of this kind, by codes; or only those that an approval needs."""
    packs = in_force(PACKS, day, subject="consultations")
    return frozenset(
        code
        for pack in packs
        for one in pack.values["required"]
        if one["kind"] == kind and (one["before_decision"] or not before_decision)
        for code in one["codes"]
    )


def codes_of(subject: Listed) -> str:
    """Return the codes of every pack on a subject, for a field's description."""
    name = "consulted" if subject == "consultations" else "reasons"
    codes = {one["code"] for pack in PACKS if pack.subject == subject for one in pack.values[name]}
    return ", ".join(f"`{code}`" for code in sorted(codes))
