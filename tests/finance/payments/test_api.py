"""S48 beyond advance and balance: gain, pain and shares of a charge over HTTP, paid once an item."""

import itertools
from datetime import date, timedelta
from typing import Any

import httpx
import pytest

from libs.common.events import Event
from libs.common.events.contracts import AllianceSettled, PaymentFellDue, PaymentScheduled, SpendRecorded
from libs.common.identity import Role
from libs.common.money import pounds
from tests.support.edge import Tokens
from tests.support.finance_harness import FinanceHarness, at

CONTRACT, LEAD = "ALLIANCE-2015", "06H"
PLANNED, GAIN_ON, PAIN_ON = date(2015, 4, 1), date(2016, 4, 30), date(2017, 4, 30)


def due(kind: str, payer: str, payee: str, pence: int, on: date, **more: Any) -> PaymentFellDue:
    item = f"{CONTRACT}/{kind}/{on.year}/{payee if payer == LEAD else payer}"
    fields: dict[str, Any] = {
        "effective_on": on,
        "stated_at": at(on),
        "contract": CONTRACT,
        "item": item,
        "payer": payer,
        "payee": payee,
        "kind": kind,
        "amount_pence": pence,
        "due_on": on,
        "achievement": "",
        "corrects": "",
    }
    return PaymentFellDue(**fields | more)


def planned(of: PaymentFellDue, most: int) -> PaymentScheduled:
    named = of.model_dump(include={"contract", "item", "payer", "payee", "kind", "due_on"})
    return PaymentScheduled(
        **named, effective_on=PLANNED, stated_at=at(PLANNED), amount_pence=most, condition="outcome"
    )


FIGURES = {
    # S34's alliance: half of what is saved of £10.0m, or of what is overspent, by weights of 50, 30 and 20.
    "golden": ((20_000_000, 12_000_000, 8_000_000), (12_500_000, 7_500_000, 5_000_000), (41_000_000, 95_000_000)),
    "odd pennies": ((333_334, 333_333, 333_333), (1, 2, 4), (7, 0)),
}


@pytest.mark.parametrize("figures", FIGURES.values(), ids=FIGURES)
async def test_s48_gain_pain_and_cost_shares_are_paid_once_an_item_whatever_is_replayed(
    client: httpx.AsyncClient,
    harness: FinanceHarness,
    tokens: Tokens,
    figures: tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]],
) -> None:
    gains, pains, shares = figures
    members = ("NETA", "NETB", "NETC")
    gained = [due("gain", LEAD, code, pence, GAIN_ON) for code, pence in zip(members, gains, strict=True)]
    pained = [due("pain", code, LEAD, pence, PAIN_ON) for code, pence in zip(members, pains, strict=True)]
    shared = [due("charge", code, "0CX", pence, GAIN_ON) for code, pence in zip((LEAD, "10Y"), shares, strict=True)]
    plans = [planned(one, one.amount_pence + 1) for one in (*gained, *pained, *shared)]
    operator = tokens.header(Role.OPERATOR)

    async def pay(day: date) -> None:
        moved = await client.put("/v1/operations/clock", json={"moved_to": str(day)}, headers=operator)
        assert moved.status_code == 200

    await pay(PLANNED)
    tellings: tuple[tuple[Event, ...], ...] = ((*plans, *gained, *shared), (*shared, *reversed(gained), *plans))
    for events in itertools.chain(tellings, tellings):
        await harness.hear(*events)
        await pay(GAIN_ON)
    await harness.hear(*pained)
    await pay(PAIN_ON)
    await harness.hear(*pained, *gained)
    await pay(PAIN_ON)

    async def shown(**asked: str) -> dict[tuple[str, str, str], tuple[str, int]]:
        answer = await client.get("/v1/payments", params={"contract": CONTRACT, "as_at": str(PAIN_ON)} | asked)
        items = answer.json()["items"]
        assert all(one["amount"] == pounds(one["paid_pence"]) for one in items)
        assert all(len(one["entries"]) == (one["paid_pence"] > 0) for one in items)
        return {(one["kind"], one["payer"], one["payee"]): (one["status"], one["paid_pence"]) for one in items}

    expected = {
        **{("gain", LEAD, code): ("paid", pence) for code, pence in zip(members, gains, strict=True)},
        **{("pain", code, LEAD): ("paid", pence) for code, pence in zip(members, pains, strict=True)},
        **{("charge", code, "0CX"): ("paid", pence) for code, pence in zip((LEAD, "10Y"), shares, strict=True)},
    }
    assert await shown() == expected
    before = await shown(as_at="2016-12-31", as_known="2016-12-31")
    assert before == expected | {("pain", code, LEAD): ("planned", 0) for code in members}
    assert await shown(as_known="2014-12-31") == {}
    # A member reads its own items alone.
    theirs = tokens.header(Role.PARTNER, organisations=("NETB",))
    answer = await client.get("/v1/payments", params={"as_at": str(PAIN_ON)}, headers=theirs)
    assert {(one["kind"], one["paid_pence"]) for one in answer.json()["items"]} == {
        ("gain", gains[1]),
        ("pain", pains[1]),
    }
    assert await made(harness) == sum(pence > 0 for pence in (*gains, *pains, *shares))
    # The pain is worse than was thought: an item of its own says by how much, and is paid once too.
    later = date(2017, 5, 31)
    more = due("pain", "NETA", LEAD, 3, later, corrects=pained[0].item, item=f"{pained[0].item}/1")
    for _ in range(2):
        await harness.hear(more)
        await pay(later)
    assert await made(harness) == sum(pence > 0 for pence in (*gains, *pains, *shares)) + 1


