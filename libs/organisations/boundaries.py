"""Restates figures onto the bodies of another day, exactly, by who succeeded whom and in which share.

A figure of a body and a day moves with every succession after that day, up to the day of the boundaries. A merger, an
acquisition or an abolition moves all of it; a split divides it by the stated shares; a boundary change moves its share,
and the rest stays. Where a share is not stated nothing can be moved: the figure stays, marked as not restated.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from fractions import Fraction
from typing import TypeAlias

from libs.common.database.connection import Reads
from libs.common.money import apportion
from libs.common.temporal import believed
from libs.organisations.successions import BOTH_CONTINUE, Shape, Successions

WHOLE = Fraction(1)
_NOW = datetime.max.replace(tzinfo=UTC)

_STEPS = """
WITH RECURSIVE before (code) AS (
    SELECT unnest($1::text[])
     UNION
    SELECT s.code FROM {table} s JOIN before ON s.successor = before.code WHERE {known}
)
SELECT code, successor, effective_on, shape, share, merger
  FROM {table} s
 WHERE {known} AND ($1::text[] IS NULL OR s.code IN (SELECT code FROM before))
 ORDER BY code, effective_on, successor
"""


@dataclass(frozen=True, slots=True)
class Step:
    """From `effective_on` the successor has `share` of what the body had before; None where it is not stated."""

    code: str
    successor: str
    effective_on: date
    shape: str
    share: Fraction | None
    merger: str = ""

    @property
    def is_in_part(self) -> bool:
        """Whether the body continues with the rest."""
        return self.shape in BOTH_CONTINUE


Steps: TypeAlias = Mapping[str, Sequence[Step]]
"""The successions of each body, by day."""


@dataclass(frozen=True, slots=True)
class Part:
    """The share of a figure that lies with a body on the boundaries, and the steps that led there: none if it stayed.

    `unstated`: a succession of its body could not be followed, since a share is not stated.
    """

    code: str
    share: Fraction
    steps: tuple[Step, ...] = ()
    unstated: tuple[Step, ...] = ()


async def get_steps(
    db: Reads, successions: Successions, codes: Collection[str] | None, *, as_known: datetime | None = None
) -> Steps:
    """Return the successions, as known, of all bodies from which anything comes to these ones (None: of every body)."""
    asked = None if codes is None else sorted(set(codes))
    rows = await db.fetch(
        _STEPS.format(table=successions.beliefs, known=believed.as_known("s")), asked, as_known or _NOW
    )
    return steps_of(
        Step(
            row["code"],
            row["successor"],
            row["effective_on"],
            row["shape"],
            Fraction(row["share"]) if row["share"] else None,
            row["merger"],
        )
        for row in rows
        if row["shape"] != "parent_change" and row["code"] != row["successor"]
    )


def steps_of(steps: Iterable[Step]) -> Steps:
    """Return these successions by body, in the order of days."""
    by_code: dict[str, list[Step]] = defaultdict(list)
    for step in sorted(steps, key=lambda one: (one.code, one.effective_on, one.successor)):
        by_code[step.code].append(step)
    return by_code


def parts_on(boundaries: date, code: str, day: date, steps: Steps) -> list[Part]:
    """Return where a figure of a body and a day lies on the boundaries of a later one; the shares sum to 1."""
    parts: list[Part] = []
    left: list[tuple[Part, date, bool]] = [(Part(code, WHOLE), day, False)]
    while left:
        part, since, has_just_moved = left.pop()
        following = _next(part, since, boundaries, steps, has_just_moved=has_just_moved)
        shares = _shares(following)
        if shares is None:
            unstated = (*part.unstated, *(step for step in following if step.effective_on > since))
            parts.append(Part(part.code, part.share, part.steps, unstated))
            continue
        for step, share in zip(following, shares, strict=True):
            moved = Part(step.successor, part.share * share, (*part.steps, step), part.unstated)
            left.append((moved, step.effective_on, True))
        if (rest := WHOLE - sum(shares)) > 0:
            left.append(
                (Part(part.code, part.share * rest, part.steps, part.unstated), following[0].effective_on, False)
            )
    return sorted(parts, key=lambda one: (one.code, len(one.steps), [step.code for step in one.steps]))


def _next(part: Part, since: date, boundaries: date, steps: Steps, *, has_just_moved: bool) -> list[Step]:
    """Return the successions of the part's body on the first day after; of whole ones also on the day it moved."""
    passed = {step.code for step in part.steps}
    due = [
        step
        for step in steps.get(part.code, ())
        if step.effective_on <= boundaries
        and (
            step.effective_on > since
            or (has_just_moved and step.effective_on == since and not step.is_in_part and step.successor not in passed)
        )
    ]
    return [step for step in due if step.effective_on == due[0].effective_on]


def _shares(following: Sequence[Step]) -> list[Fraction] | None:
    """Return the share of each succession of one day; None where there is none, or they cannot be followed."""
    if not following:
        return None
    if len(following) == 1 and following[0].shape not in (*BOTH_CONTINUE, Shape.SPLIT) and following[0].share is None:
        return [WHOLE]
    shares = [step.share for step in following]
    stated = [share for share in shares if share is not None]
    if len(stated) < len(shares) or not 0 < sum(stated) <= WHOLE or min(stated) <= 0:
        return None
    return stated


def divided(amount: int, parts: Sequence[Part]) -> list[int]:
    """Return the amount of each part in whole units, by largest remainder: they sum to the amount."""
    return apportion(amount, [part.share for part in parts])
