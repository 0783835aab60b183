"""Says, from a rule pack, which steps the dossier of a decision still lacks."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from libs.common.rulepacks import RulePack, in_force
from services.governance.core.catalogue import PACKS

SUBJECT = "dossier-steps"
REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Each:
    """For each value of a field of entries of some kinds, a step needs an entry that has it in another field.

    `numbered`: the other field has the number of the value, from 1, instead of the value.
    """

    entries: tuple[str, ...]
    field: str
    matches: str
    numbered: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """What a dossier needs an entry for: of one of these kinds.

    `where` has, of some of the kinds, the values that a field must have for the entry to count.
    """

    code: str
    title: str
    of: tuple[str, ...]
    each: Each | None = None
    where: Mapping[str, Mapping[str, Sequence[Any]]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Recorded:
    """An entry, as far as steps ask of it."""

    kind: str
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Expected:
    """The steps of one kind of proposal, in order, by the rule pack that names them.

    `ends` are entries after which no step later than the decision is expected, each with the fields that it has then;
    `events` are those that a dossier takes in.
    """

    pack: str
    always: tuple[Step, ...]
    later: tuple[Step, ...]
    ends: tuple[Recorded, ...]
    events: frozenset[str]


@dataclass(frozen=True, slots=True)
class MissingStep:
    """A step that is not there; `about` is the contract, scheme or condition (by number) that it lacks, or empty."""

    step: str
    title: str
    about: str = ""


def expected_on(day: date, kind: str, outcome: str, *, packs: Sequence[RulePack] = PACKS) -> Expected | None:
    """Return what is expected of a decision of a day on a kind of proposal; None where no pack is in force."""
    found = in_force(packs, day, subject=SUBJECT)
    if not found:
        return None
    values = found[0].values
    later = _steps(values["kinds"].get(kind, ())) if outcome != REJECTED else ()
    named = {name for step in _steps(values["kinds"].get(kind, ())) for name in step.of}
    return Expected(
        pack=found[0].id,
        always=_steps(values["always"]),
        later=later,
        ends=tuple(Recorded(one["entry"], one.get("with", {})) for one in values["ends"]),
        events=frozenset(named | set(values["also"].get(kind, ()))),
    )


def _steps(listed: Iterable[Mapping[str, Any]]) -> tuple[Step, ...]:
    return tuple(
        Step(
            one["step"],
            one["title"],
            tuple(one["of"]),
            _each(one["each"]) if "each" in one else None,
            one.get("where", {}),
        )
        for one in listed
    )


def _each(given: Mapping[str, Any]) -> Each:
    return Each(tuple(given["entries"]), given["field"], given["matches"], given.get("numbered", False))


def continues_after(pack: str) -> int:
    """Return after how many days a further part of a dossier is sealed, by the pack of this id; 0 without one."""
    return next((int(one.values["continues_after_days"]) for one in PACKS if one.id == pack), 0)


def missing(expected: Expected, entries: Collection[Recorded]) -> list[MissingStep]:
    """Return the steps that are not there, in order: none, and the dossier is complete."""
    ended = any(_is_such(one, end) for one in entries for end in expected.ends)
    steps = expected.always if ended else (*expected.always, *expected.later)
    return [lacking for step in steps for lacking in _lacking(step, entries)]


def _is_such(entry: Recorded, end: Recorded) -> bool:
    return entry.kind == end.kind and all(entry.fields.get(name) == value for name, value in end.fields.items())


def _counts(entry: Recorded, step: Step) -> bool:
    where = step.where.get(entry.kind, {})
    return entry.kind in step.of and all(entry.fields.get(name) in values for name, values in where.items())


def _lacking(step: Step, entries: Collection[Recorded]) -> list[MissingStep]:
    there = [one for one in entries if _counts(one, step)]
    if step.each is None:
        return [] if there else [MissingStep(step.code, step.title)]
    each = step.each
    asked = {value for one in entries if one.kind in each.entries for value in _asked(one, each)}
    found = {value for one in there for value in _values(one.fields.get(each.matches))}
    return [MissingStep(step.code, step.title, about) for about in sorted(asked - found, key=_by_number)]


def _asked(entry: Recorded, each: Each) -> tuple[str, ...]:
    values = _values(entry.fields.get(each.field))
    return tuple(str(number) for number in range(1, len(values) + 1)) if each.numbered else values


def _by_number(about: str) -> tuple[int, str]:
    return (int(about) if about.isdecimal() else 0, about)


def _values(value: Any) -> tuple[str, ...]:
    """Return what a field has, as text: one code or number, or several."""
    several = value if isinstance(value, (list, tuple)) else [value]
    return tuple(str(one) for one in several if one not in (None, ""))
