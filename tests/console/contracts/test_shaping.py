"""What the pages of contracts make of answers: rows, marks and acts on offer, by example."""

import pytest

from console.contracts.shaping import (
    acts_offered,
    days_assessed,
    exit_lines,
    left_to_sign,
    lens_words,
    months_of,
    next_to_serve,
    periods_of,
    terms_of,
)
from tests.console.contracts.world import (
    BUYER,
    OTHER,
    REFERENCE,
    SUPPLIER,
    a_contract,
    a_finding,
    a_notice,
    a_signature,
    an_assessment,
    an_item,
    exits,
)


def test_the_next_notice_is_the_first_line_that_has_a_day_to_come() -> None:
    items = [
        an_item(contract="NO-TERMS", next_notice_on=None, days_left=None, cost_of_missing_pence=None),
        an_item(contract="PASSED", days_left=None),
        an_item(),
        an_item(contract="LATER"),
    ]
    assert next_to_serve(items)["contract"] == REFERENCE  # type: ignore[index]
    assert next_to_serve(items[:2]) is None


def test_a_line_has_the_finding_that_is_open_about_its_notice_and_no_other() -> None:
    findings = [a_finding(kind="overdue", finding="f-2"), a_finding()]
    marked, bare = exit_lines([an_item(), an_item(contract="OTHER")], findings)
    assert (marked["finding"]["finding"], bare["finding"]) == ("f-1", None)
    assert marked["basis"] == "best exit that is left, less the best one now"


def test_a_calendar_is_listed_by_month_in_its_own_order() -> None:
    days = [{"on": day, "kind": "end"} for day in ("2034-08-31", "2034-08-31", "2035-03-31")]
    assert [(month.words, len(month.entries)) for month in months_of(days)] == [("August 2034", 2), ("March 2035", 1)]


def test_each_exit_has_a_cost_for_each_lens_and_the_best_of_each_is_marked() -> None:
    first, second = days_assessed(an_assessment())
    assert [(cost.lens, cost.pence, cost.is_best) for cost in first.costs] == [
        ("organisation", 7_654_300, True),
        ("public_sector", 9_100_000, False),
    ]
    assert [cost.is_best for cost in second.costs] == [False, True]


@pytest.mark.parametrize(
    ("lens", "words"),
    [
        ("public_sector", "public sector"),
        ("uk_society", "UK society"),
        ("05C/near_neighbours", "near neighbours (of 05C)"),
    ],
)
def test_a_lens_is_called_in_words(lens: str, words: str) -> None:
    assert lens_words(lens) == words


def test_who_is_left_to_sign_is_known_of_a_draft_alone() -> None:
    draft = a_contract(status="draft", signatures=[a_signature(OTHER)], supplier_signs=True)
    assert left_to_sign(draft) == [BUYER, SUPPLIER]
    assert left_to_sign(a_contract(signatures=[])) == []


def acts(may: str, **given: object) -> list[str]:
    """The addresses of what is offered to who acts for one body."""
    contract = given.pop("contract", a_contract())
    facts = {"notices": (), "offers": (), "novation": None} | given
    return [one.path for one in acts_offered(contract, may=lambda code: code == may, **facts)]  # type: ignore[arg-type]


def test_what_the_caller_may_not_do_is_not_offered() -> None:
    assert acts("X26") == []
    assert acts(BUYER) == ["notice"]
    assert acts(SUPPLIER) == ["notice"]
    assert acts(BUYER, contract=a_contract(status="expired")) == []
    assert acts(BUYER, contract=a_contract(status="draft", signatures=[])) == ["signature"]
    assert acts(SUPPLIER, contract=a_contract(status="draft", signatures=[])) == []


def test_an_offer_is_accepted_by_the_other_side_and_a_standing_notice_withdrawn() -> None:
    offer = {"termination": "t-1", "side": "supplier", "status": "offered"}
    assert acts(SUPPLIER, offers=[offer]) == ["notice"]
    assert acts(BUYER, offers=[offer]) == ["terminations/t-1/acceptance", "notice"]
    assert acts(BUYER, offers=[{**offer, "status": "recalled"}]) == ["notice"]
    assert acts(BUYER, notices=[a_notice(), a_notice("n-2", status="withdrawn")])[0] == "notices/n-1/withdrawal"
    assert acts("Q7V", novation={"missing": ["Q7V"], "entering": "Q7V"}) == ["novation/consents"]


def test_facts_of_a_contract_say_what_is_not_known() -> None:
    facts = {key: value for key, value, _ in terms_of(a_contract(ends_on="2199-12-31"), None)}
    assert facts["Runs"] == "1 April 2031 to notice ends it"
    assert facts["Notice"] == "7 months, as it states"
    assert "Last notice day" not in facts
    known = {key: value for key, value, _ in terms_of(a_contract(), exits(last_notice_on=None, days_left=None))}
    assert known["Last notice day"] == "no window is open"
    missed = {key: value for key, value, _ in terms_of(a_contract(), exits(window_missed=True, days_left=None))}
    assert missed["Last notice day"] == "31 August 2034. It was missed: £333,000.01 of charges follow"


def test_what_was_believed_before_is_apart_from_what_is() -> None:
    period = {"code": BUYER, "first_day": "2031-04-01", "last_day": "9999-12-31", "known_from": "2031-03-03T09:00:00Z"}
    history = {"customers": [{**period, "known_to": None}, {**period, "known_to": "2033-01-01T00:00:00Z"}]}
    assert [one.is_open for one in periods_of(history, believed=True)] == [True]
    assert [one.known_to for one in periods_of(history, believed=False)] == ["2033-01-01T00:00:00Z"]
