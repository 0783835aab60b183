"""Rules on whether bodies can be succeeded by others in a stated shape, with every reason at once."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from libs.common.errors import Reason
from libs.common.rulepacks import in_force
from libs.organisations.successions import Shape
from services.registry.core.kinds import Kind
from services.registry.core.rule_packs import PACKS
from services.registry.core.shares import WHOLE, exact_shares, total
from services.registry.core.standing import Standing


@dataclass(frozen=True, slots=True)
class PlannedSuccession:
    """A succession as stated: predecessors, successors, shape and day. A share is empty where none is stated."""

    shape: Shape
    predecessors: tuple[str, ...]
    successors: tuple[tuple[str, str], ...]
    effective_on: date
    lives_on_as: Kind | None = None

    @property
    def closing(self) -> tuple[str, ...]:
        """The predecessors that close: none that continues beside its successors, or under its code."""
        if self.shape is Shape.BOUNDARY_CHANGE or self.lives_on_as:
            return ()
        stay = {code for code, _ in self.successors} if self.shape is Shape.SPLIT else set()
        return tuple(code for code in self.predecessors if code not in stay)

    def shares(self) -> tuple[str, ...]:
        """Return the share of each successor; the only one takes all, unless a part goes to a living body."""
        if len(self.successors) == 1 and self.shape is not Shape.BOUNDARY_CHANGE:
            return (self.successors[0][1] or "1",)
        return tuple(share for _, share in self.successors)

    def exact_shares(self) -> tuple[str, ...]:
        """Return the shares in their lowest terms, in proportion where rounding alone keeps them from the whole."""
        return exact_shares(self.shares(), of_a_whole=self.shape is not Shape.BOUNDARY_CHANGE)


_COUNTS = {
    Shape.MERGER: ((2, None), (1, 1)),
    Shape.SPLIT: ((1, 1), (2, None)),
    Shape.ACQUISITION: ((1, None), (1, 1)),
    Shape.BOUNDARY_CHANGE: ((1, 1), (1, None)),
    Shape.ABOLITION: ((1, None), (1, None)),
}
"""The least and greatest numbers of predecessors and successors of each shape."""


def reasons_against(
    succession: PlannedSuccession, standing: Mapping[str, Standing], agreed: Mapping[str, tuple[str, date]]
) -> list[Reason]:
    """Return every reason against this succession; none: it can be stated.

    `standing` is the standing of each code, `agreed` the agreed merger of a code, with its day.
    """
    reasons = [*_against_the_numbers(succession), *_against_the_shares(succession)]
    for number, code in enumerate(succession.predecessors):
        field = f"predecessors.{number}"
        reasons.extend(Reason(message, field) for message in _against_predecessor(succession, standing[code]))
        if code in agreed:
            reasons.append(Reason(_in_a_merger(code, *agreed[code]), field))
    for number, (code, _) in enumerate(succession.successors):
        field = f"successors.{number}.code"
        reasons.extend(Reason(message, field) for message in _against_successor(succession, standing[code]))
        if code in agreed and code not in succession.predecessors:
            # A part of another body can pass to a merger's successor by the same plan alone.
            hint = ": state the part with the merger" if succession.shape is Shape.BOUNDARY_CHANGE else ""
            reasons.append(Reason(_in_a_merger(code, *agreed[code]) + hint, field))
    if succession.lives_on_as and succession.shape is not Shape.ABOLITION:
        reasons.append(Reason("a code continues for another kind of body after an abolition only", "lives_on_as"))
    return reasons


def _against_the_numbers(succession: PlannedSuccession) -> Iterator[Reason]:
    wanted = _COUNTS[succession.shape]
    parts = {"predecessors": succession.predecessors, "successors": [code for code, _ in succession.successors]}
    name = succession.shape.replace("_", " ")
    for (field, codes), (least, most) in zip(parts.items(), wanted, strict=True):
        if len(codes) < least or (most is not None and len(codes) > most):
            count = f"exactly {least}" if least == most else f"at least {least}"
            yield Reason(f"this shape, {name}, has {count} of the {field}, not {len(codes)}", field)
        for code, times in Counter(codes).items():
            if times > 1:
                yield Reason(f"{code} occurs {times} times", field)
    if succession.shape is Shape.ABOLITION and len(succession.predecessors) > 1 and len(succession.successors) > 1:
        yield Reason("several bodies are abolished together where one body follows all of them", "successors")
    if succession.shape is not Shape.SPLIT:
        for code in sorted(set(parts["predecessors"]) & set(parts["successors"])):
            yield Reason(f"{code} cannot follow itself: only a split has a part that continues", "successors")


def _against_the_shares(succession: PlannedSuccession) -> Iterator[Reason]:
    of_a_whole = succession.shape is not Shape.BOUNDARY_CHANGE
    shares = exact_shares([share for _, share in succession.successors], of_a_whole=of_a_whole)
    given = [share for share in shares if share]
    missing = [code for code, share in succession.successors if not share]
    whole = total(given)
    if succession.shape is Shape.BOUNDARY_CHANGE:
        if whole >= WHOLE:
            yield Reason(f"a part goes and the rest stays: the shares sum to {whole}, not to less than 1", "successors")
        return
    if succession.shape is Shape.SPLIT:
        yield from (Reason(f"{code} has no share: a split states each", "successors") for code in missing)
    elif given and missing and len(succession.successors) > 1:
        yield Reason(f"state the shares of all or of none: {', '.join(missing)} has none", "successors")
    if given and whole != WHOLE:
        yield Reason(f"the shares sum to {whole}, not to 1", "successors")


def _against_predecessor(succession: PlannedSuccession, standing: Standing) -> Iterator[str]:
    code, day = standing.code, succession.effective_on
    last = day - timedelta(days=1)
    if not standing.exists:
        yield f"{code} is not known"
        return
    kind = standing.kind_on(last)
    if standing.on(last) != "open":
        yield f"{code} is {standing.on(last)} on {last}"
    elif code not in succession.closing and standing.on(day) != "open":
        yield f"{code} would continue, but is {standing.on(day)} on {day}"
    elif standing.on(day) not in {"open", "closed"}:
        yield f"{code} is {standing.on(day)} on {day}"
    if succession.shape in {Shape.MERGER, Shape.ACQUISITION} and kind in _law(day, "dissolved_for_a_new_one"):
        yield (
            f"{code} is of the kind {kind}: a merger of such bodies is always dissolution and a new body, "
            "agreed as a merger (NHS Act 2006 s.14G)"
        )
    elif succession.shape is Shape.ACQUISITION and kind not in _law(day, "acquired"):
        allowed = ", ".join(_law(day, "acquired")) or "none"
        yield f"{code} is of the kind {kind}, and what another takes over as it stands is one of: {allowed}"


def _against_successor(succession: PlannedSuccession, standing: Standing) -> Iterator[str]:
    code, day = standing.code, succession.effective_on
    before = standing.on(day - timedelta(days=1))
    if not standing.exists:
        yield f"{code} is not known"
    elif standing.on(day) != "open":
        yield f"{code} is {standing.on(day)} on {day}: open it first"
    elif succession.shape is Shape.MERGER and before == "open":
        yield f"{code} is open before {day}: a merger establishes a new body, an existing body acquires"
    elif succession.shape in {Shape.ACQUISITION, Shape.BOUNDARY_CHANGE} and before != "open":
        yield f"{code} is {before} before {day}: {succession.shape.replace('_', ' ')} needs a body that was open"


def _law(day: date, name: str) -> Sequence[str]:
    packs = in_force(PACKS, day, subject="acquisition")
    kinds: Sequence[str] = packs[0].values[name] if packs else ()
    return kinds


def _in_a_merger(code: str, reference: str, day: date) -> str:
    return f"{code} is part of the merger {reference}, agreed for {day}"
