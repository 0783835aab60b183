"""What the registry published of a merger is shown, and what the merger would end is previewed."""

import itertools
from datetime import date, timedelta
from typing import Any

import pytest

from libs.common.events import Event
from libs.common.events.registry import (
    CCGMergerAgreed,
    CCGMergerRedated,
    CCGMergerWithdrawn,
    MergerApplicationDetermined,
    MergerApplied,
    MergerConditionMet,
)
from services.governance.mergers.errors import MergerNotFound
from services.governance.mergers.queries import get_merger, list_mergers, preview_merger
from tests.support.governance_harness import MERGED_ON, GovernanceHarness, a_merger, at

APPLIED, DETERMINED, MET, MOVED, ENDED = (date(2017, month, 1) for month in (6, 9, 10, 11, 12))
BODIES = {"successor": "14Y", "predecessors": ("10H", "10Y"), "merger": "M-14Y"}


def course() -> list[Event]:
    """A merger is applied for, approved with conditions, one of which is met, redated, and withdrawn."""
    application: dict[str, Any] = {"application": "A-14Y", "applicants": ("10H", "10Y"), "successor": "14Y"}
    return [
        MergerApplied(
            **application,
            successor_name="NHS Bucks",
            to_take_effect_on=MERGED_ON,
            effective_on=APPLIED,
            stated_at=at(APPLIED),
        ),
        CCGMergerAgreed(**BODIES, successor_name="NHS Bucks", effective_on=MERGED_ON, stated_at=at(DETERMINED)),
        MergerApplicationDetermined(
            **application,
            outcome="approved_with_conditions",
            merger="M-14Y",
            conditions=("Constitution signed off", "Savings plan"),
            effective_on=DETERMINED,
            stated_at=at(DETERMINED),
        ),
        MergerConditionMet(**BODIES, condition=2, evidence="Minute", effective_on=MET, stated_at=at(MET)),
        CCGMergerRedated(**BODIES, previously_on=MERGED_ON, effective_on=date(2019, 4, 1), stated_at=at(MOVED)),
        CCGMergerWithdrawn(**BODIES, effective_on=ENDED, stated_at=at(ENDED)),
    ]


async def test_a_merger_is_shown_as_known_at_each_instant_whatever_the_order_of_its_events(
    harness: GovernanceHarness,
) -> None:
    events = course()
    await harness.hear(*reversed(events), *events)
    seen = [
        (await get_merger(harness.database, reference, as_known=at(day, 12)))
        for reference, day in itertools.product(("A-14Y", "M-14Y"), (DETERMINED, MET, MOVED, ENDED))
    ]
    assert [one.model_copy(update={"as_known": None}) for one in seen[:4]] == [
        one.model_copy(update={"as_known": None}) for one in seen[4:]
    ]
    assert [(one.stage, str(one.effective_on), one.conditions[1].met_on) for one in seen[:4]] == [
        ("agreed", "2018-04-01", None),
        ("agreed", "2018-04-01", MET),
        ("agreed", "2019-04-01", MET),
        ("withdrawn", "2019-04-01", MET),
    ]
    assert (seen[0].application, seen[0].merger, seen[0].determinations[0].outcome) == (
        "A-14Y",
        "M-14Y",
        "approved_with_conditions",
    )
    applied = await get_merger(harness.database, "A-14Y", as_known=at(APPLIED))
    assert (applied.stage, applied.merger, applied.determinations) == ("applied", None, [])
    with pytest.raises(MergerNotFound):
        await get_merger(harness.database, "M-14Y", as_known=at(APPLIED))
    listed = await list_mergers(harness.database, "10Y", as_known=None, after=None, limit=9)
    assert [reference for reference, _ in listed] == ["A-14Y"]


async def test_a_preview_shows_what_would_end_moves_with_the_day_and_is_dropped(harness: GovernanceHarness) -> None:
    await harness.bucks()
    await harness.committee("10H", "Audit committee", {"title": "Chair"})
    await harness.name_deputies("10H/accountable-officer", "P-cfo")
    await harness.state_terms("10Y-governing-body")
    right, short = await harness.grant("10H"), await harness.grant("10Y", last_day=date(2018, 12, 31))
    await harness.hear(*course())
    first = await preview_merger(harness.database, "M-14Y", as_known=at(MET))
    assert [(one.body, one.continues, one.terms_of_reference) for one in first.bodies] == [
        ("10H-audit-committee", False, False),
        ("10H-governing-body", True, False),
        ("10Y-governing-body", True, True),
    ]
    assert [(one.post, one.deputies) for one in first.posts if one.shared] == [
        ("10H/accountable-officer", 1),
        ("10Y/accountable-officer", 0),
    ]
    assert [one.decision_right for one in first.rights] == [right, short]
    moved = await preview_merger(harness.database, "A-14Y", as_known=at(MOVED))
    assert (moved.effective_on, [one.decision_right for one in moved.rights]) == (date(2019, 4, 1), [right])
    gone = await preview_merger(harness.database, "M-14Y", as_known=None)
    assert (gone.stage, gone.bodies, gone.rights_in_all) == ("withdrawn", [], 0)
    with pytest.raises(MergerNotFound):
        await preview_merger(harness.database, "A-14Y", as_known=at(APPLIED))


async def test_a_merger_that_is_carried_out_has_nothing_left_to_preview(harness: GovernanceHarness) -> None:
    await harness.bucks()
    agreed = course()[1].model_copy(update={"stated_at": at(MERGED_ON - timedelta(days=90))})
    await harness.hear(agreed, a_merger())
    shown = await preview_merger(harness.database, "M-14Y", as_known=None)
    assert (shown.stage, shown.bodies) == ("merged", [])
