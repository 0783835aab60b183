"""Who stands in the way: the figures of S28 and S29, and a second set, by table and by property."""

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.common.temporal.delays import Stop, count_months
from services.governance.obstructions.queries import asked_on
from services.governance.obstructions.rules import (
    BodyPosition,
    Limits,
    PastMeeting,
    find_obstructing,
    inert_since,
    missed_days,
)
from services.governance.proposals.models import ActKind
from services.governance.proposals.queries import ProposalRead
from services.governance.proposals.rules import Done, standing

DUE = date(2017, 4, 1)
LATER = DUE + timedelta(days=30)
HALF = Limits(Fraction(1, 2), 2, "obstructions-2017")
TWO_THIRDS = Limits(Fraction(2, 3), 2, "another")
OUTCOMES = {"a": "accepted", "r": "rejected", "s": ""}


def positions(answers: str, on: date = DUE) -> list[BodyPosition]:
    """Bodies B1, B2, ... that accepted (a), rejected (r) or are silent (s)."""
    return [
        BodyPosition(
            body=f"B{number}",
            organisations=(f"O{number}",),
            outcome=OUTCOMES[answer],
            decided_on=on if answer != "s" else None,
        )
        for number, answer in enumerate(answers, 1)
    ]


@pytest.mark.parametrize(
    ("answers", "limits", "found"),
    [
        ("aaaar", HALF, ["B5 veto 4/5"]),
        ("aaars", HALF, ["B4 veto 3/5", "B5 inertia "]),
        ("aarss", HALF, ["B4 inertia ", "B5 inertia "]),
        ("aaaas", HALF, ["B5 inertia "]),
        ("arrrr", HALF, []),
        ("aaaaa", HALF, []),
        ("ar", HALF, ["B2 veto 1/2"]),
        ("aaars", TWO_THIRDS, ["B5 inertia "]),
        ("aaaar", TWO_THIRDS, ["B5 veto 4/5"]),
        ("aar", TWO_THIRDS, ["B3 veto 2/3"]),
    ],
)
def test_s28_silence_stays_in_the_denominator(answers: str, limits: Limits, found: list[str]) -> None:
    seen = find_obstructing(positions(answers), DUE, on=LATER, limits=limits)
    assert [f"{one.body} {one.kind.value} {one.share}" for one in seen] == found


def test_a_body_is_asked_again_from_the_day_of_what_asks_it_and_not_from_when_that_is_known() -> None:
    acts = tuple(
        Done(what=what, effective_on=DUE + timedelta(days=days), stated_at=datetime(2017, 4, 1, tzinfo=UTC), body="B1")
        for what, days in ((ActKind.OPENED, 0), (ActKind.REVERSED, 9))
    )
    amounts = dict.fromkeys(("value_pence", "annual_pence", "case_version", "revision"), 0)
    texts = dict.fromkeys(("organisation", "kind", "action", "subject", "series", "case_reference", "digest"), "")
    days = {"due_on": LATER, "drafted_on": DUE, "stated_at": acts[0].stated_at, "recurrent": False}
    now = standing(["B1"], acts, revision=0, on=DUE)
    given: dict[str, Any] = {**amounts, **texts, **days, "binding": {"B1": ("O1",)}, "acts": acts, "standing": now}
    asked = [asked_on(ProposalRead(reference="PR-1", as_at=DUE + timedelta(days=day), **given), "B1") for day in (8, 9)]
    assert asked == [DUE, DUE + timedelta(days=9)]


def test_a_veto_waits_for_all_answers_or_for_the_due_day() -> None:
    early = DUE - timedelta(days=10)
    assert find_obstructing(positions("aaars", early), DUE, on=DUE, limits=HALF) == []
    [veto, inert] = find_obstructing(positions("aaars", early), DUE, on=DUE + timedelta(days=1), limits=HALF)
    assert (veto.since, inert.since) == (date(2017, 4, 2), date(2017, 4, 2))
    [whole] = find_obstructing(positions("aaaar", early), DUE, on=early, limits=HALF)
    assert (whole.since, whole.share) == (early, "4/5")
    late = find_obstructing(positions("ar", LATER), DUE, on=LATER, limits=HALF)
    assert [one.since for one in late] == [LATER]


@pytest.mark.parametrize(
    ("stops", "missed", "since"),
    [
        ((), (), date(2017, 4, 2)),
        (((date(2017, 3, 1), date(2017, 8, 1)),), (), date(2017, 8, 1)),
        (((date(2017, 6, 1), date(2017, 8, 1)),), (), date(2017, 4, 2)),
        (((date(2017, 3, 1), None),), (), None),
        ((), (date(2017, 1, 20), date(2017, 2, 17)), date(2017, 2, 18)),
        ((), (date(2017, 1, 20),), date(2017, 4, 2)),
        (((date(2017, 1, 1), date(2017, 2, 1)),), (date(2017, 1, 20), date(2017, 2, 17)), date(2017, 4, 2)),
    ],
)
def test_inertia_begins_after_the_due_day_or_two_meetings_and_outside_of_deferrals(
    stops: tuple[tuple[date, date | None], ...], missed: tuple[date, ...], since: date | None
) -> None:
    deferred = tuple(Stop(first, until, "deferred") for first, until in stops)
    assert inert_since(BodyPosition(body="B", organisations=("O",), stops=deferred, missed_on=missed), DUE, 2) == since


def test_a_meeting_is_missed_where_it_could_have_decided() -> None:
    asked = date(2017, 3, 1)
    called_before, on_the_day = date(2017, 2, 24), date(2017, 3, 1)
    meetings = [
        PastMeeting(asked, None),
        PastMeeting(date(2017, 3, 2), called_before),
        PastMeeting(date(2017, 3, 8), on_the_day),
        PastMeeting(date(2017, 4, 5), None),
    ]
    assert missed_days(meetings, asked) == (date(2017, 3, 8), date(2017, 4, 5))
    assert missed_days(meetings, date(2017, 4, 5)) == ()


def test_s29_five_months_and_three_with_a_lawful_deferral() -> None:
    undecided = date(2017, 9, 1)
    assert count_months(DUE, [], as_at=undecided).months == 5
    deferred = Stop(date(2017, 6, 1), date(2017, 8, 1), "deferred")
    assert count_months(DUE, [deferred], as_at=undecided).months == 3


def test_an_abolished_body_stands_in_nobodys_way_and_stays_in_the_denominator() -> None:
    gone = BodyPosition(body="B9", organisations=("O9",), gone_on=DUE)
    assert find_obstructing([*positions("ar"), gone], DUE, on=LATER, limits=HALF) == []
    [veto] = find_obstructing([*positions("aar"), gone], DUE, on=LATER, limits=HALF)
    assert (veto.body, veto.share) == ("B3", "1/2")


@settings(max_examples=100, deadline=None)
@given(st.text("ars", min_size=1, max_size=12), st.integers(0, 4))
def test_each_silent_body_is_inert_and_vetoes_follow_plain_counting(answers: str, quarters: int) -> None:
    limits = Limits(Fraction(quarters, 4), 2, "any")
    found = find_obstructing(positions(answers), DUE, on=LATER, limits=limits)
    inert = {one.body for one in found if one.kind == "inertia"}
    vetoes = {one.body for one in found if one.kind == "veto"}
    assert inert == {f"B{number}" for number, answer in enumerate(answers, 1) if answer == "s"}
    reached = 4 * answers.count("a") >= quarters * len(answers)
    assert vetoes == {f"B{number}" for number, answer in enumerate(answers, 1) if answer == "r" and reached}
