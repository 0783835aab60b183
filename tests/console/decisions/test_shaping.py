"""What pages about decisions show, made of answers of another world."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.core.forms import pence_of
from console.core.page import Person
from console.core.words import clock
from console.decisions.packs import pack_on
from console.decisions.shaping.dossiers import chain_of, verify
from console.decisions.shaping.hours import hour, instant_of
from console.decisions.shaping.inbox import task_of
from console.decisions.shaping.items import conflicted, seat_votes
from console.decisions.shaping.meetings import agenda, next_acts, people_of, seats
from console.decisions.shaping.proposals import LEAD, standing, undecided
from console.decisions.shaping.proposals import next_acts as next_acts_on
from console.decisions.shaping.questions import Asked, holders
from console.decisions.shaping.radar import chart_of, rows_of
from tests.console.decisions import recorded as of


def test_a_decision_is_put_off_by_whom_it_is_asked_of_and_all_else_is_done_by_the_proposer() -> None:
    waiting = of.ASKED["consents"][0]
    asked = of.ASKED | {"state": "open", "consents": [waiting | {"organisations": ["Q9Y"], "outcome": None}]}
    proposer, other = (
        Person("ada", roles=frozenset({LEAD}), organisations=frozenset({code})) for code in (of.CODE, "Q9Y")
    )
    assert "deferrals" not in next_acts_on(asked, proposer)
    assert "withdrawal" in next_acts_on(asked, proposer)
    assert next_acts_on(asked, other) == ("deferrals",)
    assert undecided(asked, proposer) == []
    assert undecided(asked) == undecided(asked, other) == [waiting["body"]]


@pytest.mark.parametrize(
    ("written", "pence"),
    [
        ("2.3m", 230_000_000),
        ("£2.3m", 230_000_000),
        ("£ 2,300,000", 230_000_000),
        ("2300000.5", 230_000_050),
        ("1.5bn", 150_000_000_000),
        ("9" * 5_000, None),
        ("40k", 4_000_000),
        ("40 thousand", 4_000_000),
        ("0", 0),
        ("0.001", None),
        ("-5", None),
        ("two", None),
        ("", None),
    ],
)
def test_an_amount_is_read_as_people_write_it(written: str, pence: int | None) -> None:
    assert pence_of(written) == pence


@given(st.integers(min_value=0, max_value=10**13))
def test_pounds_with_commas_are_read_back(pence: int) -> None:
    assert pence_of(f"£{pence // 100:,}.{pence % 100:02}") == pence


@pytest.mark.parametrize(
    ("day", "written", "instant"),
    [
        ("2031-05-14", "14:05", "2031-05-14T14:05:00+01:00"),
        ("2031-12-14", "14:05", "2031-12-14T14:05:00+00:00"),
        (date(2031, 12, 14), "09:00", "2031-12-14T09:00:00+00:00"),
        ("2031-05-14", "half past", "2031-05-14Thalf past"),
        ("2031-05-14", "", None),
        ("", "14:05", "14:05"),
    ],
)
def test_a_time_is_of_the_clock_of_england(day: date | str, written: str, instant: str | None) -> None:
    assert instant_of(day, written) == instant


def test_an_instant_is_shown_in_words_and_in_an_input() -> None:
    assert (clock("2031-05-14T13:05:00Z"), hour("2031-05-14T13:05:00Z")) == ("2:05pm", "14:05")
    assert (clock("2031-01-14T00:00:00Z"), hour("2031-01-14T00:00:00Z")) == ("12am", "00:00")
    assert (clock(None), hour(None)) == ("", "")


def test_a_task_leads_to_where_its_next_step_is() -> None:
    [vote, declaration, right] = [task_of(row) for row in of.WAITING]
    assert (vote.done_at, vote.title) == (f"/decisions/items/{of.SECOND}", "Vote on a proposal")
    assert declaration.done_at == f"/decisions/declarations/{of.CODE}/{of.CHAIR}"
    assert right.done_at == f"/decisions/rights/R-31/remaking?organisation={of.CODE}"
    assert task_of(of.WAITING[2] | {"kind": "of_another_year"}).done_at == "/reasons/R-31"
    waiting = of.WAITING[0] | {"kind": "consent", "path": "/meetings"}
    assert task_of(waiting).done_at == f"/decisions/proposals/{of.PROPOSAL}"
    drafted = of.WAITING[0] | {"kind": "minutes", "about": of.MEETING, "path": f"/meetings/{of.MEETING}/minutes"}
    assert task_of(drafted).done_at == f"/decisions/meetings/{of.MEETING}"


def test_the_address_of_a_question_is_what_the_service_is_asked() -> None:
    asked = Asked.of(
        {
            "organisation": " q9x ",
            "action": "estate",
            "own_action": "estate.lease",
            "pounds": "2.3m",
            "holder": "Q9X/chair",
            "recurrent": "yes",
            "conditions": "valued, seen",
        }
    )
    assert asked.complete
    assert asked.question == {
        "organisation": "Q9X",
        "post": "Q9X/chair",
        "action": "estate.lease",
        "recurrent": True,
        "value_pence": 230_000_000,
        "conditions_met": ["valued", "seen"],
    }
    assert Asked.of(asked.with_holder("P-9")).question["person"] == "P-9"
    assert Asked.of(asked.with_holder("Q9X-board")).question["body"] == "Q9X-board"


def test_nothing_is_wrong_before_anything_is_asked() -> None:
    assert Asked.of({}).unreadable == {}
    assert set(Asked.of({"pounds": "much"}).unreadable) == {"organisation", "action", "pounds"}
    assert not Asked.of({"organisation": "Q9X", "action": "estate", "pounds": "much"}).complete


def test_a_pack_is_that_of_the_day() -> None:
    packs: list[dict[str, Any]] = [
        {"id": "old", "subject": "s", "effective_from": "2012-01-01", "effective_to": "2019-12-31"},
        {"id": "new", "subject": "s", "effective_from": "2020-01-01", "effective_to": None},
        {"id": "other", "subject": "t", "effective_from": "2012-01-01", "effective_to": None},
    ]
    assert [pack_on(packs, "s", day) for day in ("2011-12-31", "2012-01-01", "2019-12-31", "2020-01-01", "")] == [
        *(None, "old", "old", "new", "new"),
    ]


def test_the_agenda_has_each_items_quorum_in_the_words_of_the_bodys_posts() -> None:
    people = people_of(of.POSTS)
    first, second = agenda(of.MET, of.FORECAST, people)
    assert (first.item["title"], first.outcome) == ("A lease", ("Carried", "green"))
    assert second.forecast is not None
    assert (second.forecast.quorate, second.forecast.excluded) == (False, "GP member")
    assert second.forecast.shortfalls == ("No one is there as lay-member or vice-chair, and 1 voting member too few",)
    assert second.forecast.additions == ("Deputy for GP member",)
    assert [row.forecast for row in agenda(of.MET, None, people)] == [None, None]


def test_names_stand_before_posts_where_they_were_asked_for() -> None:
    named = people_of(of.POSTS, [{"person": of.CHAIR, "display_name": "The first chair"}])
    assert (named.of(of.CHAIR), named.of(of.LAY), named.of("P-zz")) == ("The first chair (Chair)", "Lay member", "P-zz")


def test_who_left_is_shown_with_the_time_and_may_come_back() -> None:
    rows = {row.person: row for row in seats(of.MET, of.POSTS, people_of(of.POSTS))}
    assert [row.label for row in rows.values()] == ["Chair", "Lay member", "GP member", "Deputy for GP member"]
    assert (rows[of.CHAIR].presence, rows[of.CHAIR].pairs) == ("from 2pm to the end", (("14:00", ""),))
    assert (rows[of.LAY].presence, rows[of.LAY].pairs) == ("2pm to 2:45pm", (("14:00", "14:45"), ("", "")))
    assert (rows[of.GP].coming, rows[of.GP].pairs) == (None, (("", ""),))
    assert rows["P-dd44"].seat == "Q9X/gp-member"


def test_each_voting_seat_has_its_vote() -> None:
    rows = seat_votes(of.VOTED, of.MET, of.POSTS, excluded={of.GP})
    assert [(row.title, row.choice, row.counts, row.excluded) for row in rows] == [
        ("Chair", "For", True, False),
        ("Lay member", "Against", False, False),
        ("GP member", "", None, True),
    ]
    [one] = conflicted(of.CONFLICTS, people_of(of.POSTS))
    assert (one.path, one.asked) == (("GP member owns SUPX (1/16)",), "Leaves the room")


def test_a_changed_entry_is_seen_and_so_is_a_head_that_is_not_its_own() -> None:
    links = chain_of(of.ENTRIES)
    assert [link.follows for link in links] == [True, True, True]
    assert verify(links, of.DOSSIER["parts"]).heads == {1: True}
    changed = [of.ENTRIES[0], of.ENTRIES[1] | {"line": "{}"}, of.ENTRIES[2]]
    assert verify(chain_of(changed), ()).broken == (2,)
    assert verify(chain_of([of.ENTRIES[0], of.ENTRIES[2]]), ()).broken == (3,)
    later = chain_of(of.ENTRIES[1:])
    assert [link.follows for link in later] == [None, True], "what stands on the page before is not known here"
    assert verify(later, [of.DOSSIER["parts"][0] | {"head": "00" * 32}]).heads == {1: False}


def test_the_radar_is_a_line_a_horizon_and_without_a_price_one_line() -> None:
    assert rows_of(of.BLOCKED)[0][-3:] == ["rolling", "2100000", "4200000"]
    assert rows_of(of.BLOCKED | {"costs": []}) == [[*rows_of(of.BLOCKED)[0][:-3], "", "", ""]]
    chart = chart_of([of.BLOCKED], horizon="rolling")
    assert chart is not None
    assert chart.marks == 1
    assert chart_of([of.BLOCKED], horizon="fixed") is None


def test_what_can_be_done_follows_from_the_state() -> None:
    assert next_acts("planned", items=0)[0] == "items"
    assert "closing" not in next_acts("called", items=0)
    assert "closing" in next_acts("called", items=1)
    assert next_acts("cancelled", items=1) == ()
    lead = Person("ada", roles=frozenset({LEAD}), organisations=frozenset({of.CODE}))
    assert next_acts_on(of.ASKED | {"state": "withdrawn"}, lead) == ()
    assert next_acts_on(of.ASKED | {"state": "decided"}, lead) == ("evidence",)
    assert standing(of.ASKED["consents"][0]) == ("Overdue", "red")
    assert standing(of.ASKED["consents"][0] | {"outcome": "rejected"}) == ("Rejected", "red")


def test_a_person_may_be_asked_about_by_all_posts_that_they_hold() -> None:
    posts: list[dict[str, Any]] = [
        {"post": "Q9X/chair", "title": "Chair", "vacant": False, "person": "P-7"},
        {"post": "Q9X/nurse", "title": "Nurse", "vacant": True, "person": None},
        {"post": "Q9X/lay", "title": "Lay member", "vacant": False, "person": "P-7"},
    ]
    *_, person = holders([{"body": "Q9X-board", "title": "Board"}], posts)
    assert (person.reference, person.title) == ("P-7", "Whoever is Chair and Lay member, by all that they hold")
    asked = Asked.of({"organisation": "Q9X", "action": "estate", "holder": person.reference})
    assert asked.question["person"] == "P-7"
