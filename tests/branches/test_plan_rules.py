"""A plan's state is a function of its steps, of what was done with them, and of the day."""

import json
from datetime import date, timedelta
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from deploy.branches.comparison import Column, Measure, Row
from deploy.branches.conflicts import codes_named, is_conflicting
from deploy.branches.plans.ids import Replacement
from deploy.branches.plans.normal_form import Difference, aligned, differences, normal_form
from deploy.branches.plans.rules import Act, PlanState, StepState, state_of_plan, states
from tests.branches.test_ids import BODIES, PATIENTLY


def written(value: object) -> str:
    """A value without fields that are null: to lack a field is no difference from that."""
    return json.dumps(without_nulls(value), sort_keys=True)


def without_nulls(value: object) -> object:
    if isinstance(value, dict):
        return {key: without_nulls(one) for key, one in value.items() if one is not None}
    return [without_nulls(one) for one in value] if isinstance(value, list) else value


DAY = date(2020, 4, 1)
DAYS = st.lists(st.integers(0, 9), min_size=1, max_size=5).map(
    lambda offsets: {number: DAY + timedelta(days=offset) for number, offset in enumerate(sorted(offsets), 1)}
)
ACTS = st.lists(st.builds(Act, st.integers(1, 5), st.sampled_from([0, 201, 204, 403, 409])), max_size=8)


@settings(max_examples=40)
@given(DAYS, ACTS, st.integers(-1, 10), st.booleans())
def test_at_most_one_step_is_due_and_none_that_is_done_is_given_again(
    days: dict[int, date], acts: list[Act], offset: int, is_withdrawn: bool
) -> None:
    today = DAY + timedelta(days=offset)
    found = states(days, acts, today=today, is_withdrawn=is_withdrawn)
    done = {act.step for act in acts if act.status in (201, 204)} & days.keys()
    assert {number for number, state in found.items() if state is StepState.DONE} == done
    due = [number for number, state in found.items() if state is StepState.DUE]
    assert due == [] if is_withdrawn else len(due) <= 1
    assert all(days[number] <= today and done.issuperset(range(1, number)) for number in due)
    plan = state_of_plan(found, is_withdrawn=is_withdrawn)
    assert (plan is PlanState.DONE) == (done == days.keys())
    assert state_of_plan(found, is_withdrawn=True) is not PlanState.WAITING


@settings(max_examples=30)
@given(DAYS, ACTS, st.permutations(range(8)))
def test_the_order_of_acts_does_not_matter(days: dict[int, date], acts: list[Act], order: list[int]) -> None:
    other = [acts[number] for number in order if number < len(acts)]
    assert states(days, acts, today=DAY, is_withdrawn=False) == states(days, other, today=DAY, is_withdrawn=False)


@settings(PATIENTLY, max_examples=30)
@given(BODIES, BODIES)
def test_answers_differ_where_they_are_not_equal_and_nowhere_else(one: object, other: object) -> None:
    assert differences(one, one) == []
    first, second = normal_form(one), normal_form(other)
    assert (differences(first, second) == []) == (written(first) == written(second))
    assert normal_form(first) == first


def test_a_normal_form_has_no_random_ids_no_instants_and_no_versions() -> None:
    one = {"id": "A-0b1c2d3e-0000-4000-8000-000000000001", "version": 3, "at": "2020-04-01T10:00:00.5+00:00", "n": 1}
    other = {"id": "A-0b1c2d3e-0000-4000-8000-000000000002", "version": 4, "at": "2020-04-02T10:00:00Z", "n": 1}
    assert normal_form(one) == normal_form(other) == {"id": "A-<id 1>", "at": "<instant>", "n": 1}


def test_differences_name_where_and_what() -> None:
    found = differences({"a": [1, {"b": "x"}], "c": 1}, {"a": [1, {"b": "y"}], "d": None})
    assert found == [Difference("/a/1/b", "x", "y"), Difference("/c", 1, None)]


@settings(max_examples=30)
@given(st.dictionaries(st.uuids(), st.integers(0, 3), max_size=4), st.permutations(range(4)), st.data())
def test_tables_that_differ_in_random_ids_alone_are_the_same(
    values: dict[UUID, int], order: list[int], data: st.DataObject
) -> None:
    other = {one: data.draw(st.uuids()) for one in values}
    if len({*other.values()} - values.keys()) < len(values):
        return
    known = {one for one in values if data.draw(st.booleans())}

    def row(one: UUID) -> Row:
        return Row(Measure.DECISION, f"vote {one} by 10H")

    before = Column("one", {row(one): value for one, value in values.items()})
    numbered = [list(values.items())[number] for number in order if number < len(values)]
    now = Column("other", {row(other[one]): value for one, value in numbered})
    ids = Replacement({str(one): str(other[one]) for one in known})
    first, second = aligned(before, now, ids)
    assert first.values == second.values
    assert sorted(map(str, first.values.values())) == sorted(map(str, before.values.values()))
    now.values[Row(Measure.DECISION, "vote by 10Y")] = 1
    first, second = aligned(before, now, ids)
    assert second.values.keys() - first.values.keys() == {Row(Measure.DECISION, "vote by 10Y")}


def test_what_a_request_names_is_found_in_path_query_and_body() -> None:
    body = {"predecessors": ["10H", "14F"], "successor": {"code": "QUA"}, "name": "NHS Chiltern CCG", "pence": 100}
    found = codes_named("/v1/contracts/C-1/terms", [("organisation", "RXK"), ("limit", "10")], body)
    assert found == {"10H", "14F", "QUA", "C-1", "RXK"}
    assert codes_named("/v1/mergers", [], {"reason": "merger", "day": "2020-04-01"}) == set()


def test_the_plans_own_events_and_those_that_its_branch_had_too_are_no_conflict() -> None:
    row = {"name": "CCGMerged", "keys": ["14Y", "10H"], "correlation": "story-1"}
    assert is_conflicting(row, "registry", (), ())
    assert not is_conflicting(row, "registry", ("story-1",), ())
    foreseen = {("registry", "CCGMerged", ("10H", "14Y"), "story-1")}
    assert not is_conflicting(row, "registry", (), foreseen)
    assert is_conflicting(row | {"correlation": "story-2"}, "registry", (), foreseen)
    assert is_conflicting(row, "governance", (), foreseen)
