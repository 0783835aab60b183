"""Contracts follow whoever took a body over whole, and go back where that is undone."""

from datetime import date, datetime

import pytest

from libs.common.events.registry import ICBMerged, OrganisationSucceeded, SuccessionUndone, TransferSchemeMade
from services.contracts.terminations.due import renew_contracts
from services.contracts.transfers import commands, schemes, successions, suppliers
from tests.support.contracts_harness import ContractsHarness, a_draft, a_lead, at, bucks_merges

THE_DAY = date(2018, 4, 1)
UNDONE = at(date(2018, 9, 1))
FLAGGED = ("ContractFindingRaised", "ContractFindingCleared")
DRAFT = a_draft(starts_on=date(2018, 9, 1))


def taken_over(code: str, successor: str, on: date = THE_DAY, **others: str) -> OrganisationSucceeded:
    return OrganisationSucceeded(code=code, successor=successor, effective_on=on, stated_at=at(on, 0), **others)


def undone(code: str, successor: str, on: date = THE_DAY, stated: datetime = UNDONE) -> SuccessionUndone:
    return SuccessionUndone(code=code, successor=successor, effective_on=on, stated_at=stated)


async def test_a_merger_of_icbs_moves_contracts_as_one_of_ccgs_does(harness: ContractsHarness) -> None:
    reference = await harness.signed()
    await harness.hear(ICBMerged(**bucks_merges().model_dump()))
    assert await harness.customers(reference, as_at=THE_DAY) == ["14Y"]
    assert [event["merger"] for event in await harness.told("ContractTransferred")] == ["M-BUCKS"]


async def test_an_acquirer_takes_its_targets_place_under_no_merger(harness: ContractsHarness) -> None:
    reference = await harness.signed()
    await harness.hear(taken_over("10H", "05C", shape="acquisition", share="1"))
    assert await harness.customers(reference, as_at=THE_DAY) == ["05C", "10Y"]
    [event] = await harness.told("ContractTransferred")
    assert (event["from_customers"], event["customers"], event["merger"]) == (["10H"], ["05C", "10Y"], "")


async def test_a_split_and_a_boundary_change_move_nothing(harness: ContractsHarness) -> None:
    reference = await harness.signed()
    before = await harness.content()
    await harness.hear(
        taken_over("10H", "05C", shape="split", share="1/3"),
        taken_over("10H", "14Y", shape="split", share="2/3"),
        taken_over("10Y", "05C", shape="boundary_change"),
    )
    assert await harness.customers(reference, as_at=THE_DAY) == ["10H", "10Y"]
    assert {event["name"] for event in await harness.told()} == {"ContractSigned", *FLAGGED}
    assert (await harness.content()) | {"outbox": before["outbox"]} == before


async def test_a_second_successor_of_the_same_day_takes_back_what_went_to_the_first(harness: ContractsHarness) -> None:
    reference = await harness.signed()
    await harness.hear(taken_over("10H", "05C"), taken_over("10H", "14Y"))
    assert await harness.customers(reference, as_at=THE_DAY) == ["10H", "10Y"]


async def test_an_undone_acquisition_gives_the_contract_back_from_its_day_on_and_stays_known_until_then(
    harness: ContractsHarness,
) -> None:
    reference = await harness.signed()
    await harness.hear(taken_over("10H", "05C", shape="acquisition"))
    await harness.hear(undone("10H", "05C"))
    assert await harness.customers(reference, as_at=THE_DAY) == ["10H", "10Y"]
    assert await harness.customers(reference, as_at=THE_DAY, as_known=at(date(2018, 8, 1))) == ["05C", "10Y"]
    event = (await harness.told("ContractTransferred"))[-1]
    assert (event["effective_on"], event["stated_at"]) == ("2018-04-01", "2018-09-01T09:00:00Z")
    assert (event["from_customers"], event["customers"]) == (["05C"], ["10H", "10Y"])
    content = await harness.content()
    await harness.hear(undone("10H", "05C"))
    assert await harness.content() == content