async def made(harness: FinanceHarness) -> int:
    """How many payments were published."""
    rows = await harness.database.fetch(
        "SELECT name FROM outbox WHERE name = 'PaymentMade' UNION ALL SELECT name FROM event_log"
        " WHERE name = 'PaymentMade'"
    )
    return len(rows)


def settled(on: date, stated: date, **amounts: int) -> AllianceSettled:
    return AllianceSettled(
        effective_on=on,
        stated_at=at(stated),
        contract=CONTRACT,
        members=tuple(amounts),
        period_from=on.replace(year=on.year - 1) + timedelta(days=1),
        period_to=on,
        amounts_pence=tuple(amounts.values()),
    )


@pytest.mark.parametrize("backwards", [False, True], ids=["in order", "backwards"])
async def test_what_an_alliance_came_to_is_read_by_its_members_as_known(
    client: httpx.AsyncClient, harness: FinanceHarness, tokens: Tokens, *, backwards: bool
) -> None:
    first, second = date(2016, 3, 31), date(2017, 3, 31)
    thought = settled(first, date(2016, 4, 30), NETA=20_000_000, NETB=12_000_001)
    corrected = settled(first, date(2016, 6, 30), NETA=19_000_000, NETB=11_400_000)
    pain = settled(second, date(2017, 4, 30), NETC=-12_500_000, NETA=-1)
    events = (thought, corrected, pain)
    await harness.hear(*(reversed(events) if backwards else events))
    await harness.hear(*events)

    async def shown(code: str, **asked: str | int) -> list[tuple[str, dict[str, int], str]]:
        params = {"as_at": "2017-12-31"} | asked
        theirs = tokens.header(Role.PARTNER, organisations=(code,))
        items = (await client.get("/v1/reckonings", params=params, headers=theirs)).json()["items"]
        members = ({part["organisation"]: part["amount_pence"] for part in one["members"]} for one in items)
        return [(one["period_to"], parts, one["total"]) for one, parts in zip(items, members, strict=True)]

    of_first = ("2016-03-31", {"NETA": 19_000_000, "NETB": 11_400_000}, "£304,000.00")
    of_second = ("2017-03-31", {"NETC": -12_500_000, "NETA": -1}, "-£125,000.01")
    assert await shown("NETA") == [of_first, of_second]
    assert await shown("NETA", limit=1) == [of_first]
    assert await shown("NETA", organisation="NETC") == [of_second]
    assert await shown("NETB") == [of_first]
    assert await shown("NETA", as_at="2017-03-30") == [of_first]
    then = ("2016-03-31", {"NETA": 20_000_000, "NETB": 12_000_001}, "£320,000.01")
    assert await shown("NETB", as_known="2016-05-31") == [then]
    assert await shown("11C") == await shown("NETA", contract="OTHER-2015") == await shown(LEAD) == []
    # Who pays the members is none of them, and reads what they are paid for; a member reads its own periods alone.
    await harness.hear(due("gain", LEAD, "NETB", 11_400_000, GAIN_ON))
    assert await shown(LEAD) == [of_first, of_second]
    assert await shown("NETB") == [of_first]


def paid(month: int, pence: int, stated: date, *, rows: int = 1, contract: str = "") -> SpendRecorded:
    return SpendRecorded(
        effective_on=date(2017, month, 1),
        stated_at=at(stated),
        payer="NETA",
        supplier="0CX",
        contract=contract,
        month=date(2017, month, 1),
        rows=rows,
        amount_pence=pence,
        duplicate_pence=0,
        source="an import",
    )


@pytest.mark.parametrize("backwards", [False, True], ids=["in order", "backwards"])
async def test_what_was_paid_in_fact_is_read_by_payer_and_supplier_and_counted_once(
    client: httpx.AsyncClient, harness: FinanceHarness, tokens: Tokens, *, backwards: bool
) -> None:
    june, july = date(2017, 6, 30), date(2017, 7, 31)
    events = [
        *(paid(5, 10_000, june), paid(6, -2_500, june)),
        *(paid(5, 0, july, rows=0), paid(5, 10_000, july, contract=CONTRACT)),
    ]
    await harness.hear(*(reversed(events) if backwards else events))
    await harness.hear(*events)

    async def shown(code: str, **asked: str | int) -> list[tuple[str, str | None, str]]:
        theirs = tokens.header(Role.PARTNER, organisations=(code,))
        params = {"as_at": "2017-12-31"} | asked
        answer = (await client.get("/v1/actuals", params=params, headers=theirs)).json()
        return [(one["month"], one["contract"], one["amount"]) for one in answer["items"]]

    whole = [("2017-06", None, "-£25.00"), ("2017-05", CONTRACT, "£100.00")]
    assert await shown("NETA") == await shown("0CX", supplier="0CX", payer="NETA") == whole
    assert (await shown("NETB"), await shown("NETA", contract=CONTRACT)) == ([], whole[1:])
    assert await shown("NETA", as_at="2017-05-31") == whole[1:]
    assert await shown("0CX", as_known=str(june)) == [("2017-05", None, "£100.00"), whole[0]]
