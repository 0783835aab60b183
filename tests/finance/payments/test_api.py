"""S48 beyond advance and balance: gain, pain and shares of a charge over HTTP, paid once an item."""

import itertools
from datetime import date
from typing import Any

import httpx
import pytest

from libs.common.events import Event
from libs.common.events.contracts import PaymentFellDue, PaymentScheduled
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
