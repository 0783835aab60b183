"""Which posts a merged body has, and who goes on in them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.governance.mergers.rules import PredecessorPost, carry_over

SLUGS = ("accountable-officer", "chair", "chief-finance-officer", "chief-nurse")
PEOPLE = ("P-1", "P-2", None)


def posts(**held: str | None) -> list[PredecessorPost]:
    return [PredecessorPost(slug, slug.upper(), person) for slug, person in held.items()]


@pytest.mark.parametrize(
    ("a", "b", "holder"),
    [
        (posts(chair="P-1"), posts(chair="P-1"), "P-1"),
        (posts(chair="P-1"), posts(chair="P-2"), None),
        (posts(chair="P-1"), posts(chair=None), None),
        (posts(chair=None), posts(chair=None), None),
        (posts(chair="P-1"), posts(), None),
        (posts(chair="P-1"), None, None),
    ],
    ids=["the same in both", "another in each", "vacant in one", "vacant in both", "no such post", "no body known"],
)
def test_who_held_a_post_in_every_predecessor_holds_it_after(
    a: list[PredecessorPost], b: list[PredecessorPost] | None, holder: str | None
) -> None:
    [carried] = carry_over({"10H": a, "10Y": b})
    assert (carried.slug, carried.title, carried.person) == ("chair", "CHAIR", holder)
    assert bool(carried.vacant_because) == (holder is None)


def test_the_reason_of_a_vacancy_says_what_was_found_in_each_predecessor() -> None:
    [carried] = carry_over({"A": posts(chair="P-1"), "B": posts(chair=None), "C": posts(), "D": None})
    assert carried.vacant_because == (
        "no person held it in every predecessor (A: held; B: vacant; C: no such post; D: no body known)"
    )


def test_without_any_body_known_the_required_posts_are_vacant() -> None:
    [carried] = carry_over({"A": None, "B": None}, required={"accountable-officer": "Accountable officer"})
    assert (carried.slug, carried.title, carried.person) == ("accountable-officer", "Accountable officer", None)


bodies = st.one_of(st.none(), st.dictionaries(st.sampled_from(SLUGS), st.sampled_from(PEOPLE)))


@given(
    st.dictionaries(st.sampled_from("ABCDE"), bodies, min_size=1),
    st.dictionaries(st.sampled_from(SLUGS), st.just("Required")),
)
def test_nobody_is_carried_into_a_post_not_held_in_every_predecessor(
    held: dict[str, dict[str, str | None] | None], required: dict[str, str]
) -> None:
    predecessors = {code: None if body is None else posts(**body) for code, body in held.items()}
    carried = {post.slug: post for post in carry_over(predecessors, required=required)}
    assert set(carried) == {slug for body in held.values() for slug in body or ()} | set(required)
    for slug, post in carried.items():
        in_each = [(body or {}).get(slug) for body in held.values()]
        expected = in_each[0] if len(set(in_each)) == 1 else None
        assert post.person == expected
        assert (post.person is None) == bool(post.vacant_because)
