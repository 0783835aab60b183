"""Scope and term of a contract for a new care model: pure functions over the pack of the contract's first day."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field

from libs.common.errors import DomainError, Reason
from libs.common.rulepacks import RulePack, in_force
from libs.common.temporal.months import last_day_of_term
from services.contracts.care_models.errors import OutsideCareModel
from services.contracts.core.care_models import CareModel, ContractBeside
from services.contracts.core.codes import FunctionCode
from services.contracts.core.errors import NoRuleInForce
from services.contracts.core.exit_terms import NO_TERMS, ExitTerms
from services.contracts.core.notice import end_of_extension
from services.contracts.core.packs import PACKS

FORM = "care_model"
SUBJECT = "care-model-contracts"


class CareModelTerms(BaseModel):
    """Which new care model a contract is for, what it leaves out, and which contracts stay beside it."""

    model_config = ConfigDict(extra="forbid")

    kind: Annotated[str, Field(max_length=40, pattern="^[a-z][a-z_]*$")] = Field(
        description="A kind of the rule pack `care-model-contracts`, see `GET /rule-packs`.",
        examples=["mcp_partially_integrated"],
    )
    excludes: list[FunctionCode] = Field(
        default_factory=list,
        max_length=50,
        description="Services and functions that it leaves out beside those that its kind does.",
        examples=[["urgent_care"]],
    )
    beside: list[ContractBeside] = Field(
        default_factory=list,
        max_length=250,
        description="The contracts that stay beside it, such as those of the practices for core services.",
    )


@dataclass(frozen=True, slots=True)
class ContractKind:
    """A kind of contract, as the pack has it; `beside` are the forms of contract that may stay beside it."""

    title: str
    longest_years: int
    includes: Sequence[str]
    excludes: Sequence[str]
    beside: Sequence[str]
    beside_at_least: int

    @classmethod
    def named(cls, code: str, pack: RulePack) -> Self | None:
        """Return a kind of a pack; None where it has none of this code."""
        kind = pack.values["kinds"].get(code)
        return None if kind is None else cls(**kind)


def pack_on(day: date) -> RulePack:
    """Return the pack on care models' contracts. Raises NoRuleInForce."""
    packs = in_force(PACKS, day, subject=SUBJECT)
    if not packs:
        raise NoRuleInForce(f"no rule on {SUBJECT} is in force on {day.isoformat()}")
    return packs[0]


def services_on(day: date) -> Mapping[str, str]:
    """Return the services of care that such a contract may supply beside functions of support, code to name."""
    services: Mapping[str, str] = pack_on(day).values["services"]
    return services


def find_care_model(stated: CareModelTerms, starts_on: date) -> CareModel | None:
    """Return the care model of a contract that starts on a day; None where the pack lacks its kind."""
    pack = pack_on(starts_on)
    kind = ContractKind.named(stated.kind, pack)
    if kind is None:
        return None
    return CareModel(
        kind=stated.kind,
        title=kind.title,
        includes=tuple(kind.includes),
        excludes=tuple(sorted({*kind.excludes, *stated.excludes})),
        beside=tuple(sorted(set(stated.beside), key=lambda one: (one.holder, one.form))),
        ends_by=last_day_of_term(starts_on, kind.longest_years * 12),
        rule_pack=pack.id,
    )


def why_none_stated(form: str | None) -> list[DomainError]:
    """Return the reason against a contract that states no care model where its form needs one."""
    return [_refusal("a contract of this form states its care model", "care_model")] if form == FORM else []


def why_not_stated(stated: CareModelTerms, starts_on: date, known: Collection[str]) -> list[DomainError]:
    """Return every reason against what is stated of a care model; `known` are the codes that a line may have."""
    pack = pack_on(starts_on)
    kind = ContractKind.named(stated.kind, pack)
    if kind is None:
        return [_outside(f"{stated.kind} is none of the kinds of {pack.id}: {', '.join(pack.values['kinds'])}", "kind")]
    found: list[DomainError] = [
        _outside(f"{kind.title}: {code} is neither a service nor a function", "excludes")
        for code in stated.excludes
        if code not in known
    ]
    found += [
        _outside(f"{kind.title}: it has to include {code}", "excludes")
        for code in stated.excludes
        if code in kind.includes
    ]
    forms = ", ".join(kind.beside) or "no other contract"
    found += [
        _outside(f"{kind.title}: it sits beside {forms}, not {one.form}", f"beside.{number}.form")
        for number, one in enumerate(stated.beside)
        if one.form not in kind.beside
    ]
    if len(set(stated.beside)) < kind.beside_at_least:
        found.append(
            _outside(f"{kind.title}: name at least {kind.beside_at_least} that stay beside it ({forms})", "beside")
        )
    return found


def why_out_of_scope(model: CareModel, functions: Collection[str]) -> list[DomainError]:
    """Return a reason for each line that the care model excludes, and for each service that no line supplies."""
    found = [f"{code} is excluded" for code in functions if code in model.excludes]
    found += [f"{code} has to be a line" for code in model.includes if code not in functions]
    return [_refusal(f"{model.title}: {one} ({model.rule_pack})", "lines") for one in found]


def why_too_long(model: CareModel, starts_on: date, last_day: date, terms: ExitTerms = NO_TERMS) -> list[DomainError]:
    """Return every reason against a term that ends on a day, and against renewals and extensions beyond it."""
    longest = f"its longest term ends on {model.ends_by} ({model.rule_pack})"
    found: list[DomainError] = []
    if last_day > model.ends_by:
        what = "it has no end" if terms.open_ended else f"it runs to {last_day}"
        field = "exit_terms.open_ended" if terms.open_ended else "last_day"
        found.append(_refusal(f"{model.title}: {what}, and {longest}", field))
    if terms.renewal_months is not None:
        message = f"{model.title}: it renews until notice stands, and {longest}"
        found.append(_refusal(message, "exit_terms.renewal_months"))
    more = sum(option.months for option in terms.extensions)
    if more and last_day <= model.ends_by < (reach := end_of_extension(starts_on, last_day, more)):
        message = f"{model.title}: with every extension it runs to {reach}, and {longest}"
        found.append(_refusal(message, "exit_terms.extensions"))
    return found


def _outside(message: str, field: str) -> OutsideCareModel:
    return _refusal(message, f"care_model.{field}")


def _refusal(message: str, field: str) -> OutsideCareModel:
    return OutsideCareModel(message, reasons=[Reason(message, field)])
