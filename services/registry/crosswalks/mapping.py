"""Maps bodies of one day to those of another, forwards and backwards in time, with exact shares."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from fractions import Fraction

from libs.common.database.connection import Reads
from services.registry.core.codes import ByCode
from services.registry.crosswalks.memberships import by_practices, moves
from services.registry.crosswalks.rows import DayPair as DayPair
from services.registry.crosswalks.rows import Row as Row
from services.registry.crosswalks.views import Basis, Finding, MovedView, Outcome
from services.registry.lineage.lives import Doubt, Doubted, Lifetime, believable, lives_of
from services.registry.lineage.queries import chains_from, steps_to
from services.registry.lineage.tracing import WHOLE, Step

_A_DAY = timedelta(days=1)


async def cross(
    db: Reads, codes: Collection[str], days: DayPair, *, by: Basis = Basis.SUCCESSIONS
) -> ByCode[list[Row]]:
    """Return the rows of each code, including those that cannot be mapped, in a handful of round trips.

    By successions, practices that crossed a boundary without one are marked. By practices, a code without any has its
    rows by successions.
    """
    rows = dict(await by_practices(db, codes, days)) if by is Basis.PRACTICES else {}
    if rest := [code for code in codes if code not in rows]:
        mapped = await (_forwards(db, rest, days) if days.forwards else _backwards(db, rest, days))
        rows |= await _marked(db, mapped, days)
    return rows


async def _marked(db: Reads, rows: dict[str, list[Row]], days: DayPair) -> dict[str, list[Row]]:
    """Return the rows with the moves of practices out of their earlier body and into their later one."""
    ends = {row.to_code for some in rows.values() for row in some if row.to_code}
    early, late = (rows.keys(), ends) if days.forwards else (ends, rows.keys())
    if not (found := await moves(db, early, late, days)):
        return rows
    return {code: [_with_moves(row, found, days) for row in some] for code, some in rows.items()}


def _with_moves(row: Row, found: Iterable[MovedView], days: DayPair) -> Row:
    first, last = (row.code, row.to_code) if days.forwards else (row.to_code, row.code)
    moved = tuple(one for one in found if one.from_code == first or one.to_code == last)
    if not moved:
        return row
    said = "; ".join(
        f"{one.practices} practices{'' if one.people is None else f' with {one.people:,} people'} had moved from "
        f"{one.from_code} to {one.to_code}, and no succession says so"
        for one in moved
    )
    return replace(row, because=f"{row.because}; {said}", findings=(*row.findings, Finding.MOVED), moved=moved)


async def _forwards(db: Reads, codes: Collection[str], days: DayPair) -> dict[str, list[Row]]:
    chains = await chains_from(db, codes, days.end, days.known)
    lives = chains.lives
    # A code that was closed before is followed from its end, because columns of later days often contain it.
    stale = {code for code in codes if code in lives and lives[code].on(days.start) == "closed"}
    ends = chains.ends_of(set(codes) - stale, since=days.start + _A_DAY) | chains.ends_of(stale)
    followed = {step.code for step in chains.steps}
    later = {end for code in codes for end, _ in ends[code]}
    made_of = await _made_of(db, later, days.start, days.end, days)
    known = _Known(lives, chains.doubted, made_of)
    rows: dict[str, list[Row]] = {}
    for code in codes:
        life = lives.get(code)
        if life is None and code not in followed:
            rows[code] = [_refused(code, Outcome.UNKNOWN_CODE, f"the registry knows no body {code}")]
        elif life is not None and _opens_after(life, days.start):
            why = f"{code} opens on {life.opens}, after {days.start}"
            rows[code] = [_refused(code, Outcome.NOT_OPEN_YET, why)]
        else:
            whole = sum((share for _, share in ends[code] if share is not None), Fraction(0))
            rows[code] = [_end(code, end, share, days, known) for end, share in ends[code]]
            if whole < WHOLE and all(share is not None for _, share in ends[code]):
                why = f"no source says where {WHOLE - whole} of {code} went"
                rows[code].append(Row(code, None, WHOLE - whole, None, Outcome.PART_NOT_STATED, why))
    return rows


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of the bodies of a crosswalk beside their successions."""

    lives: Mapping[str, Lifetime]
    doubted: Mapping[str, list[Doubted]]
    made_of: Mapping[str, Mapping[str, Fraction | None]]


