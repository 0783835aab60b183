"""What an approved proposal waits for, since when, and from which day a step is stalled: by table."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta

import pytest

from services.governance.proposals.models import ActKind
from services.governance.proposals.rules import Done, Standing, standing
from services.governance.tasks.rules import StepBounds, StepWait, carrying_out, stalled_on, unmet_conditions

DAY = date(2017, 6, 1)
OPENED = Done(what=ActKind.OPENED, effective_on=DAY, stated_at=datetime(2017, 6, 1, 9, tzinfo=UTC))


def an_act(what: ActKind, days: int, body: str = "", code: str = "") -> Done:
    on = DAY + timedelta(days=days)
    return Done(
        what=what, effective_on=on, stated_at=OPENED.stated_at, id=days, body=body, code=code, reference=f"D-{body}"
    )


def decided(body: str, days: int, *conditions: str, outcome: str = "approved") -> Done:
    kind = "approved_with_conditions" if conditions else outcome
    return Done(
        what=ActKind.DECIDED,
        effective_on=DAY + timedelta(days=days),
        stated_at=OPENED.stated_at,
        id=days,
        body=body,
        outcome=kind,
        reference=f"D-{body}",
        conditions=conditions,
    )


def stood(*acts: Done) -> Standing:
    return standing(["B1", "B2"], [OPENED, *acts], revision=0, on=DAY + timedelta(days=50))


def shown(waits: list[StepWait]) -> Mapping[str, int]:
    return {one.path: (one.since - DAY).days for one in waits}


EVIDENCE = "/proposals/PR-1/conditions/staffed/evidence"


@pytest.mark.parametrize(
    ("acts", "unmet", "to_commit"),
    [
        ([decided("B1", 2, "staffed")], {}, None),
        ([decided("B1", 2, "staffed"), decided("B2", 5)], {EVIDENCE: 2}, None),
        ([decided("B1", 2, "staffed"), decided("B2", 5, "staffed")], {EVIDENCE: 5}, None),
        ([decided("B1", 2, "staffed"), decided("B2", 5), an_act(ActKind.EVIDENCED, 9, code="staffed")], {}, 9),
        ([decided("B1", 2), decided("B2", 5)], {}, 5),
        ([decided("B1", 2, "staffed"), decided("B2", 5, outcome="rejected")], {}, None),
        ([decided("B1", 2, "staffed"), decided("B2", 5), an_act(ActKind.REVERSED, 7, "B2")], {}, None),
        ([decided("B1", 2, "staffed"), decided("B2", 5), an_act(ActKind.VOID, 7)], {}, None),
        ([decided("B1", 2), decided("B2", 5), an_act(ActKind.WITHDRAWN, 7)], {}, None),
    ],
)
def test_what_is_approved_waits_for_evidence_and_then_to_be_carried_out(
    acts: list[Done], unmet: Mapping[str, int], to_commit: int | None
) -> None:
    now = stood(*acts)
    assert shown(unmet_conditions("PR-1", "10H", ["10H", "10Y"], now, retracted={})) == unmet
    to_do = {} if to_commit is None else {"/consolidations/PL-1/commitment": to_commit}
    assert shown(carrying_out("PR-1", "PL-1", "10H", ["10H", "10Y"], now, is_merger=False)) == to_do


def test_a_step_is_stalled_from_the_day_after_its_bound_and_never_without_one() -> None:
    waits = carrying_out("PR-1", "M-1", "10H", ["10Y"], stood(decided("B1", 2), decided("B2", 5)), is_merger=True)
    bounds = StepBounds({"application": 10}, "a-pack")
    assert stalled_on(waits, bounds, on=DAY + timedelta(days=15)) == []
    assert stalled_on(waits, bounds, on=DAY + timedelta(days=16)) == waits
    assert stalled_on(waits, StepBounds({"commitment": 1}, "a-pack"), on=date.max) == []
    assert waits[0].parties == ("10H", "10Y")
