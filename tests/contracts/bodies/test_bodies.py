"""Copies of legal forms and populations: any batches in any order, twice, give what the registry's rule gives."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.common.events import Event
from libs.common.events.registry import OrganisationLegalFormChanged, PopulationPublished, SourceReported
from libs.organisations.populations import Count, in_precedence
from services.contracts.bodies.commands import find_holders
from services.contracts.bodies.queries import legal_form_of, populations_of
from services.contracts.bodies.rules import holding_warning, may_hold, tier_of, why_not_hold
from services.contracts.core.errors import NoRuleInForce
from services.contracts.core.packs import PACKS
from tests.support.contracts_harness import ContractsHarness, a_draft, a_lead

DAY = date(2015, 5, 9)
KNOWN = datetime(2014, 1, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("people", "tier"),
    [
        (249_999, "below_minimum"),
        (250_000, "cluster"),
        (999_999, "cluster"),
        (1_000_000, "scale"),
        (5_000_000, "scale"),
        (5_000_001, "national"),
        (0, "below_minimum"),
    ],
)
def test_s15_tiers_are_half_open(people: int, tier: str) -> None:
    assert tier_of(people, DAY).name == tier


def test_a_row_of_a_pack_changes_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    later = tier_of(260_000, DAY).pack.model_copy(
        update={
            "id": "tariff-tiers-2016",
            "effective_from": date(2016, 4, 1),
            "values": {"least_people": {"below_minimum": 0, "cluster": 300_000}},
        }
    )
    no_gms = may_hold("partnership", "gms", DAY).pack
    assert no_gms is not None
    values = {"may_hold": no_gms.values["may_hold"] | {"gms": {"any": "no"}}}
    stricter = no_gms.model_copy(update={"id": "stricter", "effective_from": date(2016, 4, 1), "values": values})
    monkeypatch.setattr("services.contracts.bodies.rules.PACKS", (*PACKS, later, stricter))
    assert [tier_of(260_000, day).name for day in (date(2016, 3, 31), date(2016, 4, 1))] == ["cluster", "below_minimum"]
    refused = [len(why_not_hold("P", "partnership", "gms", day)) for day in (date(2016, 3, 31), date(2016, 4, 1))]
    assert refused == [0, 1]


def test_there_is_no_tier_before_the_draft() -> None:
    with pytest.raises(NoRuleInForce):
        tier_of(250_000, date(2011, 9, 30))


@pytest.mark.parametrize(
    ("form", "gms", "pms"),
    [
        ("company_limited_by_shares", "yes", "yes"),
        ("company_limited_by_guarantee", "no", "no"),
        ("cic_limited_by_shares", "not found", "not found"),
        ("cic_limited_by_guarantee", "no", "no"),
        ("registered_society", "no", "no"),
        ("charity", "no", "not found"),
        ("limited_liability_partnership", "no", "no"),
        ("partnership", "yes", "not found"),
        (None, "not found", "not found"),
    ],
)
def test_s51_what_a_form_may_hold_is_refused_or_warned_of(form: str | None, gms: str, pms: str) -> None:
    for contract, expected in (("gms", gms), ("pms", pms), ("apms", "yes")):
        assert may_hold(form, contract, DAY).answer == expected
        assert len(why_not_hold("FED", form, contract, DAY)) == (expected == "no")
        assert (holding_warning("FED", form, contract, DAY) is not None) == (expected == "not found")
    assert (why_not_hold("FED", form, "sla", DAY), holding_warning("FED", form, "sla", DAY)) == ([], None)


def test_a_society_is_registered_from_august_2014_by_the_pack_of_the_day() -> None:
    before, since = date(2014, 7, 31), date(2014, 8, 1)
    assert may_hold("registered_society", "gms", before).answer == "not found"
    assert may_hold("registered_society", "gms", since).answer == "no"
    assert may_hold("company_limited_by_shares", "gms", date(2007, 2, 28)).answer == "not found"


counts = st.builds(
    Count,
    people=st.integers(0, 9),
    effective_on=st.integers(0, 3).map(lambda days: DAY + timedelta(days=days)),
    source=st.sampled_from(["command", "ons:a", "ons:b", "press:c"]),
    rank=st.sampled_from([-1, 0, 2]),
    stated_at=st.integers(0, 3).map(lambda hours: KNOWN + timedelta(hours=hours)),
)


@given(some=st.lists(counts, max_size=8), random=st.randoms(use_true_random=False))
@settings(max_examples=100, deadline=None)
def test_the_count_that_has_precedence_does_not_turn_on_the_order_of_arrival(
    some: Sequence[Count], random: Random
) -> None:
    shuffled = list(some)
    random.shuffle(shuffled)
    assert in_precedence(shuffled) == in_precedence([*some, *some])


async def test_copies_are_the_same_in_any_batches_and_orders(harness: ContractsHarness) -> None:
    def form(legal_form: str, on: date, hour: int) -> Event:
        stated = KNOWN + timedelta(hours=hour)
        return OrganisationLegalFormChanged(code="FED", legal_form=legal_form, effective_on=on, stated_at=stated)

    def people(number: int, on: date, hour: int, source: str = "") -> Event:
        stated = KNOWN + timedelta(hours=hour)
        return PopulationPublished(
            code="FED", basis="registered", people=number, effective_on=on, stated_at=stated, source=source
        )

    later = DAY + timedelta(days=30)
    events = [
        form("charity", DAY, 0),
        people(100, DAY, 0),
        form("partnership", later, 1),
        people(300, DAY, 2, "ons:mid-2015"),
        form("company_limited_by_shares", DAY, 3),
        SourceReported(
            code="FED", about="life", value="open", effective_on=DAY, stated_at=KNOWN, source="press:x", rank=-1
        ),
        people(200, later, 1),
    ]
    for batches in ([events], [events[::-1]], [[one] for one in events[3:] + events[:3]], [events]):
        for batch in batches:
            await harness.hear(*batch)
        found = [await legal_form_of(harness.database, "FED", as_at=day) for day in (DAY, later)]
        assert found == ["company_limited_by_shares"] * 2
        early = KNOWN + timedelta(hours=1, minutes=30)
        known = [await legal_form_of(harness.database, "FED", as_at=day, as_known=early) for day in (DAY, later)]
        assert known == ["charity", "partnership"]
        for day, as_known, expected in ((DAY, None, 300), (DAY, early, 100), (later, None, 200)):
            counted = await populations_of(
                harness.database, ["FED", "NONE"], basis="registered", as_at=day, as_known=as_known
            )
            assert {code: one.people for code, one in counted.items()} == {"FED": expected}


async def test_a_signature_tells_the_tier_of_the_customers_together(harness: ContractsHarness) -> None:
    day = date(2016, 4, 1)
    for code, people in (("10H", 150_000), ("10Y", 99_999)):
        counted = PopulationPublished(code=code, basis="registered", people=people, effective_on=day, stated_at=KNOWN)
        await harness.hear(counted)
    await harness.signed()
    await harness.hear(counted.model_copy(update={"people": 100_000, "stated_at": KNOWN + timedelta(days=1)}))
    await harness.signed(a_draft(reference="CSU-BUCKS-2018"))
    told = [event["function_tiers"] for event in await harness.told("ContractSigned")]
    assert told == [["below_minimum"] * 2, ["cluster"] * 2]


async def test_a_form_that_may_not_hold_is_settled_once_the_contract_has_ended(harness: ContractsHarness) -> None:
    on, last = date(2018, 3, 1), date(2018, 12, 31)

    def form(legal_form: str, day: date) -> Event:
        stated = datetime(day.year, day.month, day.day, 9, tzinfo=UTC)
        return OrganisationLegalFormChanged(code="0CX", legal_form=legal_form, effective_on=day, stated_at=stated)

    await harness.hear(form("company_limited_by_shares", date(2014, 1, 1)))
    reference = await harness.signed(a_draft(form="gms"))
    await harness.hear(form("registered_society", on))
    await harness.terminate(reference, on=on, last_day=last, agreement="Deed of 1 March 2018")
    kinds = [one["kind"] for one in await harness.told("ContractFindingRaised")]
    assert kinds == ["form_cannot_hold"]
    for day, cleared in ((last, []), (date(2019, 1, 1), ["no_longer_held"])):
        async with harness.database.begin() as session:
            stated = datetime(day.year, day.month, day.day, 9, tzinfo=UTC)
            await find_holders(session, up_to=day, stated_at=stated, by=a_lead())
        assert [one["reason"] for one in await harness.told("ContractFindingCleared")] == cleared