_IN_PIECES = """
CREATE FUNCTION in_pieces() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT count(*) FROM changed) > 1 THEN RAISE EXCEPTION 'not in pieces: %', TG_TABLE_NAME; END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER in_pieces AFTER UPDATE ON contract REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION in_pieces();
CREATE TRIGGER in_pieces AFTER UPDATE ON change_of_hands REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION in_pieces()
"""


async def test_customers_schemes_and_suppliers_of_contracts_change_and_go_back_in_pieces(
    harness: ContractsHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (commands, schemes, successions, suppliers):
        monkeypatch.setattr(module, "AT_ONCE", 1)
    signed = [await harness.signed(a_draft(reference=f"SIGNED-{number}")) for number in range(3)]
    for number in range(3):
        await harness.draft(a_draft(reference=f"DRAFT-{number}", starts_on=date(2018, 9, 1)))
    async with harness.database.connect() as connection:
        await connection.execute(_IN_PIECES)
    made = [
        TransferSchemeMade(
            merger="M-BUCKS",
            scheme=f"P-{code}",
            sort="property",
            successor="14Y",
            predecessors=(code,),
            nil_return=False,
            effective_on=THE_DAY,
            stated_at=at(THE_DAY),
        )
        for code in ("10H", "10Y")
    ]
    await harness.hear(bucks_merges(), *made, taken_over("0CX", "0DJ", shape="acquisition"))
    assert [await harness.customers(one, as_at=THE_DAY) for one in signed] == [["14Y"]] * 3
    assert [(await harness.seen(one, as_at=THE_DAY))["supplier"].code for one in signed] == ["0DJ"] * 3
    told = [event["schemes"] for event in await harness.told("ContractTransferred") if event["route"] == "scheme"]
    assert told == [["P-10H", ""]] * 3 + [["P-10H", "P-10Y"]] * 3
    await harness.hear(undone("10H", "14Y"), undone("10Y", "14Y"), undone("0CX", "0DJ"))
    assert [await harness.customers(one, as_at=THE_DAY) for one in signed] == [["10H", "10Y"]] * 3
    assert [(await harness.seen(one, as_at=THE_DAY))["supplier"].code for one in signed] == ["0CX"] * 3


async def test_a_merger_undone_for_all_leaves_each_its_contract(harness: ContractsHarness) -> None:
    reference = await harness.signed()
    await harness.hear(bucks_merges(), undone("10H", "14Y"), undone("10Y", "14Y"))
    assert await harness.customers(reference, as_at=THE_DAY) == ["10H", "10Y"]
    later = date(2020, 1, 1)
    assert await harness.customers(reference, as_at=later) == ["10H", "10Y"]


async def test_what_moved_on_by_a_later_merger_goes_back_as_well(harness: ContractsHarness) -> None:
    reference = await harness.signed()
    next_day = date(2019, 4, 1)
    await harness.hear(taken_over("10H", "05C"), taken_over("05C", "99X", on=next_day))
    assert await harness.customers(reference, as_at=next_day) == ["10Y", "99X"]
    await harness.hear(undone("10H", "05C", stated=at(date(2019, 9, 1))))
    assert await harness.customers(reference, as_at=next_day) == ["10H", "10Y"]
    events = await harness.told("ContractTransferred")
    assert [(event["effective_on"], event["customers"]) for event in events[-2:]] == [
        ("2018-04-01", ["10H", "10Y"]),
        ("2019-04-01", ["10H", "10Y"]),
    ]


async def test_undone_and_stated_again_the_successor_holds_it_once_more(harness: ContractsHarness) -> None:
    reference = await harness.signed()
    again = taken_over("10H", "05C").model_copy(update={"stated_at": at(date(2019, 1, 1))})
    await harness.hear(taken_over("10H", "05C"), undone("10H", "05C"), again)
    assert await harness.customers(reference, as_at=THE_DAY) == ["05C", "10Y"]
    assert await harness.customers(reference, as_at=THE_DAY, as_known=at(date(2018, 10, 1))) == ["10H", "10Y"]


async def test_stated_again_before_the_contract_was_signed_and_received_late_the_successor_holds_it(
    harness: ContractsHarness,
) -> None:
    reference = await harness.draft()
    await harness.sign(reference, stated=at(date(2018, 12, 1)))
    again = taken_over("10H", "05C").model_copy(update={"stated_at": at(date(2018, 10, 1))})
    await harness.hear(taken_over("10H", "05C"), undone("10H", "05C"), again)
    assert await harness.customers(reference, as_at=THE_DAY) == ["05C", "10Y"]


async def test_taken_over_twice_on_one_day_the_last_holds_it(harness: ContractsHarness) -> None:
    reference = await harness.signed()
    await harness.hear(taken_over("10H", "05C"), taken_over("05C", "99X"))
    assert await harness.customers(reference, as_at=THE_DAY) == ["10Y", "99X"]


async def test_a_draft_names_its_customers_again_where_an_acquisition_is_undone(harness: ContractsHarness) -> None:
    reference = await harness.draft(DRAFT)
    await harness.hear(taken_over("10H", "05C"))
    assert await harness.customers(reference, as_at=THE_DAY) == ["05C", "10Y"]
    await harness.hear(undone("10H", "05C"))
    assert await harness.customers(reference, as_at=THE_DAY) == ["10H", "10Y"]
    content = await harness.content()
    await harness.hear(undone("10H", "05C"))
    assert await harness.content() == content


async def test_a_draft_that_was_revised_since_stays_as_it_is(harness: ContractsHarness) -> None:
    reference = await harness.draft(DRAFT)
    await harness.hear(taken_over("10H", "05C"))
    await harness.revise(reference, customers=["05C", "05Y", "10Y"])
    content = await harness.content()
    await harness.hear(undone("10H", "05C"))
    assert await harness.customers(reference, as_at=THE_DAY) == ["05C", "05Y", "10Y"]
    assert await harness.content() == content


async def test_a_draft_goes_back_as_far_as_its_last_revision(harness: ContractsHarness) -> None:
    reference = await harness.draft(DRAFT)
    next_day = date(2019, 4, 1)
    await harness.hear(taken_over("10H", "05C"))
    await harness.revise(reference, customers=["05C", "05Y"])
    await harness.hear(taken_over("05C", "99X", on=next_day))
    await harness.hear(undone("10H", "05C", stated=at(date(2019, 9, 1))))
    assert await harness.customers(reference, as_at=next_day) == ["05Y", "99X"]
    await harness.hear(undone("05C", "99X", on=next_day, stated=at(date(2019, 9, 1))))
    assert await harness.customers(reference, as_at=next_day) == ["05C", "05Y"]


async def test_an_acquirer_that_a_draft_named_before_stays_in_it(harness: ContractsHarness) -> None:
    reference = await harness.draft(a_draft(starts_on=date(2018, 9, 1), customers=["05C", "10H"]))
    await harness.hear(taken_over("10H", "05C"))
    assert await harness.customers(reference, as_at=THE_DAY) == ["05C"]
    await harness.hear(undone("10H", "05C"))
    assert await harness.customers(reference, as_at=THE_DAY) == ["05C", "10H"]


async def test_a_merger_undone_for_one_leaves_the_other_merged_in_a_draft(harness: ContractsHarness) -> None:
    reference = await harness.draft(DRAFT)
    await harness.hear(bucks_merges(), undone("10H", "14Y"))
    assert await harness.customers(reference, as_at=THE_DAY) == ["10H", "14Y"]
    await harness.hear(undone("10Y", "14Y"))
    assert await harness.customers(reference, as_at=THE_DAY) == ["10H", "10Y"]


async def test_a_draft_that_moved_on_by_a_later_merger_goes_back_as_well(harness: ContractsHarness) -> None:
    reference = await harness.draft(DRAFT)
    both = await harness.draft(a_draft(reference="BOTH-2018", starts_on=date(2018, 9, 1), customers=["05C", "10H"]))
    next_day = date(2019, 4, 1)
    await harness.hear(taken_over("10H", "05C"), taken_over("05C", "99X", on=next_day))
    assert await harness.customers(reference, as_at=next_day) == ["10Y", "99X"]
    assert await harness.customers(both, as_at=next_day) == ["99X"]
    await harness.hear(undone("10H", "05C", stated=at(date(2019, 9, 1))))
    assert await harness.customers(reference, as_at=next_day) == ["10H", "10Y"]
    assert await harness.customers(both, as_at=next_day) == ["10H", "99X"]
    again = taken_over("10H", "05C").model_copy(update={"stated_at": at(date(2019, 10, 1))})
    await harness.hear(again)
    assert await harness.customers(reference, as_at=next_day) == ["10Y", "99X"]


async def test_who_took_over_the_supplier_supplies_and_the_first_does_where_that_is_undone(
    harness: ContractsHarness,
) -> None:
    reference = await harness.signed()
    before, on = date(2018, 3, 31), THE_DAY
    await harness.hear(taken_over("0CX", "0DJ"))
    supplied = [(await harness.seen(reference, as_at=day))["supplier"].code for day in (before, on)]
    assert supplied == ["0CX", "0DJ"]
    [event] = await harness.told("ContractTransferred")
    assert (event["supplier"], event["from_customers"], event["customers"]) == ("0DJ", [], ["10H", "10Y"])
    await harness.hear(undone("0CX", "0DJ"))
    assert (await harness.seen(reference, as_at=on))["supplier"].code == "0CX"
    known = await harness.seen(reference, as_at=on, as_known=at(date(2018, 8, 1)))
    assert known["supplier"].code == "0DJ"
    assert (await harness.told("ContractTransferred"))[-1]["supplier"] == "0CX"


async def test_a_body_that_is_no_party_costs_no_write_and_a_party_is_recorded(harness: ContractsHarness) -> None:
    reactions = "SELECT operation FROM write_record WHERE operation LIKE 'reaction%'"
    await harness.hear(taken_over("A81001", "A81002"), bucks_merges())
    assert await harness.database.fetch(reactions) == []
    await harness.signed(a_draft(customers=["05C"]))
    await harness.hear(taken_over("05C", "99X"))
    [row] = await harness.database.fetch(reactions)
    assert row["operation"] == "reaction parties_follow_who_followed_whom"


async def test_a_contract_that_renewed_moves_though_its_first_term_has_ended(harness: ContractsHarness) -> None:
    terms = {"renewal_months": 12}
    reference = await harness.signed(a_draft(last_day=date(2018, 3, 31), exit_terms=terms))
    await harness.agree_shares(reference, {"10H": 1, "10Y": 3}, on=date(2017, 6, 1))
    async with harness.database.begin() as session:
        assert await renew_contracts(session, up_to=date(2018, 2, 1), stated_at=at(date(2018, 2, 1)), by=a_lead())
    renewed = (await harness.told("ContractVaried"))[-1]
    assert (renewed["reason"], renewed["customer_shares"]) == ("renewed", ["1/4", "3/4"])
    on = date(2018, 10, 1)
    await harness.hear(taken_over("0CX", "0DJ", on=on), bucks_merges(on))
    assert await harness.customers(reference, as_at=on) == ["14Y"]
    assert (await harness.seen(reference, as_at=on))["supplier"].code == "0DJ"
    await harness.hear(undone("10H", "14Y", on, at(date(2018, 12, 1))), undone("10Y", "14Y", on, at(date(2018, 12, 1))))
    assert await harness.customers(reference, as_at=on) == ["10H", "10Y"]
