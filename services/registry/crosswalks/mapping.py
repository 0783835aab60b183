"""Maps bodies of one day to those of another, forwards and backwards in time, with exact shares."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction

from libs.common.database.connection import Reads
from libs.common.temporal.believed import ALL_DAYS, on_day
from libs.common.temporal.history import ALWAYS
from libs.organisations.statements import Facet
from services.registry.core.believed import believed
from services.registry.core.codes import ByCode
from services.registry.crosswalks.views import Outcome
from services.registry.lineage.queries import steps_from, steps_to
from services.registry.lineage.tracing import WHOLE, Step, living

_A_DAY = timedelta(days=1)

_LIVES = f"""
SELECT o.code, max(b.value) FILTER (WHERE {on_day("b", "$2")}), max(b.value) FILTER (WHERE {on_day("b", "$3")}),
       min(lower(b.valid)) FILTER (WHERE b.value = 'open'), max(lower(b.valid)) FILTER (WHERE b.value = 'closed')
  FROM organisation o
  LEFT JOIN {believed("b", Facet.LIFE, day=ALL_DAYS, known="$4")}
 WHERE o.code = ANY($1) GROUP BY o.code
"""  # noqa: S608  (only names of ours are put in)


@dataclass(frozen=True, slots=True)
class DayPair:
    """The two days of a crosswalk, as known at an instant. Either can be the earlier one."""

    start: date
    end: date
    as_known: datetime | None = None

    @property
    def known(self) -> datetime:
        """The instant as known at which to read."""
        return self.as_known or ALWAYS

    @property
    def forwards(self) -> bool:
        """Whether the second day is the later one."""
        return self.start <= self.end


@dataclass(frozen=True, slots=True)
class Row:
    """A mapping of the body `code` of one day, by `share` of it, to the body `to_code` of the other.

    `share_of_to` is the share of the other body that comes from it; None: no source states it. `to_code` None: it
    cannot be mapped, and `reason` gives the reason.
    """

    code: str
    to_code: str | None
    share: Fraction | None
    share_of_to: Fraction | None
    reason: Outcome
    because: str


@dataclass(frozen=True, slots=True)
class _Life:
    """The believed life of a body on both days."""

    on_start: str | None
    on_end: str | None
    opens: date | None
    closed: date | None


async def cross(db: Reads, codes: Collection[str], days: DayPair) -> ByCode[list[Row]]:
    """Return the rows of each code, including those that cannot be mapped, in a handful of round trips."""
    if days.forwards:
        return await _forwards(db, codes, days)
    return await _backwards(db, codes, days)


async def _forwards(db: Reads, codes: Collection[str], days: DayPair) -> dict[str, list[Row]]:
    steps = await steps_from(db, codes, days.end, days.known)
    lives = await _lives(db, {*codes, *(step.successor for step in steps)}, days)
    # A code that was closed before is followed from its end, because columns of later days often contain it.
    stale = {code for code in codes if code in lives and lives[code].on_start == "closed"}
    ends = living(steps, set(codes) - stale, since=days.start + _A_DAY) | living(steps, stale)
    followed = {step.code for step in steps}
    later = {end for code in codes for end, _ in ends[code]}
    made_of = await _made_of(db, later, days.start, days.end, days)
    rows: dict[str, list[Row]] = {}
    for code in codes:
        life = lives.get(code)
        if life is None and code not in followed:
            rows[code] = [_refused(code, Outcome.UNKNOWN_CODE, f"the registry knows no body {code}")]
        elif life is not None and life.on_start in (None, "proposed") and _opens_after(life, days.start):
            why = f"{code} opens on {life.opens}, after {days.start}"
            rows[code] = [_refused(code, Outcome.NOT_OPEN_YET, why)]
        else:
            whole = sum((share for _, share in ends[code] if share is not None), Fraction(0))
            rows[code] = [_end(code, end, share, lives.get(end), days, made_of) for end, share in ends[code]]
            if whole < WHOLE and all(share is not None for _, share in ends[code]):
                why = f"no source says where {WHOLE - whole} of {code} went"
                rows[code].append(Row(code, None, WHOLE - whole, None, Outcome.PART_NOT_STATED, why))
    return rows


def _end(
    code: str,
    end: str,
    share: Fraction | None,
    life: _Life | None,
    days: DayPair,
    made_of: Mapping[str, Mapping[str, Fraction | None]],
) -> Row:
    if life is not None and life.on_end == "closed":
        way = "" if code == end else f"{code} lived on in {end}; "
        why = f"{way}{end} closed by {life.closed}, and no source says what became of it"
        return Row(code, None, share, None, Outcome.CLOSED_WITHOUT_SUCCESSOR, why)
    sole = made_of.get(end, {}).keys() == {code}
    of_to = WHOLE if sole and share is not None else None
    if share is None:
        why = f"no source states what share of {code} went to {end}"
        return Row(code, end, None, WHOLE if sole else None, Outcome.SHARE_NOT_STATED, why)
    if code == end and share != WHOLE:
        why = f"{code} kept {share} of what it was"
    elif code == end:
        described = life is not None and life.on_end is not None
        why = f"{code} is there on both days" if described else f"nothing is known to have followed {code}"
    else:
        why = f"{_of(share)}{code} had gone to {end} by {days.end}"
    return Row(code, end, share, of_to, Outcome.CARRIED, why)


async def _backwards(db: Reads, codes: Collection[str], days: DayPair) -> dict[str, list[Row]]:
    lives = await _lives(db, codes, days)
    made_of = await _made_of(db, codes, days.end, days.start, days)
    rows: dict[str, list[Row]] = {}
    for code in codes:
        origins = made_of.get(code, {})
        life = lives.get(code)
        if life is None and not origins.keys() - {code}:
            rows[code] = [_refused(code, Outcome.UNKNOWN_CODE, f"the registry knows no body {code}")]
        elif life is not None and life.on_start in (None, "proposed") and _opens_after(life, days.start):
            why = f"{code} opens on {life.opens}, after {days.start}"
            rows[code] = [_refused(code, Outcome.NOT_OPEN_YET, why)]
        elif not origins:
            why = f"{code} was not there on {days.end}, and no source says what came before it"
            rows[code] = [_refused(code, Outcome.NO_PREDECESSOR, why)]
        else:
            rows[code] = [_origin(code, origin, origins, days) for origin in sorted(origins)]
    return rows


def _origin(code: str, origin: str, origins: Mapping[str, Fraction | None], days: DayPair) -> Row:
    share_of_to = origins[origin]
    if len(origins) > 1:
        why = f"{code} came from {', '.join(sorted(origins))}; no source states how much of it from {origin}"
        return Row(code, origin, None, share_of_to, Outcome.SHARE_NOT_STATED, why)
    why = f"{code} is there on both days" if code == origin else f"all of {code} was in {origin} on {days.end}"
    return Row(code, origin, WHOLE, share_of_to, Outcome.CARRIED, why)


async def _made_of(
    db: Reads, later: Collection[str], early: date, late: date, days: DayPair
) -> dict[str, dict[str, Fraction | None]]:
    """Return the bodies of the early day that each later one is made of, with the share of each in it."""
    led_here = [step for step in await steps_to(db, later, late, days.known) if step.effective_on > early]
    origins = {*later, *(step.code for step in led_here)}
    lives = await _lives(db, origins, DayPair(early, late, days.as_known))
    there = {code for code in origins if _was_there(code, lives.get(code), led_here)}
    ends = living(await steps_from(db, there, late, days.known), there, since=early + _A_DAY)
    made_of: dict[str, dict[str, Fraction | None]] = defaultdict(dict)
    for origin, shares in ends.items():
        for end, share in shares:
            made_of[end][origin] = share
    return {code: made_of[code] for code in later if code in made_of}


def _was_there(code: str, life: _Life | None, led_here: Iterable[Step]) -> bool:
    """Whether a body operated on the early day; without a known life, unless a succession began it since."""
    if life is not None and life.on_start is not None:
        return life.on_start == "open"
    if life is not None and life.opens is not None:
        return False
    return not any(step.successor == code != step.code for step in led_here)


def _opens_after(life: _Life, day: date) -> bool:
    return life.opens is not None and life.opens > day


async def _lives(db: Reads, codes: Collection[str], days: DayPair) -> dict[str, _Life]:
    rows = await db.fetch(_LIVES, list(codes), days.start, days.end, days.known)
    return {code: _Life(*life) for code, *life in rows}


def _refused(code: str, reason: Outcome, because: str) -> Row:
    return Row(code, None, None, None, reason, because)


def _of(share: Fraction) -> str:
    return "all of " if share == WHOLE else f"{share} of "