def _end(code: str, end: str, share: Fraction | None, days: DayPair, known: _Known) -> Row:
    life, doubted = known.lives.get(end), _doubts(known.doubted.get(end, ()), code, end, days)
    findings = tuple(dict.fromkeys(Finding(one.doubt) for one in doubted))
    but = "".join(f"; {one.because}" for one in doubted)
    if life is not None and life.on(days.end) == "closed":
        way = "" if code == end else f"{code} lived on in {end}; "
        if doubted:
            return Row(code, None, share, None, Outcome.CLOSED_BEFORE_FOLLOWED, f"{way}{but.strip('; ')}", findings)
        why = f"{way}{end} closed by {life.closed}, and no source says what became of it"
        return Row(code, None, share, None, Outcome.CLOSED_WITHOUT_SUCCESSOR, why)
    sole = known.made_of.get(end, {}).keys() == {code}
    of_to = WHOLE if sole and share is not None else None
    if share is None:
        why = f"no source states what share of {code} went to {end}{but}"
        return Row(code, end, None, WHOLE if sole else None, Outcome.SHARE_NOT_STATED, why, findings)
    if code == end and share != WHOLE:
        why = f"{code} kept {share} of what it was"
    elif code == end:
        described = life is not None and life.on(days.end) is not None
        why = f"{code} is there on both days" if described else f"nothing is known to have followed {code}"
    else:
        why = f"{_of(share)}{code} had gone to {end} by {days.end}"
    return Row(code, end, share, of_to, Outcome.CARRIED, why + but, findings)


def _doubts(doubted: Iterable[Doubted], code: str, end: str, days: DayPair) -> list[Doubted]:
    """Return the successions that were not followed and would have led on from the end of a code's chain."""
    return [
        one for one in doubted if code != end or one.doubt is Doubt.CLOSED_BEFORE or one.step.effective_on > days.start
    ]


async def _backwards(db: Reads, codes: Collection[str], days: DayPair) -> dict[str, list[Row]]:
    lives = await lives_of(db, codes, as_known=days.known)
    made_of = await _made_of(db, codes, days.end, days.start, days)
    rows: dict[str, list[Row]] = {}
    for code in codes:
        origins = made_of.get(code, {})
        life = lives.get(code)
        if life is None and not origins.keys() - {code}:
            rows[code] = [_refused(code, Outcome.UNKNOWN_CODE, f"the registry knows no body {code}")]
        elif life is not None and _opens_after(life, days.start):
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
    candidates = {*later, *(step.code for step in led_here)}
    chains = await chains_from(db, candidates, late, days.known, beside=led_here)
    followed, _ = believable(led_here, chains.lives, late)
    there = {code for code in candidates if _was_there(code, chains.lives.get(code), early, followed)}
    made_of: dict[str, dict[str, Fraction | None]] = defaultdict(dict)
    for origin, shares in chains.ends_of(there, since=early + _A_DAY).items():
        for end, share in shares:
            made_of[end][origin] = share
    return {code: made_of[code] for code in later if code in made_of}


def _was_there(code: str, life: Lifetime | None, day: date, led_here: Iterable[Step]) -> bool:
    """Whether a body operated on the early day; without a known life, unless a succession began it since."""
    if life is not None and (status := life.on(day)) is not None:
        return status == "open"
    if life is not None and life.opens is not None:
        return False
    return not any(step.successor == code != step.code for step in led_here)


def _opens_after(life: Lifetime, day: date) -> bool:
    return life.on(day) in (None, "proposed") and life.opens is not None and life.opens > day


def _refused(code: str, reason: Outcome, because: str) -> Row:
    return Row(code, None, None, None, reason, because)


def _of(share: Fraction) -> str:
    return "all of " if share == WHOLE else f"{share} of "
