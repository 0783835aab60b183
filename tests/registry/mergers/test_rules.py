"""Whether CCGs can merge: the rules alone, with no database."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.common.temporal.history import LAST_DAY, Days
from services.registry.core.kinds import Kind
from services.registry.core.standing import Standing
from services.registry.mergers.rules import Surroundings, law_on, longest_proposal, reasons_against
from tests.support.builders import a_standing

OPENED, DAY = date(2013, 4, 1), date(2018, 4, 1)


def proposed(code: str, *, kind: Kind = Kind.CCG) -> Standing:
    return Standing(code, kind, ((Days(OPENED), "proposed"),))


def fields(
    successor: Standing, *predecessors: Standing, on: date = DAY, other: tuple[str, date] | None = None
) -> set[str | None]:
    standing = {one.code: one for one in (*predecessors, successor)}
    codes = [one.code for one in predecessors]
    agreed = dict.fromkeys((predecessors[0].code, successor.code), other) if other else {}
    around = Surroundings(standing, agreed)
    return {reason.field for reason in reasons_against(successor.code, codes, on, around=around)}


NEW = Standing("14Y")
A, B = a_standing("10H"), a_standing("10Y")

CASES = [
    ("two open CCGs into a new code", NEW, (A, B), DAY, set()),
    ("into a code that was proposed before", proposed("14Y"), (A, B), DAY, set()),
    ("one CCG alone", NEW, (A,), DAY, {"predecessors"}),
    ("one CCG named twice", NEW, (A, A), DAY, {"predecessors"}),
    ("into one of the predecessors", A, (A, B), DAY, {"successor"}),
    ("into a body that is open", a_standing("10Q"), (A, B), DAY, {"successor"}),
    ("into a body that closed", a_standing("10Q", closes=date(2015, 4, 1)), (A, B), DAY, {"successor"}),
    ("into a code proposed as a trust", proposed("14Y", kind=Kind.NHS_TRUST), (A, B), DAY, {"successor"}),
    ("a trust as a predecessor", NEW, (A, a_standing("R0A", kind=Kind.NHS_TRUST)), DAY, {"predecessors.1"}),
    ("a code that nobody has", NEW, (A, Standing("99Z")), DAY, {"predecessors.1"}),
    ("a CCG that closed before", NEW, (a_standing("10H", closes=date(2017, 4, 1)), B), DAY, {"predecessors.0"}),
    ("a CCG that closes on the day anyway", NEW, (A, a_standing("10Y", closes=DAY)), DAY, {"predecessors.1"}),
    ("a CCG that is only proposed", NEW, (proposed("10H"), B), DAY, {"predecessors.0"}),
    ("a CCG on its first day", NEW, (A, B), OPENED, {"predecessors.0", "predecessors.1"}),
    ("on the last day of the law", NEW, (A, B), date(2022, 6, 30), set()),
    ("after CCGs were abolished", NEW, (A, B), date(2022, 7, 1), {"effective_on"}),
]


@pytest.mark.parametrize(("case", "successor", "predecessors", "on", "expected"), CASES, ids=[one[0] for one in CASES])
def test_the_law_of_mergers(
    case: str, successor: Standing, predecessors: tuple[Standing, ...], on: date, expected: set[str]
) -> None:
    assert fields(successor, *predecessors, on=on) == expected, case


def test_a_body_is_in_one_agreed_merger_at_most() -> None:
    assert fields(NEW, A, B, other=("M-15A", date(2019, 4, 1))) == {"predecessors.0", "successor"}


@given(st.lists(st.sampled_from("ABCDEFGH"), max_size=10), st.sets(st.sampled_from("ABCDEFGH")), st.booleans())
def test_a_merger_is_allowed_exactly_when_nothing_is_wrong_with_any_part(
    predecessors: list[str], closed: set[str], successor_used: bool
) -> None:
    standing = {code: a_standing(code, closes=date(2016, 4, 1) if code in closed else LAST_DAY) for code in "ABCDEFGH"}
    standing["N"] = a_standing("N") if successor_used else Standing("N")
    allowed = (
        len(set(predecessors)) >= 2
        and len(set(predecessors)) == len(predecessors)
        and not closed & set(predecessors)
        and not successor_used
    )
    around = Surroundings(standing, {})
    assert (not reasons_against("N", predecessors, DAY, around=around)) is allowed


def test_icbs_merge_with_icbs_alone_and_under_their_own_law() -> None:
    one, two = (
        Standing(code, Kind.ICB, ((Days(date(2022, 7, 1)), "open"),), ((Days(date(2022, 7, 1)), Kind.ICB),))
        for code in ("QMJ", "QRV")
    )
    day = date(2027, 4, 1)
    assert fields(NEW, one, two, on=day) == set()
    assert fields(NEW, one, A, on=day) == {"predecessors.1"}
    assert fields(NEW, one, two, on=date(2022, 6, 30)) == {"effective_on", "predecessors.0", "predecessors.1"}


def test_a_code_that_names_something_else_by_now_was_a_ccg_on_its_last_day() -> None:
    then, now = Days(OPENED, date(2022, 7, 1)), Days(date(2022, 7, 1))
    lived_on = Standing(
        "10H", Kind.SUB_ICB_LOCATION, ((Days(OPENED), "open"),), ((then, Kind.CCG), (now, Kind.SUB_ICB_LOCATION))
    )
    assert fields(NEW, lived_on, B) == set()


def test_a_cluster_is_no_such_legal_person() -> None:
    around = Surroundings(
        {"CL-QMJ": Standing("CL-QMJ"), "QRV": Standing("QRV"), "QZ1": Standing("QZ1")}, {}, {"CL-QMJ": ["QMJ"]}
    )
    reasons = reasons_against("QZ1", ["CL-QMJ", "QRV"], date(2027, 4, 1), around=around)
    assert [(reason.field, "no such legal person" in reason.message) for reason in reasons] == [
        ("predecessors.0", True),
        ("predecessors.1", False),
    ]


def test_every_answer_names_the_law_of_its_day() -> None:
    law = law_on(DAY)
    assert law is not None
    assert (law.id, "14G" in law.citation) == ("ccg-merger-s14g-2012", True)
    assert law_on(date(2013, 3, 31)) is None
    longest = longest_proposal(DAY)
    assert longest is not None
    assert longest.days == 365
    assert longest_proposal(date(2012, 4, 1)) is None
