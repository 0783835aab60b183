"""Rules on whether parts of bodies can pass to a plan's new body, with every reason at once."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from libs.common.errors import Reason
from services.registry.core.shares import WHOLE
from services.registry.cover.checks import Records
from services.registry.cover.rules import Commissioners, Subject
from services.registry.parts.part import AgreedPart, Part


def reasons_against_parts(
    parts: Sequence[Part],
    dissolved: Collection[str],
    effective_on: date,
    *,
    agreed: Mapping[str, tuple[str, date]],
    parts_agreed: Mapping[str, Sequence[AgreedPart]],
) -> Iterator[Reason]:
    """Yield a reason for each part that stands against the plan, whatever its body is like.

    A body can be part of several plans: its shares may not exceed the whole on one day. `dissolved` are the plan's
    predecessors and its successor, `agreed` the other merger of a code with its day.
    """
    times = Counter(part.code for part in parts)
    for number, part in enumerate(parts):
        code, field = part.code, f"parts.{number}"
        if times[code] > 1:
            yield Reason(f"{code} occurs {times[code]} times: list its parts together", f"{field}.code")
        if code in dissolved:
            yield Reason(f"{code} is a predecessor or the successor already, and so no part", f"{field}.code")
        others = parts_agreed.get(code, ())
        if code in agreed and not others:
            reference, day = agreed[code]
            yield Reason(f"{code} is part of the merger {reference}, agreed for {day}", f"{field}.code")
        shares = [Fraction(one.share) for one in others if one.share and one.effective_on == effective_on]
        passing = sum(shares, Fraction(part.share or 0))
        if passing > WHOLE:
            plans = ", ".join(one.reference for one in others)
            yield Reason(f"with {plans}, {passing} of {code} would pass on {effective_on}", f"{field}.share")
    for sort in ("locations", "practices", "areas"):
        listed = Counter(code for part in parts for code in getattr(part, sort))
        yield from (Reason(f"{code} is listed {count} times", "parts") for code, count in listed.items() if count > 1)


@dataclass(frozen=True, slots=True)
class Passing:
    """What the parts list, with who has it on the day: what is read before it is checked and before it moves."""

    records: Records
    after: Commissioners
    below: Mapping[str, str]
    """Each open sub-ICB location of the parts' bodies, with its body."""
    day: date

    def has(self, part: Part, subject: Subject) -> bool:
        """Whether a practice or area is with the part's body on the day, or with a location below it."""
        owners = {part.code, *(code for code, above in self.below.items() if above == part.code)}
        who = self.records.commissioners()
        covering = [who.on(owner, self.day) for days, owner in subject.stated if self.day in days]
        return len(covering) == 1 and len(covering[0]) == 1 and covering[0] <= owners


def reasons_against_lists(parts: Sequence[Part], found: Passing) -> Iterator[Reason]:
    """Yield a reason for each listed location, practice and area that its body does not have on the day."""
    for number, part in enumerate(parts):
        for code in part.locations:
            if found.below.get(code) != part.code:
                yield Reason(
                    f"{code} is no sub-ICB location of {part.code} on {found.day}", f"parts.{number}.locations"
                )
        practices = {code: found.records.practices.get(code) for code in part.practices}
        for code, practice in practices.items():
            if practice is None or not found.has(part, practice.subject()):
                yield Reason(f"{code} is no practice of {part.code} on {found.day}", f"parts.{number}.practices")
        for code in part.areas:
            if not found.has(part, found.records.areas[code]):
                yield Reason(f"{code} is no area of {part.code} on {found.day}", f"parts.{number}.areas")
