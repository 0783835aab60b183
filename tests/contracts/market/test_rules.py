"""Rules of the market: counting units, assessing by criteria, deadlines, who could step in, viability."""

from collections.abc import Collection
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.contracts.core.errors import NoRuleInForce
from services.contracts.market.errors import CriterionUnassessed, CriterionUnknown, LastDayAmiss
from services.contracts.market.rules import (
    Assessment,
    Candidate,
    Offer,
    Result,
    Unit,
    assess,
    count,
    is_to_be_replaced,
    market_pack,
    missed,
    replacement_deadlines,
    step_in,
    viability,
    why_not_offered,
)
from services.contracts.suppliers.rules import Scope

DAY = date(2012, 8, 31)
ASSURANCE = market_pack(DAY, subject="supplier-assessment")
STANDARD = market_pack(DAY, subject="minimum-standard")
PLAN = market_pack(DAY, subject="market-plan")
LEAD_TIMES = market_pack(DAY, subject="replacement-lead-time")
DEADLINE = market_pack(DAY, subject="supplier-deadline").values
CRITERIA = tuple(ASSURANCE.values["criteria"])
PAYROLL = tuple(STANDARD.values["criteria"]["payroll"])


def units(number: int, scope: Scope = Scope.END_TO_END) -> list[Unit]:
    return [Unit(f"{scope[0].upper()}{one:02}", scope=scope) for one in range(number)]


@pytest.mark.parametrize(("number", "is_in_range"), [(24, False), (25, True), (26, True), (35, True), (36, False)])
def test_s18_both_bounds_of_the_plan_are_in_it_and_niche_services_are_never_counted(
    number: int, is_in_range: bool
) -> None:
    found = count([*units(number), *units(4, Scope.NICHE), Unit("0ZZ")])
    assert (len(found.end_to_end), len(found.niche), found.not_stated) == (number, 4, ("0ZZ",))
    assert found.is_in_range(PLAN) is is_in_range


def test_s18_who_was_succeeded_is_not_counted_and_the_last_successor_is_once() -> None:
    found = count(
        [
            Unit("0AQ", scope=Scope.END_TO_END, succeeded_by=("0DC",)),
            Unit("0AN", scope=Scope.NICHE, succeeded_by=("0DJ",)),
            Unit("0DC", succeeded_by=("0DJ",)),
            Unit("0DJ"),
            Unit("0CX", scope=Scope.END_TO_END, state="closed"),
            Unit("0CE", scope=Scope.END_TO_END, is_closed=True),
        ]
    )
    assert (found.end_to_end, found.niche, found.not_stated) == (("0DJ",), (), ())
    assert found.not_counted == {
        "0AQ": "succeeded by 0DC",
        "0AN": "succeeded by 0DJ",
        "0DC": "succeeded by 0DJ",
        "0CX": "closed",
        "0CE": "closed",
    }


def test_s18_a_commissioner_that_took_a_units_work_in_house_is_no_unit() -> None:
    given_units = [
        Unit("0AQ", scope=Scope.END_TO_END, succeeded_by=("QOP",)),
        Unit("QOP", is_supplier=False),
        Unit("0AN", scope=Scope.END_TO_END, succeeded_by=("0DJ",)),
        Unit("0DJ"),
    ]
    found = count(given_units)
    assert (found.end_to_end, found.niche, found.not_stated) == (("0DJ",), (), ())
    assert found.not_counted["QOP"] == "no supplier: it took over a unit's work for itself"


CODES = st.sampled_from("ABCDEF")
UNITS = st.dictionaries(
    CODES, st.tuples(st.sampled_from([None, *Scope]), st.sets(CODES, max_size=2), st.booleans()), max_size=6
)


@given(UNITS)
def test_each_unit_is_counted_or_has_a_reason_and_none_is_both(drawn: dict[str, tuple[Scope, set[str], bool]]) -> None:
    given_units = [
        Unit(code, scope=scope, is_closed=closed, succeeded_by=tuple(sorted(after - {code})))
        for code, (scope, after, closed) in drawn.items()
    ]
    found = count(given_units)
    counted = [*found.end_to_end, *found.niche, *found.not_stated]
    assert len(counted) == len(set(counted))
    assert not set(counted) & set(found.not_counted)
    assert {one.code for one in given_units} <= set(counted) | set(found.not_counted)


