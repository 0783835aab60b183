"""What a legal form may hold and distribute: pure rules of dated packs. Where no source speaks the answer says so."""

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
    """What a pack says of one legal form. None: it states no cap, says nothing of an asset lock."""

    form: str
    shown_as: str
    title: str
    may_hold: dict[str, Answer]
    may_distribute: Answer
    most_percent: int | None
    asset_lock: bool | None
    conditions: tuple[str, ...]
    rule_pack: str
    citation: str
    note: str


@dataclass(frozen=True, slots=True)
class Distribution:
    """How much of a profit may go to the owners, in pence; None where no source says."""

    may_distribute: Answer
    profit_pence: int
    most_pence: int | None
    most_percent: int | None
    asset_lock: bool | None


def matrix(day: date) -> list[FormRules]:
    """Return what holds for every legal form that a pack in force on a day knows, in the order of their names."""
    return sorted((_rules(pack) for pack in _in_force(day)), key=lambda rules: rules.form)


def rules_for(form: str, day: date) -> FormRules | None:
    """Return what holds for a legal form on a day, None where no pack in force knows it."""
    return next((rules for rules in matrix(day) if rules.form == form), None)


def forms_on(day: date) -> list[str]:
    """Return the legal forms that a body can have on a day, whether or not a pack says what they may hold by then."""
    return sorted(
        {
            pack.values["form"]
            for pack in PACKS
            if pack.subject == "legal-form"
            and pack.status == "active"
            and pack.values.get("known_since", pack.effective_from) <= day <= (pack.effective_to or date.max)
        }
    )


def distribution(rules: FormRules, profit_pence: int) -> Distribution:
    """Return how much of a profit may be distributed: whole pence, never more than the cap."""
    most = {"yes": profit_pence, "no": 0}.get(rules.may_distribute)
    if most and rules.most_percent is not None:
        most = profit_pence * rules.most_percent // 100
    return Distribution(rules.may_distribute, profit_pence, most, rules.most_percent, rules.asset_lock)


def general_conditions(day: date) -> tuple[str, ...]:
    """Return what holds on a day of a federation of whatever form."""
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
    said = pack.values
    return FormRules(
        form=said["form"],
        shown_as=said.get("shown_as", said["form"]),
        title=pack.title,
        may_hold={contract: said.get("may_hold", {}).get(contract, "not found") for contract in CONTRACTS},
        may_distribute=said.get("may_distribute", "not found"),
        most_percent=said.get("most_percent"),
        asset_lock=said.get("asset_lock"),
        conditions=tuple(said.get("conditions", ())),
        rule_pack=pack.id,
        citation=pack.citation,
        note=pack.note,
    )
