"""Rules on whether commissioners can merge, with every reason at once (s.14G; ICBs: ss.14Z25, 14Z27)."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Protocol

from libs.common.errors import Reason
from libs.common.rulepacks import RulePack, in_force
from services.registry.core.kinds import Kind
from services.registry.core.rule_packs import PACKS
from services.registry.core.standing import Standing
from services.registry.core.terms import title_of
from services.registry.mergers.models import SchemeType
from services.registry.parts.part import AgreedPart, Part
from services.registry.parts.rules import reasons_against_parts


def law_on(day: date, kind: Kind = Kind.CCG, packs: Iterable[RulePack] = PACKS) -> RulePack | None:
    """Return the rule pack for a merger of this kind on a day, None where no law provides for one."""
    found = in_force(packs, day, subject=f"{kind}-merger")
    return found[0] if found else None


def kind_of_merger(
    predecessors: Iterable[str], standing: Mapping[str, Standing], last: date, clusters: Collection[str] = ()
) -> Kind:
    """Return the kind that merges: ICBs where a predecessor is an ICB or a cluster of ICBs, else CCGs."""
    icbs = any(code in clusters or standing[code].kind_on(last) is Kind.ICB for code in predecessors)
    return Kind.ICB if icbs else Kind.CCG


def longest_proposal(day: date) -> timedelta | None:
    """Return how long before a merger a file may open its successor that was only proposed."""
    found = in_force(PACKS, day, subject="ods-successor-proposed")
    return timedelta(days=found[0].values["longest_days"]) if found else None


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The registry's records around a requested merger.

    `standing` is the standing of each code, `agreed` the other agreed merger of a code with its day, `clusters` the
    ICBs of each code that names a cluster, `parts` the parts of a code that pass by other agreed mergers.
    """

    standing: Mapping[str, Standing]
    agreed: Mapping[str, tuple[str, date]]
    clusters: Mapping[str, Sequence[str]] = field(default_factory=dict)
    parts: Mapping[str, Sequence[AgreedPart]] = field(default_factory=dict)


def reasons_against(
    successor: str,
    predecessors: Collection[str],
    effective_on: date,
    *,
    around: Surroundings,
    asked_as: str = "predecessors",
    parts: Sequence[Part] = (),
) -> list[Reason]:
    """Return every reason against this merger; none: it can be agreed. `asked_as` is the predecessors' field."""
    last = effective_on - timedelta(days=1)
    concerned = [*predecessors, *(part.code for part in parts)]
    kind = kind_of_merger(concerned, around.standing, last, around.clusters)
    law = law_on(effective_on, kind)
    reasons = (
        [] if law else [Reason(f"no law provides for a merger of {_plural(kind)} on {effective_on}", "effective_on")]
    )
    reasons.extend(_against_the_set(successor, predecessors, len(parts), kind, law, asked_as))
    for number, code in enumerate(predecessors):
        messages = list(_against_predecessor(code, kind, law, last, around))
        reasons.extend(Reason(message, f"{asked_as}.{number}") for message in messages)
    for number, part in enumerate(parts):
        messages = list(_against_body(part.code, kind, law, last, around))
        reasons.extend(Reason(message, f"parts.{number}.code") for message in messages)
    if parts:
        dissolved = {successor, *predecessors}
        reasons.extend(
            reasons_against_parts(parts, dissolved, effective_on, agreed=around.agreed, parts_agreed=around.parts)
        )
    reasons.extend(Reason(message, "successor") for message in _against_successor(around.standing[successor], kind))
    if successor in around.agreed:
        reasons.append(Reason(_in_another(successor, *around.agreed[successor]), "successor"))
    return reasons


def _against_the_set(
    successor: str, predecessors: Collection[str], parts: int, kind: Kind, law: RulePack | None, asked_as: str
) -> Iterator[Reason]:
    least = law.values["minimum_predecessors"] if law else 0
    if law and parts and law.values.get("parts_count"):
        least = max(1, least - parts)
    if len(set(predecessors)) < least:
        yield Reason(f"a merger dissolves at least {least} {_plural(kind) if least > 1 else kind.upper()}", asked_as)
    for code, times in Counter(predecessors).items():
        if times > 1:
            yield Reason(f"{code} occurs {times} times", asked_as)
    if successor in predecessors:
        yield Reason(
            f"{successor} cannot succeed itself: a merger of {_plural(kind)} establishes a new body", "successor"
        )