@pytest.mark.parametrize(
    ("results", "outcome"),
    [
        ({}, "proceed"),
        ({"business": Result.AT_RISK}, "manage"),
        ({"business": Result.AT_RISK, "delivery": Result.NOT_MET}, "stop"),
    ],
)
def test_s44_the_worst_result_gives_the_outcome(results: dict[str, Result], outcome: str) -> None:
    last_day = date(2016, 3, 31) if outcome == "stop" else None
    found, reasons = assess(ASSURANCE, dict.fromkeys(CRITERIA, Result.MET) | results, on=DAY, last_day=last_day)
    assert reasons == []
    assert found is not None
    assert (found.outcome, found.pack) == (outcome, "supplier-assurance-2012")
    assert Assessment.model_validate_json(found.model_dump_json()) == found


@given(st.dictionaries(st.sampled_from(CRITERIA), st.sampled_from(list(Result))), st.sampled_from(CRITERIA))
def test_a_better_result_never_makes_the_outcome_worse(results: dict[str, Result], better: str) -> None:
    order = list(ASSURANCE.values["outcomes"].values())
    whole = dict.fromkeys(CRITERIA, Result.MET) | results

    def outcome(of: dict[str, Result]) -> str:
        with_day, _ = assess(ASSURANCE, of, on=DAY, last_day=DAY)
        without, _ = assess(ASSURANCE, of, on=DAY, last_day=None)
        [found] = [one for one in (with_day, without) if one is not None]
        return found.outcome

    assert order.index(outcome(whole | {better: Result.MET})) <= order.index(outcome(whole))


def test_every_reason_against_an_assessment_is_given_at_once() -> None:
    found, reasons = assess(ASSURANCE, {"leadership": Result.MET, "charm": Result.MET}, on=DAY, last_day=None)
    assert found is None
    assert [type(one) for one in reasons] == [CriterionUnknown, *[CriterionUnassessed] * 3]
    met = dict.fromkeys(CRITERIA, Result.MET)
    for results, last_day in (
        (met, DAY),
        (met | {"customer": Result.NOT_MET}, None),
        (met | {"customer": Result.NOT_MET}, date(2012, 8, 30)),
    ):
        found, reasons = assess(ASSURANCE, results, on=DAY, last_day=last_day)
        assert (found, [type(one) for one in reasons]) == (None, [LastDayAmiss])


@pytest.mark.parametrize(
    ("last_day", "framework", "procurement"),
    [
        (date(2016, 3, 31), date(2015, 12, 31), date(2015, 6, 30)),
        (date(2013, 5, 31), date(2013, 2, 28), date(2012, 8, 31)),
        (date(2016, 2, 29), date(2015, 11, 29), date(2015, 5, 29)),
    ],
)
def test_s44_customers_begin_by_the_corresponding_day(last_day: date, framework: date, procurement: date) -> None:
    found = {one.route: one.begin_by for one in replacement_deadlines(LEAD_TIMES, last_day)}
    assert found == {"framework": framework, "procurement": procurement}


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ([], (True, None)),
        ([("2013-04-01", "hosted")], (True, None)),
        ([("2013-04-01", "hosted"), ("2016-12-31", "independent")], (False, date(2016, 12, 31))),
        ([("2013-04-01", "hosted"), ("2017-01-01", "independent")], (True, date(2017, 1, 1))),
        ([("2013-04-01", "independent"), ("2016-01-01", "hosted")], (True, None)),
        ([("2013-04-01", "hosted"), ("2016-03-31", "closed")], (False, date(2016, 3, 31))),
    ],
)
def test_s17_what_holds_on_the_last_day_in_time_meets_a_deadline(
    states: list[tuple[str, str]], expected: tuple[bool, date | None]
) -> None:
    assert missed(DEADLINE, [(date.fromisoformat(first), state) for first, state in states]) == expected


def offering(code: str, met: Collection[str] = PAYROLL, **changed: object) -> Candidate:
    given_offer = Offer(functions={"payroll": tuple(met)}, commissioners=("05C",), regions=("Y54",))
    fields: dict[str, object] = {
        "is_hosted": True,
        "state": "hosted",
        "is_closed": False,
        "offer": given_offer,
        "stops_after": None,
    }
    return Candidate(code, **fields | changed)  # type: ignore[arg-type]


