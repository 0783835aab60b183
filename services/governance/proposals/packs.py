"""Reads the rule packs about proposals: grounds of deferrals, reasons of withdrawals, whose views are sought."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Literal, TypeAlias

from libs.common.errors import Reason
from libs.common.rulepacks import in_force
from services.governance.core.catalogue import PACKS
from services.governance.core.errors import ReasonNotListed, refuse

Listed: TypeAlias = Literal["decision-deferrals", "proposal-withdrawals", "consultations"]


def listed_on(day: date, subject: Listed) -> Mapping[str, Mapping[str, Any]]:
    """Return what the packs of a day list under a subject, by code."""
    packs = in_force(PACKS, day, subject=subject)
    name = "consulted" if subject == "consultations" else "reasons"
    return {one["code"]: one for pack in packs for one in pack.values[name]}


def must_be_listed(code: str, day: date, subject: Listed, *, field: str) -> Mapping[str, Any]:
    """Return what a code stands for on a day. Raises ReasonNotListed, which lists those of the day."""
    listed = listed_on(day, subject)
    if code not in listed:
        message = f"{code} is not listed on {day.isoformat()}; listed are: {', '.join(listed) or 'none'}"
        refuse([ReasonNotListed(message, reasons=[Reason(message, field)])])
    return listed[code]


def consultations_asked(kind: str, day: date) -> frozenset[str]:
    """Return whose views are to be sought before bodies decide on a proposal of this kind, by codes."""
    packs = in_force(PACKS, day, subject="consultations")
    return frozenset(
        code for pack in packs for one in pack.values["required"] if one["kind"] == kind for code in one["codes"]
    )


def codes_of(subject: Listed) -> str:
    """Return the codes of every pack on a subject, for a field's description."""
    name = "consulted" if subject == "consultations" else "reasons"
    codes = {one["code"] for pack in PACKS if pack.subject == subject for one in pack.values[name]}
    return ", ".join(f"`{code}`" for code in sorted(codes))
