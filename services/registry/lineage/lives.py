"""Reads when the bodies of a chain of successions operated, and which successions their lives contradict."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from libs.common.database.connection import Reads
from libs.common.temporal.believed import ALL_DAYS, about
from libs.organisations.statements import Facet
from libs.organisations.successions import COMMAND, Shape
from services.registry.core.believed import believed
from services.registry.core.codes import ByCode
from services.registry.core.models import timeline
from services.registry.lineage.tracing import PARENT_CHANGE, Step

LIVES = f"""
SELECT o.code, CASE WHEN {about("b", Facet.KIND)} THEN '' ELSE b.value END, lower(b.valid), upper(b.valid), seen_on
  FROM organisation o
 CROSS JOIN LATERAL (
       SELECT max((s.stated_at AT TIME ZONE 'UTC')::date) AS seen_on FROM {timeline.statements} s
        WHERE s.subject_id = o.id AND {about("s", Facet.LIFE)} AND s.value = 'open' AND s.source <> '{COMMAND}'
          AND s.stated_at <= {{known}}::timestamptz) seen
  LEFT JOIN {believed("b", Facet.LIFE, Facet.KIND, day=ALL_DAYS, known="{known}")}
 WHERE o.code IN ({{codes}})
"""  # noqa: S608  (only names of ours are put in)
"""The beliefs about the lives of bodies, and the last day on which a file showed each of them open.

Who opens a body by a command states its first day. A file that has it as open is a sighting of the file's day.
"""

_LIVES = LIVES.format(codes="SELECT unnest($1::text[])", known="$2")

_A_DAY = timedelta(days=1)
_CONTINUES = frozenset({Shape.BOUNDARY_CHANGE, PARENT_CHANGE})


class Doubt(StrEnum):
    """Why a succession that a source states is not followed: what is known of the body's life is against it."""

    STILL_OPEN = "followed-and-still-open"
    CLOSED_BEFORE = "closed-before-it-was-followed"


@dataclass(frozen=True, slots=True)
class Lifetime:
    """The believed life of a body: its statuses in order of days, and the days on which it became another kind."""

    periods: tuple[tuple[str, date, date], ...] = ()
    """Status, first day, and the day after the last."""
    other_kind_on: frozenset[date] = frozenset()
    seen_open_on: date | None = None
    """The last day on which a file showed it open."""

    def on(self, day: date) -> str | None:
        """Return its status on a day, None where nothing is known of it."""
        return next((status for status, first, until in self.periods if first <= day < until), None)

    @property
    def opens(self) -> date | None:
        """The first day on which it is known to have operated."""
        return min((first for status, first, _ in self.periods if status == "open"), default=None)

    @property
    def closed(self) -> date | None:
        """The day of its last closure: the first on which it no longer operated."""
        return max((first for status, first, _ in self.periods if status == "closed"), default=None)

    def doubt(self, on: date, by: date) -> Doubt | None:
        """Return what speaks against its having been followed whole on a day, as far as is known by a later day.

        That it is still open has to have been seen after that day. A code that names another kind of body since did end
        as what it was.
        """
        if self.on(on - _A_DAY) == "closed" and self.on(on) == "closed":
            return Doubt.CLOSED_BEFORE
        if self.seen_open_on is None or self.seen_open_on <= on or on in self.other_kind_on:
            return None
        went_on = any(status == "open" and first < on and max(on, by) < until for status, first, until in self.periods)
        return Doubt.STILL_OPEN if went_on else None


@dataclass(frozen=True, slots=True)
class Doubted:
    """A succession that is not followed, and why."""

    step: Step
    doubt: Doubt
    closed: date | None

    @property
    def because(self) -> str:
        """Why it is not followed, as a sentence."""
        step = self.step
        said = f"{step.source} says that {step.successor} followed {step.code} on {step.effective_on}"
        if self.doubt is Doubt.STILL_OPEN:
            return f"{said}, and it is still open"
        return f"{said}, and it had closed before, on {self.closed}"


async def lives_of(db: Reads, codes: Collection[str], *, as_known: datetime) -> ByCode[Lifetime]:
    """Return the believed lives of these bodies by code; of a code that the registry does not know, none."""
    return lives_in(await db.fetch(_LIVES, list(codes), as_known))


def lives_in(rows: Iterable[Any]) -> ByCode[Lifetime]:
    """Return the lives by code from the rows that `LIVES` selects."""
    periods: dict[str, list[tuple[str, date, date]]] = defaultdict(list)
    kinds: dict[str, list[date]] = defaultdict(list)
    seen: dict[str, date | None] = {}
    for code, status, first, until, seen_on in rows:
        seen[code] = seen_on
        if status:
            periods[code].append((status, first or date.min, until or date.max))
        elif status is not None:
            kinds[code].append(first or date.min)
    return {
        code: Lifetime(
            tuple(sorted(periods[code], key=lambda period: period[1])), frozenset(sorted(kinds[code])[1:]), seen_on
        )
        for code, seen_on in seen.items()
    }


def believable(
    steps: Iterable[Step], lives: Mapping[str, Lifetime], by: date
) -> tuple[tuple[Step, ...], dict[str, list[Doubted]]]:
    """Return the successions that the lives of bodies do not contradict, and by code those that they do.

    A part that leaves a body (a boundary change) does not end it; nor does a row that names the body itself.
    """
    steps = tuple(steps)
    stays = {(step.code, step.effective_on) for step in steps if step.code == step.successor}
    followed: list[Step] = []
    doubted: dict[str, list[Doubted]] = defaultdict(list)
    for step in steps:
        life = lives.get(step.code)
        whole = step.shape not in _CONTINUES and (step.code, step.effective_on) not in stays
        doubt = life.doubt(step.effective_on, by) if life is not None and whole else None
        if doubt is None or life is None:
            followed.append(step)
        else:
            doubted[step.code].append(Doubted(step, doubt, life.closed))
    return tuple(followed), dict(doubted)
