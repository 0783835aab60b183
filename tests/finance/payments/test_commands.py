"""What fell due is paid once: told twice, late, in another order, and with a process killed in the middle."""

import itertools
import os
from datetime import date, datetime

import pytest
from sqlalchemy.exc import DBAPIError

from bench.forks import Fork
from libs.common.events import Event
from libs.common.events.contracts import PaymentFellDue, PaymentScheduled
from libs.common.identity import service_caller
from services.finance.core.sight import Sight
from services.finance.payments.commands import AT_ONCE
from services.finance.payments.queries import list_payments
from services.finance.payments.views import PaymentView
from services.finance.reactions.due import do_next
from tests.support.finance_harness import FinanceHarness, at, backend
from tests.support.programs import REPOSITORY
from tests.support.waiting import until

DUE_ON, LATER = date(2016, 3, 31), date(2016, 5, 2)
ITEM = "NETWORKS-2013/balance/NET0"


def fell_due(item: str = ITEM, pence: int = 30_000, **changed: object) -> PaymentFellDue:
    said: dict[str, object] = {
        "effective_on": DUE_ON,
        "stated_at": at(DUE_ON),
        "contract": "NETWORKS-2013",
        "item": item,
        "payer": "08V",
        "payee": "NET0",
        "kind": "balance",
        "amount_pence": pence,
        "due_on": DUE_ON,
        "achievement": "1",
        "corrects": "",
    }
    return PaymentFellDue.model_validate(said | changed)


def scheduled() -> PaymentScheduled:
    said = fell_due().model_dump(exclude={"achievement", "corrects"})
    return PaymentScheduled.model_validate(said | {"condition": "achievement", "stated_at": at(date(2013, 4, 1))})


CORRECTION = fell_due(
    f"{ITEM}/1", 9_000, payer="NET0", payee="08V", corrects=ITEM, due_on=LATER, effective_on=LATER, stated_at=at(LATER)
)


async def pay(harness: FinanceHarness, up_to: date = LATER) -> int:
    done = 0
    while True:
        async with harness.database.begin() as session:
            new = await do_next(session, up_to=up_to, stated_at=at(up_to, 12), by=service_caller("finance"))
        if not new:
            return done
        done += new


async def seen(
    harness: FinanceHarness, as_at: date = LATER, as_known: datetime | None = None, codes: tuple[str, ...] | None = None
) -> list[PaymentView]:
    return await list_payments(
        harness.database,
        sight=Sight(None if codes is None else frozenset(codes)),
        as_at=as_at,
        as_known=as_known,
        contract=None,
        organisation=None,
        item=None,
        after="",
        limit=50,
    )


@pytest.mark.parametrize("order", list(itertools.permutations(range(3)))[::2])
async def test_events_in_any_order_and_twice_pay_once(harness: FinanceHarness, order: tuple[int, ...]) -> None:
    events: list[Event] = [scheduled(), fell_due(), CORRECTION]
    for number in order:
        for _ in range(2):
            await harness.hear(events[number])
            await pay(harness)
    told = [
        (one["name"], one["item"], one["payer"], one["payee"], one["amount_pence"], one["paid_on"])
        for one in await harness.told()
        if one["name"].startswith("Payment")
    ]
    # The reversal names the payment that it takes back; a correction waits until that is there.
    assert told == [
        ("PaymentMade", ITEM, "08V", "NET0", 30_000, "2016-03-31"),
        ("PaymentReversed", ITEM, "08V", "NET0", 9_000, "2016-05-02"),
    ]
    item, correction = await seen(harness)
    assert (item.status, item.paid_pence, item.most_pence, item.condition) == ("paid", 30_000, 30_000, "achievement")
    assert (correction.status, correction.corrects, correction.paid_pence) == ("paid", ITEM, 9_000)


async def test_nothing_is_paid_before_its_day_and_a_correction_waits(harness: FinanceHarness) -> None:
    await harness.hear(scheduled(), CORRECTION)
    assert await pay(harness) == 0
    assert [one.status for one in await seen(harness)] == ["planned", "waits"]
    await harness.hear(fell_due())
    assert await pay(harness, date(2016, 3, 30)) == 0
    assert await pay(harness, DUE_ON) == 1
    assert [one.status for one in await seen(harness, DUE_ON)] == ["paid"]
    assert await seen(harness, DUE_ON, at(date(2013, 1, 1))) == []
    assert [one.status for one in await seen(harness, DUE_ON, at(date(2014, 1, 1)))] == ["planned"]
    assert await pay(harness) == 1


async def test_who_pays_or_is_paid_reads_it_alone(harness: FinanceHarness) -> None:
    await harness.hear(fell_due(), fell_due("NETWORKS-2013/balance/NET1", payee="NET1"))
    assert {code: len(await seen(harness, codes=(code,))) for code in ("08V", "NET0", "NET1", "10H")} == {
        "08V": 2,
        "NET0": 1,
        "NET1": 1,
        "10H": 0,
    }


async def pay_and_be_killed(harness: FinanceHarness) -> None:
    """Everything is paid, and before the commit the process at the other end of the connection is gone."""
    async with harness.database.begin() as session:
        process = await backend(session)
        assert await do_next(session, up_to=LATER, stated_at=at(LATER), by=service_caller("finance")) == 40
        await harness.database.fetch("SELECT pg_terminate_backend($1)", process)


async def test_a_payment_killed_in_the_middle_is_made_once_by_the_next_run(harness: FinanceHarness) -> None:
    items = [fell_due(f"NETWORKS-2013/advance/NET{number}", number) for number in range(1, 41)]
    await harness.hear(*items)
    with pytest.raises(DBAPIError):
        await pay_and_be_killed(harness)
    assert await harness.told("PaymentMade") == []
    assert await pay(harness) == 40
    assert await pay(harness) == 0
    told = await harness.told("PaymentMade")
    assert sorted(one["item"] for one in told) == sorted(one.item for one in items)
    assert sum(one["amount_pence"] for one in told) == sum(range(1, 41))


async def test_sigkill_in_the_middle_loses_nothing_and_pays_nothing_twice(harness: FinanceHarness, url: str) -> None:
    """The real command dies after its first transactions; the due work of another process does the rest."""
    await harness.hear(*(fell_due(f"NETWORKS-2013/advance/N{number}", number) for number in range(1, 3 * AT_ONCE)))
    given = ("services.finance", "due-work", "--up-to", "2016-05-02")
    first = Fork(*given, folder=REPOSITORY, environment=os.environ | {"DATABASE_URL": url})

    async def has_begun() -> bool:
        [row] = await harness.database.fetch("SELECT count(*) AS entries FROM payment_entry")
        return bool(row["entries"])

    await until(has_begun, within=60)
    first.kill()
    first.wait()
    # What is there was paid whole: each entry with its event, all of a transaction or none.
    [row] = await harness.database.fetch("SELECT count(*) AS entries FROM payment_entry")
    assert row["entries"] == len(await harness.told("PaymentMade")) > 0
    await pay(harness)
    told = await harness.told("PaymentMade")
    assert len({one["item"] for one in told}) == len(told) == 3 * AT_ONCE - 1
    [row] = await harness.database.fetch("SELECT count(*) AS entries, sum(amount_pence) AS pence FROM payment_entry")
    assert (row["entries"], row["pence"]) == (len(told), sum(range(1, 3 * AT_ONCE)))