def elsewhere(code: str) -> Candidate:
    return offering(code, offer=Offer(functions={"payroll": PAYROLL}, commissioners=("05C",), regions=("Y56",)))


def test_s21_who_could_step_in_is_in_order_and_who_could_not_has_its_reason() -> None:
    start = date(2016, 4, 1)
    found = step_in(
        [
            elsewhere("0AA"),
            offering("0DD"),
            offering("0BB"),
            offering("0EE", met=PAYROLL[:1]),
            offering("0FF", state="closing"),
            offering("0GG", stops_after=date(2016, 3, 31)),
            offering("0HH", stops_after=start),
            offering("0II", is_hosted=False),
            offering("0JJ", is_closed=True),
            offering("0KK", offers_still=False),
        ],
        function="payroll",
        customer="05C",
        region="Y54",
        starts_on=start,
        standard=STANDARD,
    )
    assert [one.code for one in found.offered_by] == ["0BB", "0DD", "0HH", "0AA"]
    assert [(one.code, reason, below) for one, reason, below in found.excluded] == [
        ("0EE", "below minimum-standard-2011", PAYROLL[1:]),
        ("0FF", "closing", ()),
        ("0GG", "stops after 2016-03-31", ()),
        ("0JJ", "closed", ()),
        ("0KK", "its offer ends before 2016-04-01", ()),
    ]


@pytest.mark.parametrize(
    ("on", "until", "last_day", "expected"),
    [
        ("2015-02-01", "2015-03-02", "2016-03-31", False),
        ("2015-02-02", "2015-03-02", "2016-03-31", True),
        ("2015-03-01", "2015-03-02", "2016-03-31", True),
        ("2015-03-02", "2015-03-02", "2016-03-31", False),
        ("2016-03-31", "9999-12-31", "2016-03-31", True),
        ("2016-04-01", "9999-12-31", "2016-03-31", False),
        ("2015-02-02", "9999-12-31", None, False),
    ],
)
def test_s44_customers_replace_a_supplier_from_its_stop_to_its_last_day_unless_it_was_assessed_again(
    on: str, until: str, last_day: str | None, expected: bool
) -> None:
    found = Assessment(
        assessed_on=date(2015, 2, 2),
        pack=ASSURANCE.id,
        results={},
        outcome="stop" if last_day else "proceed",
        last_day=last_day and date.fromisoformat(last_day),
    )
    assert is_to_be_replaced(found, on=date.fromisoformat(on), until=date.fromisoformat(until)) is expected


def test_an_offer_is_for_the_commissioners_and_regions_that_it_names() -> None:
    asked = {"function": "payroll", "starts_on": DAY, "standard": STANDARD}
    for customer, region, expected in (("05C", None, 1), ("05L", None, 0), ("05L", "Y54", 1), ("05L", "Y56", 0)):
        found = step_in([offering("0BB")], customer=customer, region=region, **asked)  # type: ignore[arg-type]
        assert len(found.offered_by) == expected
    assert step_in([offering("0BB")], customer="05C", region=None, **asked | {"function": "it"}).offered_by == ()  # type: ignore[arg-type]


def test_an_offer_names_criteria_of_its_own_functions() -> None:
    [refused] = why_not_offered(STANDARD, {"payroll": PAYROLL, "it": ("paid_on_time",)})
    assert isinstance(refused, CriterionUnknown)
    assert [one.field for one in refused.reasons] == ["functions.it"]


def test_viability_is_what_customers_pay_less_what_it_costs_and_unknown_where_either_is() -> None:
    costs = {"fixed_pence": 600_000_000, "per_head_pence": 400, "heads": 1_000_000}
    assert viability(1_000_000_000, **costs).margin_pence == 0
    assert viability(1_000_000_000, **costs).is_viable is True
    assert viability(999_999_999, **costs).is_viable is False
    assert viability(None, **costs).is_viable is None
    assert viability(1, fixed_pence=1, per_head_pence=None, heads=1).margin_pence is None


def test_no_pack_is_in_force_before_the_plan() -> None:
    with pytest.raises(NoRuleInForce, match="market-plan"):
        market_pack(date(2011, 10, 30), subject="market-plan")
