"""What a plan waits for, since when and for whom: by table."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import pytest

from services.contracts.plans.models import Cause, ExitChoice, Kind
from services.contracts.plans.rules import History, Revision, StatedAct, Step
from services.contracts.tasks.rules import StepBounds, waits_of

DAY = date(2018, 1, 1)
START = datetime(2018, 1, 1, 9, tzinfo=UTC)
BOTH = ("A", "B")
ENTER = [(Kind.ENTERED, 0, "A"), (Kind.ENTERED, 1, "B")]
SUBMIT = [*ENTER, (Kind.SUBMITTED, 10, "")]
ACCEPT = [*SUBMIT, (Kind.ACCEPTED, 11, "A"), (Kind.ACCEPTED, 12, "B")]
COMMIT = [*ACCEPT, (Kind.COMMITTED, 20, "")]


def a_history(acts: Sequence[tuple[Kind, int, str]], *, assessed: bool, choice: ExitChoice) -> History:
    """A plan of A and B for one contract, planned on the first day and assessed five days later; acts by days."""
    step = Step("K", choice, DAY + timedelta(days=90), DAY + timedelta(days=90))
    first = Revision(1, Cause.PLANNED, BOTH, (1, 1), ("K",), 100, DAY, START)
    on = DAY + timedelta(days=5)
    second = Revision(2, Cause.ASSESSED, BOTH, (1, 1), ("K",), 100, on, START + timedelta(days=5), (step,))
    stated = [
        StatedAct(
            kind,
            2 if days > 1 else 1,
            DAY + timedelta(days=days),
            START + timedelta(days=days, hours=1),
            member=about if about != "K" else "",
            contract="K" if about == "K" else "",
            detail="supplier_agreed" if kind in (Kind.PREPARED, Kind.RECALLED) else "",
        )
        for kind, days, about in acts
    ]
    return History((first, second) if assessed else (first,), tuple(stated))


@pytest.mark.parametrize(
    ("acts", "assessed", "choice", "waits"),
    [
        ([(Kind.ENTERED, 0, "A")], False, ExitChoice.WAIT, [("entry", 0, ("B",), "B")]),
        (ENTER, False, ExitChoice.WAIT, [("assessment", 1, BOTH, "")]),
        (ENTER, True, ExitChoice.WAIT, [("submission", 5, BOTH, "")]),
        (SUBMIT, True, ExitChoice.WAIT, [("acceptance", 10, ("A",), "A"), ("acceptance", 10, ("B",), "B")]),
        (ACCEPT[:-1], True, ExitChoice.WAIT, [("acceptance", 10, ("B",), "B")]),
        ([*ACCEPT[:-1], (Kind.REJECTED, 15, "B")], True, ExitChoice.WAIT, [("acceptance", 15, ("B",), "B")]),
        (ACCEPT, True, ExitChoice.WAIT, [("commitment", 12, BOTH, "")]),
        (ACCEPT, True, ExitChoice.PAY, [("supplier_agreement", 10, BOTH, "K")]),
        ([*ACCEPT, (Kind.PREPARED, 14, "K")], True, ExitChoice.PAY, [("commitment", 14, BOTH, "")]),
        (
            [*ACCEPT, (Kind.PREPARED, 14, "K"), (Kind.RECALLED, 16, "K")],
            True,
            ExitChoice.PAY,
            [("supplier_agreement", 16, BOTH, "K")],
        ),
        (COMMIT, True, ExitChoice.WAIT, [("move", 90, BOTH, "K")]),
        ([*COMMIT, (Kind.MOVED, 90, "K")], True, ExitChoice.WAIT, []),
        ([*SUBMIT, (Kind.ENDED, 20, "")], True, ExitChoice.WAIT, []),
    ],
)
def test_each_state_of_a_plan_waits_for_its_next_step(
    acts: list[tuple[Kind, int, str]],
    assessed: bool,
    choice: ExitChoice,
    waits: list[tuple[str, int, tuple[str, ...], str]],
) -> None:
    found = waits_of(a_history(acts, assessed=assessed, choice=choice), on=DAY + timedelta(days=90))
    assert [(one.step, (one.since - DAY).days, one.who, one.about) for one in found] == waits


def test_a_step_is_stalled_from_the_day_after_its_bound_and_never_without_one() -> None:
    history = a_history(COMMIT, assessed=True, choice=ExitChoice.WAIT)
    assert waits_of(history, on=DAY + timedelta(days=89)) == [], "its day has not come"
    waits = waits_of(history, on=DAY + timedelta(days=99))
    bounds = StepBounds({"move": 7}, "a-pack")
    assert bounds.stalled_on(waits, DAY + timedelta(days=97)) == []
    assert bounds.stalled_on(waits, DAY + timedelta(days=98)) == waits
    assert StepBounds({}, "a-pack").stalled_on(waits, date.max) == []
