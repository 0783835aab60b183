"""Rules on whether an application to merge can be filed, with every reason at once, each with its source."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from libs.common.errors import Reason
from libs.common.rulepacks import RulePack
from services.registry.applications.content import Dossier
from services.registry.applications.procedures import Procedure, earliest_effect, factors_on, procedures_on
from services.registry.core.kinds import Kind
from services.registry.core.rule_packs import PACKS
from services.registry.mergers.rules import Surroundings, kind_of_merger, law_on, reasons_against


@dataclass(frozen=True, slots=True)
class Asked:
    """An application to be checked: applicants, filer, filing day, the day of this content, and the content."""

    applicants: Sequence[str]
    filed_by: str
    filed_on: date
    said_on: date
    dossier: Dossier


def kind_of(asked: Asked, around: Surroundings) -> Kind:
    """Return which kind would merge: CCGs or ICBs."""
    return kind_of_merger([*asked.applicants, asked.filed_by], around.standing, asked.filed_on, around.clusters)


def procedures_for(asked: Asked, around: Surroundings, *, packs: Iterable[RulePack] | None = None) -> list[Procedure]:
    """Return the procedures in force on the filing day under which a body of the filer's kind can apply."""
    filer = around.standing[asked.filed_by].kind_on(asked.filed_on)
    found = procedures_on(asked.filed_on, kind_of(asked, around), packs=packs)
    return [one for one in found if filer in one.pack.values["filed_by"]]


def fewest_applicants(day: date, kind: Kind, *, packs: Iterable[RulePack] = PACKS) -> int:
    """Return how many bodies the law of a day asks for, which apply to be dissolved; 1 where there is no such law."""
    law = law_on(day, kind, packs)
    return max(1, int(law.values["minimum_predecessors"])) if law else 1


def effect_of(asked: Asked, procedures: Iterable[Procedure]) -> date | None:
    """Return the day applied for, or else the first one that the procedures allow."""
    return asked.dossier.effective_on or earliest_effect(procedures)


def reasons_against_filing(asked: Asked, around: Surroundings) -> list[Reason]:
    """Return every reason against this application; none: it can be filed."""
    kind = kind_of(asked, around)
    procedures = procedures_for(asked, around)
    reasons = list(_against_filer(asked, kind, procedures, around))
    effective_on = effect_of(asked, procedures)
    if effective_on is None:
        reasons.append(Reason("no procedure in force says when it can take effect: name the day", "effective_on"))
    else:
        reasons.extend(_against_day(effective_on, asked.filed_on, procedures))
    law = law_on(effective_on or asked.filed_on, kind)
    reasons.extend(_against_dossier(asked, kind, law))
    reasons.extend(
        reasons_against(
            asked.dossier.successor,
            asked.applicants,
            effective_on or asked.filed_on,
            around=around,
            asked_as="applicants",
        )
    )
    return reasons


def _against_filer(asked: Asked, kind: Kind, procedures: Sequence[Procedure], around: Surroundings) -> Iterator[Reason]:
    code, law = asked.filed_by, law_on(asked.filed_on, kind)
    cited = f" ({law.values['section']})" if law else ""
    found = around.standing[code].kind_on(asked.filed_on)
    if code in around.clusters:
        members = ", ".join(around.clusters[code])
        message = f"{code} is no such legal person: a cluster of {members}, which stay bodies of their own"
        yield Reason(message, "filed_by")
    elif not around.standing[code].exists:
        yield Reason(f"{code} is not known", "filed_by")
    elif found is not kind and not procedures:
        yield Reason(f"{code} is of the kind {found}: applicants are {kind.upper()}s{cited}", "filed_by")
    elif found is kind and code not in asked.applicants:
        yield Reason(f"{code} is none of the applicants{cited}", "filed_by")


def _against_day(effective_on: date, filed_on: date, procedures: Iterable[Procedure]) -> Iterator[Reason]:
    for one in procedures:
        if one.pack.weight != "binding":
            continue
        if one.earliest_effect is not None and effective_on < one.earliest_effect:
            message = (
                f"{one.pack.id}: what is filed on {filed_on} takes effect on {one.earliest_effect} at the earliest"
            )
            yield Reason(message, "effective_on")
        days = one.pack.values.get("takes_effect_on")
        if days and effective_on not in days:
            yield Reason(f"{one.pack.id}: takes effect on {' or '.join(str(day) for day in days)}", "effective_on")


def _against_dossier(asked: Asked, kind: Kind, law: RulePack | None) -> Iterator[Reason]:
    dossier = asked.dossier
    for document in law.values["documents"] if law else ():
        if getattr(dossier, document) is None:
            named = document.replace("_", " ")
            yield Reason(
                f"the application names no {named} ({law.values['documents_section'] if law else ''})", document
            )
    named_factors = {factor["id"] for pack in factors_on(asked.filed_on, kind) for factor in pack.values["factors"]}
    for number, factor in enumerate(dossier.factors):
        if factor.factor not in named_factors:
            field = f"factors.{number}.factor"
            yield Reason(f"no regulation in force on {asked.filed_on} names the factor {factor.factor}", field)
    for number, view in enumerate(dossier.member_views):
        if view.organisation not in asked.applicants:
            yield Reason(f"{view.organisation} is none of the applicants", f"member_views.{number}.organisation")
        if view.recorded_on > asked.said_on:
            yield Reason(f"{view.recorded_on} is still to come", f"member_views.{number}.recorded_on")
