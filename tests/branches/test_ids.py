"""Ids that a branch gave are replaced by life's in the steps that name them, and nothing else is."""

import json
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deploy.branches.plans.ids import Replacement, given_by

LETTERS = st.text("abcdefgh", min_size=1, max_size=6)
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(0, 99), LETTERS, st.uuids().map(str))
BODIES = st.recursive(
    SCALARS, lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(LETTERS, inner, max_size=3))
)
PATIENTLY = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""No test asserts a time: bodies are drawn slowly where others are at work."""
IDS = st.dictionaries(st.uuids().map(lambda one: f"A-{one}"), st.uuids().map(lambda one: f"A-{one}"), max_size=3)


def replaced(planned: Any, in_life: Any, path: str = "/v1/posts", **body: Any) -> Replacement:
    ids = Replacement()
    ids.learn(given_by(path, body, planned, None), given_by(path, body, in_life, None))
    return ids


@settings(PATIENTLY, max_examples=30)
@given(BODIES, IDS)
def test_what_names_no_id_stays_as_it_is(body: Any, texts: dict[str, str]) -> None:
    ids = Replacement(texts)
    text = json.dumps(body)
    if not any(old in text for old in texts):
        assert ids.body(body) == body
    path = "/v1/contracts/C-1/terms"
    assert ids.path(path) == path


@settings(PATIENTLY, max_examples=30)
@given(BODIES, IDS)
def test_an_id_is_replaced_wherever_it_stands_and_back_again(body: Any, texts: dict[str, str]) -> None:
    back = {new: old for old, new in texts.items()}
    given_ids = {"first": list(texts), "second": {old: f"x {old}" for old in texts}, "rest": body}
    there = Replacement(texts).body(given_ids)
    assert there["first"] == list(texts.values())
    assert not any(old in json.dumps(there) for old in texts if old not in back)
    assert Replacement(back).body(there) == given_ids


@settings(max_examples=20)
@given(st.uuids(), st.uuids())
def test_an_id_in_an_answer_is_replaced_in_paths_queries_and_texts(one: UUID, other: UUID) -> None:
    ids = replaced({"id": f"P-{one}", "name": "x"}, {"id": f"P-{other}", "name": "y"})
    assert ids.path(f"/v1/people/P-{one}/account") == f"/v1/people/P-{other}/account"
    assert ids.query([("person", f"P-{one}"), ("name", "x")]) == [("person", f"P-{other}"), ("name", "x")]
    assert ids.body({"about": f"person P-{one}", "name": "x"}) == {"about": f"person P-{other}", "name": "x"}


def test_a_number_is_an_id_only_after_the_name_of_its_collection() -> None:
    ids = replaced({"id": 12, "amount": 12}, {"id": 31, "amount": 12}, "/v1/decision-rights")
    assert ids.path("/v1/decision-rights/12/holders/12") == "/v1/decision-rights/31/holders/12"
    body = {"decision_right": 12, "right": 12, "rights": [12, 4], "amount_pence": 12, "years": 12}
    assert ids.body(body) == {"decision_right": 31, "right": 31, "rights": [31, 4], "amount_pence": 12, "years": 12}
    assert ids.query([("right", "12"), ("limit", "12")]) == [("right", "31"), ("limit", "12")]


def test_a_number_that_counts_in_something_is_an_id_only_beside_that() -> None:
    ids = Replacement()
    for case, new in (("C-1", 3), ("C-2", 2)):
        path = f"/v1/cases/{case}/versions"
        planned, in_life = (given_by(path, {}, {}, f"/v1/cases/{case}/versions/{number}") for number in (2, new))
        ids.learn(planned, in_life)
    assert ids.path("/v1/cases/C-1/versions/2/publication") == "/v1/cases/C-1/versions/3/publication"
    assert ids.path("/v1/cases/C-2/versions/2") == "/v1/cases/C-2/versions/2"
    body = {"ramp": ["2", "1/2"], "version": 2, "cases": [{"case": "C-1", "case_version": 2, "years": 2}]}
    replaced_body = {"ramp": ["2", "1/2"], "version": 2, "cases": [{"case": "C-1", "case_version": 3, "years": 2}]}
    assert ids.body(body) == replaced_body
    assert ids.query([("case", "C-2"), ("version", "2")]) == [("case", "C-2"), ("version", "2")]
    assert ids.query([("case", "C-1"), ("version", "2")]) == [("case", "C-1"), ("version", "3")]


def test_what_the_request_named_is_no_id_that_the_answer_gave() -> None:
    planned = given_by("/v1/mergers", {"reference": "M-1"}, {"reference": "M-1", "id": "X-9"}, "/v1/mergers/M-1")
    assert dict(planned.texts) == {"/id": "X-9"}


def test_a_number_at_the_end_of_a_location_is_one_of_its_collection_and_no_text() -> None:
    ids = Replacement()
    path = "/v1/cases/SHARED-1/versions"
    ids.learn(given_by(path, {}, None, f"{path}/2"), given_by(path, {}, None, f"{path}/3"))
    assert ids.path(f"{path}/2/options/2") == f"{path}/3/options/2"
    body = {"version": 2, "note": "2", "years": 2}
    assert ids.body(body, beside=path.split("/")) == {"version": 3, "note": "2", "years": 2}
    assert ids.body(body) == body


@pytest.mark.parametrize(
    ("location", "last"), [("contracts/C-7", "C-7"), ("../C-1/exits#N-2", "N-2"), ("/v1/runs/a%20b/", "a b")]
)
def test_the_last_part_of_a_location_is_an_id(location: str, last: str) -> None:
    assert dict(given_by("/v1/contracts", {}, None, location).texts) == {"location": last}
