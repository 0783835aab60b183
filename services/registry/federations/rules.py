"""Rules on what a legal form may hold and distribute, from dated packs; `not found` where no source says."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from libs.common.rulepacks import RulePack, in_force
from services.registry.core.rule_packs import PACKS

Answer = Literal["yes", "no", "not found"]

CONTRACTS = ("gms", "pms", "apms")
"""General, personal and alternative provider medical services."""


@dataclass(frozen=True, slots=True)
class FormRules:
    """The rules of a pack on one legal form. None: the pack states no cap, or nothing about an asset lock."""

    form: str
    shown_as: str
    may_hold: dict[str, Answer]
    may_distribute: Answer
    most_percent: int | None
    asset_lock: bool | None
    conditions: tuple[str, ...]
    pack: RulePack


def matrix(day: date) -> list[FormRules]:
    """Return the rules of every legal form with a pack in force on a day, ordered by name."""
    return sorted((_rules(pack) for pack in _in_force(day)), key=lambda rules: rules.form)


def rules_for(form: str, day: date) -> FormRules | None:
    """Return the rules of a legal form on a day, None where it has no pack in force."""
    return next((rules for rules in matrix(day) if rules.form == form), None)


def forms_on(day: date) -> list[str]:
    """Return the legal forms that a body can have on a day, with or without rules on what they may hold."""
    return sorted(
        {
            pack.values["form"]
            for pack in PACKS
            if pack.subject == "legal-form"
            and pack.status == "active"
            and pack.values.get("known_since", pack.effective_from) <= day <= (pack.effective_to or date.max)
        }
    )


def distributable_pence(rules: FormRules, profit_pence: int) -> int | None:
    """Return how much of a profit may go to the owners, in whole pence; None where no source says."""
    most = {"yes": profit_pence, "no": 0}.get(rules.may_distribute)
    if most and rules.most_percent is not None:
        return profit_pence * rules.most_percent // 100
    return most


def general_conditions(day: date) -> tuple[str, ...]:
    """Return the conditions on a day for a federation of any form."""
    packs = in_force(PACKS, day, subject="federation-in-general")
    return tuple(condition for pack in packs for condition in pack.values["conditions"])


def size_warning(people: int, day: date) -> tuple[str, str] | None:
    """Return a warning and the pack that it follows, where a federation serves fewer or more than is usual."""
    for pack in in_force(PACKS, day, subject="federation-size"):
        least, most = pack.values["least_people"], pack.values["most_people"]
        if not least <= people <= most:
            return f"{people:,} people: federations are likely to serve {least:,} to {most:,}, possibly more", pack.id
    return None


def _in_force(day: date) -> list[RulePack]:
    """Return the packs of the day, of each form the one that began last."""
    latest: dict[str, RulePack] = {}
    for pack in in_force(PACKS, day, subject="legal-form"):
        latest.setdefault(pack.values["form"], pack)
    return list(latest.values())


def _rules(pack: RulePack) -> FormRules:
    values = pack.values
    return FormRules(
        form=values["form"],
        shown_as=values.get("shown_as", values["form"]),
        may_hold={contract: values.get("may_hold", {}).get(contract, "not found") for contract in CONTRACTS},
        may_distribute=values.get("may_distribute", "not found"),
        most_percent=values.get("most_percent"),
        asset_lock=values.get("asset_lock"),
        conditions=tuple(values.get("conditions", ())),
        pack=pack,
    )