def _against_predecessor(
    code: str, kind: Kind, law: RulePack | None, last: date, around: Surroundings
) -> Iterator[str]:
    yield from _against_body(code, kind, law, last, around)
    if code in around.agreed:
        yield _in_another(code, *around.agreed[code])


def _against_body(code: str, kind: Kind, law: RulePack | None, last: date, around: Surroundings) -> Iterator[str]:
    standing = around.standing[code]
    if code in around.clusters:
        members = ", ".join(around.clusters[code])
        yield f"{code} is no such legal person: a cluster of {members}, which stay bodies of their own"
        return
    if not standing.exists:
        yield f"{code} is not known"
        return
    if (found := standing.kind_on(last)) is not kind:
        # An ODS code can continue for another kind of body: a CCG's names a sub-ICB location since 1 July 2022.
        cited = f" ({law.values['section']})" if law else ""
        only = f"only {_plural(kind)} apply and merge{cited}"
        yield f"{code} is no {kind.upper()} but of the kind {found}: {only}"
    if standing.on(last) != "open":
        yield f"{code} is {standing.on(last)} on {last}"
    elif not standing.is_open_through(last):
        yield f"{code} closes after {last} in any case"


def _against_successor(standing: Standing, kind: Kind) -> Iterator[str]:
    if standing.ever("open") or standing.ever("closed"):
        yield f"{standing.code} names a body already: a merger of {_plural(kind)} establishes a new one"
    elif standing.exists and standing.kind is not kind:
        yield f"{standing.code} was proposed as {standing.kind}, not as {'an ICB' if kind is Kind.ICB else 'a CCG'}"


def _in_another(code: str, reference: str, day: date) -> str:
    return f"{code} is part of the merger {reference}, agreed for {day}"


def _plural(kind: Kind) -> str:
    return f"{kind.upper()}s"


class SchemeState(Protocol):
    """The fields of a scheme that the rules read."""

    @property
    def sort(self) -> SchemeType:
        """Its type."""

    @property
    def predecessors(self) -> list[str]:
        """The predecessors that it transfers from."""

    @property
    def reference(self) -> str:
        """Its reference."""

    @property
    def suspended_on(self) -> date | None:
        """The day since which what it moves waits, None where it does not."""


class ConditionState(Protocol):
    """The fields of a condition that the rules read."""

    @property
    def number(self) -> int:
        """Its number in the approval."""

    @property
    def condition(self) -> str:
        """Its term."""

    @property
    def met_on(self) -> date | None:
        """The day on which it was met, None where it is not."""


@dataclass(frozen=True, slots=True)
class Lack(Reason):
    """What is missing, and the organisations whose lead can record it: who acts for all of them."""

    organisations: tuple[str, ...] = ()


def missing(
    predecessors: Sequence[str], conditions: Iterable[ConditionState], schemes: Iterable[SchemeState]
) -> list[Lack]:
    """Return what is missing before the merger of these predecessors can take effect."""
    lacking = [
        Lack(
            f"condition {one.number} is not met: {title_of('merger-condition', one.condition)}",
            f"conditions.{one.number}",
            tuple(predecessors),
        )
        for one in conditions
        if one.met_on is None
    ]
    made = {(one.sort, code): one for one in schemes for code in one.predecessors}
    for sort in SchemeType:
        without = [code for code in predecessors if (sort, code) not in made]
        if without:
            message = f"no {sort} transfer scheme or nil return of {', '.join(without)}"
            lacking.append(Lack(message, f"schemes.{sort}", tuple(without)))
        waiting = {one.reference: one for (of, _), one in made.items() if of == sort and one.suspended_on is not None}
        lacking.extend(
            Lack(
                f"the {sort} transfer scheme {one.reference} of {', '.join(one.predecessors)} is suspended since "
                f"{one.suspended_on}",
                f"schemes.{sort}",
                tuple(one.predecessors),
            )
            for _, one in sorted(waiting.items())
        )
    return lacking
