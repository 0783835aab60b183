"""The same family as a nested list: today's bodies outermost, what led to each within it."""

from dataclasses import dataclass
from datetime import date

from console.lineage.drawing import share_words
from console.lineage.family import Family, Succession


@dataclass(frozen=True, slots=True)
class ListedBody:
    """A body of the list, with what passed from it to the one that it is listed under."""

    code: str
    name: str
    since: date | None
    """The day on which it followed those within it; None: nothing is stated to have led to it."""
    was_there: bool
    """Whether it was there before that day."""
    passed: str
    """What passed to the outer body, and when; empty of an outermost one."""
    on: date | None
    asked: bool
    again: bool
    """Whether it is listed before, with all that led to it."""
    within: tuple["ListedBody", ...]


def listed(family: Family) -> tuple[ListedBody, ...]:
    """Return the outermost bodies: those without a successor in the family, and of a circle its first by code."""
    seen: set[str] = set()
    outermost = [code for code in family.codes if code not in family.after]
    found = [_body(family, code, None, seen) for code in outermost]
    found += [_body(family, code, None, seen) for code in family.codes if code not in seen]
    return tuple(found)


def _body(family: Family, code: str, step: Succession | None, seen: set[str]) -> ListedBody:
    again = code in seen
    seen.add(code)
    before = [] if again else family.before.get(code, [])
    return ListedBody(
        code,
        family.names.get(code, ""),
        family.before[code][0].on if code in family.before else None,
        code in family.before and family.first_day(code) is None,
        share_words(step.share) if step else "",
        step.on if step else None,
        code == family.focus,
        again,
        tuple(_body(family, one.code, one, seen) for one in before),
    )
